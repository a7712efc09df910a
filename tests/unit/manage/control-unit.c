/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control service and its client over a real socket. */
#include "core/log.h"
#include "manage/control-client.h"
#include "manage/control-service.h"
#include "manage/control-socket.h"
#include "session/client-session.h"
#include "session/interfaces.h"
#include "session/server-session.h"
#include <fakes/fake-forwarder.h>
#include <fakes/fake-signaling.h>
#include <fakes/wait-for.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <stunfwd/error.h>
#include <sys/stat.h>

typedef struct {
  char *directory, *socket;
  FakeMeeting *meeting;
  FwdApplication *application;
  FwdControlService *service;
  GPtrArray *sessions;
  guint to_stop;
} Fixture;

static FwdSession *
begin_session(Fixture *fixture, const char *name, FwdRole role)
{
  g_autoptr(GUri) url = g_uri_parse("ws://signaling.example/", G_URI_FLAGS_NONE, NULL);
  g_autoptr(FwdTicket) ticket = fwd_ticket_new(url, NULL);
  g_autofree char *text = fwd_ticket_to_string(ticket);
  g_autoptr(FwdProfile) profile = fwd_profile_new(name, role);
  g_autoptr(GError) error = NULL;
  FwdSession *session;

  g_object_set(profile, "ticket", text, "stun", (const char *const[]){"127.0.0.1:9", NULL},
               NULL);
  session = role == FWD_ROLE_SERVER
                ? FWD_SESSION(fwd_server_session_new(fixture->application, profile))
                : FWD_SESSION(fwd_client_session_new(fixture->application, profile));
  fwd_component_start(FWD_COMPONENT(session), &error);
  g_assert_no_error(error);
  g_ptr_array_add(fixture->sessions, session);
  fwd_control_service_add_session(fixture->service, session);
  return session;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  FwdPluginRegistry *registry;

  fake_forwarder_reset();
  fixture->directory = g_dir_make_tmp("stunfwd-control-XXXXXX", NULL);
  fixture->socket = g_build_filename(fixture->directory, "run", "control, of.sock", NULL);
  fixture->meeting = fake_meeting_new();
  fixture->application = fwd_application_new();
  registry = fwd_application_get_registry(fixture->application);
  fwd_interfaces_define(registry);
  fake_signaling_register(registry, fixture->meeting);
  fake_forwarder_register(registry, "tcp");
  fixture->sessions = g_ptr_array_new_with_free_func(g_object_unref);
  fixture->service = fwd_control_service_new(fixture->application, fixture->socket);
}

static void
on_stopped(GObject *component, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  fwd_component_stop_finish(FWD_COMPONENT(component), result);
  fixture->to_stop--;
}

static void
stop(Fixture *fixture, gpointer component)
{
  fixture->to_stop++;
  fwd_component_stop_async(FWD_COMPONENT(component), 100, on_stopped, fixture);
  WAIT_FOR(fixture->to_stop == 0);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_path_get_dirname(fixture->socket);

  stop(fixture, fixture->service);
  for (guint i = 0; i < fixture->sessions->len; i++)
    stop(fixture, fixture->sessions->pdata[i]);
  g_object_unref(fixture->service);
  g_ptr_array_unref(fixture->sessions);
  g_object_unref(fixture->application);
  wait_until_idle();
  fake_meeting_free(fixture->meeting);
  g_assert_false(g_file_test(fixture->socket, G_FILE_TEST_EXISTS));
  g_rmdir(folder);
  g_assert_cmpint(g_rmdir(fixture->directory), ==, 0);
  g_free(fixture->socket);
  g_free(fixture->directory);
}

static void
start(Fixture *fixture)
{
  g_autoptr(GError) error = NULL;

  fwd_component_start(FWD_COMPONENT(fixture->service), &error);
  g_assert_no_error(error);
}

/* One call of the client, which blocks: in a thread of its own. */
typedef struct {
  const char *socket, *method;
  GVariant *parameters;
  GVariant *reply;
  GError *error;
  gint done;
} Call;

static gpointer
run_call(gpointer user_data)
{
  Call *call = user_data;
  g_autoptr(FwdControlClient) client = fwd_control_client_new(call->socket, &call->error);

  if (client)
    call->reply = fwd_control_client_call(client, call->method, call->parameters, &call->error);
  g_atomic_int_set(&call->done, 1);
  g_main_context_wakeup(NULL);
  return NULL;
}

/* Takes @parameters; returns the reply, or NULL and the error. */
static GVariant *
call(Fixture *fixture, const char *method, GVariant *parameters, GError **error)
{
  Call call = {.socket = fixture->socket, .method = method, .parameters = parameters};
  GThread *thread = g_thread_new("client", run_call, &call);

  WAIT_FOR(g_atomic_int_get(&call.done));
  g_thread_join(thread);
  if (call.error)
    g_propagate_error(error, call.error);
  return call.reply;
}

static void
expect_refusal(Fixture *fixture, const char *method, GVariant *parameters, const char *what)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(call(fixture, method, parameters, &error));
  g_assert_error(error, FWD_CONTROL_ERROR, FWD_ERROR_REFUSED);
  g_assert_nonnull(strstr(error->message, what));
  g_assert_null(strstr(error->message, "GDBus"));
}

static guint
add_mapping(Fixture *fixture, const char *profile, const char *mapping)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply =
      call(fixture, "AddMapping", g_variant_new("(ss)", profile, mapping), &error);
  guint id;

  g_assert_no_error(error);
  g_variant_get(reply, "(u)", &id);
  return id;
}

static void
test_status(Fixture *fixture, gconstpointer data)
{
  g_autoptr(JsonParser) parser = json_parser_new();
  g_autoptr(GVariant) reply = NULL;
  const char *json;

  begin_session(fixture, "one", FWD_ROLE_CLIENT);
  start(fixture);
  reply = call(fixture, "Status", NULL, NULL);
  g_assert_nonnull(reply);
  g_variant_get(reply, "(&s)", &json);
  g_assert_true(json_parser_load_from_data(parser, json, -1, NULL));
  g_assert_cmpstr(
      json_object_get_string_member(json_node_get_object(json_parser_get_root(parser)), "role"),
      ==, "client");
}

static void
test_mappings(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GVariant) removed = NULL;
  guint first, second;

  begin_session(fixture, "one", FWD_ROLE_CLIENT);
  start(fixture);
  first = add_mapping(fixture, "", "tcp:8080:22");
  second = add_mapping(fixture, "one", "tcp:8081-8083:23-25");
  g_assert_cmpuint(second, >, first);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 4);
  removed = call(fixture, "RemoveMapping", g_variant_new("(su)", "", first), NULL);
  g_assert_nonnull(removed);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 3);
}

static void
test_refused_mappings(Fixture *fixture, gconstpointer data)
{
  begin_session(fixture, "one", FWD_ROLE_CLIENT);
  start(fixture);
  fake_forwarder_occupy(8080);
  expect_refusal(fixture, "AddMapping", g_variant_new("(ss)", "", "tcp:x"), "tcp:x");
  expect_refusal(fixture, "AddMapping", g_variant_new("(ss)", "", ""), "");
  expect_refusal(fixture, "AddMapping", g_variant_new("(ss)", "", "tcp:8080:22"), "in use");
  expect_refusal(fixture, "AddMapping", g_variant_new("(ss)", "", "udp:53:53"), "udp");
  expect_refusal(fixture, "AddMapping", g_variant_new("(ss)", "two", "tcp:1:2"),
                 "there is no client profile \"two\" here");
  expect_refusal(fixture, "RemoveMapping", g_variant_new("(su)", "", 99), "99");
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 0);
}

static void
test_on_a_server(Fixture *fixture, gconstpointer data)
{
  begin_session(fixture, "one", FWD_ROLE_SERVER);
  start(fixture);
  expect_refusal(fixture, "AddMapping", g_variant_new("(ss)", "", "tcp:1:2"),
                 "this is a server");
  expect_refusal(fixture, "AddMapping", g_variant_new("(ss)", "one", "tcp:1:2"),
                 "no client profile \"one\"");
}

static void
test_several_profiles(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GVariant) reply = NULL;
  const char *json;

  begin_session(fixture, "one", FWD_ROLE_CLIENT);
  begin_session(fixture, "two", FWD_ROLE_CLIENT);
  begin_session(fixture, "three", FWD_ROLE_SERVER);
  start(fixture);
  expect_refusal(fixture, "AddMapping", g_variant_new("(ss)", "", "tcp:8080:2"),
                 "name the profile");
  add_mapping(fixture, "two", "tcp:8080:22");
  g_assert_cmpuint(g_list_model_get_n_items(
                       G_LIST_MODEL(fwd_session_get_mappings(fixture->sessions->pdata[1]))),
                   ==, 1);
  reply = call(fixture, "Status", NULL, NULL);
  g_variant_get(reply, "(&s)", &json);
  g_assert_nonnull(strstr(json, "\"profiles\""));
  g_assert_nonnull(strstr(json, "\"three\""));
}

static void
test_log_level(Fixture *fixture, gconstpointer data)
{
  g_autofree char *before = g_strdup(fwd_log_get_level());
  g_autoptr(GVariant) reply = NULL;

  start(fixture);
  reply = call(fixture, "SetLogLevel", g_variant_new("(s)", "error"), NULL);
  g_assert_nonnull(reply);
  g_assert_cmpstr(fwd_log_get_level(), ==, "error");
  expect_refusal(fixture, "SetLogLevel", g_variant_new("(s)", "loud"), "\"loud\" is none of");
  g_assert_cmpstr(fwd_log_get_level(), ==, "error");
  fwd_log_set_level(before);
}

static void
test_plugins(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GVariant) reply = NULL;
  const char *json;

  start(fixture);
  reply = call(fixture, "Plugins", NULL, NULL);
  g_assert_nonnull(reply);
  g_variant_get(reply, "(&s)", &json);
  g_assert_cmpstr(json, ==, "[]");
}

/* What the interface does not describe is refused before any of our code sees it. */
static void
test_wrong_calls(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  start(fixture);
  expect_refusal(fixture, "Unheard", NULL, "Unheard");
  expect_refusal(fixture, "AddMapping", g_variant_new("(u)", 7), "");
  g_assert_null(call(fixture, "SetLogLevel", NULL, &error));
  g_assert_nonnull(error);
}

static gpointer
run_stop(gpointer user_data)
{
  Call *stop_call = user_data;
  g_autoptr(FwdControlClient) client = NULL;

  for (guint i = 0; !client && i < 1000; i++) {
    g_clear_error(&stop_call->error);
    client = fwd_control_client_new(stop_call->socket, &stop_call->error);
    if (!client)
      g_usleep(1000);
  }
  if (client)
    stop_call->reply = fwd_control_client_call(client, "Stop", NULL, &stop_call->error);
  return NULL;
}

/* Stop is answered, and the application ends well. */
static void
test_stop(Fixture *fixture, gconstpointer data)
{
  Call stop_call = {.socket = fixture->socket};
  GThread *thread;

  fwd_application_add(fixture->application, FWD_COMPONENT(fixture->service));
  thread = g_thread_new("client", run_stop, &stop_call);
  g_assert_cmpint(fwd_application_run(fixture->application), ==, 0);
  g_thread_join(thread);
  g_assert_no_error(stop_call.error);
  g_assert_nonnull(stop_call.reply);
  g_variant_unref(stop_call.reply);
  g_assert_false(g_file_test(fixture->socket, G_FILE_TEST_EXISTS));
}

static void
test_only_owner(Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_path_get_dirname(fixture->socket);
  struct stat status;

  start(fixture);
  g_assert_cmpint(stat(fixture->socket, &status), ==, 0);
  g_assert_true(S_ISSOCK(status.st_mode));
  g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
  g_assert_cmpint(stat(folder, &status), ==, 0);
  g_assert_cmpuint(status.st_mode & 0777, ==, 0700);
}

/* The second is refused, and the first goes on. */
static void
test_second_service(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdControlService) second =
      fwd_control_service_new(fixture->application, fixture->socket);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = NULL;

  start(fixture);
  g_assert_false(fwd_component_start(FWD_COMPONENT(second), &error));
  g_assert_error(error, FWD_CONTROL_ERROR, FWD_ERROR_REFUSED);
  g_assert_nonnull(strstr(error->message, fixture->socket));
  stop(fixture, second);
  reply = call(fixture, "Plugins", NULL, NULL);
  g_assert_nonnull(reply);
}

static void
test_stale_socket(Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_path_get_dirname(fixture->socket);
  g_autoptr(GSocketAddress) address = g_unix_socket_address_new(fixture->socket);
  g_autoptr(GSocket) stale =
      g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr(GVariant) reply = NULL;

  g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
  g_assert_true(g_socket_bind(stale, address, FALSE, NULL));
  g_assert_true(g_socket_close(stale, NULL));
  start(fixture);
  reply = call(fixture, "Plugins", NULL, NULL);
  g_assert_nonnull(reply);
}

/* A wrong --control must not cost anybody a file. */
static void
test_not_a_socket(Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_path_get_dirname(fixture->socket);
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
  g_assert_true(g_file_set_contents(fixture->socket, "precious", -1, NULL));
  g_assert_false(fwd_component_start(FWD_COMPONENT(fixture->service), &error));
  g_assert_error(error, FWD_CONTROL_ERROR, FWD_ERROR_INVALID);
  g_assert_nonnull(strstr(error->message, fixture->socket));
  g_assert_true(g_file_get_contents(fixture->socket, &text, NULL, NULL));
  g_assert_cmpstr(text, ==, "precious");
  g_unlink(fixture->socket);
}

static void
test_no_folder(Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename(fixture->directory, "file", NULL);
  g_autofree char *below = g_build_filename(file, "run", "control.sock", NULL);
  g_autoptr(FwdControlService) service = fwd_control_service_new(fixture->application, below);
  g_autoptr(GError) error = NULL;

  g_assert_true(g_file_set_contents(file, "", 0, NULL));
  g_assert_false(fwd_component_start(FWD_COMPONENT(service), &error));
  g_assert_error(error, FWD_CONTROL_ERROR, FWD_ERROR_DENIED);
  g_assert_nonnull(strstr(error->message, "control socket"));
  g_unlink(file);
}

static void
test_nobody_there(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(call(fixture, "Status", NULL, &error));
  g_assert_error(error, FWD_CONTROL_ERROR, FWD_ERROR_UNREACHABLE);
  g_assert_nonnull(strstr(error->message, fixture->socket));
}

#define ADD(path, test)                                                                        \
  g_test_add("/manage/control/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("status", test_status);
  ADD("mappings", test_mappings);
  ADD("refused-mappings", test_refused_mappings);
  ADD("on-a-server", test_on_a_server);
  ADD("several-profiles", test_several_profiles);
  ADD("log-level", test_log_level);
  ADD("plugins", test_plugins);
  ADD("wrong-calls", test_wrong_calls);
  ADD("stop", test_stop);
  ADD("only-owner", test_only_owner);
  ADD("second-service", test_second_service);
  ADD("stale-socket", test_stale_socket);
  ADD("not-a-socket", test_not_a_socket);
  ADD("no-folder", test_no_folder);
  ADD("nobody-there", test_nobody_there);
  return g_test_run();
}

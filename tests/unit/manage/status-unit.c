/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names that are promised to scripts. */
#include "manage/status.h"

#include "session/client-session.h"
#include "session/interfaces.h"
#include "session/server-session.h"
#include <fakes/fake-forwarder.h>
#include <fakes/fake-signaling.h>
#include <fakes/wait-for.h>

typedef struct {
  FwdApplication *application;
  FwdProfile *profile;
  FwdSession *session;
  gboolean stopped;
} End;

typedef struct {
  FakeMeeting *meeting;
  char *ticket;
  End client, server;
} Fixture;

static void
begin(Fixture *fixture, End *end, FwdRole role, const char *const *mappings)
{
  FwdPluginRegistry *registry;
  g_autoptr(GError) error = NULL;

  end->application = fwd_application_new();
  registry = fwd_application_get_registry(end->application);
  fwd_interfaces_define(registry);
  fake_signaling_register(registry, fixture->meeting);
  fake_forwarder_register(registry, "tcp");
  /* For the strategies: what is found here is a path on this machine. */
  fwd_plugin_registry_load_all(registry, NULL);
  end->profile = fwd_profile_new(fwd_role_to_string(role), role);
  g_object_set(end->profile, "ticket", fixture->ticket, "stun",
               (const char *const[]){"127.0.0.1:9", NULL}, "mappings", mappings, NULL);
  end->session = role == FWD_ROLE_SERVER
                     ? FWD_SESSION(fwd_server_session_new(end->application, end->profile))
                     : FWD_SESSION(fwd_client_session_new(end->application, end->profile));
  fwd_component_start(FWD_COMPONENT(end->session), &error);
  g_assert_no_error(error);
}

static void
on_stopped(GObject *session, GAsyncResult *result, gpointer user_data)
{
  fwd_component_stop_finish(FWD_COMPONENT(session), result);
  ((End *)user_data)->stopped = TRUE;
}

static void
finish(End *end)
{
  if (!end->session)
    return;
  fwd_component_stop_async(FWD_COMPONENT(end->session), 2000, on_stopped, end);
  WAIT_FOR(end->stopped);
  g_clear_object(&end->session);
  g_clear_object(&end->profile);
  g_clear_object(&end->application);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GUri) url = g_uri_parse("ws://signaling.example/", G_URI_FLAGS_NONE, NULL);
  g_autoptr(FwdTicket) ticket = fwd_ticket_new(url, NULL);

  fake_forwarder_reset();
  fixture->meeting = fake_meeting_new();
  fixture->ticket = fwd_ticket_to_string(ticket);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  finish(&fixture->client);
  finish(&fixture->server);
  wait_until_idle();
  fake_meeting_free(fixture->meeting);
  g_free(fixture->ticket);
}

/* The members of @object are exactly those of @names, separated by spaces. */
static void
expect_members(JsonObject *object, const char *names)
{
  g_auto(GStrv) expected = g_strsplit(names, " ", -1);
  g_autoptr(GList) members = json_object_get_members(object);

  for (guint i = 0; expected[i]; i++) {
    if (!json_object_has_member(object, expected[i]))
      g_error("\"%s\" is missing", expected[i]);
  }
  for (GList *item = members; item; item = item->next) {
    if (!g_strv_contains((const char *const *)expected, item->data))
      g_error("\"%s\" is not among \"%s\"", (char *)item->data, names);
  }
}

static void
expect_session(JsonObject *status)
{
  expect_members(status, "role room state health nat signaling peers mappings strategies");
  expect_members(json_object_get_object_member(status, "signaling"),
                 "transport connected dropped");
}

static JsonObject *
first_of(JsonObject *status, const char *array)
{
  return json_array_get_object_element(json_object_get_array_member(status, array), 0);
}

static void
test_alone(Fixture *fixture, gconstpointer data)
{
  g_autoptr(JsonObject) status = NULL;
  JsonObject *mapping;

  begin(fixture, &fixture->client, FWD_ROLE_CLIENT, (const char *const[]){"tcp:8080:22", NULL});
  WAIT_FOR(fwd_session_is_joined(fixture->client.session));
  status = fwd_status_describe_session(fixture->client.session);
  expect_session(status);
  expect_members(json_object_get_object_member(status, "nat"), "mapping filtering classic");
  g_assert_cmpstr(json_object_get_string_member(status, "role"), ==, "client");
  g_assert_cmpstr(json_object_get_string_member(status, "health"), ==, "ok");
  g_assert_cmpstr(json_object_get_string_member(status, "state"), ==, "waiting");
  mapping = first_of(status, "mappings");
  expect_members(mapping, "id mapping state port connections total bytes_in bytes_out errors");
  g_assert_cmpint(json_object_get_int_member(mapping, "id"), ==, 1);
  g_assert_cmpstr(json_object_get_string_member(mapping, "mapping"), ==, "tcp:8080:22");
  g_assert_cmpstr(json_object_get_string_member(mapping, "state"), ==, "listening");
  g_assert_cmpuint(json_array_get_length(json_object_get_array_member(status, "peers")), ==, 0);
}

static void
test_out_of_the_room(Fixture *fixture, gconstpointer data)
{
  g_autoptr(JsonObject) status = NULL;

  fake_meeting_set_online(fixture->meeting, FALSE);
  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  status = fwd_status_describe_session(fixture->server.session);
  expect_session(status);
  g_assert_cmpstr(json_object_get_string_member(status, "health"), ==,
                  "signaling: not connected");
  g_assert_cmpstr(json_object_get_string_member(status, "state"), ==, "joining");
  g_assert_false(json_object_get_boolean_member(
      json_object_get_object_member(status, "signaling"), "connected"));
}

static gboolean
is_forwarding(End *end)
{
  g_autoptr(JsonObject) status = fwd_status_describe_session(end->session);
  JsonArray *peers = json_object_get_array_member(status, "peers");

  return json_array_get_length(peers) == 1 &&
         json_object_has_member(json_array_get_object_element(peers, 0), "path");
}

static void
test_connected(Fixture *fixture, gconstpointer data)
{
  g_autoptr(JsonObject) status = NULL;
  JsonObject *peer, *path;

  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  begin(fixture, &fixture->client, FWD_ROLE_CLIENT, NULL);
  WAIT_FOR(is_forwarding(&fixture->client));
  status = fwd_status_describe_session(fixture->client.session);
  expect_session(status);
  peer = first_of(status, "peers");
  expect_members(peer, "id state path standby first_path_ms upgraded_at_ms bytes_in bytes_out");
  path = json_object_get_object_member(peer, "path");
  expect_members(path, "class strategy local remote rtt_ms mtu loss alive");
  g_assert_cmpint(json_object_get_int_member(path, "mtu"), >=, 1200);
  expect_members(first_of(status, "strategies"), "id attempts successes");
}

static void
test_several(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GPtrArray) sessions = g_ptr_array_new();
  g_autoptr(JsonNode) one = NULL, two = NULL;
  g_autofree char *text = NULL, *both = NULL;
  JsonObject *profiles;

  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  begin(fixture, &fixture->client, FWD_ROLE_CLIENT, NULL);
  g_ptr_array_add(sessions, fixture->client.session);
  text = fwd_status_to_text(sessions);
  one = json_from_string(text, NULL);
  expect_session(json_node_get_object(one));
  g_ptr_array_add(sessions, fixture->server.session);
  both = fwd_status_to_text(sessions);
  two = json_from_string(both, NULL);
  expect_members(json_node_get_object(two), "profiles");
  profiles = json_object_get_object_member(json_node_get_object(two), "profiles");
  expect_members(profiles, "client server");
  expect_session(json_object_get_object_member(profiles, "server"));
}

/* The status is for other eyes: the ticket's secret and keys are not in it. */
static void
test_no_secrets(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GPtrArray) sessions = g_ptr_array_new();
  g_autofree char *text = NULL;

  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  g_ptr_array_add(sessions, fixture->server.session);
  text = fwd_status_to_text(sessions);
  g_assert_null(strstr(text, strchr(fixture->ticket, '#') + 1));
}

static void
test_plugins(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdPluginRegistry) registry = fwd_plugin_registry_new();
  g_autofree char *text = NULL;
  g_autoptr(JsonNode) root = NULL;
  JsonArray *modules;

  fwd_interfaces_define(registry);
  fwd_plugin_registry_load_all(registry, NULL);
  text = fwd_status_describe_plugins(registry);
  root = json_from_string(text, NULL);
  modules = json_node_get_array(root);
  g_assert_cmpuint(json_array_get_length(modules), >, 0);
  for (guint i = 0; i < json_array_get_length(modules); i++) {
    JsonObject *module = json_array_get_object_element(modules, i);
    if (json_object_has_member(module, "refused"))
      continue;
    expect_members(module, "file name version licence abi implements");
    expect_members(first_of(module, "implements"), "kind id help");
  }
}

#define ADD(path, test)                                                                        \
  g_test_add("/manage/status/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("alone", test_alone);
  ADD("out-of-the-room", test_out_of_the_room);
  ADD("connected", test_connected);
  ADD("several", test_several);
  ADD("no-secrets", test_no_secrets);
  ADD("plugins", test_plugins);
  return g_test_run();
}

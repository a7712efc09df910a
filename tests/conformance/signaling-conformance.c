/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every signaling transport must do; compiled once for each. */
#include "signaling-under-test.h"

#include "core/plugin-registry.h"
#include <stunfwd/endpoint.h>
#include <stunfwd/error.h>
#include <stunfwd/signaling.h>

/* Only a test that hangs meets it. */
#define PATIENCE_S 60
#define CLIENTS    40
#define MESSAGES   200
#define ROOM       "room-of.the_suite~1"

/* A member, and what it was told. */
typedef struct {
  FwdSignaling *signaling;
  GPtrArray *present;  /* ids */
  GPtrArray *received; /* "SENDER TEXT" */
  guint failures;
  guint lefts;
  FwdErrorCode last_failure;
  gboolean leave_on_peer;
} Member;

static FwdPluginRegistry *registry;

static void
on_peer_joined(FwdSignaling *signaling, const char *id, guint role, Member *member)
{
  g_assert_cmpint(fwd_signaling_get_state(signaling), ==, FWD_SIGNALING_JOINED);
  if (!g_ptr_array_find_with_equal_func(member->present, id, g_str_equal, NULL))
    g_ptr_array_add(member->present, g_strdup(id));
  if (member->leave_on_peer) {
    fwd_signaling_leave(signaling);
    g_clear_object(&member->signaling);
  }
}

static void
on_peer_left(FwdSignaling *signaling, const char *id, Member *member)
{
  guint index;

  g_assert_true(g_ptr_array_find_with_equal_func(member->present, id, g_str_equal, &index));
  g_ptr_array_remove_index(member->present, index);
  member->lefts++;
}

static void
on_message(FwdSignaling *signaling, const char *id, GBytes *envelope, Member *member)
{
  gsize length;
  const char *data = g_bytes_get_data(envelope, &length);

  g_assert_true(g_ptr_array_find_with_equal_func(member->present, id, g_str_equal, NULL));
  g_ptr_array_add(member->received, g_strdup_printf("%s %.*s", id, (int)length, data));
}

static void
on_failed(FwdSignaling *signaling, GError *error, Member *member)
{
  g_assert_true(fwd_error_is_retryable(error));
  g_assert_null(strchr(error->message, '\n'));
  member->last_failure = (FwdErrorCode)error->code;
  member->failures++;
}

static Member *
member_new(void)
{
  Member *member = g_new0(Member, 1);
  g_autoptr(GError) error = NULL;

  member->signaling = fwd_plugin_registry_create(registry, FWD_INTERFACE_SIGNALING,
                                                 signaling_under_test.plugin, &error);
  g_assert_no_error(error);
  member->present = g_ptr_array_new_with_free_func(g_free);
  member->received = g_ptr_array_new_with_free_func(g_free);
  g_signal_connect(member->signaling, "peer-joined", G_CALLBACK(on_peer_joined), member);
  g_signal_connect(member->signaling, "peer-left", G_CALLBACK(on_peer_left), member);
  g_signal_connect(member->signaling, "message", G_CALLBACK(on_message), member);
  g_signal_connect(member->signaling, "failed", G_CALLBACK(on_failed), member);
  return member;
}

static void
member_connect(Member *member, guint16 port, FwdRole role)
{
  g_autoptr(GUri) url = g_uri_build(G_URI_FLAGS_NONE, signaling_under_test.scheme, NULL,
                                    "127.0.0.1", port, "/", NULL, NULL);
  g_autoptr(GError) error = NULL;

  fwd_signaling_connect(member->signaling, url, ROOM, role, &error);
  g_assert_no_error(error);
}

static Member *
member_start(SignalingServer *server, FwdRole role)
{
  Member *member = member_new();

  member_connect(member, signaling_under_test.get_port(server), role);
  return member;
}

static void
member_free(Member *member)
{
  if (member->signaling != NULL)
    fwd_signaling_leave(member->signaling);
  g_clear_object(&member->signaling);
  g_ptr_array_unref(member->present);
  g_ptr_array_unref(member->received);
  g_free(member);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Member, member_free)

static gboolean
on_out_of_patience(gpointer user_data)
{
  g_error("waited in vain for: %s", (const char *)user_data);
  return G_SOURCE_REMOVE;
}

#define wait_for(condition)                                                                    \
  G_STMT_START                                                                                 \
  {                                                                                            \
    guint guard_ =                                                                             \
        g_timeout_add_seconds(PATIENCE_S, on_out_of_patience, (gpointer) #condition);          \
    while (!(condition))                                                                       \
      g_main_context_iteration(NULL, TRUE);                                                    \
    g_source_remove(guard_);                                                                   \
  }                                                                                            \
  G_STMT_END

static void
wait_joined(Member *member)
{
  wait_for(fwd_signaling_get_state(member->signaling) == FWD_SIGNALING_JOINED);
}

static const char *
first_present(Member *member)
{
  wait_for(member->present->len > 0);
  return g_ptr_array_index(member->present, 0);
}

static void
send_text(Member *member, const char *to, const char *text)
{
  g_autoptr(GBytes) envelope = g_bytes_new(text, strlen(text));
  g_autoptr(GError) error = NULL;

  fwd_signaling_send(member->signaling, to, envelope, &error);
  g_assert_no_error(error);
}

static void
assert_received(Member *member, guint index, const char *from, const char *text)
{
  g_autofree char *expected = g_strdup_printf("%s %s", from, text);

  g_assert_cmpstr(g_ptr_array_index(member->received, index), ==, expected);
}

static SignalingServer *
start_server(void)
{
  return signaling_under_test.start(0);
}

static void
stop_server(SignalingServer *server)
{
  signaling_under_test.stop(server, FALSE);
}

static void
test_presence(void)
{
  SignalingServer *running = start_server();
  g_autoptr(Member) server = member_start(running, FWD_ROLE_SERVER);
  g_autoptr(Member) first = NULL;
  g_autoptr(Member) second = NULL;

  wait_joined(server);
  first = member_start(running, FWD_ROLE_CLIENT);
  wait_for(first->present->len == 1 && server->present->len == 1);
  second = member_start(running, FWD_ROLE_CLIENT);
  wait_for(second->present->len == 1 && server->present->len == 2);
  g_assert_cmpstr(g_ptr_array_index(first->present, 0), ==,
                  g_ptr_array_index(second->present, 0));
  g_clear_pointer(&second, member_free);
  wait_for(server->present->len == 1);
  g_assert_cmpuint(first->lefts, ==, 0);
  g_assert_cmpuint(first->present->len, ==, 1);
  g_clear_pointer(&server, member_free);
  wait_for(first->present->len == 0);
  g_assert_cmpuint(first->failures, ==, 0);
  g_clear_pointer(&first, member_free);
  stop_server(running);
}

static void
test_order(void)
{
  SignalingServer *running = start_server();
  g_autoptr(Member) server = member_start(running, FWD_ROLE_SERVER);
  g_autoptr(Member) client = member_start(running, FWD_ROLE_CLIENT);
  const char *server_id = first_present(client);
  const char *client_id = first_present(server);

  for (guint i = 0; i < MESSAGES; i++) {
    g_autofree char *text = g_strdup_printf("number %u", i);

    send_text(server, client_id, text);
    send_text(client, server_id, text);
  }
  wait_for(server->received->len == MESSAGES && client->received->len == MESSAGES);
  for (guint i = 0; i < MESSAGES; i++) {
    g_autofree char *text = g_strdup_printf("number %u", i);

    assert_received(server, i, client_id, text);
    assert_received(client, i, server_id, text);
  }
  g_clear_pointer(&server, member_free);
  g_clear_pointer(&client, member_free);
  stop_server(running);
}

static void
test_many_clients(void)
{
  SignalingServer *running = start_server();
  g_autoptr(Member) server = member_start(running, FWD_ROLE_SERVER);
  g_autoptr(GPtrArray) clients = g_ptr_array_new_with_free_func((GDestroyNotify)member_free);

  for (guint i = 0; i < CLIENTS; i++)
    g_ptr_array_add(clients, member_start(running, FWD_ROLE_CLIENT));
  wait_for(server->present->len == CLIENTS);
  for (guint i = 0; i < CLIENTS; i++)
    send_text(server, g_ptr_array_index(server->present, i), "welcome");
  for (guint i = 0; i < CLIENTS; i++) {
    Member *client = g_ptr_array_index(clients, i);

    wait_for(client->received->len == 1);
    assert_received(client, 0, first_present(client), "welcome");
    g_assert_cmpuint(client->present->len, ==, 1);
  }
  g_ptr_array_set_size(clients, 0);
  wait_for(server->present->len == 0);
  g_clear_pointer(&server, member_free);
  stop_server(running);
}

static void
test_largest_envelope(void)
{
  SignalingServer *running = start_server();
  g_autoptr(Member) server = member_start(running, FWD_ROLE_SERVER);
  g_autoptr(Member) client = member_start(running, FWD_ROLE_CLIENT);
  g_autofree char *text = g_strnfill(FWD_SIGNALING_MESSAGE_MAX + 1, 'x');
  g_autoptr(GBytes) over = g_bytes_new(text, FWD_SIGNALING_MESSAGE_MAX + 1);
  const char *to = first_present(client);
  const char *from = first_present(server);
  g_autoptr(GError) error = NULL;

  g_assert_false(fwd_signaling_send(client->signaling, to, over, &error));
  g_assert_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_LIMIT);
  text[FWD_SIGNALING_MESSAGE_MAX] = '\0';
  send_text(client, to, text);
  send_text(client, to, "after it");
  wait_for(server->received->len == 2);
  assert_received(server, 0, from, text);
  assert_received(server, 1, from, "after it");
  g_clear_pointer(&server, member_free);
  g_clear_pointer(&client, member_free);
  stop_server(running);
}

static void
assert_send_fails(Member *member, const char *to, FwdErrorCode code)
{
  g_autoptr(GBytes) envelope = g_bytes_new_static("x", 1);
  g_autoptr(GError) error = NULL;

  g_assert_false(fwd_signaling_send(member->signaling, to, envelope, &error));
  g_assert_error(error, FWD_SIGNALING_ERROR, (int)code);
}

static void
test_send_to_nobody(void)
{
  SignalingServer *running = start_server();
  g_autoptr(Member) server = member_start(running, FWD_ROLE_SERVER);
  g_autoptr(Member) client = NULL;
  g_autofree char *gone = NULL;

  assert_send_fails(server, "0123456789abcdef", FWD_ERROR_CLOSED);
  wait_joined(server);
  assert_send_fails(server, "0123456789abcdef", FWD_ERROR_INVALID);
  client = member_start(running, FWD_ROLE_CLIENT);
  gone = g_strdup(first_present(server));
  g_clear_pointer(&client, member_free);
  wait_for(server->present->len == 0);
  assert_send_fails(server, gone, FWD_ERROR_INVALID);
  client = member_start(running, FWD_ROLE_CLIENT);
  g_assert_cmpstr(first_present(server), !=, gone);
  g_assert_cmpuint(server->failures, ==, 0);
  g_clear_pointer(&server, member_free);
  g_clear_pointer(&client, member_free);
  stop_server(running);
}

static void
test_leave(void)
{
  SignalingServer *running = start_server();
  g_autoptr(Member) server = member_start(running, FWD_ROLE_SERVER);
  g_autoptr(Member) client = member_start(running, FWD_ROLE_CLIENT);
  const char *id = first_present(server);

  (void)first_present(client);
  send_text(server, id, "not read any more");
  fwd_signaling_leave(client->signaling);
  g_assert_cmpint(fwd_signaling_get_state(client->signaling), ==, FWD_SIGNALING_LEFT);
  assert_send_fails(client, first_present(client), FWD_ERROR_CLOSED);
  wait_for(server->present->len == 0);
  g_assert_cmpuint(client->received->len, ==, 0);
  g_assert_cmpuint(client->lefts, ==, 0);
  g_assert_cmpuint(client->failures, ==, 0);
  g_clear_pointer(&server, member_free);
  g_clear_pointer(&client, member_free);
  stop_server(running);
}

static void
test_restart(gconstpointer data)
{
  gboolean kill = GPOINTER_TO_INT(data);
  SignalingServer *running = start_server();
  guint16 port = signaling_under_test.get_port(running);
  g_autoptr(Member) server = member_start(running, FWD_ROLE_SERVER);
  g_autoptr(Member) client = member_start(running, FWD_ROLE_CLIENT);
  g_autofree char *before = g_strdup(first_present(client));

  (void)first_present(server);
  signaling_under_test.stop(running, kill);
  wait_for(server->failures > 0 && client->failures > 0);
  running = signaling_under_test.start(port);
  wait_for(server->lefts > 0 && server->present->len == 1);
  wait_for(client->lefts > 0 && client->present->len == 1);
  g_assert_cmpstr(first_present(client), !=, before);
  send_text(client, first_present(client), "again");
  wait_for(server->received->len == 1);
  assert_received(server, 0, first_present(server), "again");
  g_clear_pointer(&server, member_free);
  g_clear_pointer(&client, member_free);
  stop_server(running);
}

static void
test_refusing(void)
{
  SignalingServer *running = start_server();
  guint16 port = signaling_under_test.get_port(running);
  g_autoptr(Member) member = member_new();

  stop_server(running);
  member_connect(member, port, FWD_ROLE_SERVER);
  wait_for(member->failures == 2);
  g_assert_cmpint(member->last_failure, ==, FWD_ERROR_UNREACHABLE);
  running = signaling_under_test.start(port);
  wait_joined(member);
  g_clear_pointer(&member, member_free);
  stop_server(running);
}

static void
test_wrong_url(void)
{
  g_autoptr(Member) member = member_new();
  g_autoptr(GUri) url = g_uri_parse("gopher://127.0.0.1/", G_URI_FLAGS_NONE, NULL);
  g_autoptr(GError) error = NULL;

  g_assert_false(fwd_signaling_connect(member->signaling, url, ROOM, FWD_ROLE_SERVER, &error));
  g_assert_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID);
}

static void
test_stun_servers(void)
{
  SignalingServer *running = start_server();
  g_autoptr(Member) member = member_start(running, FWD_ROLE_SERVER);
  g_auto(GStrv) servers = NULL;

  wait_joined(member);
  servers = fwd_signaling_get_stun_servers(member->signaling);
  g_assert_nonnull(servers);
  g_assert_cmpuint(g_strv_length(servers), ==, 1);
  g_assert_true(g_str_has_prefix(servers[0], "127.0.0.1:"));
  g_clear_pointer(&member, member_free);
  stop_server(running);
}

/* A transport need not know it; one that does tells an endpoint. */
static void
test_public_endpoint(void)
{
  SignalingServer *running = start_server();
  g_autoptr(Member) member = member_start(running, FWD_ROLE_SERVER);
  g_autofree char *before = fwd_signaling_get_public_endpoint(member->signaling);
  g_autofree char *text = NULL;
  FwdEndpoint endpoint;

  g_assert_null(before);
  wait_joined(member);
  text = fwd_signaling_get_public_endpoint(member->signaling);
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(member->signaling), "public-endpoint")) {
    g_assert_true(fwd_endpoint_parse(text, &endpoint, NULL));
    g_assert_true(fwd_endpoint_is_loopback(&endpoint));
  } else {
    g_assert_null(text);
  }
  g_clear_pointer(&member, member_free);
  stop_server(running);
}

static void
test_hostile(gconstpointer data)
{
  guint16 port;
  GObject *bad = signaling_under_test.start_hostile(data, &port);
  g_autoptr(Member) member = member_new();

  member_connect(member, port, FWD_ROLE_CLIENT);
  wait_for(member->failures == 2);
  g_assert_cmpuint(member->present->len, ==, 0);
  g_assert_cmpuint(member->received->len, ==, 0);
  g_clear_pointer(&member, member_free);
  signaling_under_test.stop_hostile(bad);
}

static void
dispose_now(Member *member)
{
  FwdSignaling *signaling = g_steal_pointer(&member->signaling);

  g_assert_finalize_object(signaling);
}

/* The object goes after 0, 1, 2... rounds of the main loop, until it goes joined. */
static void
test_dispose_on_the_way(void)
{
  SignalingServer *running = start_server();
  g_autoptr(Member) watcher = member_start(running, FWD_ROLE_SERVER);
  FwdSignalingState reached = FWD_SIGNALING_DISCONNECTED;
  guint gone = 0;

  wait_joined(watcher);
  for (guint rounds = 0; reached != FWD_SIGNALING_JOINED; rounds++) {
    g_autoptr(Member) member = member_start(running, FWD_ROLE_CLIENT);

    for (guint i = 0; i < rounds && reached != FWD_SIGNALING_JOINED; i++) {
      g_main_context_iteration(NULL, TRUE);
      reached = fwd_signaling_get_state(member->signaling);
    }
    dispose_now(member);
    gone++;
  }
  g_assert_cmpuint(gone, >, 1);
  wait_for(watcher->lefts > 0 && watcher->present->len == 0);
  g_clear_pointer(&watcher, member_free);
  stop_server(running);
}

static void
test_dispose_between_attempts(void)
{
  SignalingServer *running = start_server();
  guint16 port = signaling_under_test.get_port(running);
  g_autoptr(Member) member = member_new();

  stop_server(running);
  member_connect(member, port, FWD_ROLE_SERVER);
  wait_for(member->failures == 1);
  g_assert_cmpint(fwd_signaling_get_state(member->signaling), ==, FWD_SIGNALING_DISCONNECTED);
  dispose_now(member);
}

static void
test_dispose_unconnected(void)
{
  g_autoptr(Member) member = member_new();

  dispose_now(member);
}

static void
test_leave_in_handler(void)
{
  SignalingServer *running = start_server();
  g_autoptr(Member) server = member_start(running, FWD_ROLE_SERVER);
  g_autoptr(Member) client = NULL;

  wait_joined(server);
  client = member_new();
  client->leave_on_peer = TRUE;
  member_connect(client, signaling_under_test.get_port(running), FWD_ROLE_CLIENT);
  wait_for(client->signaling == NULL);
  wait_for(server->lefts == 1);
  g_clear_pointer(&server, member_free);
  g_clear_pointer(&client, member_free);
  stop_server(running);
}

static void
add_hostile_tests(void)
{
  for (const char *const *name = signaling_under_test.hostile; *name != NULL; name++) {
    g_autofree char *path = g_strdup_printf("/signaling/hostile/%s", *name);

    g_test_add_data_func(path, *name, test_hostile);
  }
}

static void
load_plugin(void)
{
  g_autofree char *directory = g_test_build_filename(G_TEST_BUILT, "..", NULL);

  registry = fwd_plugin_registry_new();
  fwd_plugin_registry_define(registry, FWD_INTERFACE_SIGNALING, FWD_TYPE_SIGNALING);
  fwd_plugin_registry_load_directory(registry, directory);
}

int
main(int argc, char **argv)
{
  int status;

  g_test_init(&argc, &argv, NULL);
  load_plugin();
  g_test_add_func("/signaling/presence", test_presence);
  g_test_add_func("/signaling/order", test_order);
  g_test_add_func("/signaling/many-clients", test_many_clients);
  g_test_add_func("/signaling/largest-envelope", test_largest_envelope);
  g_test_add_func("/signaling/send-to-nobody", test_send_to_nobody);
  g_test_add_func("/signaling/leave", test_leave);
  g_test_add_data_func("/signaling/restart/killed", GINT_TO_POINTER(TRUE), test_restart);
  g_test_add_data_func("/signaling/restart/stopped", GINT_TO_POINTER(FALSE), test_restart);
  g_test_add_func("/signaling/refusing", test_refusing);
  g_test_add_func("/signaling/wrong-url", test_wrong_url);
  g_test_add_func("/signaling/stun-servers", test_stun_servers);
  g_test_add_func("/signaling/public-endpoint", test_public_endpoint);
  add_hostile_tests();
  g_test_add_func("/signaling/dispose/on-the-way", test_dispose_on_the_way);
  g_test_add_func("/signaling/dispose/between-attempts", test_dispose_between_attempts);
  g_test_add_func("/signaling/dispose/unconnected", test_dispose_unconnected);
  g_test_add_func("/signaling/leave-in-handler", test_leave_in_handler);
  status = g_test_run();
  g_object_unref(registry);
  return status;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client and a server in one process: a fake room, real sockets, real plugins. */
#include "session/client-session.h"
#include "session/interfaces.h"
#include "session/server-session.h"

#include <fakes/fake-resolver.h>
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
  End server, client;
  GSocketService *echo;
  guint16 echo_port;
  gboolean own_stun; /* ends are told of a STUN server of their own, where none is */
} Fixture;

static void
on_echoed(GObject *output, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GIOStream) connection = user_data;

  g_output_stream_splice_finish(G_OUTPUT_STREAM(output), result, NULL);
  g_io_stream_close(connection, NULL, NULL);
}

static gboolean
on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source,
            gpointer user_data)
{
  GIOStream *stream = G_IO_STREAM(connection);

  g_output_stream_splice_async(g_io_stream_get_output_stream(stream),
                               g_io_stream_get_input_stream(stream),
                               G_OUTPUT_STREAM_SPLICE_NONE, G_PRIORITY_DEFAULT, NULL, on_echoed,
                               g_object_ref(stream));
  return TRUE;
}

static void
begin(Fixture *fixture, End *end, FwdRole role, const char *const *mappings)
{
  FwdPluginRegistry *registry;
  g_autoptr(GError) error = NULL;

  end->application = fwd_application_new();
  registry = fwd_application_get_registry(end->application);
  fwd_interfaces_define(registry);
  fake_signaling_register(registry, fixture->meeting);
  fwd_plugin_registry_load_all(registry, NULL);
  end->profile = fwd_profile_new(fwd_role_to_string(role), role);
  g_object_set(end->profile, "ticket", fixture->ticket, "mappings", mappings, NULL);
  if (fixture->own_stun)
    g_object_set(end->profile, "stun", (const char *const[]){"127.0.0.1:9", NULL}, NULL);
  end->session = role == FWD_ROLE_SERVER
                   ? FWD_SESSION(fwd_server_session_new(end->application, end->profile))
                   : FWD_SESSION(fwd_client_session_new(end->application, end->profile));
  end->stopped = FALSE;
  fwd_component_start(FWD_COMPONENT(end->session), &error);
  g_assert_no_error(error);
}

static void
on_stopped(GObject *session, GAsyncResult *result, gpointer user_data)
{
  End *end = user_data;

  fwd_component_stop_finish(FWD_COMPONENT(session), result);
  end->stopped = TRUE;
}

static void
finish(End *end)
{
  if (!end->session)
    return;
  fwd_component_stop_async(FWD_COMPONENT(end->session), 2000, on_stopped, end);
  while (!end->stopped)
    g_main_context_iteration(NULL, TRUE);
  g_clear_object(&end->session);
  g_clear_object(&end->profile);
  g_clear_object(&end->application);
}

static guint16
port_of(End *end)
{
  GListModel *mappings = G_LIST_MODEL(fwd_session_get_mappings(end->session));
  g_autoptr(FwdMappingEntry) entry = g_list_model_get_item(mappings, 0);

  return entry ? fwd_mapping_entry_get_port(entry) : 0;
}

typedef struct {
  char answer[8];
  gssize length;
  gboolean done;
} Echo;

static void
on_read(GObject *stream, GAsyncResult *result, gpointer user_data)
{
  Echo *echo = user_data;

  echo->length = g_input_stream_read_finish(G_INPUT_STREAM(stream), result, NULL);
  echo->done = TRUE;
}

/* Sends five bytes to a local port; returns how many came back, -1 for a reset. */
static gssize
echo_through(guint16 port)
{
  g_autoptr(GSocketClient) client = g_socket_client_new();
  g_autoptr(GSocketConnection) connection =
    g_socket_client_connect_to_host(client, "127.0.0.1", port, NULL, NULL);
  Echo echo = {0};

  g_assert_nonnull(connection);
  g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(connection)), "hello", 5,
                            NULL, NULL, NULL);
  g_input_stream_read_async(g_io_stream_get_input_stream(G_IO_STREAM(connection)), echo.answer,
                            sizeof echo.answer, G_PRIORITY_DEFAULT, NULL, on_read, &echo);
  WAIT_FOR(echo.done);
  if (echo.length == 5)
    g_assert_cmpmem(echo.answer, 5, "hello", 5);
  return echo.length;
}

static char *
mapping_to(guint16 port, const char *prefix)
{
  return g_strdup_printf("%s:0:%u", prefix, port);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GUri) url = g_uri_parse("ws://signaling.example/", G_URI_FLAGS_NONE, NULL);
  g_autoptr(FwdTicket) ticket = fwd_ticket_new(url, NULL);

  fixture->meeting = fake_meeting_new();
  fixture->own_stun = TRUE;
  fixture->ticket = fwd_ticket_to_string(ticket);
  fixture->echo = g_socket_service_new();
  fixture->echo_port =
    g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(fixture->echo), NULL, NULL);
  g_signal_connect(fixture->echo, "incoming", G_CALLBACK(on_incoming), NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  finish(&fixture->client);
  finish(&fixture->server);
  g_socket_service_stop(fixture->echo);
  g_socket_listener_close(G_SOCKET_LISTENER(fixture->echo));
  g_object_unref(fixture->echo);
  g_free(fixture->ticket);
  while (g_main_context_iteration(NULL, FALSE))
    ;
  fake_meeting_free(fixture->meeting);
}

static void
begin_both(Fixture *fixture)
{
  g_autofree char *mapping = mapping_to(fixture->echo_port, "tcp");

  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  begin(fixture, &fixture->client, FWD_ROLE_CLIENT, (const char *const[]){mapping, NULL});
}

static void
test_forwards(Fixture *fixture, gconstpointer data)
{
  begin_both(fixture);
  g_assert_cmpint(echo_through(port_of(&fixture->client)), ==, 5);
  g_assert_cmpint(fwd_session_get_state(fixture->client.session), ==, FWD_SESSION_FORWARDING);
  g_assert_cmpint(fwd_session_get_state(fixture->server.session), ==, FWD_SESSION_FORWARDING);
}

static const FwdStrategyStory *
remote_story(End *end, const char *strategy)
{
  g_autoptr(FwdPeer) peer = g_list_model_get_item(fwd_session_get_peers(end->session), 0);
  const FwdStory *story = peer ? fwd_peer_get_remote_story(peer) : NULL;

  return story ? fwd_story_find(story, strategy) : NULL;
}

static gboolean
is_told(End *end, const char *strategy)
{
  const FwdStrategyStory *item = remote_story(end, strategy);

  return item && item->outcome == FWD_OUTCOME_SUCCEEDED;
}

/* Each end knows what became of the strategies at the other one. */
static void
test_both_tell_their_story(Fixture *fixture, gconstpointer data)
{
  begin_both(fixture);
  WAIT_FOR(is_told(&fixture->client, "lan") && is_told(&fixture->server, "lan"));
  g_assert_cmpuint(remote_story(&fixture->client, "lan")->race, >, 0);
  g_assert_cmpuint(remote_story(&fixture->server, "lan")->lines->len, >, 0);
}

/* Who comes first does not matter. */
static void
test_client_first(Fixture *fixture, gconstpointer data)
{
  g_autofree char *mapping = mapping_to(fixture->echo_port, "tcp");

  begin(fixture, &fixture->client, FWD_ROLE_CLIENT, (const char *const[]){mapping, NULL});
  WAIT_FOR(fwd_session_get_state(fixture->client.session) == FWD_SESSION_WAITING);
  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  g_assert_cmpint(echo_through(port_of(&fixture->client)), ==, 5);
}

static void
test_server_comes_back(Fixture *fixture, gconstpointer data)
{
  begin_both(fixture);
  g_assert_cmpint(echo_through(port_of(&fixture->client)), ==, 5);
  finish(&fixture->server);
  WAIT_FOR(fwd_session_get_state(fixture->client.session) != FWD_SESSION_FORWARDING);
  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  g_assert_cmpint(echo_through(port_of(&fixture->client)), ==, 5);
}

/* The room may go away under a tunnel. */
static void
test_room_goes_and_comes(Fixture *fixture, gconstpointer data)
{
  begin_both(fixture);
  g_assert_cmpint(echo_through(port_of(&fixture->client)), ==, 5);
  fake_meeting_set_online(fixture->meeting, FALSE);
  WAIT_FOR(!fwd_session_is_joined(fixture->client.session));
  g_assert_cmpint(echo_through(port_of(&fixture->client)), ==, 5);
  fake_meeting_set_online(fixture->meeting, TRUE);
  WAIT_FOR(fwd_session_is_joined(fixture->client.session));
  g_assert_cmpint(echo_through(port_of(&fixture->client)), ==, 5);
  g_assert_cmpuint(g_list_model_get_n_items(fwd_session_get_peers(fixture->client.session)), ==,
                   1);
}

static void
test_messages_may_be_lost(Fixture *fixture, gconstpointer data)
{
  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  fake_meeting_lose(fixture->meeting, 2);
  {
    g_autofree char *mapping = mapping_to(fixture->echo_port, "tcp");
    begin(fixture, &fixture->client, FWD_ROLE_CLIENT, (const char *const[]){mapping, NULL});
  }
  g_assert_cmpint(echo_through(port_of(&fixture->client)), ==, 5);
}

/* What the access list does not allow ends with a reset, and in a count. */
static void
test_forbidden_target(Fixture *fixture, gconstpointer data)
{
  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  begin(fixture, &fixture->client, FWD_ROLE_CLIENT,
        (const char *const[]){"tcp:0:192.0.2.1:80", NULL});
  g_assert_cmpint(echo_through(port_of(&fixture->client)), <=, 0);
}

/* What was allowed until now, and used just now, is not when the list says otherwise. */
static void
test_allow_changes(Fixture *fixture, gconstpointer data)
{
  /* An address of this machine that is not among those that are always allowed. */
  g_autofree char *target = g_strdup_printf("0.0.0.0:%u", fixture->echo_port);
  g_autofree char *mapping = g_strdup_printf("tcp:0:%s", target);
  g_autofree char *rule = g_strdup_printf("tcp:%s", target);
  const char *const none[] = {NULL}, *const allowed[] = {rule, NULL};

  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  begin(fixture, &fixture->client, FWD_ROLE_CLIENT, (const char *const[]){mapping, NULL});
  g_assert_cmpint(echo_through(port_of(&fixture->client)), <=, 0);
  g_object_set(fixture->server.profile, "allow", allowed, NULL);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpint(echo_through(port_of(&fixture->client)), ==, 5);
  g_object_set(fixture->server.profile, "allow", none, NULL);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpint(echo_through(port_of(&fixture->client)), <=, 0);
}

/* The server listens, the client serves: its own target, and nothing else. */
static void
test_reverse(Fixture *fixture, gconstpointer data)
{
  g_autofree char *mapping = mapping_to(fixture->echo_port, "R:tcp");

  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  begin(fixture, &fixture->client, FWD_ROLE_CLIENT, (const char *const[]){mapping, NULL});
  WAIT_FOR(port_of(&fixture->client) != 0);
  g_assert_cmpint(echo_through(port_of(&fixture->client)), ==, 5);
}

static void
test_configuration_changes(Fixture *fixture, gconstpointer data)
{
  g_autofree char *mapping = mapping_to(fixture->echo_port, "tcp");
  const char *const none[] = {NULL}, *const one[] = {mapping, NULL};

  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  begin(fixture, &fixture->client, FWD_ROLE_CLIENT, none);
  g_assert_cmpuint(port_of(&fixture->client), ==, 0);
  g_object_set(fixture->client.profile, "mappings", one, NULL);
  g_assert_cmpint(echo_through(port_of(&fixture->client)), ==, 5);
  g_object_set(fixture->client.profile, "mappings", none, NULL);
  g_assert_cmpuint(port_of(&fixture->client), ==, 0);
}

static gboolean
is_open(guint16 port)
{
  g_autoptr(GSocketClient) client = g_socket_client_new();
  g_autoptr(GSocketConnection) connection =
    g_socket_client_connect_to_host(client, "127.0.0.1", port, NULL, NULL);

  while (g_main_context_iteration(NULL, FALSE))
    ;
  return connection != NULL;
}

/* What the server could not be told while the room was away, it is told afterwards. */
static void
test_reverse_changes(Fixture *fixture, gconstpointer data)
{
  g_autofree char *mapping = mapping_to(fixture->echo_port, "R:tcp");
  g_autofree char *other = mapping_to(fixture->echo_port, "tcp");
  const char *const none[] = {other, NULL}, *const one[] = {mapping, NULL};
  guint16 port;

  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  begin(fixture, &fixture->client, FWD_ROLE_CLIENT, none);
  WAIT_FOR(fwd_session_get_state(fixture->client.session) == FWD_SESSION_FORWARDING);
  fake_meeting_set_online(fixture->meeting, FALSE);
  WAIT_FOR(!fwd_session_is_joined(fixture->client.session));
  g_object_set(fixture->client.profile, "mappings", one, NULL);
  fake_meeting_set_online(fixture->meeting, TRUE);
  WAIT_FOR(port_of(&fixture->client) != 0);
  port = port_of(&fixture->client);
  g_assert_true(is_open(port));
  g_object_set(fixture->client.profile, "mappings", none, NULL);
  WAIT_FOR(!is_open(port));
}

static gboolean
on_asked(GSocket *socket, GIOCondition condition, gpointer user_data)
{
  char datagram[64];

  *(gboolean *)user_data = g_socket_receive(socket, datagram, sizeof datagram, NULL, NULL) > 0;
  return G_SOURCE_CONTINUE;
}

/* Nobody knows the name that was guessed: the signaling server's own STUN servers serve. */
static void
test_stun_of_the_room(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GSocket) stun = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
                                         G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
  g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0);
  g_autoptr(GSocketAddress) bound = NULL;
  g_autoptr(GSource) source = g_socket_create_source(stun, G_IO_IN, NULL);
  g_autofree char *server = NULL;
  FakeResolver *resolver = fake_resolver_install();
  gboolean asked = FALSE;

  g_assert_true(g_socket_bind(stun, any, FALSE, NULL));
  bound = g_socket_get_local_address(stun, NULL);
  g_source_set_callback(source, G_SOURCE_FUNC(on_asked), &asked, NULL);
  g_source_attach(source, NULL);
  server = g_strdup_printf("127.0.0.1:%u",
                           g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)));
  fake_meeting_set_stun_servers(fixture->meeting, (const char *const[]){server, NULL});
  fake_meeting_set_online(fixture->meeting, FALSE);
  fixture->own_stun = FALSE;
  begin(fixture, &fixture->server, FWD_ROLE_SERVER, NULL);
  while (g_main_context_iteration(NULL, FALSE))
    ;
  g_assert_cmpuint(resolver->lookups, ==, 1);
  g_assert_false(asked);
  fake_meeting_set_online(fixture->meeting, TRUE);
  WAIT_FOR(asked);
  g_source_destroy(source);
}

#define ADD(path, test) g_test_add("/session/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("forwards", test_forwards);
  ADD("both-tell-their-story", test_both_tell_their_story);
  ADD("client-first", test_client_first);
  ADD("server-comes-back", test_server_comes_back);
  ADD("room-goes-and-comes", test_room_goes_and_comes);
  ADD("messages-lost", test_messages_may_be_lost);
  ADD("forbidden-target", test_forbidden_target);
  ADD("allow-changes", test_allow_changes);
  ADD("reverse", test_reverse);
  ADD("configuration-changes", test_configuration_changes);
  ADD("reverse-changes", test_reverse_changes);
  ADD("stun-of-the-room", test_stun_of_the_room);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Against a TURN server on loopback: tests/fakes/turn-relay. */
#include <stunfwd/turn.h>

#include <fakes/turn-relay.h>
#include <fakes/wait-for.h>
#include <stunfwd/error.h>
#include <string.h>

typedef struct {
  TurnRelay *relay;
  GPtrArray *servers;
  GCancellable *cancellable;
  FwdTurnAllocation *allocation;
  GError *error;
  gboolean done;
  GString *received;
  FwdEndpoint from;
  GSocket *peer;
  FwdEndpoint peer_endpoint;
} Fixture;

static void
open_peer(Fixture *fixture)
{
  g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
  g_autoptr(GSocketAddress) bound = NULL;

  fixture->peer =
      g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_assert_true(g_socket_bind(fixture->peer, any, FALSE, NULL));
  bound = g_socket_get_local_address(fixture->peer, NULL);
  fwd_endpoint_from_address("127.0.0.1",
                            g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)),
                            &fixture->peer_endpoint);
}

static void
set_up(Fixture *fixture, gconstpointer deaf)
{
  fixture->relay = turn_relay_new(GPOINTER_TO_INT(deaf));
  fixture->servers = fwd_turn_servers_new();
  fixture->cancellable = g_cancellable_new();
  fixture->received = g_string_new(NULL);
  open_peer(fixture);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  if (fixture->allocation != NULL)
    g_assert_finalize_object(fixture->allocation);
  g_clear_error(&fixture->error);
  g_object_unref(fixture->cancellable);
  g_ptr_array_unref(fixture->servers);
  WAIT_FOR(fixture->relay->held == 0);
  turn_relay_free(fixture->relay);
  g_object_unref(fixture->peer);
  g_string_free(fixture->received, TRUE);
}

static void
on_received(FwdTurnAllocation *allocation, const FwdEndpoint *from, GBytes *data,
            Fixture *fixture)
{
  gsize length;
  const char *text = g_bytes_get_data(data, &length);

  g_string_append_len(fixture->received, text, (gssize)length);
  fixture->from = *from;
}

static void
on_allocated(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->done = TRUE;
  fixture->allocation = fwd_turn_allocate_finish(result, &fixture->error);
  g_assert_true((fixture->allocation == NULL) == (fixture->error != NULL));
  if (fixture->allocation != NULL)
    g_signal_connect(fixture->allocation, "received", G_CALLBACK(on_received), fixture);
}

static void
add_server(Fixture *fixture, const char *uri, const char *password)
{
  g_ptr_array_add(fixture->servers, fwd_turn_server_new(uri, "user", password));
}

static void
start(Fixture *fixture)
{
  fwd_turn_allocate_async(fixture->servers, fixture->cancellable, on_allocated, fixture);
}

static void
allocate(Fixture *fixture, const char *transport)
{
  g_autofree char *uri = turn_relay_get_uri(fixture->relay, transport);

  add_server(fixture, uri, "secret");
  start(fixture);
  WAIT_FOR(fixture->done);
  g_assert_no_error(fixture->error);
}

static void
exchange(Fixture *fixture)
{
  const FwdEndpoint *relayed = fwd_turn_allocation_get_relayed(fixture->allocation);
  g_autoptr(GSocketAddress) address =
      g_socket_address_new_from_native((gpointer)&relayed->any, fwd_endpoint_length(relayed));
  char buffer[16];

  g_assert_true(fwd_turn_allocation_permit(fixture->allocation, &fixture->peer_endpoint));
  fwd_turn_allocation_send(fixture->allocation, &fixture->peer_endpoint, (const guint8 *)"ping",
                           4);
  WAIT_FOR(g_socket_condition_check(fixture->peer, G_IO_IN) != 0);
  g_assert_cmpint(g_socket_receive(fixture->peer, buffer, sizeof buffer, NULL, NULL), ==, 4);
  g_assert_cmpmem(buffer, 4, "ping", 4);
  g_socket_send_to(fixture->peer, address, "pong", 4, NULL, NULL);
  WAIT_FOR(fixture->received->len > 0);
  g_assert_cmpstr(fixture->received->str, ==, "pong");
  g_assert_true(fwd_endpoint_equal(&fixture->from, &fixture->peer_endpoint));
}

static void
test_over_udp(Fixture *fixture, gconstpointer data)
{
  g_autofree char *way = NULL;

  allocate(fixture, "udp");
  way = fwd_turn_allocation_describe(fixture->allocation);
  g_assert_true(g_str_has_prefix(way, "UDP 127.0.0.1:"));
  g_assert_cmpuint(fixture->relay->held, ==, 1);
  exchange(fixture);
}

static void
test_over_tcp(Fixture *fixture, gconstpointer data)
{
  allocate(fixture, "tcp");
  g_assert_cmpuint(fixture->relay->over_tcp, ==, 1);
  exchange(fixture);
}

/* UDP is lost: TCP is not waited for until UDP has failed. */
static void
test_tcp_when_udp_is_lost(Fixture *fixture, gconstpointer data)
{
  g_autofree char *udp = turn_relay_get_uri(fixture->relay, "udp");
  g_autofree char *way = NULL;

  add_server(fixture, udp, "secret");
  allocate(fixture, "tcp");
  way = fwd_turn_allocation_describe(fixture->allocation);
  g_assert_true(g_str_has_prefix(way, "TCP 127.0.0.1:"));
}

static void
test_wrong_password(Fixture *fixture, gconstpointer data)
{
  g_autofree char *udp = turn_relay_get_uri(fixture->relay, "udp");
  g_autofree char *tcp = turn_relay_get_uri(fixture->relay, "tcp");

  add_server(fixture, udp, "wrong");
  add_server(fixture, tcp, "wrong");
  start(fixture);
  WAIT_FOR(fixture->done);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_DENIED);
  g_assert_nonnull(strstr(fixture->error->message, "UDP 127.0.0.1:"));
  g_assert_nonnull(strstr(fixture->error->message, "TCP 127.0.0.1:"));
}

static void
test_no_server(Fixture *fixture, gconstpointer data)
{
  add_server(fixture, "stun:127.0.0.1", "secret");
  start(fixture);
  WAIT_FOR(fixture->done);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
}

static void
test_nobody_listens(Fixture *fixture, gconstpointer data)
{
  add_server(fixture, "turn:127.0.0.1:1?transport=tcp", "secret");
  start(fixture);
  WAIT_FOR(fixture->done);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE);
}

static void
test_quota(Fixture *fixture, gconstpointer data)
{
  g_autofree char *udp = turn_relay_get_uri(fixture->relay, "udp");

  fixture->relay->model.refusal = 486;
  add_server(fixture, udp, "secret");
  start(fixture);
  WAIT_FOR(fixture->done);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE);
  g_assert_nonnull(strstr(fixture->error->message, "refused with code 486"));
}

static void
test_redirection(Fixture *fixture, gconstpointer data)
{
  g_autoptr(TurnRelay) first = turn_relay_new(FALSE);
  g_autofree char *uri = turn_relay_get_uri(first, "udp");

  first->model.refusal = 300;
  fwd_endpoint_from_address("127.0.0.1", fixture->relay->port, &first->model.alternate);
  add_server(fixture, uri, "secret");
  start(fixture);
  WAIT_FOR(fixture->done);
  g_assert_no_error(fixture->error);
  g_assert_cmpuint(first->clients, ==, 1);
  g_assert_cmpuint(fixture->relay->held, ==, 1);
}

/* A server that redirects to itself is asked twice and no more. */
static void
test_redirection_in_a_circle(Fixture *fixture, gconstpointer data)
{
  g_autofree char *uri = turn_relay_get_uri(fixture->relay, "udp");

  fixture->relay->model.refusal = 300;
  fwd_endpoint_from_address("127.0.0.1", fixture->relay->port,
                            &fixture->relay->model.alternate);
  add_server(fixture, uri, "secret");
  start(fixture);
  WAIT_FOR(fixture->done);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE);
  g_assert_cmpuint(fixture->relay->clients, ==, 2);
}

static void
test_cancel(Fixture *fixture, gconstpointer data)
{
  g_autofree char *uri = turn_relay_get_uri(fixture->relay, "udp");

  add_server(fixture, uri, "secret");
  start(fixture);
  g_cancellable_cancel(fixture->cancellable);
  WAIT_FOR(fixture->done);
  g_assert_error(fixture->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cancelled_before(Fixture *fixture, gconstpointer data)
{
  g_cancellable_cancel(fixture->cancellable);
  test_cancel(fixture, data);
}

static void
test_becomes_a_path(Fixture *fixture, gconstpointer transport)
{
  FwdPath *path;

  allocate(fixture, "udp");
  exchange(fixture);
  path = fwd_turn_allocation_into_path(fixture->allocation, "turn", &fixture->peer_endpoint, 9);
  g_assert_nonnull(path);
  g_assert_null(
      fwd_turn_allocation_into_path(fixture->allocation, "turn", &fixture->peer_endpoint, 9));
  g_assert_false(fwd_turn_allocation_permit(fixture->allocation, &fixture->peer_endpoint));
  g_assert_cmpuint(path->rtt_us, ==, 9);
  g_clear_object(&fixture->allocation);
  g_assert_cmpuint(fixture->relay->held, ==, 1);
  fwd_path_close(path);
}

static void
add(const char *name, void (*test)(Fixture *, gconstpointer), gboolean deaf)
{
  g_autofree char *path = g_strconcat("/session/turn-allocation/", name, NULL);

  g_test_add(path, Fixture, GINT_TO_POINTER(deaf), set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  add("over-udp", test_over_udp, FALSE);
  add("over-tcp", test_over_tcp, FALSE);
  add("tcp-when-udp-is-lost", test_tcp_when_udp_is_lost, TRUE);
  add("wrong-password", test_wrong_password, FALSE);
  add("no-server", test_no_server, FALSE);
  add("nobody-listens", test_nobody_listens, FALSE);
  add("quota", test_quota, FALSE);
  add("redirection", test_redirection, FALSE);
  add("redirection-in-a-circle", test_redirection_in_a_circle, FALSE);
  add("cancel", test_cancel, TRUE);
  add("cancelled-before", test_cancelled_before, TRUE);
  add("becomes-a-path", test_becomes_a_path, FALSE);
  return g_test_run();
}

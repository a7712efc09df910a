/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A real data plane on loopback; the STUN servers are sockets of the test. */
#include "session/discovery.h"

#include "net/stun-message.h"
#include <fakes/fake-resolver.h>
#include <fakes/log-capture.h>
#include <fakes/wait-for.h>
#include <gio/gio.h>
#include <string.h>

typedef struct {
  GSocket *socket;
  GSource *source;
  char *name;         /* "127.0.0.1:PORT" */
  FwdEndpoint mapped; /* what it answers; AF_UNSPEC: nothing */
  guint requests;
} Server;

typedef struct {
  FwdDataPlane *plane;
  FwdDiscovery *discovery;
  FakeResolver *resolver;
  Server server, other;
  guint changed, done;
} Fixture;

static void
answer(Server *server, GSocketAddress *to, const FwdStunMessage *request)
{
  guint8 buffer[FWD_STUN_MESSAGE_MAX];
  FwdStunWriter writer;

  fwd_stun_writer_begin(&writer, buffer, sizeof buffer, FWD_STUN_SUCCESS, FWD_STUN_BINDING,
                        fwd_stun_message_transaction(request));
  fwd_stun_writer_add_endpoint(&writer, FWD_STUN_XOR_MAPPED_ADDRESS, &server->mapped);
  fwd_stun_writer_add_fingerprint(&writer);
  g_socket_send_to(server->socket, to, (const char *)buffer, writer.length, NULL, NULL);
}

static gboolean
on_request(GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Server *server = user_data;
  g_autoptr(GSocketAddress) from = NULL;
  guint8 buffer[FWD_STUN_MESSAGE_MAX];
  gssize length =
      g_socket_receive_from(socket, &from, (char *)buffer, sizeof buffer, NULL, NULL);
  FwdStunMessage request;

  if (length > 0 && fwd_stun_message_parse(buffer, (gsize)length, &request)) {
    server->requests++;
    if (fwd_endpoint_family(&server->mapped) != AF_UNSPEC)
      answer(server, from, &request);
  }
  return G_SOURCE_CONTINUE;
}

static void
server_begin(Server *server, const char *mapped)
{
  g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
  g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0);
  g_autoptr(GSocketAddress) bound = NULL;

  server->socket =
      g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_assert_true(g_socket_bind(server->socket, any, FALSE, NULL));
  bound = g_socket_get_local_address(server->socket, NULL);
  server->name = g_strdup_printf("127.0.0.1:%u",
                                 g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)));
  if (mapped)
    g_assert_true(fwd_endpoint_parse(mapped, &server->mapped, NULL));
  server->source = g_socket_create_source(server->socket, G_IO_IN, NULL);
  g_source_set_callback(server->source, G_SOURCE_FUNC(on_request), server, NULL);
  g_source_attach(server->source, NULL);
}

static void
server_end(Server *server)
{
  if (!server->socket)
    return;
  g_source_destroy(server->source);
  g_source_unref(server->source);
  g_object_unref(server->socket);
  g_free(server->name);
}

static void
on_changed(FwdDiscovery *discovery, Fixture *fixture)
{
  fixture->changed++;
}

static void
on_done(FwdDiscovery *discovery, Fixture *fixture)
{
  fixture->done++;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  static const guint8 key[32] = {1};
  g_autoptr(FwdIdentity) identity = fwd_identity_new(NULL);

  fixture->resolver = fake_resolver_install();
  fixture->plane = fwd_data_plane_new(key, identity, NULL);
  g_assert_nonnull(fixture->plane);
  fixture->discovery = fwd_discovery_new(fixture->plane);
  g_signal_connect(fixture->discovery, "changed", G_CALLBACK(on_changed), fixture);
  g_signal_connect(fixture->discovery, "done", G_CALLBACK(on_done), fixture);
  server_begin(&fixture->server, "203.0.113.7:41000");
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_object_unref(fixture->discovery);
  server_end(&fixture->server);
  server_end(&fixture->other);
  fwd_data_plane_shutdown(fixture->plane);
  g_object_unref(fixture->plane);
  wait_until_idle();
  g_object_unref(fixture->resolver);
}

/* "HOST:PORT" of the server-reflexive candidates, separated by spaces (transfer full). */
static char *
list_reflexive(Fixture *fixture)
{
  const GArray *candidates = fwd_discovery_get_candidates(fixture->discovery);
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *candidate = &g_array_index(candidates, FwdCandidate, i);
    char endpoint[FWD_ENDPOINT_TEXT_MAX];
    if (candidate->type == FWD_CANDIDATE_SERVER_REFLEXIVE)
      g_string_append_printf(text, "%s%s", text->len ? " " : "",
                             fwd_endpoint_format(&candidate->endpoint, endpoint));
  }
  return g_string_free(text, FALSE);
}

static gboolean
reflexive_is(Fixture *fixture, const char *expected)
{
  g_autofree char *text = list_reflexive(fixture);

  return g_str_equal(text, expected);
}

static void
start(Fixture *fixture, const char *first, const char *second)
{
  const char *const names[] = {first, second, NULL};

  fwd_discovery_start(fixture->discovery, names);
}

static void
test_candidates(Fixture *fixture, gconstpointer data)
{
  g_assert_cmpuint(fwd_discovery_get_candidates(fixture->discovery)->len, ==, 0);
  start(fixture, fixture->server.name, NULL);
  g_assert_false(fwd_discovery_is_settled(fixture->discovery));
  WAIT_FOR(fixture->changed == 1);
  g_assert_true(fwd_discovery_is_settled(fixture->discovery));
  g_assert_true(reflexive_is(fixture, "203.0.113.7:41000"));
  WAIT_FOR(fixture->done == 1);
  g_assert_cmpuint(fixture->changed, ==, 1);
  g_assert_cmpuint(fwd_endpoint_port(&fwd_discovery_get_report(fixture->discovery)->public4),
                   ==, 41000);
  g_assert_false(fwd_discovery_get_report(fixture->discovery)->udp_blocked);
}

/* Host candidates are known at once, with the port of the shared socket. */
static void
test_host_candidates(Fixture *fixture, gconstpointer data)
{
  const GArray *candidates;

  start(fixture, fixture->server.name, NULL);
  candidates = fwd_discovery_get_candidates(fixture->discovery);
  for (guint i = 0; i < candidates->len; i++) {
    const FwdEndpoint *endpoint = &g_array_index(candidates, FwdCandidate, i).endpoint;
    g_assert_cmpuint(fwd_endpoint_port(endpoint), ==,
                     fwd_data_plane_get_port(fixture->plane, fwd_endpoint_family(endpoint)));
  }
}

/* Two servers that see two mappings: a NAT that gives each destination its own. */
static void
test_two_servers(Fixture *fixture, gconstpointer data)
{
  server_begin(&fixture->other, "203.0.113.7:41001");
  start(fixture, fixture->server.name, fixture->other.name);
  WAIT_FOR(fixture->done == 1);
  g_assert_cmpuint(fixture->server.requests, >=, 1);
  g_assert_cmpuint(fixture->other.requests, >=, 1);
  g_assert_cmpint(fwd_discovery_get_report(fixture->discovery)->mapping, >,
                  FWD_NAT_ENDPOINT_INDEPENDENT);
}

static void
test_silent_server(Fixture *fixture, gconstpointer data)
{
  fixture->server.mapped.any.sa_family = AF_UNSPEC;
  start(fixture, fixture->server.name, NULL);
  WAIT_FOR(fixture->server.requests >= 2);
  g_assert_cmpuint(fixture->changed, ==, 0);
  g_assert_false(fwd_discovery_is_settled(fixture->discovery));
}

static void
test_no_servers(Fixture *fixture, gconstpointer data)
{
  start(fixture, NULL, NULL);
  g_assert_true(fwd_discovery_is_settled(fixture->discovery));
  wait_until_idle();
  g_assert_cmpuint(fixture->changed + fixture->done, ==, 0);
}

/* Names that do not exist are one line each, and do not hold up the others. */
static void
test_unresolvable(Fixture *fixture, gconstpointer data)
{
  g_autofree char *log = NULL;

  log_capture_begin();
  start(fixture, "nothing.example:3478", fixture->server.name);
  WAIT_FOR(fixture->changed == 1);
  log = log_capture_end();
  g_assert_cmpuint(log_capture_count(log, "STUN server nothing.example"), ==, 1);
}

static void
test_only_unresolvable(Fixture *fixture, gconstpointer data)
{
  g_autofree char *log = NULL;

  log_capture_begin();
  start(fixture, "nothing.example:3478", NULL);
  g_assert_false(fwd_discovery_is_settled(fixture->discovery));
  WAIT_FOR(fwd_discovery_is_settled(fixture->discovery));
  log = log_capture_end();
  g_assert_cmpuint(fixture->changed, ==, 0);
}

static void
test_resolved(Fixture *fixture, gconstpointer data)
{
  static const char *const addresses[] = {"127.0.0.1", NULL};
  g_autofree char *name = g_strconcat("stun.example", strchr(fixture->server.name, ':'), NULL);

  fixture->resolver->name = "stun.example";
  fixture->resolver->addresses = addresses;
  start(fixture, name, NULL);
  WAIT_FOR(fixture->changed == 1);
  g_assert_cmpuint(fixture->resolver->lookups, ==, 1);
}

/* A resolver that says nothing holds up the rest for a moment only. */
static void
test_silent_resolver(Fixture *fixture, gconstpointer data)
{
  fixture->resolver->silent = TRUE;
  start(fixture, "slow.example:3478", fixture->server.name);
  WAIT_FOR(fixture->changed == 1);
}

static void
test_wrong_names(Fixture *fixture, gconstpointer data)
{
  start(fixture, "not a name", "::::");
  g_assert_true(fwd_discovery_is_settled(fixture->discovery));
  g_assert_cmpuint(fixture->resolver->lookups, ==, 0);
}

/* The NAT has given us another mapping: the old one is no candidate any more. */
static void
test_refresh(Fixture *fixture, gconstpointer data)
{
  start(fixture, fixture->server.name, NULL);
  WAIT_FOR(fixture->done == 1);
  g_assert_true(reflexive_is(fixture, "203.0.113.7:41000"));
  fwd_endpoint_set_port(&fixture->server.mapped, 52000);
  fwd_discovery_refresh(fixture->discovery);
  WAIT_FOR(reflexive_is(fixture, "203.0.113.7:52000"));
  g_assert_cmpuint(fixture->changed, ==, 2);
  WAIT_FOR(fixture->done == 2);
  g_assert_cmpuint(fwd_endpoint_port(&fwd_discovery_get_report(fixture->discovery)->public4),
                   ==, 52000);
}

/* Before start there is nothing to ask again. */
static void
test_refresh_before_start(Fixture *fixture, gconstpointer data)
{
  fwd_discovery_refresh(fixture->discovery);
  wait_until_idle();
  g_assert_cmpuint(fixture->changed + fixture->done + fixture->server.requests, ==, 0);
}

static void
test_other_servers(Fixture *fixture, gconstpointer data)
{
  server_begin(&fixture->other, "198.51.100.1:7000");
  start(fixture, fixture->server.name, NULL);
  WAIT_FOR(fixture->changed == 1);
  start(fixture, fixture->other.name, NULL);
  WAIT_FOR(reflexive_is(fixture, "198.51.100.1:7000"));
}

static void
on_stun(FwdDataPlane *plane, const FwdEndpoint *from, GBytes *datagram, guint *count)
{
  ++*count;
}

/* What comes after stop, comes for nobody: the answer that was under way. */
static void
test_stop(Fixture *fixture, gconstpointer data)
{
  guint answers = 0;

  g_signal_connect(fixture->plane, "stun", G_CALLBACK(on_stun), &answers);
  start(fixture, fixture->server.name, NULL);
  WAIT_FOR(fixture->server.requests >= 1);
  fwd_discovery_stop(fixture->discovery);
  WAIT_FOR(answers >= 1);
  g_assert_cmpuint(fixture->changed + fixture->done, ==, 0);
  g_signal_handlers_disconnect_by_data(fixture->plane, &answers);
}

/* Answers from elsewhere, and garbage, are nobody's. */
static void
test_stranger(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint plane;
  g_autoptr(GSocketAddress) to = NULL;
  g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE] = {0}, buffer[FWD_STUN_MESSAGE_MAX];
  FwdStunWriter writer;

  start(fixture, fixture->server.name, NULL);
  fwd_endpoint_parse("198.51.100.66:66", &plane, NULL);
  fwd_stun_writer_begin(&writer, buffer, sizeof buffer, FWD_STUN_SUCCESS, FWD_STUN_BINDING,
                        transaction);
  fwd_stun_writer_add_endpoint(&writer, FWD_STUN_XOR_MAPPED_ADDRESS, &plane);
  to = g_inet_socket_address_new(loopback, fwd_data_plane_get_port(fixture->plane, AF_INET));
  server_begin(&fixture->other, NULL);
  g_assert_cmpint(g_socket_send_to(fixture->other.socket, to, (const char *)buffer,
                                   writer.length, NULL, NULL),
                  >, 0);
  WAIT_FOR(fixture->done == 1);
  g_assert_true(reflexive_is(fixture, "203.0.113.7:41000"));
}

#define ADD(path, test)                                                                        \
  g_test_add("/session/discovery/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("candidates", test_candidates);
  ADD("host-candidates", test_host_candidates);
  ADD("two-servers", test_two_servers);
  ADD("silent-server", test_silent_server);
  ADD("no-servers", test_no_servers);
  ADD("unresolvable", test_unresolvable);
  ADD("only-unresolvable", test_only_unresolvable);
  ADD("resolved", test_resolved);
  ADD("silent-resolver", test_silent_resolver);
  ADD("wrong-names", test_wrong_names);
  ADD("refresh", test_refresh);
  ADD("refresh-before-start", test_refresh_before_start);
  ADD("other-servers", test_other_servers);
  ADD("stop", test_stop);
  ADD("stranger", test_stranger);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/nat-discovery.h"

#include <string.h>

#define LOCAL   "10.0.0.2:5000"
#define SITE_A  "192.0.2.1:3478" /* RFC 5780 server: 192.0.2.1 and .2, ports 3478 and 3479 */
#define PLAIN_B "198.51.100.1:3478"
#define PLAIN_C "198.51.100.1:3479"
#define ROOM    64

/* A NAT as the tests want it, with its servers behind, and what the discovery told. */
typedef struct {
  FwdNatBehaviour mapping;
  FwdNatBehaviour filtering;
  gboolean is_preserving;
  gboolean is_pool;         /* another public address towards PLAIN_B */
  gboolean ignores_changes; /* the server, that is */
  gboolean refuses_changes;
  gboolean has_other;
  gboolean is_silent;
  gboolean is_refusing;

  FwdNatDiscovery *discovery;
  gint64 now;
  struct {
    FwdEndpoint contacted[ROOM]; /* what filtering goes by */
    guint count;
  } sockets[2]; /* that of the session, and the fresh one */
  struct {
    FwdEndpoint from;
    guint8 data[128];
    gsize length;
  } queue[ROOM];
  guint head, tail;
  guint sent;

  FwdCandidate candidates[ROOM];
  guint candidate_count;
  guint reports;
  FwdNatReport progress;
  gint64 progressed_at;
  FwdNatReport report;
  gboolean frees_when_done;
} World;

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint endpoint;

  g_assert_true(fwd_endpoint_parse(text, &endpoint, NULL));
  return endpoint;
}

static gboolean
may_pass(const World *world, guint socket, const FwdEndpoint *from)
{
  const FwdEndpoint *contacted = world->sockets[socket].contacted;

  for (guint i = 0; i < world->sockets[socket].count; i++)
    switch (world->filtering) {
    case FWD_NAT_ADDRESS_DEPENDENT:
      if (fwd_endpoint_same_address(from, &contacted[i]))
        return TRUE;
      break;
    case FWD_NAT_ADDRESS_AND_PORT_DEPENDENT:
      if (fwd_endpoint_equal(from, &contacted[i]))
        return TRUE;
      break;
    default:
      return TRUE;
    }
  return FALSE;
}

/* The public endpoint for packets to @to. */
static FwdEndpoint
mapped(const World *world, const FwdEndpoint *to)
{
  guint last = g_ntohl(to->in4.sin_addr.s_addr) & 0xff;
  guint network = g_ntohl(to->in4.sin_addr.s_addr) >> 24;
  guint shift = world->mapping == FWD_NAT_ENDPOINT_INDEPENDENT ? 0 : last + network;
  FwdEndpoint public = endpoint(LOCAL);

  if (fwd_endpoint_family(to) == AF_INET6)
    return endpoint("[2001:db8::5]:5000");
  if (world->mapping == FWD_NAT_NONE)
    return public;
  public = endpoint(world->is_pool && network == 198 ? "203.0.113.8:0" : "203.0.113.7:0");
  if (world->mapping == FWD_NAT_ADDRESS_AND_PORT_DEPENDENT)
    shift = shift * 2 + fwd_endpoint_port(to);
  fwd_endpoint_set_port(&public, (guint16)((world->is_preserving ? 5000 : 40000) + shift));
  return public;
}

/* Where the server answers from, and what it calls its other address. */
static void
server_endpoints(const World *world, const FwdEndpoint *to, guint32 change, FwdEndpoint *source,
                 FwdEndpoint *other)
{
  const char *other_address =
      g_ntohl(to->in4.sin_addr.s_addr) == 0xc0000201 ? "192.0.2.2" : "192.0.2.1";
  guint16 other_port = fwd_endpoint_port(to) == 3478 ? 3479 : 3478;

  g_assert_true(fwd_endpoint_from_address(other_address, other_port, other));
  *source = *to;
  if (world->ignores_changes)
    return;
  if (change & 0x4)
    fwd_endpoint_from_address(other_address, fwd_endpoint_port(to), source);
  if (change & 0x2)
    fwd_endpoint_set_port(source, other_port);
}

static gboolean
is_site(const FwdEndpoint *server)
{
  FwdEndpoint site = endpoint(SITE_A);

  return fwd_endpoint_same_network(server, &site, 24);
}

static void
serve(World *world, guint socket, const FwdEndpoint *to, const FwdStunMessage *request)
{
  guint32 change = 0;
  gboolean is_refused;
  FwdEndpoint public = mapped(world, to), source, other;
  FwdStunWriter writer;

  fwd_stun_message_get_uint32(request, FWD_STUN_CHANGE_REQUEST, &change);
  is_refused = world->is_refusing || (change != 0 && world->refuses_changes);
  server_endpoints(world, to, is_refused ? 0 : change, &source, &other);
  if (!may_pass(world, socket, &source))
    return;
  g_assert_cmpuint(world->tail, <, ROOM);
  fwd_stun_writer_begin(&writer, world->queue[world->tail].data, 128,
                        is_refused ? FWD_STUN_FAILURE : FWD_STUN_SUCCESS, FWD_STUN_BINDING,
                        fwd_stun_message_transaction(request));
  if (is_refused) {
    fwd_stun_writer_add_error(&writer, 420, "Unknown Attribute");
  } else {
    fwd_stun_writer_add_endpoint(&writer, FWD_STUN_XOR_MAPPED_ADDRESS, &public);
    if (world->has_other && is_site(to))
      fwd_stun_writer_add_endpoint(&writer, FWD_STUN_OTHER_ADDRESS, &other);
  }
  world->queue[world->tail].from = source;
  world->queue[world->tail++].length = writer.length;
}

static void
send_from(World *world, guint socket, const FwdEndpoint *to, const guint8 *data, gsize length)
{
  FwdStunMessage request;

  g_assert_true(fwd_stun_message_parse(data, length, &request));
  g_assert_cmpuint(world->sockets[socket].count, <, ROOM);
  world->sent++;
  world->sockets[socket].contacted[world->sockets[socket].count++] = *to;
  if (!world->is_silent)
    serve(world, socket, to, &request);
}

static void
on_send(const FwdEndpoint *to, const guint8 *data, gsize length, gpointer user_data)
{
  send_from(user_data, 0, to, data, length);
}

static void
on_send_fresh(const FwdEndpoint *to, const guint8 *data, gsize length, gpointer user_data)
{
  send_from(user_data, 1, to, data, length);
}

static void
on_candidate(const FwdCandidate *candidate, gpointer user_data)
{
  World *world = user_data;

  g_assert_cmpuint(world->reports, ==, 0);
  world->candidates[world->candidate_count++] = *candidate;
}

static void
on_progress(const FwdNatReport *report, gpointer user_data)
{
  World *world = user_data;

  g_assert_cmpuint(world->reports, ==, 0);
  g_assert_cmpuint(report->filtering, ==, FWD_NAT_UNKNOWN);
  world->progress = *report;
  world->progressed_at = world->now;
}

static void
on_done(const FwdNatReport *report, gpointer user_data)
{
  World *world = user_data;

  world->reports++;
  world->report = *report;
  if (world->frees_when_done)
    g_clear_pointer(&world->discovery, fwd_nat_discovery_free);
}

static GArray *
endpoints(const char *const *texts)
{
  GArray *array = g_array_new(FALSE, FALSE, sizeof(FwdEndpoint));

  for (; *texts != NULL; texts++) {
    FwdEndpoint read = endpoint(*texts);

    g_array_append_val(array, read);
  }
  return array;
}

static void
begin(World *world, const char *const *servers)
{
  static const FwdNatDiscoveryEvents events = {on_send, on_send_fresh, on_candidate,
                                               on_progress, on_done};
  g_autoptr(GArray) addresses = endpoints(servers);
  g_autoptr(GArray) host = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));
  FwdCandidate candidate = {.endpoint = endpoint(LOCAL)};

  g_array_append_val(host, candidate);
  world->now = 1000000;
  world->discovery = fwd_nat_discovery_new(addresses, host, &events, world, world->now);
  g_assert_cmpuint(world->reports, ==, 0);
}

/* Hands over what was answered; then time jumps from deadline to deadline. */
static void
run(World *world, const char *const *servers)
{
  begin(world, servers);
  while (world->reports == 0) {
    while (world->head < world->tail && world->discovery != NULL) {
      guint index = world->head++;

      fwd_nat_discovery_receive(world->discovery, &world->queue[index].from,
                                world->queue[index].data, world->queue[index].length,
                                world->now);
    }
    if (world->reports > 0)
      break;
    world->now = fwd_nat_discovery_deadline(world->discovery);
    g_assert_cmpint(world->now, <, G_MAXINT64);
    fwd_nat_discovery_tick(world->discovery, world->now);
  }
  if (world->discovery == NULL)
    return;
  g_assert_cmpint(fwd_nat_discovery_deadline(world->discovery), ==, G_MAXINT64);
  fwd_nat_discovery_tick(world->discovery, world->now + G_USEC_PER_SEC * 100);
  g_assert_cmpuint(world->reports, ==, 1);
  fwd_nat_discovery_free(world->discovery);
}

static const char *const site[] = {SITE_A, NULL};
static const char *const plain[] = {SITE_A, PLAIN_B, NULL};
static const char *const three[] = {SITE_A, PLAIN_B, PLAIN_C, NULL};

/* Whatever the NAT, a server of RFC 5780 finds it out. */
static void
test_every_nat(void)
{
  for (guint mapping = FWD_NAT_ENDPOINT_INDEPENDENT;
       mapping <= FWD_NAT_ADDRESS_AND_PORT_DEPENDENT; mapping++)
    for (guint filtering = FWD_NAT_ENDPOINT_INDEPENDENT;
         filtering <= FWD_NAT_ADDRESS_AND_PORT_DEPENDENT; filtering++) {
      World world = {.mapping = mapping, .filtering = filtering, .has_other = TRUE};

      run(&world, site);
      g_assert_cmpuint(world.report.mapping, ==, mapping);
      g_assert_cmpuint(world.report.filtering, ==, filtering);
      g_assert_cmpuint(world.report.ports, ==, FWD_PORTS_UNKNOWN);
      g_assert_false(world.report.udp_blocked);
    }
}

static void
test_no_nat(void)
{
  for (guint filtering = FWD_NAT_ENDPOINT_INDEPENDENT;
       filtering <= FWD_NAT_ADDRESS_AND_PORT_DEPENDENT; filtering++) {
    World world = {.mapping = FWD_NAT_NONE, .filtering = filtering, .has_other = TRUE};

    run(&world, site);
    g_assert_cmpuint(world.report.mapping, ==, FWD_NAT_NONE);
    g_assert_cmpuint(world.report.filtering, ==, filtering);
    g_assert_cmpuint(world.report.ports, ==, FWD_PORTS_PRESERVED);
    g_assert_cmpuint(world.candidate_count, ==, 0);
    g_assert_cmpuint(fwd_endpoint_port(&world.report.public4), ==, 5000);
  }
}

/* Servers without a second address: mapping from two of them, filtering unknown. */
static void
test_plain_servers(void)
{
  World cone = {.mapping = FWD_NAT_ENDPOINT_INDEPENDENT, .is_preserving = TRUE};
  World symmetric = {.mapping = FWD_NAT_ADDRESS_AND_PORT_DEPENDENT};
  World restricted = {.mapping = FWD_NAT_ADDRESS_DEPENDENT};

  run(&cone, plain);
  g_assert_cmpuint(cone.report.mapping, ==, FWD_NAT_ENDPOINT_INDEPENDENT);
  g_assert_cmpuint(cone.report.filtering, ==, FWD_NAT_UNKNOWN);
  g_assert_cmpuint(cone.report.ports, ==, FWD_PORTS_PRESERVED);
  g_assert_cmpstr(fwd_nat_report_classic_name(&cone.report), ==, "cone");
  run(&symmetric, plain);
  g_assert_cmpuint(symmetric.report.mapping, ==, FWD_NAT_ADDRESS_AND_PORT_DEPENDENT);
  run(&restricted, three);
  g_assert_cmpuint(restricted.report.mapping, ==, FWD_NAT_ADDRESS_DEPENDENT);
}

static void
test_one_plain_server(void)
{
  World world = {.mapping = FWD_NAT_ENDPOINT_INDEPENDENT};

  run(&world, site);
  g_assert_cmpuint(world.report.mapping, ==, FWD_NAT_UNKNOWN);
  g_assert_cmpuint(world.report.filtering, ==, FWD_NAT_UNKNOWN);
  g_assert_cmpuint(world.report.public_addresses, ==, 1);
  g_assert_cmpint(world.now, ==, 1000000);
}

static void
test_udp_blocked(void)
{
  World world = {.is_silent = TRUE};

  run(&world, plain);
  g_assert_true(world.report.udp_blocked);
  g_assert_cmpuint(world.report.mapping, ==, FWD_NAT_UNKNOWN);
  g_assert_cmpuint(fwd_endpoint_family(&world.report.public4), ==, AF_UNSPEC);
  g_assert_cmpuint(world.sent, ==, 2 * 4);
  /* 200 + 400 + 800 + 1600 ms. */
  g_assert_cmpint(world.now, ==, 1000000 + 3000000);
}

/* An error answer, too, shows that UDP gets through. */
static void
test_refusing_server(void)
{
  World world = {.is_refusing = TRUE};

  run(&world, site);
  g_assert_false(world.report.udp_blocked);
  g_assert_cmpuint(world.report.mapping, ==, FWD_NAT_UNKNOWN);
  g_assert_cmpuint(world.candidate_count, ==, 0);
}

/* A server that does not do what it is asked to proves nothing about filtering. */
static void
test_untrue_servers(void)
{
  World ignoring = {
      .mapping = FWD_NAT_ENDPOINT_INDEPENDENT, .has_other = TRUE, .ignores_changes = TRUE};
  World refusing = {
      .mapping = FWD_NAT_ENDPOINT_INDEPENDENT, .has_other = TRUE, .refuses_changes = TRUE};

  run(&ignoring, site);
  g_assert_cmpuint(ignoring.report.filtering, ==, FWD_NAT_UNKNOWN);
  g_assert_cmpuint(ignoring.report.mapping, ==, FWD_NAT_ENDPOINT_INDEPENDENT);
  run(&refusing, site);
  g_assert_cmpuint(refusing.report.filtering, ==, FWD_NAT_UNKNOWN);
}

/* Asking the second address opens the filter of the socket that asks, and of no other. */
static void
test_second_address_was_asked(void)
{
  static const char *const both[] = {SITE_A, "192.0.2.2:3478", NULL};
  World restricted = {.mapping = FWD_NAT_ENDPOINT_INDEPENDENT,
                      .filtering = FWD_NAT_ADDRESS_DEPENDENT,
                      .has_other = TRUE};
  World port_restricted = {.mapping = FWD_NAT_ENDPOINT_INDEPENDENT,
                           .filtering = FWD_NAT_ADDRESS_AND_PORT_DEPENDENT,
                           .has_other = TRUE};

  run(&restricted, both);
  g_assert_cmpuint(restricted.report.filtering, ==, FWD_NAT_ADDRESS_DEPENDENT);
  run(&port_restricted, both);
  g_assert_cmpuint(port_restricted.report.filtering, ==, FWD_NAT_ADDRESS_AND_PORT_DEPENDENT);
}

/* The mapping is told while the answer that a filter drops is still waited for. */
static void
test_mapping_comes_first(void)
{
  World world = {.mapping = FWD_NAT_ADDRESS_AND_PORT_DEPENDENT,
                 .filtering = FWD_NAT_ADDRESS_AND_PORT_DEPENDENT,
                 .has_other = TRUE};

  run(&world, site);
  g_assert_cmpuint(world.progress.mapping, ==, FWD_NAT_ADDRESS_AND_PORT_DEPENDENT);
  g_assert_cmpint(world.progressed_at, ==, 1000000);
  g_assert_cmpint(world.now, >, world.progressed_at + G_USEC_PER_SEC);
  g_assert_cmpuint(world.report.filtering, ==, FWD_NAT_ADDRESS_AND_PORT_DEPENDENT);
  g_assert_true(world.report.has_second_address);
}

static void
test_candidates(void)
{
  World cone = {.mapping = FWD_NAT_ENDPOINT_INDEPENDENT};
  World symmetric = {.mapping = FWD_NAT_ADDRESS_AND_PORT_DEPENDENT};
  char text[FWD_ENDPOINT_TEXT_MAX];

  run(&cone, three);
  g_assert_cmpuint(cone.candidate_count, ==, 1);
  g_assert_cmpuint(cone.candidates[0].type, ==, FWD_CANDIDATE_SERVER_REFLEXIVE);
  g_assert_cmpstr(fwd_endpoint_format(&cone.candidates[0].base, text), ==, LOCAL);
  g_assert_cmpstr(fwd_endpoint_format(&cone.candidates[0].endpoint, text), ==,
                  "203.0.113.7:40000");
  g_assert_true(fwd_endpoint_equal(&cone.candidates[0].endpoint, &cone.report.public4));
  run(&symmetric, three);
  g_assert_cmpuint(symmetric.candidate_count, ==, 3);
}

static void
test_candidate_comes_at_once(void)
{
  World world = {.mapping = FWD_NAT_ENDPOINT_INDEPENDENT};

  begin(&world, plain);
  g_assert_cmpuint(world.tail, ==, 2);
  g_assert_true(fwd_nat_discovery_receive(world.discovery, &world.queue[1].from,
                                          world.queue[1].data, world.queue[1].length, 1000001));
  g_assert_cmpuint(world.candidate_count, ==, 1);
  g_assert_cmpuint(world.reports, ==, 0);
  /* The same again, and something else, are nobody's. */
  g_assert_false(fwd_nat_discovery_receive(world.discovery, &world.queue[1].from,
                                           world.queue[1].data, world.queue[1].length,
                                           1000002));
  g_assert_false(fwd_nat_discovery_receive(world.discovery, &world.queue[1].from,
                                           (const guint8 *)"hello", 5, 1000002));
  fwd_nat_discovery_free(world.discovery);
}

static void
test_address_pool(void)
{
  World world = {.mapping = FWD_NAT_ADDRESS_AND_PORT_DEPENDENT, .is_pool = TRUE};

  run(&world, plain);
  g_assert_cmpuint(world.report.public_addresses, ==, 2);
}

static void
test_both_families(void)
{
  static const char *const servers[] = {SITE_A, "[2001:db8::1]:3478", PLAIN_B, NULL};
  World world = {.mapping = FWD_NAT_ENDPOINT_INDEPENDENT};
  char text[FWD_ENDPOINT_TEXT_MAX];

  run(&world, servers);
  g_assert_cmpuint(world.report.mapping, ==, FWD_NAT_ENDPOINT_INDEPENDENT);
  g_assert_cmpstr(fwd_endpoint_format(&world.report.public4, text), ==, "203.0.113.7:40000");
  g_assert_cmpstr(fwd_endpoint_format(&world.report.public6, text), ==, "[2001:db8::5]:5000");
  g_assert_cmpuint(world.candidate_count, ==, 2);
  g_assert_cmpstr(fwd_endpoint_format(&world.candidates[1].base, text), ==, "[::]:0");
}

static void
test_ipv6_alone(void)
{
  static const char *const servers[] = {"[2001:db8::1]:3478", "[2001:db8::2]:3478", NULL};
  World world = {.mapping = FWD_NAT_ENDPOINT_INDEPENDENT};

  run(&world, servers);
  g_assert_cmpuint(world.report.mapping, ==, FWD_NAT_ENDPOINT_INDEPENDENT);
  g_assert_false(world.report.udp_blocked);
}

static void
test_no_servers(void)
{
  static const char *const none[] = {NULL};
  World world = {0};

  run(&world, none);
  g_assert_true(world.report.udp_blocked);
  g_assert_cmpuint(world.sent, ==, 0);
}

static void
test_many_and_double_servers(void)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  g_auto(GStrv) servers = NULL;
  World world = {.mapping = FWD_NAT_ENDPOINT_INDEPENDENT};

  for (guint i = 0; i < 40; i++) {
    g_autofree char *text = g_strdup_printf("198.51.100.%u:3478", i / 2 + 1);

    g_strv_builder_add(builder, text);
  }
  servers = g_strv_builder_end(builder);
  run(&world, (const char *const *)servers);
  g_assert_cmpuint(world.sent, ==, 16);
}

static void
test_free_when_done(void)
{
  World answered = {.mapping = FWD_NAT_ENDPOINT_INDEPENDENT, .frees_when_done = TRUE};
  World silent = {.is_silent = TRUE, .frees_when_done = TRUE};

  run(&answered, plain);
  run(&silent, plain);
  g_assert_null(answered.discovery);
  g_assert_null(silent.discovery);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/nat-discovery/every-nat", test_every_nat);
  g_test_add_func("/nat-discovery/no-nat", test_no_nat);
  g_test_add_func("/nat-discovery/plain-servers", test_plain_servers);
  g_test_add_func("/nat-discovery/one-plain-server", test_one_plain_server);
  g_test_add_func("/nat-discovery/udp-blocked", test_udp_blocked);
  g_test_add_func("/nat-discovery/refusing-server", test_refusing_server);
  g_test_add_func("/nat-discovery/untrue-servers", test_untrue_servers);
  g_test_add_func("/nat-discovery/second-address-asked", test_second_address_was_asked);
  g_test_add_func("/nat-discovery/mapping-comes-first", test_mapping_comes_first);
  g_test_add_func("/nat-discovery/candidates", test_candidates);
  g_test_add_func("/nat-discovery/candidate-at-once", test_candidate_comes_at_once);
  g_test_add_func("/nat-discovery/address-pool", test_address_pool);
  g_test_add_func("/nat-discovery/both-families", test_both_families);
  g_test_add_func("/nat-discovery/ipv6-alone", test_ipv6_alone);
  g_test_add_func("/nat-discovery/no-servers", test_no_servers);
  g_test_add_func("/nat-discovery/many-servers", test_many_and_double_servers);
  g_test_add_func("/nat-discovery/free-when-done", test_free_when_done);
  return g_test_run();
}

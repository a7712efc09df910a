/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mapper against a router that answers what the test says, in namespaces of their own. */
#include "port-mapper.h"

#include "scripted-router.h"
#include <gio/gio.h>
#include <stunfwd/endpoint.h>
#include <stunfwd/error.h>
#include <string.h>

#define PORT     50000
#define PCP      2
#define NATPMP   0
#define MAP      1
#define LIFETIME 600
/* Long enough for anything here; a test that gets there has failed. */
#define LIMIT_S 20

#define PCP_SIZE 60

typedef struct {
  FwdPortMapper *mapper;
  guint state;
  char *outside, *way;
  GError *error;
} Fixture;

/* What the script of the moment says. */
static guint8 result;
static const guint8 *address;
static guint granted;
static const guint8 public_address[] = {203, 0, 113, 9};
static const guint8 shared_address[] = {100, 64, 0, 7};

static gboolean
on_limit(gpointer user_data)
{
  g_error("waited %u s in vain", LIMIT_S);
  return G_SOURCE_REMOVE;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  result = 0;
  address = public_address;
  granted = LIFETIME;
}

static void
read_state(Fixture *fixture)
{
  g_autoptr(FwdEndpoint) outside = NULL;

  g_clear_pointer(&fixture->outside, g_free);
  g_clear_pointer(&fixture->way, g_free);
  g_clear_error(&fixture->error);
  g_object_get(fixture->mapper, "state", &fixture->state, "outside", &outside, "way",
               &fixture->way, "error", &fixture->error, NULL);
  if (outside != NULL)
    fixture->outside = fwd_endpoint_to_string(outside);
}

static void
start(Fixture *fixture, RouterScript script, gboolean tcp)
{
  scripted_router_play(script);
  fixture->mapper =
      g_object_new(FWD_TYPE_PORT_MAPPER, "tcp", tcp, "port", PORT, "lifetime", LIFETIME, NULL);
  read_state(fixture);
}

static void
wait_state(Fixture *fixture, FwdPortMapperState state)
{
  const guint limit = g_timeout_add_seconds(LIMIT_S, on_limit, NULL);

  for (read_state(fixture); fixture->state != state; read_state(fixture))
    g_main_context_iteration(NULL, TRUE);
  g_source_remove(limit);
}

static gboolean
on_tick(gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Until the router has seen so many requests of that kind. */
static void
wait_requests(guint8 version, guint8 opcode, guint count)
{
  const guint limit = g_timeout_add_seconds(LIMIT_S, on_limit, NULL);
  const guint tick = g_timeout_add(10, on_tick, NULL);

  while (scripted_router_count(version, opcode) < count)
    g_main_context_iteration(NULL, TRUE);
  g_source_remove(tick);
  g_source_remove(limit);
}

static guint32
lifetime_of(const guint8 *pcp)
{
  return pcp[4] << 24 | pcp[5] << 16 | pcp[6] << 8 | pcp[7];
}

static void
wait_removal(void)
{
  guint8 data[ROUTER_MESSAGE_MAX];
  gsize length;

  for (guint count = 1;; count++) {
    wait_requests(PCP, MAP, count);
    g_assert_true(scripted_router_get_last(PCP, MAP, data, &length));
    if (lifetime_of(data) == 0)
      return;
  }
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_clear_object(&fixture->mapper);
  g_clear_pointer(&fixture->outside, g_free);
  g_clear_pointer(&fixture->way, g_free);
  g_clear_error(&fixture->error);
}

static void
answer_pcp(const guint8 *request, RouterAnswer *answer)
{
  const gboolean removal = lifetime_of(request) == 0;

  memcpy(answer->data, request, PCP_SIZE);
  answer->length = PCP_SIZE;
  answer->data[1] |= 0x80;
  answer->data[3] = result;
  memset(answer->data + 8, 0, 16);
  if (!removal) {
    answer->data[6] = granted >> 8;
    answer->data[7] = granted & 0xff;
  }
  memset(answer->data + 54, 0xff, 2);
  memcpy(answer->data + 56, address, 4);
}

static guint
play_pcp(const guint8 *request, gsize length, RouterAnswer *answers)
{
  if (request[0] != PCP || length != PCP_SIZE)
    return 0;
  answer_pcp(request, answers);
  return 1;
}

/* RFC 6886, 3.2 and 3.3; to PCP it says that it is older than that. */
static guint
play_natpmp(const guint8 *request, gsize length, RouterAnswer *answers)
{
  guint8 *data = answers->data;

  data[1] = request[1] | 0x80;
  data[3] = request[0] == PCP ? 1 : result;
  answers->length = 8;
  if (request[0] == PCP)
    return 1;
  if (request[1] == 0) {
    memcpy(data + 8, address, 4);
    answers->length = 12;
  } else {
    memcpy(data + 8, request + 4, 4);
    if (request[8] | request[9] | request[10] | request[11]) {
      data[14] = granted >> 8;
      data[15] = granted & 0xff;
    }
    answers->length = 16;
  }
  return 1;
}

static void
test_pcp(Fixture *fixture, gconstpointer data)
{
  guint8 first[ROUTER_MESSAGE_MAX], last[ROUTER_MESSAGE_MAX];
  gsize length;
  guint seconds;

  start(fixture, play_pcp, FALSE);
  g_assert_cmpuint(fixture->state, ==, FWD_PORT_MAPPER_ASKING);
  wait_state(fixture, FWD_PORT_MAPPER_MAPPED);
  g_assert_cmpstr(fixture->way, ==, "PCP");
  g_assert_cmpstr(fixture->outside, ==, "203.0.113.9:50000");
  g_object_get(fixture->mapper, "granted", &seconds, NULL);
  g_assert_cmpuint(seconds, ==, LIFETIME);
  g_assert_true(scripted_router_get_last(PCP, MAP, first, &length));
  g_assert_cmpuint(lifetime_of(first), ==, LIFETIME);
  g_assert_cmpuint(first[36], ==, IPPROTO_UDP);
  g_clear_object(&fixture->mapper);
  wait_removal();
  g_assert_true(scripted_router_get_last(PCP, MAP, last, &length));
  g_assert_cmpmem(first + 24, 12, last + 24, 12);
}

static void
test_tcp(Fixture *fixture, gconstpointer data)
{
  guint8 request[ROUTER_MESSAGE_MAX];
  gsize length;

  start(fixture, play_pcp, TRUE);
  wait_state(fixture, FWD_PORT_MAPPER_MAPPED);
  g_assert_true(scripted_router_get_last(PCP, MAP, request, &length));
  g_assert_cmpuint(request[36], ==, IPPROTO_TCP);
  g_clear_object(&fixture->mapper);
  wait_removal();
}

static void
test_natpmp(Fixture *fixture, gconstpointer data)
{
  start(fixture, play_natpmp, FALSE);
  wait_state(fixture, FWD_PORT_MAPPER_MAPPED);
  g_assert_cmpstr(fixture->way, ==, "NAT-PMP");
  g_assert_cmpstr(fixture->outside, ==, "203.0.113.9:50000");
  g_clear_object(&fixture->mapper);
  /* One to map, one to remove. */
  wait_requests(NATPMP, 1, 2);
}

static void
test_natpmp_tcp(Fixture *fixture, gconstpointer data)
{
  start(fixture, play_natpmp, TRUE);
  wait_state(fixture, FWD_PORT_MAPPER_MAPPED);
  g_assert_cmpuint(scripted_router_count(NATPMP, 2), ==, 1);
  g_clear_object(&fixture->mapper);
  wait_requests(NATPMP, 2, 2);
}

/* Whatever else arrives, only the answer to the request counts. */
static guint
play_lies(const guint8 *request, gsize length, RouterAnswer *answers)
{
  if (request[0] != PCP)
    return 0;
  for (guint i = 0; i < 4; i++)
    answer_pcp(request, &answers[i]);
  answers[0].data[24] ^= 1; /* another nonce */
  answers[0].data[59] = 66;
  answers[1].data[59] = 66;
  answers[1].from_elsewhere = TRUE;
  answers[2].data[59] = 66;
  answers[2].length = ROUTER_MESSAGE_MAX; /* larger than any PCP message */
  return 4;
}

static void
test_lies(Fixture *fixture, gconstpointer data)
{
  start(fixture, play_lies, FALSE);
  wait_state(fixture, FWD_PORT_MAPPER_MAPPED);
  g_assert_cmpstr(fixture->outside, ==, "203.0.113.9:50000");
}

static void
test_shared_address(Fixture *fixture, gconstpointer data)
{
  address = shared_address;
  start(fixture, play_pcp, FALSE);
  wait_state(fixture, FWD_PORT_MAPPER_FAILED);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_cmpstr(
      fixture->error->message, ==,
      "the mapping at 192.168.77.1 leads to 100.64.0.7, which is behind another NAT");
  g_assert_null(fixture->outside);
  wait_removal();
}

static void
test_seen_elsewhere(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint seen;

  start(fixture, play_pcp, FALSE);
  wait_state(fixture, FWD_PORT_MAPPER_MAPPED);
  g_assert_true(fwd_endpoint_parse("203.0.113.9:7", &seen, NULL));
  g_signal_emit_by_name(fixture->mapper, "refresh", &seen);
  read_state(fixture);
  g_assert_cmpuint(fixture->state, ==, FWD_PORT_MAPPER_MAPPED);
  g_assert_true(fwd_endpoint_parse("198.51.100.7:7", &seen, NULL));
  g_signal_emit_by_name(fixture->mapper, "refresh", &seen);
  read_state(fixture);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  wait_removal();
}

static guint
play_denied(const guint8 *request, gsize length, RouterAnswer *answers)
{
  result = 2;
  return request[0] == PCP ? play_pcp(request, length, answers)
                           : play_natpmp(request, length, answers);
}

static void
test_denied(Fixture *fixture, gconstpointer data)
{
  start(fixture, play_denied, FALSE);
  wait_state(fixture, FWD_PORT_MAPPER_FAILED);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_DENIED);
  g_assert_cmpstr(fixture->error->message, ==,
                  "the router at 192.168.77.1 answers PCP and NAT-PMP but mapping is disabled");
}

static void
test_silence(Fixture *fixture, gconstpointer data)
{
  start(fixture, NULL, FALSE);
  wait_state(fixture, FWD_PORT_MAPPER_FAILED);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE);
  g_assert_cmpstr(fixture->error->message, ==, "no router answers PCP, NAT-PMP or UPnP");
  g_assert_cmpuint(scripted_router_count(PCP, MAP), ==, 3);
}

static void
test_no_router(Fixture *fixture, gconstpointer data)
{
  scripted_router_set_route(FALSE);
  start(fixture, play_pcp, FALSE);
  scripted_router_set_route(TRUE);
  g_assert_cmpuint(fixture->state, ==, FWD_PORT_MAPPER_FAILED);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_cmpstr(fixture->error->message, ==, "there is no router: no default route for IPv4");
  /* The network is back, and nobody has to ask. */
  wait_state(fixture, FWD_PORT_MAPPER_MAPPED);
}

static void
test_renewal(Fixture *fixture, gconstpointer data)
{
  granted = 2;
  start(fixture, play_pcp, FALSE);
  wait_state(fixture, FWD_PORT_MAPPER_MAPPED);
  wait_requests(PCP, MAP, 3);
  read_state(fixture);
  g_assert_cmpuint(fixture->state, ==, FWD_PORT_MAPPER_MAPPED);
}

static guint
play_another_port(const guint8 *request, gsize length, RouterAnswer *answers)
{
  const guint count = play_pcp(request, length, answers);

  answers->data[43]++;
  return count;
}

/* A router that restarted has given the port to another one meanwhile. */
static void
test_renewal_elsewhere(Fixture *fixture, gconstpointer data)
{
  guint limit;

  granted = 2;
  start(fixture, play_pcp, FALSE);
  wait_state(fixture, FWD_PORT_MAPPER_MAPPED);
  scripted_router_play(play_another_port);
  limit = g_timeout_add_seconds(LIMIT_S, on_limit, NULL);
  while (g_str_equal(fixture->outside, "203.0.113.9:50000")) {
    g_main_context_iteration(NULL, TRUE);
    read_state(fixture);
  }
  g_source_remove(limit);
  g_assert_cmpstr(fixture->outside, ==, "203.0.113.9:50001");
}

/* A router that has forgotten PCP is asked anew by all protocols. */
static void
test_renewal_fails(Fixture *fixture, gconstpointer data)
{
  granted = 2;
  start(fixture, play_pcp, FALSE);
  wait_state(fixture, FWD_PORT_MAPPER_MAPPED);
  scripted_router_play(play_natpmp);
  wait_state(fixture, FWD_PORT_MAPPER_ASKING);
  wait_state(fixture, FWD_PORT_MAPPER_MAPPED);
  g_assert_cmpstr(fixture->way, ==, "NAT-PMP");
}

/* Nobody wants any more what the second try of the request is answered with. */
static void
test_cancelled_in_flight(Fixture *fixture, gconstpointer data)
{
  start(fixture, NULL, FALSE);
  wait_requests(PCP, MAP, 1);
  scripted_router_play(play_pcp);
  g_clear_object(&fixture->mapper);
  wait_removal();
}

#define ADD(name, function)                                                                    \
  g_test_add("/port-mapper/" name, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_setenv("GIO_USE_NETWORK_MONITOR", "netlink", TRUE);
  scripted_router_start();
  g_test_init(&argc, &argv, NULL);
  ADD("pcp", test_pcp);
  ADD("tcp", test_tcp);
  ADD("natpmp", test_natpmp);
  ADD("natpmp-tcp", test_natpmp_tcp);
  ADD("lies", test_lies);
  ADD("shared-address", test_shared_address);
  ADD("seen-elsewhere", test_seen_elsewhere);
  ADD("denied", test_denied);
  ADD("silence", test_silence);
  ADD("no-router", test_no_router);
  ADD("renewal", test_renewal);
  ADD("renewal-elsewhere", test_renewal_elsewhere);
  ADD("renewal-fails", test_renewal_fails);
  ADD("cancelled-in-flight", test_cancelled_in_flight);
  return g_test_run();
}

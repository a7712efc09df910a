/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A NAT of the test's own making answers the survey; time is a number. */
#include "net/nat-survey.h"
#include "net/stun-message.h"

#include <string.h>

#define SERVER  "198.51.100.1:3478"
#define SOCKETS FWD_NAT_SURVEY_SOCKETS
#define ROOM    256

typedef struct {
  guint16 base; /* outside ports: base + step * number of the mapping; 0 preserves */
  gint step;
  gboolean has_pool; /* every second socket has another public address */
  gboolean hairpins;
  gboolean is_silent;
  guint lost;                   /* bits: sockets whose first packet is lost */
  guint dead;                   /* bits: sockets that never get an answer */
  const char *routers[SOCKETS]; /* NULL: says nothing */
  guint distance;               /* hops to the server */

  FwdNatSurvey *survey;
  gint64 now;
  guint sent[SOCKETS];
  guint16 port[SOCKETS]; /* outside, 0 without a mapping */
  guint mappings;
  guint reports;
  FwdNatSurveyResult result;
  gboolean frees;
  struct {
    guint socket;
    FwdEndpoint from;
    guint8 data[64];
    gsize length;
  } queue[ROOM];
  guint head, tail;
} World;

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint endpoint;

  g_assert_true(fwd_endpoint_parse(text, &endpoint, NULL));
  return endpoint;
}

static guint16
local_port(guint socket)
{
  return (guint16)(40000 + 11 * socket);
}

static FwdEndpoint
map(World *world, guint socket)
{
  FwdEndpoint mapped =
      endpoint(world->has_pool && socket % 2 ? "203.0.113.8:1" : "203.0.113.7:1");

  if (world->port[socket] == 0)
    world->port[socket] = world->base == 0
                              ? local_port(socket)
                              : (guint16)(world->base + world->step * (gint)world->mappings++);
  fwd_endpoint_set_port(&mapped, world->port[socket]);
  return mapped;
}

static void
deliver(World *world, guint socket, const FwdEndpoint *from, const guint8 *data, gsize length)
{
  g_assert_cmpuint(world->tail, <, ROOM);
  g_assert_cmpuint(length, <=, sizeof world->queue[0].data);
  world->queue[world->tail].socket = socket;
  world->queue[world->tail].from = *from;
  world->queue[world->tail].length = length;
  memcpy(world->queue[world->tail++].data, data, length);
}

static void
answer(World *world, guint socket, const guint8 *transaction)
{
  guint8 buffer[64];
  FwdStunWriter writer;
  FwdEndpoint mapped = map(world, socket), server = endpoint(SERVER);

  fwd_stun_writer_begin(&writer, buffer, sizeof buffer, FWD_STUN_SUCCESS, FWD_STUN_BINDING,
                        transaction);
  fwd_stun_writer_add_endpoint(&writer, FWD_STUN_XOR_MAPPED_ADDRESS, &mapped);
  deliver(world, socket, &server, buffer, writer.length);
}

static void
hairpin(World *world, guint socket, const FwdEndpoint *to, const guint8 *data, gsize length)
{
  FwdEndpoint from = map(world, socket);

  for (guint i = 0; i < SOCKETS && world->hairpins; i++)
    if (world->port[i] == fwd_endpoint_port(to))
      deliver(world, i, &from, data, length);
}

static void
on_send(guint socket, guint hops, const FwdEndpoint *to, const guint8 *data, gsize length,
        gpointer user_data)
{
  World *world = user_data;
  FwdEndpoint server = endpoint(SERVER);
  FwdStunMessage message;

  g_assert_true(fwd_stun_message_parse(data, length, &message));
  if (world->is_silent || (world->dead >> socket & 1))
    return;
  if (world->sent[socket]++ == 0 && (world->lost >> socket & 1))
    return;
  if (!fwd_endpoint_equal(to, &server)) {
    hairpin(world, socket, to, data, length);
  } else if (hops == 0 || hops > world->distance) {
    answer(world, socket, fwd_stun_message_transaction(&message));
  } else if (world->routers[hops - 1] != NULL) {
    FwdEndpoint router;

    g_assert_true(fwd_endpoint_from_address(world->routers[hops - 1], 0, &router));
    fwd_nat_survey_expired(world->survey, socket, &router);
  }
}

static void
on_done(const FwdNatSurveyResult *result, gpointer user_data)
{
  World *world = user_data;

  world->reports++;
  world->result = *result;
  if (world->frees)
    g_clear_pointer(&world->survey, fwd_nat_survey_free);
}

static void
begin(World *world)
{
  static const FwdNatSurveyEvents events = {.send = on_send, .done = on_done};
  FwdEndpoint server = endpoint(SERVER);
  guint16 ports[SOCKETS];

  for (guint i = 0; i < SOCKETS; i++)
    ports[i] = local_port(i);
  world->now = 1000;
  world->survey = fwd_nat_survey_new(&server, ports, &events, world, world->now);
  g_assert_cmpuint(world->reports, ==, 0);
}

static void
run(World *world)
{
  begin(world);
  while (world->reports == 0) {
    for (; world->head < world->tail; world->head++)
      fwd_nat_survey_receive(world->survey, world->queue[world->head].socket,
                             &world->queue[world->head].from, world->queue[world->head].data,
                             world->queue[world->head].length, world->now);
    world->now = fwd_nat_survey_deadline(world->survey);
    g_assert_cmpint(world->now, <, G_MAXINT64);
    fwd_nat_survey_tick(world->survey, world->now);
  }
  if (world->survey == NULL)
    return;
  g_assert_cmpint(fwd_nat_survey_deadline(world->survey), ==, G_MAXINT64);
  fwd_nat_survey_tick(world->survey, world->now + 1000000);
  g_assert_cmpuint(world->reports, ==, 1);
  fwd_nat_survey_free(world->survey);
}

static void
test_home_router(void)
{
  World world = {.distance = 3, .routers = {"192.168.1.1", "198.18.0.1", "192.0.2.1"}};

  run(&world);
  g_assert_cmpint(world.result.ports.pattern, ==, FWD_PORTS_PRESERVED);
  g_assert_cmpint(world.result.hairpinning, ==, FWD_ANSWER_NO);
  g_assert_cmpuint(world.result.hops, ==, 1);
  g_assert_cmpuint(world.result.public_addresses, ==, 1);
}

static void
test_sequential_and_hairpin(void)
{
  World world = {.base = 20000, .step = 3, .hairpins = TRUE, .has_pool = TRUE, .distance = 1};

  run(&world);
  g_assert_cmpint(world.result.ports.pattern, ==, FWD_PORTS_SEQUENTIAL);
  g_assert_cmpint(world.result.ports.delta, ==, 3);
  g_assert_cmpuint(world.result.ports.spread, ==, 0);
  g_assert_cmpint(world.result.hairpinning, ==, FWD_ANSWER_YES);
  g_assert_cmpuint(world.result.public_addresses, ==, 2);
}

/* A mapping that was made late is out of its order, so it is left out. */
static void
test_loss(void)
{
  World world = {.base = 20000, .step = 1, .lost = 1 << 2 | 1 << 5, .distance = 1};

  run(&world);
  g_assert_cmpint(world.result.ports.pattern, ==, FWD_PORTS_SEQUENTIAL);
  g_assert_cmpint(world.result.ports.delta, ==, 1);
  g_assert_cmpuint(world.result.ports.spread, ==, 0);
}

/* Where all answers are late, they are better than none. */
static void
test_all_late(void)
{
  World world = {.base = 20000, .step = 1, .lost = 0xff, .distance = 1};

  run(&world);
  g_assert_cmpint(world.result.ports.pattern, ==, FWD_PORTS_SEQUENTIAL);
}

static void
test_silence(void)
{
  World world = {.is_silent = TRUE};

  run(&world);
  g_assert_cmpint(world.result.ports.pattern, ==, FWD_PORTS_UNKNOWN);
  g_assert_cmpint(world.result.hairpinning, ==, FWD_ANSWER_UNKNOWN);
  g_assert_cmpuint(world.result.hops, ==, 0);
  g_assert_cmpuint(world.result.public_addresses, ==, 0);
}

static void
test_one_answer(void)
{
  World world = {.dead = 0xfe, .hairpins = TRUE, .distance = 1};

  run(&world);
  g_assert_cmpint(world.result.ports.pattern, ==, FWD_PORTS_UNKNOWN);
  g_assert_cmpint(world.result.hairpinning, ==, FWD_ANSWER_UNKNOWN);
  g_assert_cmpuint(world.result.public_addresses, ==, 1);
}

static const struct {
  const char *routers[SOCKETS];
  guint distance;
  guint hops;
} ways[] = {
    {{"192.168.1.1", "100.64.0.1", "198.51.100.9"}, 4, 2},
    {{"192.168.1.1", NULL, "198.51.100.9"}, 4, 2}, /* the silent one may be a NAT */
    {{NULL, "10.0.0.1", "198.51.100.9"}, 4, 2},
    {{"192.168.1.1"}, 8, 1}, /* all others silent: it is one at least */
    {{"192.168.1.1"}, 2, 2},
    {{"198.51.100.9", "10.9.9.9"}, 4, 0}, /* what is private behind it is not own */
    {{NULL}, 3, 0},
    {{NULL}, 8, 0},
};

static void
test_hops(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
    World world = {.distance = ways[i].distance};

    memcpy(world.routers, ways[i].routers, sizeof world.routers);
    run(&world);
    g_assert_cmpuint(world.result.hops, ==, ways[i].hops);
  }
}

/* Datagrams of others neither count nor disturb. */
static void
test_strangers(void)
{
  World world = {.distance = 1};
  FwdEndpoint stranger = endpoint("192.0.2.66:666");
  guint8 buffer[64];
  guint8 id[FWD_STUN_TRANSACTION_SIZE] = {7};
  FwdStunWriter writer;

  begin(&world);
  fwd_stun_writer_begin(&writer, buffer, sizeof buffer, FWD_STUN_REQUEST, FWD_STUN_BINDING, id);
  for (guint i = 0; i < SOCKETS; i++) {
    fwd_nat_survey_receive(world.survey, i, &stranger, buffer, writer.length, world.now);
    fwd_nat_survey_receive(world.survey, i, &stranger, (const guint8 *)"junk", 4, world.now);
    /* The right answer from a wrong place. */
    fwd_nat_survey_receive(world.survey, i, &stranger, world.queue[i].data,
                           world.queue[i].length, world.now);
  }
  while (world.reports == 0) {
    world.now = fwd_nat_survey_deadline(world.survey);
    fwd_nat_survey_tick(world.survey, world.now);
  }
  g_assert_cmpint(world.result.ports.pattern, ==, FWD_PORTS_UNKNOWN);
  g_assert_cmpint(world.result.hairpinning, ==, FWD_ANSWER_UNKNOWN);
  fwd_nat_survey_free(world.survey);
}

static void
test_free_when_done(void)
{
  World world = {.distance = 1, .frees = TRUE};

  run(&world);
  g_assert_null(world.survey);
  g_assert_cmpuint(world.reports, ==, 1);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/nat-survey/home-router", test_home_router);
  g_test_add_func("/nat-survey/sequential-and-hairpin", test_sequential_and_hairpin);
  g_test_add_func("/nat-survey/loss", test_loss);
  g_test_add_func("/nat-survey/all-late", test_all_late);
  g_test_add_func("/nat-survey/silence", test_silence);
  g_test_add_func("/nat-survey/one-answer", test_one_answer);
  g_test_add_func("/nat-survey/hops", test_hops);
  g_test_add_func("/nat-survey/strangers", test_strangers);
  g_test_add_func("/nat-survey/free-when-done", test_free_when_done);
  return g_test_run();
}

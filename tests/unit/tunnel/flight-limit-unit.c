/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/flight-limit.h"

#define MS      ((gint64)NGTCP2_MILLISECONDS)
#define RTT     (40 * MS)
#define MBIT    125000 /* bytes a second */
#define BDP     500000 /* of 100 Mbit/s over 40 ms */
#define QUANTUM (BDP / 8)

typedef struct {
  FwdFlightLimit limit;
  ngtcp2_conn_stat state;
  gint64 now;
} Path;

static Path
new_path(void)
{
  return (Path){.now = 1000 * MS,
                .state = {.first_rtt_sample_ts = 1,
                          .latest_rtt = RTT,
                          .smoothed_rtt = RTT,
                          .send_quantum = 65536}};
}

static void
run(Path *path, guint rounds, guint64 rate, gboolean pending)
{
  path->state.delivery_rate_sec = rate;
  for (guint i = 0; i < rounds * 4; i++) {
    path->now += RTT / 4;
    fwd_flight_limit_update(&path->limit, &path->state, pending, path->now);
  }
}

static guint64
left(Path *path)
{
  return fwd_flight_limit_left(&path->limit, &path->state);
}

static void
test_no_limit_while_it_grows(void)
{
  Path path = new_path();

  for (guint64 rate = MBIT; rate <= 100 * MBIT; rate *= 2) {
    run(&path, 1, rate, TRUE);
    g_assert_true(left(&path) == G_MAXUINT64);
  }
  run(&path, 8, 100 * MBIT, TRUE);
  g_assert_true(left(&path) < G_MAXUINT64);
}

/* Little is sent because there is little to send: that says nothing of the path. */
static void
test_no_limit_without_a_load(void)
{
  Path path = new_path();

  run(&path, 100, MBIT, FALSE);
  g_assert_true(left(&path) == G_MAXUINT64);
}

/* The peer's window holds the load up now and then, and BBR takes that for an end of it. */
static void
test_limit_by_the_queue(void)
{
  Path path = new_path();

  run(&path, 1, 100 * MBIT, FALSE);
  path.state.latest_rtt = path.state.smoothed_rtt = 2 * RTT;
  run(&path, 12, 100 * MBIT, FALSE);
  g_assert_cmpuint(left(&path), ==, BDP + BDP / 4 + 3 * QUANTUM);
}

static void
test_limit(void)
{
  Path path = new_path();

  run(&path, 12, 100 * MBIT, TRUE);
  g_assert_cmpuint(left(&path), ==, BDP + BDP / 4 + 3 * QUANTUM);
  path.state.bytes_in_flight = BDP;
  g_assert_cmpuint(left(&path), ==, BDP / 4 + 3 * QUANTUM);
  path.state.bytes_in_flight = 10 * BDP;
  g_assert_cmpuint(left(&path), ==, 0);
}

/* One bad sample does not stop it, but what stays does count. */
static void
test_rate_changes(void)
{
  Path path = new_path();
  guint64 before;

  run(&path, 12, 100 * MBIT, TRUE);
  before = left(&path);
  run(&path, 1, MBIT, TRUE);
  g_assert_cmpuint(left(&path), ==, before);
  run(&path, 9, 50 * MBIT, TRUE);
  g_assert_cmpuint(left(&path), <, before);
  run(&path, 1, 200 * MBIT, TRUE);
  g_assert_cmpuint(left(&path), >, before);
}

/* A queue makes the round trip longer and must not make itself grow; a longer way may. */
static void
test_round_trip_changes(void)
{
  Path path = new_path();
  guint64 before;

  run(&path, 12, 100 * MBIT, TRUE);
  before = left(&path);
  path.state.latest_rtt = 2 * RTT;
  run(&path, 20, 100 * MBIT, TRUE);
  g_assert_cmpuint(left(&path), ==, before);
  run(&path, 400, 100 * MBIT, TRUE);
  g_assert_cmpuint(left(&path), ==, 2 * BDP + BDP / 2 + 3 * 65536);
  path.state.latest_rtt = RTT;
  run(&path, 1, 100 * MBIT, TRUE);
  g_assert_cmpuint(left(&path), ==, before);
}

static void
test_another_path(void)
{
  Path path = new_path();

  run(&path, 12, 100 * MBIT, TRUE);
  fwd_flight_limit_reset(&path.limit);
  g_assert_true(left(&path) == G_MAXUINT64);
  path.state = (ngtcp2_conn_stat){.first_rtt_sample_ts = UINT64_MAX, .smoothed_rtt = RTT};
  run(&path, 100, 0, TRUE);
  g_assert_true(left(&path) == G_MAXUINT64);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/flight-limit/grows", test_no_limit_while_it_grows);
  g_test_add_func("/flight-limit/no-load", test_no_limit_without_a_load);
  g_test_add_func("/flight-limit/limit", test_limit);
  g_test_add_func("/flight-limit/queue", test_limit_by_the_queue);
  g_test_add_func("/flight-limit/rate", test_rate_changes);
  g_test_add_func("/flight-limit/round-trip", test_round_trip_changes);
  g_test_add_func("/flight-limit/another-path", test_another_path);
  return g_test_run();
}

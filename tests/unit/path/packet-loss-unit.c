/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/packet-loss.h"

#define S G_GINT64_CONSTANT(1000000000)

/** Two ends, the traffic between them, and what the first makes of the other's reports. */
typedef struct {
  FwdPacketLoss loss;
  FwdPacketCounts peer;
  gint64 now;
} Traffic;

/* So many packets each way, of which so many arrive, and then a report. */
static void
carry(Traffic *traffic, gint64 time, guint32 there, guint32 arrived_there, guint32 back,
      guint32 arrived_back)
{
  traffic->now += time;
  traffic->loss.counts.sent += there;
  traffic->peer.received += arrived_there;
  traffic->peer.sent += back;
  traffic->loss.counts.received += arrived_back;
  fwd_packet_loss_report(&traffic->loss, traffic->loss.counts.sent, &traffic->peer,
                         traffic->now);
}

static void
assert_loss(const Traffic *traffic, double expected)
{
  double loss;

  g_assert_true(fwd_packet_loss_get(&traffic->loss, traffic->now, &loss));
  g_assert_cmpfloat_with_epsilon(loss, expected, 1e-9);
}

static void
assert_unknown(const Traffic *traffic)
{
  double loss;

  g_assert_false(fwd_packet_loss_get(&traffic->loss, traffic->now, &loss));
}

static void
test_both_ways_count(void)
{
  Traffic traffic = {.now = 5 * S};

  assert_unknown(&traffic);
  carry(&traffic, 0, 0, 0, 0, 0);
  assert_unknown(&traffic);
  carry(&traffic, 2 * S, 10000, 9500, 5000, 4500);
  assert_loss(&traffic, 1 - 0.95 * 0.9);
  carry(&traffic, 2 * S, 10000, 10000, 5000, 5000);
  assert_loss(&traffic, 0);
  /* Some that had been under way at the last report. */
  carry(&traffic, 2 * S, 10000, 10001, 5000, 4500);
  assert_loss(&traffic, 0.1);
}

static void
test_a_way_with_little_traffic_is_like_the_other(void)
{
  Traffic traffic = {.now = 5 * S};

  carry(&traffic, 0, 0, 0, 0, 0);
  carry(&traffic, 2 * S, 10000, 9000, 100, 0);
  assert_loss(&traffic, 1 - 0.9 * 0.9);
}

static void
test_little_traffic_takes_longer_or_tells_nothing(void)
{
  Traffic traffic = {.now = 5 * S};

  carry(&traffic, 0, 0, 0, 0, 0);
  carry(&traffic, 2 * S, 200, 100, 0, 0);
  assert_unknown(&traffic);
  carry(&traffic, 3 * S, 200, 200, 0, 0);
  assert_loss(&traffic, 1 - 0.75 * 0.75);
  for (guint i = 0; i < 10; i++)
    carry(&traffic, 2 * S, 10, 0, 10, 0);
  assert_unknown(&traffic);
  /* What was counted meanwhile is of the past. */
  carry(&traffic, 2 * S, 10000, 10000, 10000, 10000);
  assert_loss(&traffic, 0);
}

static void
test_many_in_a_moment_tell_nothing_yet(void)
{
  Traffic traffic = {.now = 5 * S};

  carry(&traffic, 0, 0, 0, 0, 0);
  carry(&traffic, S / 10, 10000, 9000, 10000, 10000);
  assert_unknown(&traffic);
  carry(&traffic, S, 10000, 10000, 10000, 10000);
  assert_loss(&traffic, 0.05);
}

static void
test_counts_wrap(void)
{
  Traffic traffic = {.now = 5 * S};

  traffic.loss.counts.sent = traffic.peer.received = G_MAXUINT32 - 100;
  carry(&traffic, 0, 0, 0, 0, 0);
  carry(&traffic, 2 * S, 10000, 9000, 10000, 10000);
  assert_loss(&traffic, 0.1);
}

static void
test_a_peer_that_starts_anew(void)
{
  Traffic traffic = {.now = 5 * S};

  carry(&traffic, 0, 0, 0, 0, 0);
  carry(&traffic, 2 * S, 10000, 9000, 10000, 10000);
  traffic.peer = (FwdPacketCounts){0};
  carry(&traffic, 2 * S, 10000, 0, 0, 0);
  assert_loss(&traffic, 0.1);
  carry(&traffic, 2 * S, 10000, 10000, 10000, 10000);
  assert_loss(&traffic, 0);
}

static void
test_an_answer_that_was_overtaken(void)
{
  Traffic traffic = {.now = 5 * S};
  FwdPacketCounts before;

  carry(&traffic, 0, 0, 0, 0, 0);
  carry(&traffic, 2 * S, 10000, 9000, 10000, 10000);
  before = traffic.peer;
  carry(&traffic, 2 * S, 10000, 10000, 10000, 10000);
  fwd_packet_loss_report(&traffic.loss, 10000, &before, traffic.now);
  carry(&traffic, 2 * S, 10000, 9000, 10000, 10000);
  assert_loss(&traffic, 0.1);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/packet-loss/both-ways", test_both_ways_count);
  g_test_add_func("/packet-loss/one-way", test_a_way_with_little_traffic_is_like_the_other);
  g_test_add_func("/packet-loss/little", test_little_traffic_takes_longer_or_tells_nothing);
  g_test_add_func("/packet-loss/moment", test_many_in_a_moment_tell_nothing_yet);
  g_test_add_func("/packet-loss/wrap", test_counts_wrap);
  g_test_add_func("/packet-loss/anew", test_a_peer_that_starts_anew);
  g_test_add_func("/packet-loss/overtaken", test_an_answer_that_was_overtaken);
  return g_test_run();
}

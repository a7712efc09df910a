/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/scheduler.h"

static void
send_some(FwdStream *stream, gsize length)
{
  stream->out.unmarked -= length;
  fwd_scheduler_charge(stream, length);
}

static void
test_short_goes_first(void)
{
  FwdScheduler scheduler = {0};
  FwdStream bulk = {.out.unmarked = 1000000}, brief = {.out.unmarked = 100};

  fwd_scheduler_add(&scheduler, &bulk);
  while (bulk.scheduled == FWD_SCHEDULED_FRESH) {
    g_assert_true(fwd_scheduler_next(&scheduler) == &bulk);
    if (bulk.scheduled == FWD_SCHEDULED_FRESH)
      send_some(&bulk, 1400);
  }
  fwd_scheduler_add(&scheduler, &brief);
  g_assert_true(fwd_scheduler_next(&scheduler) == &brief);
  send_some(&brief, 100);
  g_assert_true(fwd_scheduler_next(&scheduler) == &bulk);
}

static void
test_nobody_starves(void)
{
  FwdScheduler scheduler = {0};
  FwdStream streams[3] = {0};
  gsize sent[3] = {0};

  for (guint i = 0; i < 3; i++) {
    streams[i].out.unmarked = 10000000;
    fwd_scheduler_add(&scheduler, &streams[i]);
  }
  for (guint i = 0; i < 3000; i++) {
    FwdStream *stream = fwd_scheduler_next(&scheduler);

    sent[stream - streams] += 1000 + 200 * (stream - streams);
    send_some(stream, 1000 + 200 * (stream - streams));
  }
  for (guint i = 1; i < 3; i++)
    g_assert_cmpint(ABS((gint64)sent[i] - (gint64)sent[0]), <=, 2 * FWD_SCHEDULER_QUANTUM);
}

static void
test_little_and_often_does_not_rule(void)
{
  FwdScheduler scheduler = {0};
  FwdStream bulk = {.out.unmarked = 10000000}, often = {0};
  gsize bulk_sent = 0;

  fwd_scheduler_add(&scheduler, &bulk);
  for (guint i = 0; i < 1000; i++) {
    FwdStream *stream;

    if (often.out.unmarked == 0) {
      often.out.unmarked = 8000;
      fwd_scheduler_add(&scheduler, &often);
    }
    stream = fwd_scheduler_next(&scheduler);
    bulk_sent += stream == &bulk ? 1000 : 0;
    send_some(stream, 1000);
  }
  g_assert_cmpuint(bulk_sent, >, 300000);
}

static void
test_blocked_waits(void)
{
  FwdScheduler scheduler = {0};
  FwdStream stream = {.out.unmarked = 10};

  fwd_scheduler_unblock(&scheduler, &stream);
  g_assert_null(fwd_scheduler_next(&scheduler));
  fwd_scheduler_add(&scheduler, &stream);
  fwd_scheduler_block(&scheduler, &stream);
  fwd_scheduler_add(&scheduler, &stream);
  g_assert_null(fwd_scheduler_next(&scheduler));
  fwd_scheduler_unblock(&scheduler, &stream);
  g_assert_true(fwd_scheduler_next(&scheduler) == &stream);
  fwd_scheduler_remove(&scheduler, &stream);
  g_assert_null(fwd_scheduler_next(&scheduler));
}

static void
test_end_alone_is_work(void)
{
  FwdScheduler scheduler = {0};
  FwdStream stream = {.out_finished = TRUE};

  fwd_scheduler_add(&scheduler, &stream);
  g_assert_true(fwd_scheduler_next(&scheduler) == &stream);
  stream.out_fin_sent = TRUE;
  g_assert_null(fwd_scheduler_next(&scheduler));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/scheduler/short-first", test_short_goes_first);
  g_test_add_func("/scheduler/fair", test_nobody_starves);
  g_test_add_func("/scheduler/often", test_little_and_often_does_not_rule);
  g_test_add_func("/scheduler/blocked", test_blocked_waits);
  g_test_add_func("/scheduler/end", test_end_alone_is_work);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/path-monitor.h"
#include <string.h>

#define MS G_GINT64_CONSTANT(1000000)
#define S  (1000 * MS)

#define ACTIVE  FWD_MONITOR_ACTIVE
#define STANDBY FWD_MONITOR_STANDBY
#define NEEDED  FWD_MONITOR_NEEDED

typedef struct {
  FwdPathMonitor monitor;
  FwdMonitorUse use;
  gint64 rtt;    /* of the path; 0: it answers nothing */
  guint answers; /* one probe of so many; 0: all */
  gint64 last_sent;
  gboolean hears; /* packets arrive all the time */
  guint probes;
} Path;

/* Does what the owner of a monitor does, from one deadline to the next, until @end. */
static gint64
run_until(Path *path, gint64 end, gboolean (*condition)(const Path *path))
{
  gint64 now = 0;

  for (;;) {
    guint8 transaction[FWD_STUN_TRANSACTION_SIZE];
    gint64 next = fwd_path_monitor_deadline(&path->monitor, path->use);

    g_assert_cmpint(next, >, now);
    if (next > end)
      return -1;
    now = next;
    if (path->hears)
      fwd_path_monitor_heard(&path->monitor, now - MS);
    fwd_path_monitor_update(&path->monitor, now);
    if (condition != NULL && condition(path))
      return now;
    if (!fwd_path_monitor_is_due(&path->monitor, path->use, now))
      continue;
    fwd_path_monitor_probe(&path->monitor, transaction, now);
    path->probes++;
    path->last_sent = now;
    if (path->rtt > 0 && (path->answers == 0 || path->probes % path->answers == 0)) {
      g_assert_true(
          fwd_path_monitor_answered(&path->monitor, transaction, NULL, now + path->rtt));
      fwd_path_monitor_heard(&path->monitor, now + path->rtt);
    }
  }
}

static gboolean
is_dead(const Path *path)
{
  return !path->monitor.alive;
}

static gboolean
is_alive(const Path *path)
{
  return path->monitor.alive;
}

static gboolean
is_lossy(const Path *path)
{
  return path->monitor.lossy;
}

static gboolean
is_clean(const Path *path)
{
  return !path->monitor.lossy;
}

static void
init(Path *path, FwdMonitorUse use, gint64 rtt)
{
  *path = (Path){.use = use, .rtt = rtt};
  fwd_path_monitor_init(&path->monitor, TRUE, 0, 99 * S);
}

static void
test_a_new_path_is_measured_at_once(void)
{
  Path path;

  init(&path, STANDBY, 20 * MS);
  g_assert_true(fwd_path_monitor_is_due(&path.monitor, STANDBY, 99 * S));
  run_until(&path, 99 * S + 110 * MS, NULL);
  g_assert_cmpuint(path.probes, ==, 3);
  g_assert_cmpint(path.last_sent, ==, 99 * S + 100 * MS);
  g_assert_cmpint(path.monitor.srtt, ==, 20 * MS);
}

static void
test_round_trip_is_smoothed(void)
{
  FwdPathMonitor monitor;
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE];

  fwd_path_monitor_init(&monitor, TRUE, 100 * MS, 0);
  fwd_path_monitor_probe(&monitor, transaction, 1000 * MS);
  g_assert_true(fwd_path_monitor_answered(&monitor, transaction, NULL, 1180 * MS));
  g_assert_cmpint(monitor.srtt, ==, 110 * MS);
  g_assert_cmpint(monitor.rttvar, ==, 50 * MS + (80 - 50) * MS / 4);
}

static void
test_an_answer_counts_once(void)
{
  FwdPathMonitor monitor;
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE], other[FWD_STUN_TRANSACTION_SIZE];

  fwd_path_monitor_init(&monitor, TRUE, 0, 0);
  fwd_stun_new_transaction(other);
  memset(transaction, 0, sizeof transaction);
  g_assert_false(fwd_path_monitor_answered(&monitor, transaction, NULL, 1));
  fwd_path_monitor_probe(&monitor, transaction, 1);
  g_assert_false(fwd_path_monitor_answered(&monitor, other, NULL, 2));
  g_assert_true(fwd_path_monitor_answered(&monitor, transaction, NULL, 2));
  g_assert_false(fwd_path_monitor_answered(&monitor, transaction, NULL, 2));
}

static void
test_intervals(void)
{
  static const struct {
    FwdMonitorUse use;
    gboolean hears;
    guint probes; /* in 30 s, the first three included */
  } cases[] = {{ACTIVE, FALSE, 3 + 29},
               {ACTIVE, TRUE, 3 + 29},
               {STANDBY, FALSE, 3 + 9},
               {NEEDED, TRUE, 3 + 149}};

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    Path path;
    init(&path, cases[i].use, 10 * MS);
    path.hears = cases[i].hears;
    run_until(&path, 129 * S, NULL);
    g_assert_cmpuint(path.probes, ==, cases[i].probes);
    g_assert_true(path.monitor.alive);
    g_assert_cmpfloat(fwd_path_monitor_get_loss(&path.monitor), ==, 0);
  }
}

/* Somebody sends and hears nothing: sooner than on a path that is idle. */
static void
test_death_while_sending(void)
{
  Path path;

  init(&path, ACTIVE, 20 * MS);
  run_until(&path, 105 * S, NULL);
  path.rtt = 0;
  fwd_path_monitor_sent(&path.monitor, 105 * S);
  fwd_path_monitor_sent(&path.monitor, 105 * S + 900 * MS);
  g_assert_cmpint(path.monitor.sent, ==, 105 * S);
  g_assert_cmpint(run_until(&path, 110 * S, is_dead), <=, 106 * S + 300 * MS);
  fwd_path_monitor_heard(&path.monitor, 111 * S);
  g_assert_cmpint(path.monitor.sent, ==, 0);
}

/* Cut at @cut until it is dead, then whole again: how long it takes to count as clean. */
static gint64
time_to_clean(Path *path, gint64 cut)
{
  gint64 died, back;

  path->rtt = 0;
  died = run_until(path, cut + 10 * S, is_dead);
  g_assert_cmpint(died, >, cut);
  g_assert_true(path->monitor.lossy);
  path->rtt = 20 * MS;
  back = run_until(path, died + 10 * S, is_alive);
  g_assert_cmpint(back, >, died);
  return run_until(path, back + 30 * S, is_clean) - back;
}

/* A path that was dead and is back is soon trusted; one that dies again and again is not. */
static void
test_probation(void)
{
  Path path;

  init(&path, ACTIVE, 20 * MS);
  run_until(&path, 105 * S, NULL);
  g_assert_cmpint(time_to_clean(&path, 105 * S), <=, 3500 * MS);
  run_until(&path, 125 * S, NULL);
  g_assert_cmpint(time_to_clean(&path, 125 * S), >=, 10 * S);
  run_until(&path, 205 * S, NULL);
  g_assert_cmpint(time_to_clean(&path, 205 * S), <=, 3500 * MS);
}

static void
test_death(void)
{
  for (guint use = ACTIVE; use <= STANDBY; use++) {
    gint64 died, heard;
    Path path;

    init(&path, use, 10 * MS);
    run_until(&path, 110 * S, NULL);
    heard = path.monitor.heard;
    path.rtt = 0;
    died = run_until(&path, 120 * S, is_dead);
    g_assert_cmpint(died, >=, heard + 1500 * MS);
    g_assert_cmpint(died, <=, heard + (use == ACTIVE ? 2000 : 4000) * MS);
  }
}

static void
test_silence_alone_is_no_death(void)
{
  FwdPathMonitor monitor;
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE];

  fwd_path_monitor_init(&monitor, TRUE, 10 * MS, 0);
  fwd_path_monitor_probe(&monitor, transaction, 0);
  fwd_path_monitor_probe(&monitor, transaction, 50 * MS);
  fwd_path_monitor_update(&monitor, 60 * S);
  g_assert_true(monitor.alive);
}

static void
test_a_dead_path_may_come_back_or_is_given_up(void)
{
  Path path;
  gint64 died;

  init(&path, ACTIVE, 0);
  died = run_until(&path, 120 * S, is_dead);
  g_assert_cmpint(died, >, 0);
  g_assert_cmpint(path.monitor.died, ==, died);
  g_assert_false(fwd_path_monitor_is_hopeless(&path.monitor, died + 60 * S - 1));
  g_assert_true(fwd_path_monitor_is_hopeless(&path.monitor, died + 60 * S));
  path.probes = 0;
  run_until(&path, died + 20 * S, NULL);
  g_assert_cmpuint(path.probes, ==, 10);

  g_assert_true(fwd_path_monitor_heard(&path.monitor, died + 20 * S));
  g_assert_false(fwd_path_monitor_heard(&path.monitor, died + 20 * S));
  g_assert_true(path.monitor.alive);
}

static void
test_a_slow_path_lives(void)
{
  Path path = {.use = ACTIVE, .rtt = 900 * MS};

  fwd_path_monitor_init(&path.monitor, TRUE, 900 * MS, 99 * S);
  g_assert_cmpint(run_until(&path, 160 * S, is_dead), ==, -1);
}

static void
test_an_unproven_path_must_answer(void)
{
  Path path = {.use = STANDBY, .rtt = 0};

  fwd_path_monitor_init(&path.monitor, FALSE, 0, 99 * S);
  g_assert_false(path.monitor.alive);
  g_assert_false(fwd_path_monitor_heard(&path.monitor, 99 * S));
  g_assert_false(path.monitor.alive);
  g_assert_false(fwd_path_monitor_is_hopeless(&path.monitor, 102 * S - 1));
  g_assert_true(fwd_path_monitor_is_hopeless(&path.monitor, 102 * S));
  path.rtt = 10 * MS;
  run_until(&path, 99 * S + 10 * MS, NULL);
  g_assert_true(path.monitor.alive);
}

static void
test_failed_is_for_ever(void)
{
  FwdPathMonitor monitor;

  fwd_path_monitor_init(&monitor, TRUE, 0, 5);
  fwd_path_monitor_fail(&monitor, 6);
  g_assert_false(fwd_path_monitor_heard(&monitor, 7));
  g_assert_false(monitor.alive);
  g_assert_false(fwd_path_monitor_is_due(&monitor, ACTIVE, 90 * S));
  g_assert_true(fwd_path_monitor_is_hopeless(&monitor, 6));
}

static void
test_loss_counts_after_a_while_and_heals(void)
{
  Path path;
  gint64 lossy, clean;

  init(&path, ACTIVE, 10 * MS);
  run_until(&path, 110 * S, NULL);
  path.answers = 2;
  lossy = run_until(&path, 130 * S, is_lossy);
  g_assert_cmpint(lossy, >=, 113 * S);
  g_assert_true(path.monitor.alive);
  g_assert_cmpfloat(fwd_path_monitor_get_loss(&path.monitor), >, 0.1);
  path.answers = 0;
  clean = run_until(&path, lossy + 30 * S, is_clean);
  g_assert_cmpint(clean, >=, path.monitor.last_loss + 10 * S);
  g_assert_cmpint(clean, <=, path.monitor.last_loss + 11 * S);
}

static void
test_one_way_is_death(void)
{
  Path path;
  gint64 died, unanswered;

  init(&path, ACTIVE, 10 * MS);
  run_until(&path, 110 * S, NULL);
  unanswered = path.last_sent;
  path.rtt = 0;
  path.hears = TRUE;
  died = run_until(&path, 130 * S, is_dead);
  g_assert_cmpint(died, >=, unanswered + 4 * S);
  g_assert_cmpint(died, <=, unanswered + 7 * S);

  /* Being heard does not bring it back, for all that time it was. */
  g_assert_false(fwd_path_monitor_heard(&path.monitor, died + 1));
  run_until(&path, died + 10 * S, NULL);
  g_assert_false(path.monitor.alive);
  path.rtt = 10 * MS;
  run_until(&path, died + 13 * S, NULL);
  g_assert_true(path.monitor.alive);
}

static void
test_one_answer_in_seven_is_no_death(void)
{
  FwdPathMonitor monitor;

  fwd_path_monitor_init(&monitor, TRUE, 10 * MS, 0);
  for (guint i = 1; i <= 140; i++) {
    guint8 transaction[FWD_STUN_TRANSACTION_SIZE];
    const gint64 now = i * S;

    fwd_path_monitor_probe(&monitor, transaction, now);
    if (i % 7 == 0)
      g_assert_true(fwd_path_monitor_answered(&monitor, transaction, NULL, now + 10 * MS));
    fwd_path_monitor_heard(&monitor, now + 400 * MS);
    fwd_path_monitor_update(&monitor, now + 500 * MS);
    g_assert_true(monitor.alive);
  }
}

static void
test_a_strategy_can_vouch(void)
{
  Path path;
  gint64 died;

  init(&path, ACTIVE, 0);
  path.hears = TRUE;
  died = run_until(&path, 130 * S, is_dead);
  g_assert_cmpint(died, >, 0);
  g_assert_true(fwd_path_monitor_vouch(&path.monitor, died + S));
  fwd_path_monitor_update(&path.monitor, died + S);
  g_assert_true(path.monitor.alive);
}

static void
test_a_late_answer_is_no_loss(void)
{
  FwdPathMonitor monitor;
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE];

  fwd_path_monitor_init(&monitor, TRUE, 10 * MS, 0);
  fwd_path_monitor_probe(&monitor, transaction, 0);
  fwd_path_monitor_update(&monitor, 300 * MS - 1);
  g_assert_cmpfloat(fwd_path_monitor_get_loss(&monitor), ==, 0);
  fwd_path_monitor_update(&monitor, 300 * MS);
  g_assert_cmpfloat(fwd_path_monitor_get_loss(&monitor), ==, 0.025);
  g_assert_true(fwd_path_monitor_answered(&monitor, transaction, NULL, 400 * MS));
  g_assert_cmpfloat(fwd_path_monitor_get_loss(&monitor), ==, 0);
}

/* The answer to a probe that is sent at @sent. */
static void
answer(FwdPathMonitor *monitor, gint64 sent, gint64 rtt)
{
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE];

  fwd_path_monitor_probe(monitor, transaction, sent);
  fwd_path_monitor_update(monitor, sent + rtt);
  g_assert_true(fwd_path_monitor_answered(monitor, transaction, NULL, sent + rtt));
}

static void
test_a_late_answer_is_loss_where_it_is_sent_again(void)
{
  FwdPathMonitor monitor;

  fwd_path_monitor_init(&monitor, TRUE, 10 * MS, 0);
  monitor.retransmits = TRUE;
  /* Nothing to compare with. */
  answer(&monitor, 0, 500 * MS);
  answer(&monitor, 1 * S, 20 * MS);
  answer(&monitor, 2 * S, 70 * MS - 1);
  g_assert_cmpfloat(fwd_path_monitor_get_loss(&monitor), ==, 0);
  answer(&monitor, 3 * S, 70 * MS);
  g_assert_cmpfloat(fwd_path_monitor_get_loss(&monitor), ==, 0.025);
  answer(&monitor, 4 * S, 900 * MS);
  g_assert_cmpfloat(fwd_path_monitor_get_loss(&monitor), ==, 0.05);
  g_assert_true(monitor.alive);
  for (guint i = 0; i < FWD_MONITOR_WINDOW; i++)
    answer(&monitor, (5 + i) * S, 20 * MS);
  g_assert_cmpfloat(fwd_path_monitor_get_loss(&monitor), ==, 0);
}

static void
test_a_longer_route_is_not_late_for_ever(void)
{
  FwdPathMonitor monitor;

  fwd_path_monitor_init(&monitor, TRUE, 10 * MS, 0);
  monitor.retransmits = TRUE;
  answer(&monitor, 0, 20 * MS);
  for (guint i = 1; i <= FWD_MONITOR_WINDOW; i++)
    answer(&monitor, i * S, 120 * MS);
  g_assert_cmpfloat(fwd_path_monitor_get_loss(&monitor), ==, 1);
  for (guint i = 1; i <= FWD_MONITOR_PROBES; i++)
    answer(&monitor, (50 + i) * S, 120 * MS);
  g_assert_cmpfloat(fwd_path_monitor_get_loss(&monitor), ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/path-monitor/burst", test_a_new_path_is_measured_at_once);
  g_test_add_func("/path-monitor/rtt", test_round_trip_is_smoothed);
  g_test_add_func("/path-monitor/answer-once", test_an_answer_counts_once);
  g_test_add_func("/path-monitor/intervals", test_intervals);
  g_test_add_func("/path-monitor/death", test_death);
  g_test_add_func("/path-monitor/death-while-sending", test_death_while_sending);
  g_test_add_func("/path-monitor/probation", test_probation);
  g_test_add_func("/path-monitor/silence", test_silence_alone_is_no_death);
  g_test_add_func("/path-monitor/back-or-given-up",
                  test_a_dead_path_may_come_back_or_is_given_up);
  g_test_add_func("/path-monitor/slow", test_a_slow_path_lives);
  g_test_add_func("/path-monitor/unproven", test_an_unproven_path_must_answer);
  g_test_add_func("/path-monitor/failed", test_failed_is_for_ever);
  g_test_add_func("/path-monitor/loss", test_loss_counts_after_a_while_and_heals);
  g_test_add_func("/path-monitor/one-way", test_one_way_is_death);
  g_test_add_func("/path-monitor/one-way/some-answers", test_one_answer_in_seven_is_no_death);
  g_test_add_func("/path-monitor/one-way/vouched", test_a_strategy_can_vouch);
  g_test_add_func("/path-monitor/late", test_a_late_answer_is_no_loss);
  g_test_add_func("/path-monitor/late/sent-again",
                  test_a_late_answer_is_loss_where_it_is_sent_again);
  g_test_add_func("/path-monitor/late/longer-route", test_a_longer_route_is_not_late_for_ever);
  return g_test_run();
}

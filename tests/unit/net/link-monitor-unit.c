/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time and the state of the network are the test's. */
#include "net/link-monitor.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
#define START  (1000 * SECOND)
#define SLEPT  (7000 * SECOND) /* of the boot clock, before the start */

typedef struct {
  const char *state;
  guint asked;
  FwdLinkMonitor *monitor;
} Fixture;

static char *
get_state(gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->asked++;
  return g_strdup(fixture->state);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->state = "eth0 has 192.0.2.1";
  fixture->monitor = fwd_link_monitor_new(get_state, fixture, START, START + SLEPT);
  fixture->asked = 0;
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  fwd_link_monitor_free(fixture->monitor);
}

static gboolean
tick(Fixture *fixture, gint64 now)
{
  return fwd_link_monitor_tick(fixture->monitor, now, now + SLEPT);
}

static void
test_change(Fixture *fixture, gconstpointer data)
{
  gint64 due;

  fixture->state = "eth0 has 192.0.2.2";
  g_assert_false(tick(fixture, START)); /* nobody has said that anything happened */
  fwd_link_monitor_note(fixture->monitor, START);
  due = fwd_link_monitor_deadline(fixture->monitor);
  g_assert_cmpint(due, >, START);
  g_assert_cmpint(due, <=, START + SECOND);
  g_assert_false(tick(fixture, due - 1));
  g_assert_true(tick(fixture, due));
  g_assert_false(tick(fixture, due + 1));
}

/* Containers come and go: the state is looked at now and then, and is the same. */
static void
test_storm(Fixture *fixture, gconstpointer data)
{
  for (gint64 now = START; now < START + 10 * SECOND; now += SECOND / 1000) {
    fwd_link_monitor_note(fixture->monitor, now);
    g_assert_false(tick(fixture, now));
  }
  g_assert_cmpuint(fixture->asked, >=, 10);
  g_assert_cmpuint(fixture->asked, <=, 50);
}

/* A change in the middle of a storm is not put off by it. */
static void
test_change_in_a_storm(Fixture *fixture, gconstpointer data)
{
  guint changes = 0;

  for (gint64 now = START; now < START + SECOND; now += SECOND / 1000) {
    if (now == START + SECOND / 2)
      fixture->state = "wlan0 has 198.51.100.1";
    fwd_link_monitor_note(fixture->monitor, now);
    changes += tick(fixture, now) ? 1 : 0;
  }
  g_assert_cmpuint(changes, ==, 1);
}

static void
test_sleep(Fixture *fixture, gconstpointer data)
{
  gint64 now = fwd_link_monitor_deadline(fixture->monitor);

  g_assert_cmpint(now, <=, START + 3 * SECOND);
  g_assert_false(fwd_link_monitor_tick(fixture->monitor, now, now + SLEPT + SECOND));
  now = fwd_link_monitor_deadline(fixture->monitor);
  g_assert_true(fwd_link_monitor_tick(fixture->monitor, now, now + SLEPT + 3600 * SECOND));
  /* Once for each sleep. */
  now = fwd_link_monitor_deadline(fixture->monitor);
  g_assert_false(fwd_link_monitor_tick(fixture->monitor, now, now + SLEPT + 3600 * SECOND));
}

/* A sleep that ends on another network is one change. */
static void
test_sleep_and_change(Fixture *fixture, gconstpointer data)
{
  fixture->state = "eth0 has 198.51.100.1";
  fwd_link_monitor_note(fixture->monitor, START);
  g_assert_true(
      fwd_link_monitor_tick(fixture->monitor, START + 1, START + SLEPT + 60 * SECOND));
  g_assert_false(
      fwd_link_monitor_tick(fixture->monitor, START + SECOND, START + SLEPT + 61 * SECOND));
}

/* The real socket and the real state: quiet as long as nothing happens. */
static void
test_real(void)
{
  gint64 boottime = fwd_link_monitor_boottime(), now = g_get_monotonic_time();
  g_autoptr(FwdLinkMonitor) monitor = fwd_link_monitor_new(NULL, NULL, now, boottime);

  g_assert_cmpint(fwd_link_monitor_get_fd(monitor), >=, 0);
  fwd_link_monitor_read(monitor, now);
  g_assert_cmpint(boottime, >=, now - SECOND);
}

#define ADD(path, test)                                                                        \
  g_test_add("/link-monitor/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("change", test_change);
  ADD("storm", test_storm);
  ADD("change-in-a-storm", test_change_in_a_storm);
  ADD("sleep", test_sleep);
  ADD("sleep-and-change", test_sleep_and_change);
  g_test_add_func("/link-monitor/real", test_real);
  return g_test_run();
}

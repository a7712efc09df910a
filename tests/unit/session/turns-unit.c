/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/turns.h"

#define S  G_GINT64_CONSTANT(1000000)
#define T0 (1000 * S)

static void
test_new_ones_are_due(void)
{
  g_autoptr(FwdTurns) turns = fwd_turns_new();

  g_assert_cmpint(fwd_turns_due(turns, "punch"), ==, 0);
}

/* Not twice in one breath, even if it never says that it has ended. */
static void
test_started(void)
{
  g_autoptr(FwdTurns) turns = fwd_turns_new();

  fwd_turns_started(turns, "punch", T0);
  g_assert_cmpint(fwd_turns_due(turns, "punch"), >, T0);
}

static gint64
fail(FwdTurns *turns, const char *strategy, gint64 now)
{
  fwd_turns_started(turns, strategy, now);
  fwd_turns_ended(turns, strategy, FWD_OUTCOME_FAILED, now);
  return fwd_turns_due(turns, strategy) - now;
}

/* Each failure doubles the wait, up to a minute. */
static void
test_back_off(void)
{
  g_autoptr(FwdTurns) turns = fwd_turns_new();
  gint64 before = fail(turns, "punch", T0);

  g_assert_cmpint(before, ==, 1 * S);
  for (guint i = 0; i < 5; i++) {
    const gint64 wait = fail(turns, "punch", T0);
    g_assert_cmpint(wait, ==, 2 * before);
    before = wait;
  }
  for (guint i = 0; i < 100; i++)
    g_assert_cmpint(fail(turns, "punch", T0), ==, 60 * S);
}

/* One that fails does not hold up others. */
static void
test_each_on_its_own(void)
{
  g_autoptr(FwdTurns) turns = fwd_turns_new();

  for (guint i = 0; i < 5; i++)
    fail(turns, "punch", T0);
  g_assert_cmpint(fwd_turns_due(turns, "relayed"), ==, 0);
  g_assert_cmpint(fail(turns, "relayed", T0), ==, 1 * S);
}

/* After a success the next failure counts as the first. */
static void
test_success(void)
{
  g_autoptr(FwdTurns) turns = fwd_turns_new();

  for (guint i = 0; i < 5; i++)
    fail(turns, "punch", T0);
  fwd_turns_started(turns, "punch", T0);
  fwd_turns_ended(turns, "punch", FWD_OUTCOME_SUCCEEDED, T0);
  g_assert_cmpint(fwd_turns_due(turns, "punch"), >, T0);
  g_assert_cmpint(fail(turns, "punch", T0), ==, 1 * S);
}

/* To be stopped is no failure and no success. */
static void
test_stopped(void)
{
  g_autoptr(FwdTurns) turns = fwd_turns_new();

  fail(turns, "punch", T0);
  fail(turns, "punch", T0);
  fwd_turns_started(turns, "punch", T0);
  fwd_turns_ended(turns, "punch", FWD_OUTCOME_STOPPED, T0);
  g_assert_cmpint(fwd_turns_due(turns, "punch"), >, T0);
  g_assert_cmpint(fail(turns, "punch", T0), ==, 4 * S);
}

static void
test_reset(void)
{
  g_autoptr(FwdTurns) turns = fwd_turns_new();

  for (guint i = 0; i < 5; i++)
    fail(turns, "punch", T0);
  fail(turns, "relayed", T0);
  fwd_turns_reset(turns);
  g_assert_cmpint(fwd_turns_due(turns, "punch"), ==, 0);
  g_assert_cmpint(fwd_turns_due(turns, "relayed"), ==, 0);
  g_assert_cmpint(fail(turns, "punch", T0), ==, 1 * S);
}

/* Held back once, not each time that somebody asks. */
static void
test_hold_back(void)
{
  g_autoptr(FwdTurns) turns = fwd_turns_new();
  gint64 due;

  fwd_turns_hold_back(turns, "punch", T0);
  due = fwd_turns_due(turns, "punch");
  g_assert_cmpint(due, >, T0);
  fwd_turns_hold_back(turns, "punch", T0 + S);
  g_assert_cmpint(fwd_turns_due(turns, "punch"), ==, due);
  g_assert_cmpint(fail(turns, "punch", due), ==, 1 * S);
  fwd_turns_hold_back(turns, "punch", due + 1);
  g_assert_cmpint(fwd_turns_due(turns, "punch"), ==, due + 1 * S);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/turns/new-ones-are-due", test_new_ones_are_due);
  g_test_add_func("/turns/started", test_started);
  g_test_add_func("/turns/back-off", test_back_off);
  g_test_add_func("/turns/each-on-its-own", test_each_on_its_own);
  g_test_add_func("/turns/success", test_success);
  g_test_add_func("/turns/stopped", test_stopped);
  g_test_add_func("/turns/reset", test_reset);
  g_test_add_func("/turns/hold-back", test_hold_back);
  return g_test_run();
}

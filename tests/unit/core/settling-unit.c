/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settling.h"
#include <string.h>

#define PAGES 64
#define PAGE  4096

/* A constant of the program's file, and a variable of it that has been written to. */
static const guint8 constants[PAGES * PAGE] = {[0] = 1, [PAGES * PAGE / 2] = 2};
static guint8 variables[PAGES * PAGE] = {[0] = 1, [PAGES * PAGE / 2] = 2};

static guint
sum(const volatile guint8 *bytes)
{
  guint total = 0;

  for (gsize i = 0; i < PAGES * PAGE; i++)
    total += bytes[i];
  return total;
}

/** KiB of the program's files that are mapped to pages. */
static guint64
resident_files(void)
{
  g_autofree char *status = NULL;
  GError *error = NULL;
  const char *line;

  g_file_get_contents("/proc/self/status", &status, NULL, &error);
  g_assert_no_error(error);
  line = strstr(status, "RssFile:");
  g_assert_nonnull(line);
  return g_ascii_strtoull(line + strlen("RssFile:"), NULL, 10);
}

static void
touch(void)
{
  g_assert_cmpuint(sum(constants), ==, 3);
  memset(variables, 1, sizeof variables);
}

static void
check_contents(void)
{
  g_assert_cmpuint(sum(constants), ==, 3);
  g_assert_cmpuint(sum(variables), ==, sizeof variables);
}

static void
test_release(void)
{
  guint64 before;

  touch();
  before = resident_files();
  fwd_settling_release();
  g_assert_cmpuint(resident_files() + PAGES * PAGE / 2 / 1024, <, before);
  check_contents();
}

static void
test_nothing_is_lost(void)
{
  g_autofree char *text = g_strnfill(100000, 'x');

  touch();
  for (guint i = 0; i < 3; i++)
    fwd_settling_release();
  g_assert_cmpuint(strlen(text), ==, 100000);
  check_contents();
}

/* Events. */

static void
publish(FwdEventBus *bus, const char *type)
{
  fwd_event_bus_publish(bus, fwd_event_new(type, "test", NULL));
}

/** Whether the timer of the delay is there. */
static gboolean
is_waiting(void)
{
  return g_main_context_iteration(NULL, FALSE);
}

static void
test_events(void)
{
  g_autoptr(FwdEventBus) bus = fwd_event_bus_new();
  g_autoptr(FwdSettling) settling = fwd_settling_new(bus, 0);

  publish(bus, FWD_EVENT_PEER_JOINED);
  publish(bus, FWD_EVENT_CONNECTION_LOST);
  g_assert_false(is_waiting());
  touch();
  publish(bus, FWD_EVENT_CONNECTION_ESTABLISHED);
  publish(bus, FWD_EVENT_CONNECTION_UPGRADED);
  g_assert_true(is_waiting());
  g_assert_false(is_waiting());
  check_contents();
}

static void
test_freed_before(void)
{
  g_autoptr(FwdEventBus) bus = fwd_event_bus_new();

  publish(bus, FWD_EVENT_CONNECTION_ESTABLISHED);
  fwd_settling_free(fwd_settling_new(bus, 0));
  publish(bus, FWD_EVENT_CONNECTION_ESTABLISHED);
  g_assert_false(is_waiting());
}

static void
test_freed_while_waiting(void)
{
  g_autoptr(FwdEventBus) bus = fwd_event_bus_new();
  FwdSettling *settling = fwd_settling_new(bus, 0);

  publish(bus, FWD_EVENT_CONNECTION_ESTABLISHED);
  fwd_settling_free(settling);
  g_assert_false(is_waiting());
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/core/settling/release", test_release);
  g_test_add_func("/core/settling/nothing-is-lost", test_nothing_is_lost);
  g_test_add_func("/core/settling/events", test_events);
  g_test_add_func("/core/settling/freed-before", test_freed_before);
  g_test_add_func("/core/settling/freed-while-waiting", test_freed_while_waiting);
  return g_test_run();
}

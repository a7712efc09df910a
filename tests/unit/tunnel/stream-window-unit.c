/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/stream-window.h"

#define MS       (G_GINT64_CONSTANT(1000000))
#define RTT      (80 * MS)
#define MIN_SIZE ((gsize)FWD_STREAM_WINDOW_MIN)
#define MAX_SIZE ((gsize)FWD_STREAM_WINDOW_MAX)

/* A sender that is held up by the window all the time: a window's worth each round trip. */
static gsize
receive(FwdStreamWindow *window, guint rounds, gint64 rtt, gint64 *now, gsize *spent)
{
  gsize given = 0;

  for (guint i = 0; i < rounds; i++) {
    *now += RTT;
    given += window->size;
    g_assert_true(fwd_stream_window_delivered(window, window->size));
    given += fwd_stream_window_grow(window, rtt, *now, spent);
  }
  return given;
}

static void
test_grows_with_the_rate(void)
{
  FwdStreamWindow window;
  gint64 now = 1000 * MS;
  gsize spent = 0;

  fwd_stream_window_init(&window);
  receive(&window, 1, RTT, &now, &spent);
  g_assert_cmpuint(window.size, ==, MIN_SIZE);
  g_assert_cmpuint(receive(&window, 1, RTT, &now, &spent), ==, 2 * MIN_SIZE);
  g_assert_cmpuint(window.size, ==, 2 * MIN_SIZE);
  receive(&window, 20, RTT, &now, &spent);
  g_assert_cmpuint(window.size, ==, MAX_SIZE);
  g_assert_cmpuint(spent, ==, MAX_SIZE - MIN_SIZE);
  fwd_stream_window_clear(&window, &spent);
  g_assert_cmpuint(spent, ==, 0);
}

static void
test_slow_reader(void)
{
  FwdStreamWindow window;
  gint64 now = 1000 * MS;
  gsize spent = 0;

  fwd_stream_window_init(&window);
  receive(&window, 100, RTT / 8, &now, &spent);
  g_assert_cmpuint(window.size, ==, MIN_SIZE);
  for (guint i = 0; i < 100; i++)
    g_assert_false(fwd_stream_window_delivered(&window, 1));
  g_assert_cmpuint(spent, ==, 0);
}

/* The first ones have all; who comes later has what each begins with, and always that. */
static void
test_purse(void)
{
  FwdStreamWindow windows[32];
  gint64 now = 1000 * MS;
  gsize spent = 0;

  for (guint i = 0; i < G_N_ELEMENTS(windows); i++) {
    fwd_stream_window_init(&windows[i]);
    receive(&windows[i], 20, RTT, &now, &spent);
    g_assert_cmpuint(spent, <=, FWD_STREAM_PURSE);
  }
  g_assert_cmpuint(spent, ==, FWD_STREAM_PURSE);
  g_assert_cmpuint(windows[31].size, ==, MIN_SIZE);
  fwd_stream_window_clear(&windows[0], &spent);
  receive(&windows[31], 20, RTT, &now, &spent);
  g_assert_cmpuint(windows[31].size, ==, MAX_SIZE);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stream-window/grows", test_grows_with_the_rate);
  g_test_add_func("/stream-window/slow", test_slow_reader);
  g_test_add_func("/stream-window/purse", test_purse);
  return g_test_run();
}

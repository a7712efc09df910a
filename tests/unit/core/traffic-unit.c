/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/mapping.h>

#define ROUNDS 10000

static void
test_starts_at_zero(void)
{
  g_autoptr(FwdTraffic) traffic = fwd_traffic_new();

  g_assert_cmpuint(fwd_traffic_get(traffic, connections), ==, 0);
  g_assert_cmpuint(fwd_traffic_get(traffic, total), ==, 0);
  g_assert_cmpuint(fwd_traffic_get(traffic, bytes_in), ==, 0);
  g_assert_cmpuint(fwd_traffic_get(traffic, bytes_out), ==, 0);
  g_assert_cmpuint(fwd_traffic_get(traffic, errors), ==, 0);
}

static void
test_counts_up_and_down(void)
{
  g_autoptr(FwdTraffic) traffic = fwd_traffic_new();

  fwd_traffic_add(traffic, connections, 2);
  fwd_traffic_add(traffic, connections, -1);
  fwd_traffic_add(traffic, bytes_in, G_GUINT64_CONSTANT(5000000000));
  g_assert_cmpuint(fwd_traffic_get(traffic, connections), ==, 1);
  g_assert_cmpuint(fwd_traffic_get(traffic, bytes_in), ==, G_GUINT64_CONSTANT(5000000000));
  g_assert_cmpuint(fwd_traffic_get(traffic, bytes_out), ==, 0);
}

static gpointer
count(gpointer data)
{
  g_autoptr(FwdTraffic) traffic = data;

  for (int i = 0; i < ROUNDS; i++)
    fwd_traffic_add(traffic, total, 1);
  return NULL;
}

static void
test_threads(void)
{
  g_autoptr(FwdTraffic) traffic = fwd_traffic_new();
  GThread *a = g_thread_new("a", count, fwd_traffic_ref(traffic));
  GThread *b = g_thread_new("b", count, fwd_traffic_ref(traffic));

  g_thread_join(a);
  g_thread_join(b);
  g_assert_cmpuint(fwd_traffic_get(traffic, total), ==, 2 * ROUNDS);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/core/traffic/starts-at-zero", test_starts_at_zero);
  g_test_add_func("/core/traffic/counts-up-and-down", test_counts_up_and_down);
  g_test_add_func("/core/traffic/threads", test_threads);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "websocket-backoff.h"

static void
test_doubles(void)
{
  const guint expected[] = {250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000};
  FwdBackoff backoff = {0};

  for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
    fwd_backoff_failed(&backoff, 0);
    g_assert_cmpuint(fwd_backoff_delay(&backoff, 0.5), ==, expected[i]);
  }
}

static void
test_jitter(void)
{
  FwdBackoff backoff = {0};

  fwd_backoff_failed(&backoff, 0);
  fwd_backoff_failed(&backoff, 0);
  g_assert_cmpuint(fwd_backoff_delay(&backoff, 0.0), ==, 375);
  g_assert_cmpuint(fwd_backoff_delay(&backoff, 1.0), ==, 625);
}

static void
test_never_over_the_most(void)
{
  FwdBackoff backoff = {0};

  for (guint i = 0; i < 100; i++)
    fwd_backoff_failed(&backoff, 0);
  g_assert_cmpuint(fwd_backoff_delay(&backoff, 1.0), ==, FWD_BACKOFF_MAX_MS);
  g_assert_cmpuint(fwd_backoff_delay(&backoff, 0.0), >=, FWD_BACKOFF_MAX_MS / 2);
}

static void
test_reset(void)
{
  FwdBackoff backoff = {0};

  for (guint i = 0; i < 5; i++)
    fwd_backoff_failed(&backoff, 0);
  fwd_backoff_failed(&backoff, FWD_BACKOFF_RESET_S * G_USEC_PER_SEC - 1);
  g_assert_cmpuint(fwd_backoff_delay(&backoff, 0.5), ==, 8000);
  fwd_backoff_failed(&backoff, FWD_BACKOFF_RESET_S * G_USEC_PER_SEC);
  g_assert_cmpuint(fwd_backoff_delay(&backoff, 0.5), ==, FWD_BACKOFF_FIRST_MS);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/websocket-backoff/doubles", test_doubles);
  g_test_add_func("/websocket-backoff/jitter", test_jitter);
  g_test_add_func("/websocket-backoff/never-over-the-most", test_never_over_the_most);
  g_test_add_func("/websocket-backoff/reset", test_reset);
  return g_test_run();
}

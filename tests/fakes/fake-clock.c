/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static gboolean started;
static gint64 now_us;
static gint64 stop_us;
static gboolean asleep; /* the context last polled without a timeout */

/* GLib reads the time through this symbol, and the program's own comes first. */
int
clock_gettime(clockid_t clock, struct timespec *time)
{
  if (!started || clock != CLOCK_MONOTONIC)
    return syscall(SYS_clock_gettime, clock, time);
  time->tv_sec = now_us / G_USEC_PER_SEC;
  time->tv_nsec = now_us % G_USEC_PER_SEC * 1000;
  return 0;
}

static gint
fake_poll(GPollFD *fds, guint count, gint timeout_ms)
{
  const gint ready = g_poll(fds, count, 0);

  asleep = ready == 0 && timeout_ms < 0;
  if (ready == 0 && timeout_ms > 0)
    now_us = MIN(now_us + timeout_ms * (gint64)1000, MAX(stop_us, now_us));
  return ready;
}

void
fake_clock_start(void)
{
  now_us = 1000 * G_USEC_PER_SEC;
  started = TRUE;
  g_main_context_set_poll_func(NULL, fake_poll);
  g_assert_cmpint(g_get_monotonic_time(), ==, now_us);
}

gint64
fake_clock_now(void)
{
  return now_us;
}

gboolean
fake_clock_run(const gboolean *done, guint limit_ms)
{
  stop_us = now_us + limit_ms * (gint64)1000;
  while (!*done && now_us < stop_us) {
    g_main_context_iteration(NULL, TRUE);
    if (asleep && !*done && !g_main_context_pending(NULL))
      now_us = stop_us;
  }
  return *done;
}

void
fake_clock_settle(void)
{
  while (g_main_context_iteration(NULL, FALSE))
    ;
}

gboolean
fake_clock_is_idle(void)
{
  asleep = FALSE;
  fake_clock_settle();
  stop_us = now_us;
  g_main_context_iteration(NULL, TRUE);
  return asleep;
}

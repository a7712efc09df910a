/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/timer-heap.h"

#define COUNT 200

typedef struct {
  FwdTimer timer;
  guint fired;
  FwdTimerHeap *heap;
} Timer;

static gint64 latest;

static void
note(FwdTimer *timer, gint64 now)
{
  Timer *self = (Timer *)timer;

  g_assert_cmpint(timer->deadline, <=, now);
  g_assert_cmpint(timer->deadline, >=, latest);
  latest = timer->deadline;
  self->fired++;
}

static void
again(FwdTimer *timer, gint64 now)
{
  Timer *self = (Timer *)timer;

  self->fired++;
  fwd_timer_heap_set(self->heap, timer, now);
}

static void
test_empty(void)
{
  FwdTimerHeap heap;

  fwd_timer_heap_init(&heap);
  g_assert_cmpint(fwd_timer_heap_deadline(&heap), ==, G_MAXINT64);
  fwd_timer_heap_fire(&heap, 100);
  fwd_timer_heap_clear(&heap);
}

/* Sets, moves and removes at random, then fires in two steps. */
static void
test_order(void)
{
  FwdTimerHeap heap;
  Timer timers[COUNT] = {0};
  guint expected = 0, fired = 0;

  fwd_timer_heap_init(&heap);
  for (guint i = 0; i < COUNT * 20; i++) {
    Timer *timer = &timers[g_test_rand_int_range(0, COUNT)];
    timer->timer.fire = note;
    if (g_test_rand_int_range(0, 4) == 0)
      fwd_timer_heap_remove(&heap, &timer->timer);
    else
      fwd_timer_heap_set(&heap, &timer->timer, g_test_rand_int_range(0, 1000));
  }
  for (guint i = 0; i < COUNT; i++)
    expected += timers[i].timer.position != 0;
  latest = 0;
  fwd_timer_heap_fire(&heap, 499);
  g_assert_cmpint(fwd_timer_heap_deadline(&heap), >, 499);
  fwd_timer_heap_fire(&heap, 1000);
  for (guint i = 0; i < COUNT; i++) {
    g_assert_cmpuint(timers[i].timer.position, ==, 0);
    g_assert_cmpuint(timers[i].fired, <=, 1);
    fired += timers[i].fired;
  }
  g_assert_cmpuint(fired, ==, expected);
  fwd_timer_heap_clear(&heap);
}

static void
test_a_round_ends(void)
{
  FwdTimerHeap heap;
  Timer timer = {.timer.fire = again, .heap = &heap};

  fwd_timer_heap_init(&heap);
  fwd_timer_heap_set(&heap, &timer.timer, 99);
  fwd_timer_heap_fire(&heap, 98);
  g_assert_cmpuint(timer.fired, ==, 0);
  fwd_timer_heap_fire(&heap, 99);
  g_assert_cmpuint(timer.fired, ==, 1);
  g_assert_cmpint(fwd_timer_heap_deadline(&heap), ==, 99);
  fwd_timer_heap_clear(&heap);
  g_assert_cmpuint(timer.timer.position, ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/timer-heap/empty", test_empty);
  g_test_add_func("/timer-heap/order", test_order);
  g_test_add_func("/timer-heap/round-ends", test_a_round_ends);
  return g_test_run();
}

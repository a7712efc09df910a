/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/timer-heap.h"

void
fwd_timer_heap_init(FwdTimerHeap *heap)
{
  heap->timers = g_ptr_array_new();
}

void
fwd_timer_heap_clear(FwdTimerHeap *heap)
{
  for (guint i = 0; i < heap->timers->len; i++)
    ((FwdTimer *)heap->timers->pdata[i])->position = 0;
  g_clear_pointer(&heap->timers, g_ptr_array_unref);
}

/* Positions count from 1: the children of n are 2n and 2n + 1. */
static FwdTimer *
get(const FwdTimerHeap *heap, guint position)
{
  return heap->timers->pdata[position - 1];
}

static void
put(FwdTimerHeap *heap, FwdTimer *timer, guint position)
{
  heap->timers->pdata[position - 1] = timer;
  timer->position = position;
}

static void
sift_up(FwdTimerHeap *heap, FwdTimer *timer)
{
  guint position = timer->position;

  while (position > 1 && get(heap, position / 2)->deadline > timer->deadline) {
    put(heap, get(heap, position / 2), position);
    position /= 2;
  }
  put(heap, timer, position);
}

static void
sift_down(FwdTimerHeap *heap, FwdTimer *timer)
{
  guint position = timer->position, count = heap->timers->len;

  while (2 * position <= count) {
    guint child = 2 * position;
    if (child < count && get(heap, child + 1)->deadline < get(heap, child)->deadline)
      child++;
    if (get(heap, child)->deadline >= timer->deadline)
      break;
    put(heap, get(heap, child), position);
    position = child;
  }
  put(heap, timer, position);
}

void
fwd_timer_heap_set(FwdTimerHeap *heap, FwdTimer *timer, gint64 deadline)
{
  gboolean later = timer->position != 0 && deadline > timer->deadline;

  timer->deadline = deadline;
  if (timer->position == 0) {
    g_ptr_array_add(heap->timers, timer);
    timer->position = heap->timers->len;
  }
  if (later)
    sift_down(heap, timer);
  else
    sift_up(heap, timer);
}

void
fwd_timer_heap_remove(FwdTimerHeap *heap, FwdTimer *timer)
{
  guint position = timer->position;
  FwdTimer *last;

  if (position == 0)
    return;
  timer->position = 0;
  last = get(heap, heap->timers->len);
  g_ptr_array_set_size(heap->timers, (gint)heap->timers->len - 1);
  if (last == timer)
    return;
  put(heap, last, position);
  sift_up(heap, last);
  sift_down(heap, last);
}

gint64
fwd_timer_heap_deadline(const FwdTimerHeap *heap)
{
  return heap->timers->len == 0 ? G_MAXINT64 : get(heap, 1)->deadline;
}

void
fwd_timer_heap_fire(FwdTimerHeap *heap, gint64 now)
{
  for (guint budget = heap->timers->len; budget > 0; budget--) {
    FwdTimer *timer;

    if (fwd_timer_heap_deadline(heap) > now)
      return;
    timer = get(heap, 1);
    fwd_timer_heap_remove(heap, timer);
    timer->fire(timer, now);
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Timers in a binary heap, the earliest first; each knows its own place. */
#pragma once

#include "tunnel/data-loop.h"

typedef struct {
  GPtrArray *timers; /**< of FwdTimer, which belong to others */
} FwdTimerHeap;

void fwd_timer_heap_init(FwdTimerHeap *heap);
/** The timers that are left are not set any more. */
void fwd_timer_heap_clear(FwdTimerHeap *heap);

/** Sets a timer, or moves it. */
void fwd_timer_heap_set(FwdTimerHeap *heap, FwdTimer *timer, gint64 deadline);
/** Nothing happens to a timer that is not set. */
void fwd_timer_heap_remove(FwdTimerHeap *heap, FwdTimer *timer);
/** The earliest deadline; G_MAXINT64 when no timer is set. */
gint64 fwd_timer_heap_deadline(const FwdTimerHeap *heap);

/**
 * Fires what is due at @now, each timer that was set before at most once, so
 * that one that sets itself to the past cannot hold up the round.
 */
void fwd_timer_heap_fire(FwdTimerHeap *heap, gint64 now);

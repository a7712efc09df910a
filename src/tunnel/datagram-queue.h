/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Datagrams that wait to be sent, in a ring of fixed size: putting one into it
 * costs no allocation. Who speaks in datagrams prefers fresh ones, so the oldest
 * are dropped: to make room, and when they have waited too long. Loop thread
 * only. Time is a parameter, in nanoseconds.
 */
#pragma once

#include <glib.h>

#define FWD_DATAGRAM_QUEUE_SIZE (512 * 1024)
/** Largest UDP payload (over IPv4). */
#define FWD_DATAGRAM_MAX 65507
/** Longer than BBR's pauses to measure the round trip, which are 200 ms. */
#define FWD_DATAGRAM_AGE_MAX (250 * G_GINT64_CONSTANT(1000000))
/** So many are kept at any age: a lone question outlives a change of the path. */
#define FWD_DATAGRAM_KEPT 16

typedef struct {
  guint8 *ring; /**< made at the first use */
  gsize read, write;
  gsize end; /**< where reading wraps around */
  guint count;
} FwdDatagramQueue;

/**
 * Appends a datagram of at most FWD_DATAGRAM_MAX bytes for @flow. Returns how
 * many were dropped to make room.
 */
guint fwd_datagram_queue_push(FwdDatagramQueue *queue, guint64 flow, const guint8 *data,
                              gsize length, gint64 now);
/** Drops those that have waited too long. Returns how many. */
guint fwd_datagram_queue_expire(FwdDatagramQueue *queue, gint64 now);
/** The first one; NULL when empty. */
const guint8 *
fwd_datagram_queue_peek(const FwdDatagramQueue *queue, guint64 *flow, gsize *length);
/** Drops the first one. */
void fwd_datagram_queue_pop(FwdDatagramQueue *queue);
/** Drops all and gives the memory back. */
void fwd_datagram_queue_clear(FwdDatagramQueue *queue);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Datagrams that wait to be sent, in a ring of fixed size: reading one from a
 * socket into it costs no allocation. Loop thread only.
 */
#pragma once

#include <glib.h>

#define FWD_DATAGRAM_QUEUE_SIZE (512 * 1024)
/** Largest UDP payload (over IPv4). */
#define FWD_DATAGRAM_MAX 65507

typedef struct {
  guint8 *ring; /**< made at the first use */
  gsize read, write;
  gsize end; /**< where reading wraps around */
  guint count;
} FwdDatagramQueue;

/** Room for one datagram of up to FWD_DATAGRAM_MAX bytes; NULL when the queue is full. */
guint8 *fwd_datagram_queue_reserve(FwdDatagramQueue *queue);
/** What was reserved holds @length bytes for @flow. */
void fwd_datagram_queue_commit(FwdDatagramQueue *queue, guint64 flow, gsize length);
/** The first one; NULL when empty. */
const guint8 *
fwd_datagram_queue_peek(const FwdDatagramQueue *queue, guint64 *flow, gsize *length);
void fwd_datagram_queue_pop(FwdDatagramQueue *queue);
/** Gives the memory back; what waits is lost. */
void fwd_datagram_queue_clear(FwdDatagramQueue *queue);

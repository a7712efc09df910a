/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Writes a connection's packets in batches for segmentation offload: streams as
 * the scheduler says, datagrams of flows beside them, probes of the path's size.
 * Loop thread only.
 */
#pragma once

#include "path/path-set.h"
#include "tunnel/flight-limit.h"
#include "tunnel/stream.h"

typedef struct {
  guint8 *buffer;
  gsize length; /**< of the batch in @buffer */
  gsize sent;   /**< of that, taken by the path */
  gsize segment;
  FwdPathId path;
  gboolean blocked; /**< the path takes nothing now */
  gsize written;    /**< in the last run */
  gboolean expired; /**< QUIC's timer has gone off since the last run */
  gboolean due;     /**< what it was for is to be written, limit or not */
  guint heard;      /**< packets since the last run */
  gsize heard_bytes;
  gint64 owing;           /**< since when an acknowledgement may be owed; 0 not */
  FwdFlightLimit limit;   /**< of a paced connection */
  guint64 allowed;        /**< what it leaves for this run */
  gssize datagram_credit; /**< bytes of datagrams that may go before a stream's turn */
  FwdStream *heartbeat;   /**< NULL before it is open */
  guint64 beats_sent, beats_acknowledged;
} FwdQuicWriter;

void fwd_quic_writer_init(FwdQuicWriter *writer);
void fwd_quic_writer_clear(FwdQuicWriter *writer);
/** @stream is about to be freed. */
void fwd_quic_writer_forget(FwdQuicWriter *writer, const FwdStream *stream);

/**
 * Writes what can be written now. Returns 0, or ngtcp2's error that ends the
 * connection. *@more: there is more to write than this round's share.
 */
int fwd_quic_writer_run(FwdTunnelEnd *end, gint64 now, gboolean *more);

/** QUIC's timer has gone off. */
void fwd_quic_writer_expired(FwdQuicWriter *writer);
/** A packet has come. */
void fwd_quic_writer_heard(FwdQuicWriter *writer, gsize length);
/**
 * When fwd_quic_writer_run() must be called after all that there is to write is an
 * acknowledgement at most, which an answer that follows may take along; 0: now.
 */
gint64 fwd_quic_writer_wait(FwdTunnelEnd *end, gint64 now);

/** Largest datagram of a flow that fits a packet of the current path. */
gsize fwd_quic_writer_datagram_max(const FwdTunnelEnd *end);

/** Sends one packet by itself, after what is in the batch. */
void fwd_quic_writer_send(FwdTunnelEnd *end, FwdPathId id, const guint8 *packet, gsize length,
                          gint64 now);

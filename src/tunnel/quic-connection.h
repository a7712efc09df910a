/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One end of a QUIC connection (RFC 9000, RFC 9221) on ngtcp2. It reads packets
 * and turns QUIC's callbacks into FwdQuicEvents; fwd_quic_writer_run() writes.
 * Paths are shown to QUIC as the synthetic addresses of their path set. Loop
 * thread only. Time is a parameter, in nanoseconds.
 */
#pragma once

#include "tunnel/demultiplexer.h"
#include "tunnel/quic-tls.h"
#include "tunnel/quic-tunnel.h"
#include "tunnel/stream.h"
#include <ngtcp2/ngtcp2.h>

/**
 * QUIC acknowledges after an eighth of the round trip, or at once after a packet
 * number that was spent on an acknowledgement alone: near by, that is sooner than a
 * program can answer, and every question and answer would be two packets. So it waits
 * up to this, which the peer is told. Beside a ping-pong the timer goes off in vain once
 * in that time, which is why it is not shorter.
 */
#define FWD_QUIC_PATIENCE ((gint64)(3 * NGTCP2_MILLISECONDS))

/** What QUIC tells. Called from inside ngtcp2: record, and do not call into the connection. */
typedef struct {
  /** The peer has opened a stream: returns what stands for it from now on. */
  FwdStream *(*stream_opened)(gint64 id, gpointer user_data);
  /** The peer allows more streams. */
  void (*streams_allowed)(gpointer user_data);
  void (*stream_unblocked)(FwdStream *stream, gpointer user_data);
  void (*datagram)(const guint8 *data, gsize length, gpointer user_data);
  /** What was sent with @tag was acknowledged, or is lost. */
  void (*datagram_settled)(guint64 tag, gboolean lost, gpointer user_data);
} FwdQuicEvents;

typedef struct {
  ngtcp2_conn *quic; /**< NULL until the handshake starts */
  gnutls_session_t tls;
  FwdQuicTlsPeer peer;
  FwdIdentity *identity;
  FwdDemultiplexer *demultiplexer;
  FwdReceiver *receiver;
  guint64 connection_id;
  gboolean server;
  gboolean paced;      /**< BBR, which needs it; CUBIC on a LAN does without */
  gboolean connected;  /**< both ends have proved their keys */
  gboolean confirmed;  /**< RFC 9001, 4.1.2: the connection may migrate */
  FwdPathId first;     /**< the path that QUIC is shown until then */
  FwdPathId heard;     /**< where the last packet came from */
  FwdPathId migrating; /**< being validated */
  gint64 next_migration;
  guint64 received; /**< stream bytes since the connection's window was extended */
  const FwdQuicEvents *events;
  gpointer user_data;
} FwdQuicConnection;

/** @connection is zero-initialised but for what its owner sets up to @server, and the events.
 */
void fwd_quic_connection_init(FwdQuicConnection *connection, FwdIdentity *identity,
                              const FwdQuicTunnelConfig *config);
void fwd_quic_connection_clear(FwdQuicConnection *connection);

/** Whether the round trip is known to be that of a LAN: congestion control goes by that. */
gboolean fwd_quic_connection_is_near(const FwdPath *path);

/** The client's first step. @path: what is known of the first path. FALSE: out of memory. */
gboolean fwd_quic_connection_start(FwdQuicConnection *connection, FwdPathId id,
                                   const FwdPath *path, gint64 now);

/** 0, or ngtcp2's error that ends the connection. */
int fwd_quic_connection_read(FwdQuicConnection *connection, FwdPathId id, const FwdPath *path,
                             const guint8 *packet, gsize length, gint64 now);

/** Gives the connection's window back what arrived, but @withheld bytes; after reading. */
void fwd_quic_connection_extend(FwdQuicConnection *connection, guint64 withheld);

/** The path that the packets go to which QUIC wrote for @id. */
FwdPathId fwd_quic_connection_route(const FwdQuicConnection *connection, FwdPathId id);
/** The path that QUIC uses; 0 before there is a connection. */
FwdPathId fwd_quic_connection_path(const FwdQuicConnection *connection);

/** Largest packet that QUIC writes for @path, which may be NULL: 0. */
guint16 fwd_quic_connection_mtu(const FwdQuicConnection *connection, const FwdPath *path);

/**
 * The client moves to path @id: after validation, or at once when the old one is
 * broken. It is refused for a while when no connection id is left: call again.
 */
void fwd_quic_connection_migrate(FwdQuicConnection *connection, FwdPathId id, gboolean broken,
                                 gint64 now);

/** Writes CONNECTION_CLOSE; returns its length or 0, and the path for it. */
gsize fwd_quic_connection_write_close(FwdQuicConnection *connection, int reason, guint8 *packet,
                                      gsize size, FwdPathId *id, gint64 now);

/** Why the connection ended with @result, as the caller of fwd_quic_connection_read() got it.
 */
GError *fwd_quic_connection_error(const FwdQuicConnection *connection, int result);

/* Between quic-connection.c and quic-callbacks.c. */
extern const ngtcp2_callbacks fwd_quic_callbacks;
/** Makes an id of ours known to the demultiplexer. */
void fwd_quic_connection_issue(FwdQuicConnection *connection, ngtcp2_cid *id);
guint64 fwd_quic_connection_id_value(const ngtcp2_cid *id);

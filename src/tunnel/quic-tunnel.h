/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The tunnel: a FwdTunnel whose other half, a QUIC connection over a path set,
 * lives on the data-loop. Main thread only. It is CONNECTING until a first
 * path was added and the handshake is done, survives the loss of all paths for
 * 30 s, and is CLOSED after that, when the peer closes it, or on close.
 */
#pragma once

#include "tunnel/data-plane.h"
#include <stunfwd/signaling.h>
#include <stunfwd/tunnel.h>

#define FWD_TYPE_QUIC_TUNNEL (fwd_quic_tunnel_get_type())
G_DECLARE_FINAL_TYPE(FwdQuicTunnel, fwd_quic_tunnel, FWD, QUIC_TUNNEL, GObject)

typedef struct {
  FwdRole role;                             /**< own role: the client opens the connection */
  char peer[FWD_PEER_ID_SIZE + 1];          /**< the peer's id */
  guint8 fingerprint[FWD_FINGERPRINT_SIZE]; /**< of the key that the peer must prove */
  guint64 connection_id; /**< the first destination connection id, which both sides derived */
  guint32 flow_idle_ms;  /**< ends flows without traffic; 0 for the usual 60 s */
} FwdQuicTunnelConfig;

typedef struct {
  guint64 bytes_in, bytes_out; /**< of UDP payload */
  guint64 packets_in, packets_out;
  guint64 streams; /**< open now */
  guint64 flows;
  gsize held_in, held_out; /**< bytes of memory for what waits in streams */
  guint64 datagrams_lost; /**< flow datagrams the tunnel had to drop or QUIC saw lost */
  guint32 rtt_us;         /**< QUIC's smoothed round trip */
  guint path_count;
  FwdPathInfo paths[FWD_PATHS_MAX]; /**< the active one first */
} FwdTunnelStatistics;

/**
 * Properties: "state" (FwdTunnelState as a uint, notify), "path-class".
 * Signals:
 *  "channel"      (FwdChannel *)  the peer has opened one; without a handler it is refused
 *  "sampled"      ()              statistics are fresh
 *  "path-changed" ()              the active path is another one; statistics are fresh
 *  "path-lost"    ()              no path is alive: find new ones
 *  "closed"       (GError *)      why it is CLOSED
 */
FwdQuicTunnel *fwd_quic_tunnel_new(FwdDataPlane *plane, const FwdQuicTunnelConfig *config);

/** Hands a path over (transfer full); the first one starts the handshake. */
void fwd_quic_tunnel_add_path(FwdQuicTunnel *self, FwdPath *path);

/** Sampled once a second, and at every change of path (transfer none). */
const FwdTunnelStatistics *fwd_quic_tunnel_get_statistics(FwdQuicTunnel *self);

/**
 * The rules have changed by which channels of the peer are judged, or what they
 * lead to: each is asked about anew. Holds from the moment of the call.
 */
void fwd_quic_tunnel_forget_targets(FwdQuicTunnel *self);

/**
 * Lets streams that are open finish for at most @limit_ms (FIN and what is
 * queued), then closes; "closed" follows.
 */
void fwd_quic_tunnel_drain(FwdQuicTunnel *self, guint limit_ms);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The half of a tunnel that lives on the data-loop: the connection, its paths,
 * streams and flows. The main thread holds references and posts; each message
 * on its way, in either direction, holds a reference too.
 */
#pragma once

#include "tunnel/data-plane.h"
#include "tunnel/flow.h"
#include "tunnel/held-initial.h"
#include "tunnel/path-mtu.h"
#include "tunnel/quic-connection.h"
#include "tunnel/quic-tunnel.h"
#include "tunnel/quic-writer.h"
#include "tunnel/scheduler.h"
#include "tunnel/target-table.h"
#include <stunfwd/error.h>

/** Bytes of streams that wait to be sent; somewhat more may, see docs/architecture.md. */
#define FWD_TUNNEL_END_HELD_MAX ((gsize)128 * 1024 * 1024)
/** Received ones: more than honest peers need, however many streams nobody reads. */
#define FWD_TUNNEL_END_RECEIVED_MAX (2 * FWD_TUNNEL_END_HELD_MAX)

/** What the loop half tells; called on the main thread, which may have let go of the end. */
typedef struct {
  void (*connected)(gpointer owner);
  void (*channel)(gpointer owner, FwdChannelKind kind, gint64 stream, const char *header);
  void (*path_changed)(gpointer owner);
  void (*path_lost)(gpointer owner);
  void (*statistics)(gpointer owner, const FwdTunnelStatistics *statistics);
  void (*closed)(gpointer owner, const GError *why);
} FwdTunnelEndEvents;

/** What was opened here and may have to wait; see opening.h. */
typedef struct {
  FwdChannelKind kind;
  char *header;
  int fd;
  gboolean own; /**< the loop made the descriptor: it is as the pump wants it */
  FwdTraffic *traffic;
  gint64 deadline;
} FwdTunnelOpen;

struct FwdTunnelEnd {
  gatomicrefcount references;

  /* Main thread. */
  const FwdTunnelEndEvents *events;
  gpointer owner; /**< NULL when nobody listens any more */
  gboolean ended; /**< closed, or told to close: the loop may be gone by now */

  /** Of the rules by which channels are let in: the main thread counts up (atomic). */
  gint generation;

  /* Loop thread. */
  FwdDataLoop *loop;
  FwdDemultiplexer *demultiplexer;
  FwdReceiver receiver;
  FwdPathSet *paths;
  FwdQuicConnection connection;
  FwdQuicWriter writer;
  FwdPathMtu mtu;
  FwdHeldInitial held;
  FwdScheduler scheduler;
  FwdFlows flows;
  FwdChunkPool incoming, outgoing; /**< not delivered yet; not acknowledged yet */
  gsize windows;                   /**< of the purse for streams' windows, spent */
  GHashTable *streams; /**< gint64 * (in the stream) → FwdStream (owned) */
  GQueue ready;        /**< streams to serve this round */
  GQueue waiting;      /**< of FwdTunnelOpen (owned) */
  GQueue listeners;    /**< see listener.h */
  FwdTargetTable targets;
  guint places_free;   /**< of streams of the peer that have ended; it knows later */
  FwdDeferred service;
  FwdTimer quic_timer, path_timer, tick_timer;
  gint64 began;
  gint64 drain_deadline;
  gboolean closed, told_connected;
  int failure;    /**< what ngtcp2 said when reading; acted on at the end of the round */
  gboolean moved; /**< the active path has changed: the client migrates */
  gboolean broken;
  guint64 bytes_in, bytes_out, packets_in, packets_out;
};

/** Main thread. */
FwdTunnelEnd *fwd_tunnel_end_new(FwdDataPlane *plane, const FwdQuicTunnelConfig *config,
                                 const FwdTunnelEndEvents *events, gpointer owner);
FwdTunnelEnd *fwd_tunnel_end_ref(FwdTunnelEnd *end);
void fwd_tunnel_end_unref(FwdTunnelEnd *end);

/* Main thread: messages to the loop half; see the functions of quic-tunnel.h and tunnel.h. */
void fwd_tunnel_end_add_path(FwdTunnelEnd *end, FwdPath *path);
void fwd_tunnel_end_open(FwdTunnelEnd *end, FwdChannelKind kind, const char *header, int fd,
                         FwdTraffic *traffic);
void fwd_tunnel_end_release(FwdTunnelEnd *end, int fd);
/** @endpoint: where @fd is connected to, for fwd_channel_accept_endpoint(); may be NULL. */
void fwd_tunnel_end_accept(FwdTunnelEnd *end, gint64 stream, int fd,
                           const FwdEndpoint *endpoint, guint generation);
void fwd_tunnel_end_refuse(FwdTunnelEnd *end, gint64 stream, guint64 code);
void fwd_tunnel_end_drain(FwdTunnelEnd *end, guint limit_ms);
void fwd_tunnel_end_close(FwdTunnelEnd *end);

/* Loop thread. */
void fwd_tunnel_end_start(FwdTunnelEnd *end);
/** Closes the connection and everything in it, and tells the owner @why (transfer full). */
void fwd_tunnel_end_finish(FwdTunnelEnd *end, int result, GError *why);
/** Takes a path over (transfer full). */
void fwd_tunnel_end_take_path(FwdTunnelEnd *end, FwdPath *path);
/** Has work to do at the end of this round. */
void fwd_tunnel_end_wake(FwdTunnelEnd *end);
FwdStream *fwd_tunnel_end_find(FwdTunnelEnd *end, gint64 id);

/* Loop thread: messages to the main thread. */
void fwd_tunnel_end_tell_connected(FwdTunnelEnd *end);
void fwd_tunnel_end_tell_channel(FwdTunnelEnd *end, FwdChannelKind kind, gint64 stream,
                                 const char *header, gsize length);
void fwd_tunnel_end_tell_statistics(FwdTunnelEnd *end, gboolean path_changed, gboolean lost);
void fwd_tunnel_end_tell_closed(FwdTunnelEnd *end, GError *why);

static inline gint64
fwd_tunnel_end_now(FwdTunnelEnd *end)
{
  return fwd_data_loop_now(end->loop);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Flows: datagrams between one local address here and one local socket there.
 * A flow lives as long as the bidirectional stream that opened it, whose id it
 * has. Its datagrams travel as QUIC DATAGRAM frames (varint flow id, payload),
 * or in a unidirectional stream each when a packet can't hold them. Loop thread
 * only.
 */
#pragma once

#include "tunnel/datagram-queue.h"
#include "tunnel/datagram-reader.h"
#include "tunnel/datagram-run.h"
#include "tunnel/stream.h"
#include <stunfwd/endpoint.h>

#define FWD_FLOWS_MAX         4096
#define FWD_FLOW_IDLE_SECONDS 60
/** Datagrams that came before their flow could be served: for each flow, and in all. */
#define FWD_FLOW_HELD_MAX       16
#define FWD_FLOW_HELD_BYTES_MAX (256 * 1024)
/** Datagrams on their way in streams of their own. */
#define FWD_FLOW_LARGE_MAX 64

/** A local datagram socket: bound, with many flows, or connected, with one. */
typedef struct {
  FwdTunnelEnd *end;
  FwdWatch watch;
  gboolean readable;
  gboolean segments;     /**< UDP: the kernel splits what is sent into datagrams */
  char *header;          /**< for the flows it opens; NULL when connected */
  FwdTraffic *traffic;   /**< may be NULL */
  GHashTable *by_remote; /**< FwdEndpoint * (in the flow) → FwdFlow; NULL when connected */
  FwdFlow *only;         /**< of a connected socket */
  GList link;
} FwdFlowSocket;

struct FwdFlow {
  guint64 id;
  FwdStream *stream;     /**< NULL while only datagrams of it have come */
  FwdFlowSocket *socket; /**< NULL until the channel is accepted */
  FwdEndpoint remote;    /**< of a bound socket: who speaks */
  gint64 used;
  GQueue held; /**< of GBytes */
};

typedef struct {
  FwdTunnelEnd *end;
  GHashTable *by_id; /**< guint64 * (in the flow) → FwdFlow (owned) */
  GQueue sockets;    /**< of FwdFlowSocket */
  FwdDatagramQueue queue;
  FwdDatagramReader *reader; /**< made at the first use */
  FwdDatagramRun run;        /**< from the peer, delivered at the latest when the round ends */
  FwdFlow *run_flow;         /**< whose they are; NULL when there are none */
  gsize held_bytes;
  guint large;
  gint64 idle_limit;
  guint64 lost; /**< dropped here, or seen lost by QUIC */
} FwdFlows;

void fwd_flows_init(FwdFlows *flows, FwdTunnelEnd *end, gint64 idle_limit);
void fwd_flows_clear(FwdFlows *flows);

/** Takes a bound socket over (transfer full). */
void fwd_flows_listen(FwdFlows *flows, int fd, const char *header, FwdTraffic *traffic);
/** Closes a bound socket and ends its flows. */
void fwd_flows_release(FwdFlows *flows, int fd);

/** The peer has opened a flow on @stream. FALSE when there are too many. */
gboolean fwd_flows_opened(FwdFlows *flows, FwdStream *stream);
/** Serves a flow with a connected socket (transfer full). */
void fwd_flow_attach(FwdFlows *flows, FwdFlow *flow, int fd);
/** Ends the flow and its stream. */
void fwd_flow_end(FwdFlows *flows, FwdFlow *flow);

/** Delivers what was gathered, and reads the sockets that have something. */
void fwd_flows_serve(FwdFlows *flows);
/** A datagram frame from the peer: varint flow id, payload. */
void fwd_flows_received(FwdFlows *flows, const guint8 *data, gsize length);
/** Sends a datagram in a stream of its own. */
void fwd_flows_send_large(FwdFlows *flows, guint64 flow, const guint8 *data, gsize length);
/** Ends flows that were idle too long. */
void fwd_flows_expire(FwdFlows *flows, gint64 now);

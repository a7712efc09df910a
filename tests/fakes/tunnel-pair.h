/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A client's and a server's tunnel in one process, each with a data plane of its
 * own, over real UDP sockets on loopback. What either end is asked to serve, it
 * serves with one end of a fresh TCP or UDP socket pair and hands out the other.
 */
#pragma once

#include "tunnel/quic-tunnel.h"

enum { FWD_PAIR_CLIENT, FWD_PAIR_SERVER };

/** Targets with a meaning; all others are served. */
#define FWD_PAIR_REFUSE "refuse"
#define FWD_PAIR_IGNORE "ignore" /**< the channel stays in @held */

typedef struct {
  FwdIdentity *identity[2];
  FwdDataPlane *plane[2];
  FwdQuicTunnel *tunnel[2];
  GError *closed[2]; /**< what "closed" said */
  guint lost[2];     /**< "path-lost" */
  guint changed[2];  /**< "path-changed" */
  GQueue served;     /**< far ends (as pointers) of what was served, in order */
  GQueue held;       /**< of FwdChannel */
  char *forwarder;   /**< of the last channel */
  GPtrArray *links;  /**< loss of the paths that were added; see below */
  gboolean paced;
  int buffer; /**< of TCP sockets, each way; 0: the system's */
} FwdTunnelPair;

typedef struct {
  int loss_permille; /**< of packets either way; atomic */
  int references;
} FwdPairLink;

typedef struct {
  guint32 flow_idle_ms;
  gboolean paced; /**< connect by a relay: BBR with pacing, as on all that is not near */
  int buffer;     /**< of TCP sockets, each way */
  gboolean client_expects_other, server_expects_other; /**< a wrong fingerprint */
} FwdTunnelPairOptions;

FwdTunnelPair *fwd_tunnel_pair_new(const FwdTunnelPairOptions *options);
/** Closes what is open. */
void fwd_tunnel_pair_free(FwdTunnelPair *pair);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdTunnelPair, fwd_tunnel_pair_free)

/** Adds a path over @family with a loss that may be changed later. */
FwdPairLink *fwd_tunnel_pair_add_path(FwdTunnelPair *pair, int family, FwdPathClass path_class,
                                      int loss_permille);
void fwd_pair_link_set_loss(FwdPairLink *link, int loss_permille);

/** Runs the main context until @done is TRUE; fails the test after 30 s. */
void fwd_tunnel_pair_wait(FwdTunnelPair *pair, gboolean (*done)(FwdTunnelPair *pair));
void fwd_tunnel_pair_connect(FwdTunnelPair *pair);
/** Both ends' statistics are no older than this call then. */
void fwd_tunnel_pair_sample(FwdTunnelPair *pair);
/** Waits for the next channel that is served and returns its far descriptor. */
int fwd_tunnel_pair_next_served(FwdTunnelPair *pair);

/** Opens a channel from end @from; the near TCP descriptor, and the far one. */
int fwd_tunnel_pair_open(FwdTunnelPair *pair, guint from, const char *target);
void fwd_tunnel_pair_connection(FwdTunnelPair *pair, guint from, int *near_fd, int *far_fd);

/** Two ends of a TCP connection on loopback. Reads and writes give up after 30 s. */
void fwd_pair_make_tcp(int fds[2]);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One peer of a session, from its first hello on: who it is, where it may be
 * reached, the race for a path to it, the tunnel. Main thread only.
 */
#pragma once

#include "meeting/keys.h"
#include "meeting/protocol.h"
#include "session/connector.h"
#include "tunnel/quic-tunnel.h"

typedef enum {
  FWD_PEER_WAITING,    /**< no race yet, or between two races; ends with the next race */
  FWD_PEER_CONNECTING, /**< a race runs; ends with a tunnel or with all strategies' limits */
  FWD_PEER_CONNECTED,  /**< the tunnel is up; ends when no path is alive */
  FWD_PEER_LOST,       /**< a tunnel without a path; ends with a path, or after 30 s */
  FWD_PEER_GONE,       /**< for ever */
} FwdPeerState;

/** "waiting", "connecting", "connected", "lost" or "gone"; static. */
const char *fwd_peer_state_to_string(FwdPeerState state);

/** Of which classes a path is alive. */
typedef struct {
  gboolean lan, p2p, relay;
} FwdPathsAlive;

#define FWD_TYPE_PEER (fwd_peer_get_type())
G_DECLARE_FINAL_TYPE(FwdPeer, fwd_peer, FWD, PEER, GObject)

/** What all peers of a session share; copied, the objects are kept. */
typedef struct {
  FwdRole role;            /**< own role */
  const FwdRoomKeys *keys; /**< outlives the peers */
  guint8 nonce[FWD_SESSION_NONCE_SIZE];
  FwdDataPlane *plane;
  FwdPluginRegistry *registry;
  FwdEventBus *bus;
  FwdSurroundings *surroundings;
} FwdPeerContext;

/**
 * Property: "state" (FwdPeerState as a uint, with notify).
 * Signals:
 *  "channel"  (FwdChannel *)  the peer opened one
 *  "send"     (guint race, const char *strategy, GVariant *body)  a strategy's message
 *  "finished" (gboolean found)  no strategy runs any more
 *  "paths"    (gboolean direct_lost)  other classes of paths are alive than before;
 *             @direct_lost: a direct one was, and none is
 *  "closed"   (GError *)  the tunnel is closed
 */
FwdPeer *fwd_peer_new(const FwdPeerContext *context, const FwdMessage *hello);

const char *fwd_peer_get_id(FwdPeer *self);
FwdPeerState fwd_peer_get_state(FwdPeer *self);

/** The room's name for it, which may change; NULL while it is not in the room. */
const char *fwd_peer_get_member(FwdPeer *self);
void fwd_peer_set_member(FwdPeer *self, const char *member);

/** Nonce of the peer's session, FWD_SESSION_NONCE_SIZE bytes. */
const guint8 *fwd_peer_get_nonce(FwdPeer *self);
/** Whether a message of that number has not come before; remembers it. */
gboolean fwd_peer_accept_sequence(FwdPeer *self, guint64 sequence);

/** Takes a hello, the first or a later one. */
void fwd_peer_take_hello(FwdPeer *self, const FwdMessage *hello);
/** Ids of the strategies that it can run (transfer none). */
const char *const *fwd_peer_get_strategies(FwdPeer *self);

/** Keeps what the peer tells of its end; copied. */
void fwd_peer_take_story(FwdPeer *self, const FwdStory *story);
/** NULL while it has told nothing (transfer none). */
const FwdStory *fwd_peer_get_remote_story(FwdPeer *self);

/** Makes a tunnel of that number, in place of the one there was; numbers count up from 1. */
void fwd_peer_begin_tunnel(FwdPeer *self, guint32 number);
/** Number of the tunnel, 0 when there is none. */
guint32 fwd_peer_get_tunnel_number(FwdPeer *self);
/** Starts the race of that number, which the client chose. */
void fwd_peer_race(FwdPeer *self, guint32 number, const char *const *strategies);
guint32 fwd_peer_get_race_number(FwdPeer *self);
/** Lets open streams finish for at most @limit_ms, then closes; the state becomes GONE. */
void fwd_peer_drain(FwdPeer *self, guint limit_ms);
/** Closes at once. */
void fwd_peer_close(FwdPeer *self);
/** See fwd_quic_tunnel_forget_targets(). */
void fwd_peer_forget_targets(FwdPeer *self);

/** (transfer none) */
FwdConnector *fwd_peer_get_connector(FwdPeer *self);
/** While it is connected or lost, else NULL (transfer none). */
FwdTunnel *fwd_peer_get_tunnel(FwdPeer *self);
/** As last sampled, at most 1 s ago. */
FwdPathsAlive fwd_peer_get_paths_alive(FwdPeer *self);
/** NULL while there is none. */
const FwdTunnelStatistics *fwd_peer_get_statistics(FwdPeer *self);
/**
 * Milliseconds from the start of the first race for this tunnel to the first
 * path, and to the last change to a path of a better class; 0 none.
 */
guint fwd_peer_get_first_path_ms(FwdPeer *self);
guint fwd_peer_get_upgraded_at_ms(FwdPeer *self);

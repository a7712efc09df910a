/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Reads the sockets of a session on its data-loop and tells packets apart
 * (RFC 7983, RFC 9443): checks are answered or matched here, QUIC goes to its
 * connection by connection id, other STUN goes to the main thread.
 * Loop thread only, but for new and free.
 */
#pragma once

#include "path/path-set.h"
#include "tunnel/data-loop.h"
#include "tunnel/strangers.h"

/** All connection ids that stunfwd issues have this length, the first one included. */
#define FWD_CONNECTION_ID_SIZE 8

typedef struct FwdDemultiplexer FwdDemultiplexer;

/** One end of a tunnel, embedded in whoever receives its packets. */
typedef struct FwdReceiver {
  FwdPathSet *paths;
  char peer[FWD_PEER_ID_SIZE + 1];
  /** One QUIC packet (or several coalesced in one datagram), valid during the call. */
  void (*receive)(struct FwdReceiver *receiver, FwdPathId path, const guint8 *packet,
                  gsize length, gint64 now);
  /** A path that took nothing may take again. */
  void (*writable)(struct FwdReceiver *receiver);
  /** The path set's deadline may have changed. */
  void (*paths_changed)(struct FwdReceiver *receiver);
} FwdReceiver;

/** What goes to the main thread; called there, through fwd_data_loop_reply(). */
typedef struct {
  /** STUN that is no check of ours: answers of STUN servers. */
  void (*stun)(const FwdEndpoint *from, const guint8 *data, gsize length, gint64 when_us,
               gpointer user_data);
  /** A check of @peer came from @from, and was answered. */
  void (*challenged)(const char *peer, const FwdEndpoint *from, gpointer user_data);
  /** A check sent by the main thread was answered. */
  void (*checked)(const guint8 *transaction, const FwdEndpoint *from, gint64 when_us,
                  gpointer user_data);
} FwdDemultiplexerEvents;

/** Any thread, before the loop uses it. @self: own peer id. Key and id are copied. */
FwdDemultiplexer *
fwd_demultiplexer_new(FwdDataLoop *loop, const guint8 *probe_key, const char *self,
                      const FwdDemultiplexerEvents *events, gpointer user_data);
/** After all receivers and sockets are removed, and the loop, with its replies, has ended. */
void fwd_demultiplexer_free(FwdDemultiplexer *demultiplexer);

/** Starts to read a shared socket; the descriptor stays the caller's. */
void fwd_demultiplexer_add_socket(FwdDemultiplexer *demultiplexer, int fd);
void fwd_demultiplexer_remove_socket(FwdDemultiplexer *demultiplexer, int fd);

/**
 * Polls and reads a path that has a descriptor of its own; nothing happens for
 * one on the shared socket. @receiver was added before.
 */
void fwd_demultiplexer_add_path(FwdDemultiplexer *demultiplexer, FwdReceiver *receiver,
                                FwdPathId id);
/** Before @path is closed. */
void fwd_demultiplexer_remove_path(FwdDemultiplexer *demultiplexer, const FwdPath *path);

/**
 * Checks that @receiver's path set sends are matched as long as it is added, and
 * a path of its set that takes nothing is waited for.
 */
void fwd_demultiplexer_add_receiver(FwdDemultiplexer *demultiplexer, FwdReceiver *receiver);
/** Forgets its connection ids and its paths' descriptors too. Allowed in its callbacks. */
void fwd_demultiplexer_remove_receiver(FwdDemultiplexer *demultiplexer, FwdReceiver *receiver);

/**
 * Packets for this connection id, its bytes read as a big-endian number, go to
 * @receiver, which was added before. A packet from an endpoint
 * that is none of its paths makes a new one (the peer's NAT has changed its
 * mind), of the class and strategy of the active path.
 */
void fwd_demultiplexer_add_connection_id(FwdDemultiplexer *demultiplexer, guint64 id,
                                         FwdReceiver *receiver);
void fwd_demultiplexer_remove_connection_id(FwdDemultiplexer *demultiplexer, guint64 id);

FwdStrangerCounts fwd_demultiplexer_get_counters(const FwdDemultiplexer *demultiplexer);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A path is an unreliable way for datagrams to the peer and back. A strategy
 * makes one on the main thread and hands it over; from then on it is used on
 * its tunnel's data-loop alone. Nothing here may block or allocate per packet.
 */
#pragma once

#include <stunfwd/endpoint.h>
#include <sys/types.h>

G_BEGIN_DECLS

typedef enum {
  FWD_PATH_CLASS_LAN,
  FWD_PATH_CLASS_P2P,
  FWD_PATH_CLASS_RELAY,
} FwdPathClass;

/** "lan", "p2p" or "relay"; static. */
const char *fwd_path_class_to_string(FwdPathClass path_class);

/** How packets stand in a byte stream; each has its length, 16 bits big-endian, before it. */
typedef enum {
  FWD_FRAMING_LENGTH,    /**< one after the other: over TCP */
  FWD_FRAMING_WEBSOCKET, /**< in binary messages (RFC 6455) of a WebSocket client */
} FwdFraming;

/** Packets of @segment bytes each, back to back; the last may be shorter. */
typedef struct {
  const guint8 *data;
  gsize length;
  gsize segment;
} FwdPacketBatch;

typedef struct FwdPath FwdPath;

typedef struct {
  /** sizeof(FwdPathOps) of the plugin, so that the table can grow. */
  gsize size;

  /**
   * Sends a batch. Returns how many bytes were taken, always whole packets;
   * 0 when nothing can be taken now (the caller tries again when the path's
   * descriptor is writable); -errno when the path is dead. What the network
   * drops counts as taken.
   */
  gssize (*send_batch)(FwdPath *path, const FwdPacketBatch *batch);

  /**
   * Reads one batch into @buffer of @size bytes (at least 65,536). Returns its
   * length and sets *@segment; 0 when there is nothing now; -errno when the
   * path is dead. NULL for a path on the session's shared socket, which the
   * data-loop reads itself.
   */
  gssize (*recv_batch)(FwdPath *path, guint8 *buffer, gsize size, gsize *segment);

  /** Closes what the path owns and frees it. Called once, on the data-loop. */
  void (*close)(FwdPath *path);

  /**
   * For a path that may keep part of what it has taken: sends on from there.
   * Returns 0 when nothing is kept, 1 when something still is (the caller tries
   * again when the path's descriptor is writable), -errno when the path is dead.
   * NULL: it never keeps anything.
   */
  int (*flush)(FwdPath *path);
} FwdPathOps;

/** A plugin's own path starts with this struct. */
struct FwdPath {
  const FwdPathOps *ops;
  FwdPathClass path_class;
  char strategy[24]; /**< id of the strategy that found it */
  int fd;            /**< to poll for input and output; not owned by whoever polls it */
  gboolean shared;   /**< @fd is the session's shared socket: told apart by @remote */
  guint16 mtu;       /**< largest packet it carries, in bytes of UDP payload */
  guint32 rtt_us;    /**< the shortest round trip seen; 0 unknown */
  FwdEndpoint local; /**< real addresses, for people and for statistics */
  FwdEndpoint remote;
};

/** Calls ops->flush if the path has it; 0 if not. */
int fwd_path_flush(FwdPath *path);

/** Calls ops->close. @path may be NULL. */
void fwd_path_close(FwdPath *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdPath, fwd_path_close)

G_END_DECLS

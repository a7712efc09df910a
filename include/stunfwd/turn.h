/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * An allocation on a TURN server (RFC 8656): a public endpoint from which packets
 * of permitted peers reach us, and ours reach them. A strategy makes it, finds the
 * peer through it, and turns it into a path. Main thread only.
 */
#pragma once

#include <gio/gio.h>
#include <stunfwd/path.h>

G_BEGIN_DECLS

/** A TURN server with long-term credentials. */
typedef struct {
  char *uri; /**< RFC 7065: "turn:HOST[:PORT][?transport=udp|tcp]", "turns:…" */
  char *username;
  char *password;
} FwdTurnServer;

/** Copies the texts (transfer full). */
FwdTurnServer *fwd_turn_server_new(const char *uri, const char *username, const char *password);
void fwd_turn_server_free(FwdTurnServer *server);
/** An empty array that owns what is put in. */
GPtrArray *fwd_turn_servers_new(void);

#define FWD_TYPE_TURN_ALLOCATION (fwd_turn_allocation_get_type())
G_DECLARE_FINAL_TYPE(FwdTurnAllocation, fwd_turn_allocation, FWD, TURN_ALLOCATION, GObject)

/*
 * Signals:
 *  "received" (FwdEndpoint *from, GBytes *data)  a packet of a permitted peer
 *  "lost"     (GError *)                         the server does not keep it any more
 * None of them comes after it became a path. With the last reference it is released.
 */

/** An "UDP 192.0.2.1:3478"-like name of one way to a server (transfer full); for the story. */
char *fwd_turn_allocation_describe(FwdTurnAllocation *self);

/**
 * Asks all @servers (of FwdTurnServer, best first) that there is a way to: over
 * UDP at once, over TCP after 300 ms, over TLS after 600 ms; of each as soon as
 * those before have failed. The first allocation wins, the others are given up.
 * Errors: FWD_STRATEGY_ERROR with UNSUPPORTED (no server), DENIED (all refused the
 * credentials), UNREACHABLE; the message says what became of each.
 */
void fwd_turn_allocate_async(const GPtrArray *servers, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
/** (transfer full) */
FwdTurnAllocation *fwd_turn_allocate_finish(GAsyncResult *result, GError **error);

/** Where peers send to (transfer none). */
const FwdEndpoint *fwd_turn_allocation_get_relayed(FwdTurnAllocation *self);

/**
 * Lets packets through from the address of @peer, whatever the port, and keeps
 * it so. FALSE when it cannot be asked for: another family, or too many.
 */
gboolean fwd_turn_allocation_permit(FwdTurnAllocation *self, const FwdEndpoint *peer);

/** Sends a packet of up to 1,200 bytes to @peer, which should be permitted. It may be lost. */
void fwd_turn_allocation_send(FwdTurnAllocation *self, const FwdEndpoint *peer,
                              const guint8 *data, gsize length);

/**
 * A path to @peer of class RELAY (transfer full) that takes the allocation over;
 * @self is spent. NULL when it was lost, or spent before.
 */
FwdPath *fwd_turn_allocation_into_path(FwdTurnAllocation *self, const char *strategy,
                                       const FwdEndpoint *peer, guint rtt_us);

G_END_DECLS

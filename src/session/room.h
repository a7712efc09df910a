/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The room as a session sees it: typed messages go in and come out, sealed on
 * the way through whatever signaling transport the URL picks. Main thread only.
 */
#pragma once

#include "core/plugin-registry.h"
#include "meeting/keys.h"
#include "meeting/protocol.h"

#define FWD_TYPE_ROOM (fwd_room_get_type())
G_DECLARE_FINAL_TYPE(FwdRoom, fwd_room, FWD, ROOM, GObject)

/**
 * Signals:
 *  "joined"        ()  for the first time or again
 *  "disconnected"  ()  it joins again by itself
 *  "failed"        (GError *)  for good
 *  "member-joined" (const char *member)  of the other role
 *  "member-left"   (const char *member)
 *  "message"       (const char *member, gpointer FwdMessage)  opened and well-formed;
 *                  whether it is fresh is for the session to say
 * @keys outlives the room. @peer_id: own.
 */
FwdRoom *fwd_room_new(FwdRole role, const FwdRoomKeys *keys, const char *peer_id);

/** Errors: FWD_SIGNALING_ERROR with UNSUPPORTED (no transport for the scheme) or INVALID. */
gboolean fwd_room_join(FwdRoom *self, FwdPluginRegistry *registry, GUri *url, GError **error);
void fwd_room_leave(FwdRoom *self);
/** Joins anew at once: the connection belongs to a network that is gone. */
void fwd_room_renew(FwdRoom *self);

gboolean fwd_room_is_joined(FwdRoom *self);
/** Id of the transport plugin; "" before join. */
const char *fwd_room_get_transport(FwdRoom *self);
/** "HOST:PORT" that the signaling server told (transfer full), or NULL. */
GStrv fwd_room_get_stun_servers(FwdRoom *self);
/** FwdTurnServer that the signaling server told (transfer full), or NULL. */
GPtrArray *fwd_room_get_turn_servers(FwdRoom *self);
/** "ADDRESS:PORT" that the signaling server sees us at (transfer full), or NULL. */
char *fwd_room_get_public_endpoint(FwdRoom *self);
/** Own nonce, FWD_SESSION_NONCE_SIZE bytes. */
const guint8 *fwd_room_get_nonce(FwdRoom *self);

/**
 * Completes @message (sender, nonces, number), seals it and sends it. Takes
 * @message. @echo: the receiver's nonce, NULL when unknown. FALSE when it did
 * not leave.
 */
gboolean
fwd_room_send(FwdRoom *self, const char *member, FwdMessage *message, const guint8 *echo);

/** Envelopes that were dropped: another key, malformed, too large. */
guint64 fwd_room_get_dropped(FwdRoom *self);

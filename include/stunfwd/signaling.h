/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A signaling transport carries sealed envelopes between the members of a
 * room. It sees ciphertext only. It reconnects by itself, with back-off, from
 * the first successful or failed connect until leave. Main thread only.
 *
 * The registry makes the object; the host sets it going with connect.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** Largest envelope, in bytes, that a transport must carry. */
#define FWD_SIGNALING_MESSAGE_MAX 16384

typedef enum {
  FWD_ROLE_SERVER, /**< next to the services */
  FWD_ROLE_CLIENT, /**< opens local ports; the controlling side (RFC 8445) */
} FwdRole;

/** "server" or "client"; static. */
const char *fwd_role_to_string(FwdRole role);
gboolean fwd_role_from_string(const char *text, FwdRole *role);

typedef enum {
  FWD_SIGNALING_DISCONNECTED, /**< not started, or between two attempts */
  FWD_SIGNALING_CONNECTING,
  FWD_SIGNALING_JOINED,
  FWD_SIGNALING_LEFT, /**< for ever */
} FwdSignalingState;

#define FWD_TYPE_SIGNALING (fwd_signaling_get_type())
G_DECLARE_INTERFACE(FwdSignaling, fwd_signaling, FWD, SIGNALING, GObject)

/**
 * Properties an implementation has: "state" (FwdSignalingState as a uint, with
 * notify) and "stun-servers" (GStrv: "HOST:PORT" that the server told, or NULL). It
 * may have "public-endpoint" (string, "ADDRESS:PORT" the server sees us at, or NULL)
 * and "turn-servers" (GPtrArray of FwdTurnServer that the server told, or NULL).
 *
 * Signals (fwd_signaling_emit_…() emits them):
 *  "peer-joined" (const char *member, guint role)   also for each one present at a join, at
 *                            each join: those who stayed may not know us by our new id
 *  "peer-left"   (const char *member)
 *  "message"     (const char *member, GBytes *envelope)
 *  "failed"      (GError *)  one line about an attempt that failed; it goes on trying if
 *                            fwd_error_is_retryable(), else the state is LEFT
 * A member's id is the transport's: it lasts from peer-joined to peer-left.
 */
struct _FwdSignalingInterface {
  GTypeInterface parent;

  gboolean (*connect)(FwdSignaling *self, GUri *url, const char *room, FwdRole role,
                      GError **error);
  gboolean (*send)(FwdSignaling *self, const char *member, GBytes *envelope, GError **error);
  void (*leave)(FwdSignaling *self);
  gpointer reserved[8];
};

/**
 * Starts to connect to @url and to join @room, and returns at once; what comes
 * of it is told by signals. @room is 1 to 128 characters of [A-Za-z0-9._~-].
 * Called once. Errors: FWD_ERROR_INVALID in FWD_SIGNALING_ERROR for a URL that
 * this transport cannot use.
 */
gboolean fwd_signaling_connect(FwdSignaling *self, GUri *url, const char *room, FwdRole role,
                               GError **error);

/**
 * Sends @envelope to one member of the room. TRUE when it was handed to the
 * network: whether it arrives, only an answer tells. Errors: CLOSED when not
 * joined, LIMIT over FWD_SIGNALING_MESSAGE_MAX, INVALID for an unknown member.
 */
gboolean fwd_signaling_send(FwdSignaling *self, const char *member, GBytes *envelope,
                            GError **error);

/** Leaves the room and closes. No signal but notify::state comes after it. */
void fwd_signaling_leave(FwdSignaling *self);

FwdSignalingState fwd_signaling_get_state(FwdSignaling *self);
/** "HOST:PORT" of STUN servers that the signaling server told (transfer full), or NULL. */
GStrv fwd_signaling_get_stun_servers(FwdSignaling *self);

/**
 * TURN servers that the signaling server told, FwdTurnServer each (transfer full,
 * the elements are not to be changed); NULL when it told none, or cannot.
 */
GPtrArray *fwd_signaling_get_turn_servers(FwdSignaling *self);

/**
 * "ADDRESS:PORT" from which the server sees the connection come (transfer full). NULL
 * when it did not tell, or when the transport has no property "public-endpoint".
 */
char *fwd_signaling_get_public_endpoint(FwdSignaling *self);

/** For implementations. */
void fwd_signaling_emit_peer_joined(FwdSignaling *self, const char *member, FwdRole role);
void fwd_signaling_emit_peer_left(FwdSignaling *self, const char *member);
void fwd_signaling_emit_message(FwdSignaling *self, const char *member, GBytes *envelope);
void fwd_signaling_emit_failed(FwdSignaling *self, const GError *error);

G_END_DECLS

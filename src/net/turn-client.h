/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The client's side of one TURN allocation (RFC 8656) with long-term
 * credentials (RFC 8489, 9.2): allocates, refreshes, holds permissions and
 * channels until it is released. Passive: it sends through a function, is told
 * what arrives, and time is a parameter (microseconds, monotonic). Belongs to
 * one thread at a time.
 */
#pragma once

#include "turn-message.h"

typedef struct FwdTurnClient FwdTurnClient;

/** Permissions and channels of one client. */
#define FWD_TURN_GRANTS_MAX 24
/** Longest user name (RFC 8489, 14.3), password, and realm or nonce that is taken. */
#define FWD_TURN_USERNAME_MAX 508
#define FWD_TURN_PASSWORD_MAX 256
#define FWD_TURN_REALM_MAX    256

typedef void (*FwdTurnSend)(const guint8 *data, gsize length, gpointer user_data);

typedef struct {
  const char *username; /**< copied; over its limit it is refused like a wrong one */
  const char *password;
  gboolean reliable;  /**< over TCP or TLS: nothing is sent twice */
  int family;         /**< of the relayed address; AF_UNSPEC: the server's choice, IPv4 */
  gboolean redirects; /**< take a 300: a client that was redirected itself must not */
} FwdTurnClientConfig;

typedef enum {
  FWD_TURN_IDLE,
  FWD_TURN_ALLOCATING,
  FWD_TURN_ALLOCATED,
  FWD_TURN_REDIRECTED, /**< fwd_turn_client_get_alternate() tells where to */
  FWD_TURN_FAILED,     /**< fwd_turn_client_get_error() tells why */
  FWD_TURN_RELEASED,
} FwdTurnState;

/** Of a permission or a channel. */
typedef enum {
  FWD_TURN_GRANT_NONE,
  FWD_TURN_GRANT_ASKED,
  FWD_TURN_GRANT_HELD,
  FWD_TURN_GRANT_REFUSED,
} FwdTurnGrant;

FwdTurnClient *
fwd_turn_client_new(const FwdTurnClientConfig *config, FwdTurnSend send, gpointer user_data);
/** Releases nothing. */
void fwd_turn_client_free(FwdTurnClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdTurnClient, fwd_turn_client_free)

/** Whoever uses it from now on. */
void fwd_turn_client_set_send(FwdTurnClient *client, FwdTurnSend send, gpointer user_data);

void fwd_turn_client_start(FwdTurnClient *client, gint64 now);
/** Gives the allocation back, in one message that nobody waits for. */
void fwd_turn_client_release(FwdTurnClient *client, gint64 now);

FwdTurnState fwd_turn_client_get_state(const FwdTurnClient *client);
/** The last error code of the server for the allocation (300 to 699); 0: it did not answer. */
guint fwd_turn_client_get_error(const FwdTurnClient *client);
/** Where peers reach the client, and how the server sees it; when allocated. */
const FwdEndpoint *fwd_turn_client_get_relayed(const FwdTurnClient *client);
const FwdEndpoint *fwd_turn_client_get_mapped(const FwdTurnClient *client);
/** When redirected. */
const FwdEndpoint *fwd_turn_client_get_alternate(const FwdTurnClient *client);

/**
 * Asks for a permission for the address of @peer, and keeps it. FALSE when there
 * is no room, no allocation, or the peer is of another family.
 */
gboolean fwd_turn_client_permit(FwdTurnClient *client, const FwdEndpoint *peer, gint64 now);
FwdTurnGrant
fwd_turn_client_get_permission(const FwdTurnClient *client, const FwdEndpoint *peer);

/** Asks for a channel to @peer, and keeps it. Its number, or 0 as permit says FALSE. */
guint16 fwd_turn_client_bind(FwdTurnClient *client, const FwdEndpoint *peer, gint64 now);
FwdTurnGrant fwd_turn_client_get_channel(const FwdTurnClient *client, guint16 channel);

/** One message of the server. TRUE when it was data of a peer: @packet points into it. */
gboolean fwd_turn_client_receive(FwdTurnClient *client, const guint8 *data, gsize length,
                                 gint64 now, FwdTurnPacket *packet);

/** When fwd_turn_client_tick() is next due: cheap to ask; G_MAXINT64 when there is nothing. */
gint64 fwd_turn_client_deadline(const FwdTurnClient *client);
void fwd_turn_client_tick(FwdTurnClient *client, gint64 now);

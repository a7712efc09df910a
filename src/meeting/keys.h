/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The keys of a room. HKDF-SHA256 (RFC 5869) turns the secret into the room's
 * name, the sealing key and the probe key; a room id with a passphrase becomes
 * a secret by Argon2id (RFC 9106).
 */
#pragma once

#include "meeting/ticket.h"

#define FWD_ROOM_NAME_SIZE 32 /**< characters: base64url of 24 bytes */
#define FWD_KEY_SIZE       32

typedef struct {
  char room[FWD_ROOM_NAME_SIZE + 1];
  guint8 sealing[FWD_KEY_SIZE];
  guint8 probe[FWD_KEY_SIZE];
} FwdRoomKeys;

void fwd_room_keys_derive(const guint8 secret[FWD_SECRET_SIZE], FwdRoomKeys *keys);
void fwd_room_keys_wipe(FwdRoomKeys *keys);

/**
 * Takes about 0.1 s and 64 MiB. Errors: FWD_MEETING_ERROR with INVALID for an
 * empty room or passphrase. *@weak, if not NULL: the passphrase is one that can
 * be guessed (short or of few different characters).
 */
gboolean
fwd_secret_from_passphrase(const char *room, const char *passphrase,
                           guint8 secret[FWD_SECRET_SIZE], gboolean *weak, GError **error);

/**
 * The first connection id of the tunnel between two sessions: both sides derive
 * it from the sealing key and both nonces, a stranger cannot.
 */
guint64 fwd_room_keys_connection_id(const FwdRoomKeys *keys, const guint8 *client_nonce,
                                    const guint8 *server_nonce);

/**
 * Fills @output for one purpose between two sessions, told by @info: both sides
 * derive the same, a stranger cannot.
 */
void fwd_room_keys_derive_shared(const FwdRoomKeys *keys, const guint8 *client_nonce,
                                 const guint8 *server_nonce, const char *info, guint8 *output,
                                 gsize size);

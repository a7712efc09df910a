/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/keys.h"
#include "meeting/hkdf.h"
#include "meeting/passphrase.h"
#include "meeting/protocol.h"

#include <sodium.h>
#include <stunfwd/error.h>
#include <string.h>

#define ROOM_BYTES     24
#define ROOM_ID_MAX    128
#define PASSPHRASE_MAX 1024
#define ARGON2_PASSES  3
#define ARGON2_MEMORY  (64 * 1024 * 1024)

static void
expand(const guint8 *key, const char *info, guint8 *output, gsize size)
{
  fwd_hkdf_expand(key, (const guint8 *)info, strlen(info), output, size);
}

void
fwd_room_keys_derive(const guint8 secret[FWD_SECRET_SIZE], FwdRoomKeys *keys)
{
  guint8 key[FWD_HKDF_HASH_SIZE];
  guint8 room[ROOM_BYTES];

  fwd_hkdf_extract(NULL, 0, secret, FWD_SECRET_SIZE, key);
  expand(key, "stunfwd room", room, sizeof room);
  expand(key, "stunfwd sealing", keys->sealing, sizeof keys->sealing);
  expand(key, "stunfwd probe", keys->probe, sizeof keys->probe);
  sodium_bin2base64(keys->room, sizeof keys->room, room, sizeof room,
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  sodium_memzero(key, sizeof key);
}

void
fwd_room_keys_wipe(FwdRoomKeys *keys)
{
  sodium_memzero(keys, sizeof *keys);
}

static gboolean
check_length(const char *what, const char *text, gsize limit, GError **error)
{
  if (*text != '\0' && strlen(text) <= limit)
    return TRUE;
  g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID,
              *text == '\0' ? "the %s is empty"
                            : "the %s is longer than %" G_GSIZE_FORMAT " bytes",
              what, limit);
  return FALSE;
}

/* The salt must be the same on both sides, who share nothing but the room's id. */
static void
salt_of_room(const char *room, guint8 salt[crypto_pwhash_SALTBYTES])
{
  g_autofree char *text = g_strconcat("stunfwd room ", room, NULL);
  guint8 hash[crypto_hash_sha256_BYTES];

  crypto_hash_sha256(hash, (const guint8 *)text, strlen(text));
  memcpy(salt, hash, crypto_pwhash_SALTBYTES);
}

gboolean
fwd_secret_from_passphrase(const char *room, const char *passphrase,
                           guint8 secret[FWD_SECRET_SIZE], gboolean *weak, GError **error)
{
  guint8 salt[crypto_pwhash_SALTBYTES];

  if (!check_length("room", room, ROOM_ID_MAX, error) ||
      !check_length("passphrase", passphrase, PASSPHRASE_MAX, error))
    return FALSE;
  salt_of_room(room, salt);
  if (sodium_init() < 0 ||
      crypto_pwhash(secret, FWD_SECRET_SIZE, passphrase, strlen(passphrase), salt,
                    ARGON2_PASSES, ARGON2_MEMORY, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_FAILED,
                "the passphrase could not be turned into a key: no %d MiB of memory",
                ARGON2_MEMORY / (1024 * 1024));
    return FALSE;
  }
  if (weak != NULL)
    *weak = fwd_passphrase_is_weak(passphrase);
  return TRUE;
}

void
fwd_room_keys_derive_shared(const FwdRoomKeys *keys, const guint8 *client_nonce,
                            const guint8 *server_nonce, const char *info, guint8 *output,
                            gsize size)
{
  g_autoptr(GByteArray) all = g_byte_array_new();
  guint8 key[FWD_HKDF_HASH_SIZE];

  g_byte_array_append(all, (const guint8 *)info, (guint)strlen(info));
  g_byte_array_append(all, client_nonce, FWD_SESSION_NONCE_SIZE);
  g_byte_array_append(all, server_nonce, FWD_SESSION_NONCE_SIZE);
  fwd_hkdf_extract(NULL, 0, keys->sealing, sizeof keys->sealing, key);
  fwd_hkdf_expand(key, all->data, all->len, output, size);
  sodium_memzero(key, sizeof key);
}

guint64
fwd_room_keys_connection_id(const FwdRoomKeys *keys, const guint8 *client_nonce,
                            const guint8 *server_nonce)
{
  guint64 id;

  fwd_room_keys_derive_shared(keys, client_nonce, server_nonce, "stunfwd connection id",
                              (guint8 *)&id, sizeof id);
  return GUINT64_FROM_BE(id);
}

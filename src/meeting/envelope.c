/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/envelope.h"
#include "meeting/base64url.h"

#include <sodium.h>
#include <stunfwd/error.h>
#include <string.h>

#define NONCE_SIZE     crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE       crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BASE64_VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define SEALED_MAX     (NONCE_SIZE + FWD_ENVELOPE_PLAINTEXT_MAX + TAG_SIZE)

/* With the final zero, which does not travel. */
G_STATIC_ASSERT(sodium_base64_ENCODED_LEN(SEALED_MAX, BASE64_VARIANT) - 1 <=
                FWD_SIGNALING_MESSAGE_MAX);
G_STATIC_ASSERT(FWD_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

static const char *
associated_data(FwdRole sender)
{
  return sender == FWD_ROLE_SERVER ? "stunfwd 1 server" : "stunfwd 1 client";
}

static gboolean
check_plaintext_size(gsize size, GError **error)
{
  if (size <= FWD_ENVELOPE_PLAINTEXT_MAX)
    return TRUE;
  g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_LIMIT,
              "a message of %" G_GSIZE_FORMAT " bytes is over the limit of %d", size,
              FWD_ENVELOPE_PLAINTEXT_MAX);
  return FALSE;
}

GBytes *
fwd_envelope_seal(const FwdRoomKeys *keys, FwdRole sender, const char *plaintext,
                  GError **error)
{
  const char *data = associated_data(sender);
  gsize size = strlen(plaintext);
  g_autofree guint8 *sealed = NULL;
  gsize text_size;
  char *text;

  if (!check_plaintext_size(size, error))
    return NULL;
  sealed = g_malloc(NONCE_SIZE + size + TAG_SIZE);
  randombytes_buf(sealed, NONCE_SIZE);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      sealed + NONCE_SIZE, NULL, (const guint8 *)plaintext, size, (const guint8 *)data,
      strlen(data), NULL, sealed, keys->sealing);
  text_size = sodium_base64_encoded_len(NONCE_SIZE + size + TAG_SIZE, BASE64_VARIANT);
  text = g_malloc(text_size);
  sodium_bin2base64(text, text_size, sealed, NONCE_SIZE + size + TAG_SIZE, BASE64_VARIANT);
  return g_bytes_new_take(text, text_size - 1);
}

/* The sealed bytes of @envelope, or NULL. */
static guint8 *
decode(GBytes *envelope, gsize *size, GError **error)
{
  gsize text_size;
  const char *text = g_bytes_get_data(envelope, &text_size);
  g_autofree guint8 *sealed = NULL;

  if (text_size > FWD_SIGNALING_MESSAGE_MAX) {
    g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_LIMIT,
                "an envelope of %" G_GSIZE_FORMAT " bytes is over the limit of %d", text_size,
                FWD_SIGNALING_MESSAGE_MAX);
    return NULL;
  }
  sealed = g_malloc(text_size + 1);
  if (text_size == 0 || !fwd_base64url_decode(text, text_size, sealed, text_size, size)) {
    g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID,
                "not an envelope: it is not base64url text");
    return NULL;
  }
  if (*size < NONCE_SIZE + TAG_SIZE) {
    g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID,
                "not an envelope: %" G_GSIZE_FORMAT " bytes are too few", *size);
    return NULL;
  }
  return g_steal_pointer(&sealed);
}

static gboolean
decrypt(const FwdRoomKeys *keys, FwdRole sender, const guint8 *sealed, gsize sealed_size,
        char *plaintext, GError **error)
{
  const char *data = associated_data(sender);

  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          (guint8 *)plaintext, NULL, NULL, sealed + NONCE_SIZE, sealed_size - NONCE_SIZE,
          (const guint8 *)data, strlen(data), sealed, keys->sealing) == 0)
    return TRUE;
  g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_DENIED,
              "the seal is wrong: another key or role, or it was altered");
  return FALSE;
}

char *
fwd_envelope_open(const FwdRoomKeys *keys, FwdRole sender, GBytes *envelope, GError **error)
{
  gsize sealed_size, size;
  g_autofree guint8 *sealed = decode(envelope, &sealed_size, error);
  g_autofree char *plaintext = NULL;

  if (sealed == NULL)
    return NULL;
  size = sealed_size - NONCE_SIZE - TAG_SIZE;
  if (!check_plaintext_size(size, error))
    return NULL;
  plaintext = g_malloc0(size + 1);
  if (!decrypt(keys, sender, sealed, sealed_size, plaintext, error))
    return NULL;
  if (strlen(plaintext) != size) {
    g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID,
                "the message in the envelope has a zero byte");
    return NULL;
  }
  return g_steal_pointer(&plaintext);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/packet-protection.h"

#include <gnutls/crypto.h>
#include <intel-ipsec-mb.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <string.h>

#define KEY_SIZE  16
#define IV_SIZE   12
#define TAG_SIZE  16
#define MASK_SIZE 5
/* What the library aligns its tables to. */
#define ALIGNMENT 64

typedef struct {
  DECLARE_ALIGNED(uint8_t encrypting[16 * 11], 16);
} MaskKey;

typedef struct {
  guint8 key[KEY_SIZE], iv[IV_SIZE], mask[KEY_SIZE];
} Material;

/* ngtcp2 hands back what it was given, for the handshake's keys GnuTLS's handle: the lowest
 * bit of a pointer, which is never set in one from an allocator, tells ours from theirs. */

static void *
mark(void *key)
{
  return (void *)((guintptr)key | 1);
}

static gboolean
is_ours(const void *handle)
{
  return ((guintptr)handle & 1) != 0;
}

static void *
unmark(const void *handle)
{
  return (void *)((guintptr)handle & ~(guintptr)1);
}

static gpointer
open_library(gpointer data)
{
  const guint64 wanted = IMB_FEATURE_VAES | IMB_FEATURE_VPCLMULQDQ | IMB_FEATURE_AVX512_SKX;
  IMB_MGR *library = alloc_mb_mgr(0);
  IMB_ARCH chosen;

  if (library == NULL)
    return NULL;
  init_mb_mgr_auto(library, &chosen);
  if (imb_get_errno(library) == 0 && (library->features & wanted) == wanted)
    return library;
  free_mb_mgr(library);
  return NULL;
}

/* Its direct functions keep no state but in what they are given, so threads share it. */
static IMB_MGR *
get_library(void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once(&once, open_library, NULL);
}

/* Keys. */

static void *
make_key(const guint8 *bytes)
{
  struct gcm_key_data *key = g_aligned_alloc0(1, sizeof *key, ALIGNMENT);

  IMB_AES128_GCM_PRE(get_library(), bytes, key);
  return mark(key);
}

static void *
make_mask_key(const guint8 *bytes)
{
  MaskKey *key = g_aligned_alloc0(1, sizeof *key, ALIGNMENT);
  DECLARE_ALIGNED(uint8_t decrypting[16 * 11], 16);

  IMB_AES_KEYEXP_128(get_library(), bytes, key->encrypting, decrypting);
  explicit_bzero(decrypting, sizeof decrypting);
  return mark(key);
}

static void
free_handle(void *handle, gsize size)
{
  void *key = unmark(handle);

  explicit_bzero(key, size);
  g_aligned_free(key);
}

void
fwd_packet_protection_free_key(ngtcp2_conn *quic, ngtcp2_crypto_aead_ctx *key, void *user_data)
{
  if (is_ours(key->native_handle))
    free_handle(key->native_handle, sizeof(struct gcm_key_data));
  else
    ngtcp2_crypto_delete_crypto_aead_ctx_cb(quic, key, user_data);
}

void
fwd_packet_protection_free_mask_key(ngtcp2_conn *quic, ngtcp2_crypto_cipher_ctx *key,
                                    void *user_data)
{
  if (is_ours(key->native_handle))
    free_handle(key->native_handle, sizeof(MaskKey));
  else
    ngtcp2_crypto_delete_crypto_cipher_ctx_cb(quic, key, user_data);
}

gboolean
fwd_packet_protection_make_keys(const guint8 *bytes, const guint8 *mask_bytes,
                                ngtcp2_crypto_aead_ctx *key, ngtcp2_crypto_cipher_ctx *mask_key)
{
  if (get_library() == NULL)
    return FALSE;
  key->native_handle = make_key(bytes);
  mask_key->native_handle = make_mask_key(mask_bytes);
  return TRUE;
}

/* RFC 9001, 5.1. */
static gboolean
derive(Material *material, const ngtcp2_crypto_md *md, const guint8 *secret, gsize length)
{
  return ngtcp2_crypto_hkdf_expand_label(material->key, KEY_SIZE, md, secret, length,
                                         (const guint8 *)"quic key", 8) == 0 &&
         ngtcp2_crypto_hkdf_expand_label(material->iv, IV_SIZE, md, secret, length,
                                         (const guint8 *)"quic iv", 7) == 0 &&
         ngtcp2_crypto_hkdf_expand_label(material->mask, KEY_SIZE, md, secret, length,
                                         (const guint8 *)"quic hp", 7) == 0;
}

typedef int (*Install)(ngtcp2_conn *quic, const uint8_t *secret, size_t secret_length,
                       const ngtcp2_crypto_aead_ctx *key, const uint8_t *iv, size_t iv_length,
                       const ngtcp2_crypto_cipher_ctx *mask);

static int
install(ngtcp2_conn *quic, Install function, const guint8 *secret, gsize length)
{
  const ngtcp2_crypto_ctx *context = ngtcp2_conn_get_crypto_ctx(quic);
  ngtcp2_crypto_cipher_ctx mask;
  ngtcp2_crypto_aead_ctx key;
  Material material;
  int result;

  if (!derive(&material, &context->md, secret, length) ||
      !fwd_packet_protection_make_keys(material.key, material.mask, &key, &mask))
    return -1;
  result = function(quic, secret, length, &key, material.iv, IV_SIZE, &mask);
  explicit_bzero(&material, sizeof material);
  if (result != 0) {
    fwd_packet_protection_free_key(quic, &key, NULL);
    fwd_packet_protection_free_mask_key(quic, &mask, NULL);
  }
  return result;
}

static gboolean
is_agreed(gnutls_session_t session)
{
  return get_library() != NULL && gnutls_cipher_get(session) == GNUTLS_CIPHER_AES_128_GCM;
}

static int
take_secrets(gnutls_session_t session, gnutls_record_encryption_level_t gnutls_level,
             const void *rx_secret, const void *tx_secret, size_t length)
{
  ngtcp2_crypto_conn_ref *reference = gnutls_session_get_ptr(session);
  ngtcp2_conn *quic = reference->get_conn(reference);
  const ngtcp2_crypto_level level =
      ngtcp2_crypto_gnutls_from_gnutls_record_encryption_level(gnutls_level);
  const gboolean ours = level == NGTCP2_CRYPTO_LEVEL_APPLICATION && is_agreed(session);
  int result = 0;

  if (rx_secret != NULL)
    result = ours ? install(quic, ngtcp2_conn_install_rx_key, rx_secret, length)
                  : ngtcp2_crypto_derive_and_install_rx_key(quic, NULL, NULL, NULL, level,
                                                            rx_secret, length);
  if (tx_secret != NULL && result == 0)
    result = ours ? install(quic, ngtcp2_conn_install_tx_key, tx_secret, length)
                  : ngtcp2_crypto_derive_and_install_tx_key(quic, NULL, NULL, NULL, level,
                                                            tx_secret, length);
  return result == 0 ? 0 : -1;
}

void
fwd_packet_protection_begin(gnutls_session_t session)
{
  if (get_library() != NULL)
    gnutls_handshake_set_secret_function(session, take_secrets);
}

static void
replace_key(ngtcp2_conn *quic, ngtcp2_crypto_aead_ctx *key, const guint8 *bytes)
{
  ngtcp2_crypto_delete_crypto_aead_ctx_cb(quic, key, NULL);
  key->native_handle = make_key(bytes);
}

int
fwd_packet_protection_update(ngtcp2_conn *quic, uint8_t *rx_secret, uint8_t *tx_secret,
                             ngtcp2_crypto_aead_ctx *rx_key, uint8_t *rx_iv,
                             ngtcp2_crypto_aead_ctx *tx_key, uint8_t *tx_iv,
                             const uint8_t *current_rx_secret, const uint8_t *current_tx_secret,
                             size_t secret_length, void *user_data)
{
  guint8 rx_bytes[64], tx_bytes[64]; /* as long as ngtcp2's own */

  if (ngtcp2_crypto_update_key(quic, rx_secret, tx_secret, rx_key, rx_bytes, rx_iv, tx_key,
                               tx_bytes, tx_iv, current_rx_secret, current_tx_secret,
                               secret_length) != 0)
    return NGTCP2_ERR_CALLBACK_FAILURE;
  if (is_agreed(ngtcp2_conn_get_tls_native_handle(quic))) {
    replace_key(quic, rx_key, rx_bytes);
    replace_key(quic, tx_key, tx_bytes);
  }
  explicit_bzero(rx_bytes, sizeof rx_bytes);
  explicit_bzero(tx_bytes, sizeof tx_bytes);
  return 0;
}

/* Packets. */

int
fwd_packet_protection_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                              const ngtcp2_crypto_aead_ctx *key, const uint8_t *plain,
                              size_t length, const uint8_t *nonce, size_t nonce_length,
                              const uint8_t *header, size_t header_length)
{
  struct gcm_context_data state;

  if (!is_ours(key->native_handle))
    return ngtcp2_crypto_encrypt_cb(dest, aead, key, plain, length, nonce, nonce_length, header,
                                    header_length);
  IMB_AES128_GCM_ENC(get_library(), unmark(key->native_handle), &state, dest, plain, length,
                     nonce, header, header_length, dest + length, TAG_SIZE);
  return 0;
}

int
fwd_packet_protection_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                              const ngtcp2_crypto_aead_ctx *key, const uint8_t *cipher,
                              size_t length, const uint8_t *nonce, size_t nonce_length,
                              const uint8_t *header, size_t header_length)
{
  struct gcm_context_data state;
  guint8 tag[TAG_SIZE];

  if (!is_ours(key->native_handle))
    return ngtcp2_crypto_decrypt_cb(dest, aead, key, cipher, length, nonce, nonce_length,
                                    header, header_length);
  if (length < TAG_SIZE)
    return NGTCP2_ERR_DECRYPT;
  IMB_AES128_GCM_DEC(get_library(), unmark(key->native_handle), &state, dest, cipher,
                     length - TAG_SIZE, nonce, header, header_length, tag, TAG_SIZE);
  return gnutls_memcmp(tag, cipher + length - TAG_SIZE, TAG_SIZE) == 0 ? 0 : NGTCP2_ERR_DECRYPT;
}

/* RFC 9001, 5.4.3: AES of the sample. One block of CFB over zeros is just that. */
int
fwd_packet_protection_mask(uint8_t *dest, const ngtcp2_crypto_cipher *cipher,
                           const ngtcp2_crypto_cipher_ctx *key, const uint8_t *sample)
{
  static const guint8 zeros[16];
  const MaskKey *mask_key = unmark(key->native_handle);
  guint8 block[16];

  if (!is_ours(key->native_handle))
    return ngtcp2_crypto_hp_mask_cb(dest, cipher, key, sample);
  IMB_AES128_CFB_ONE(get_library(), block, zeros, sample, mask_key->encrypting, sizeof block);
  memcpy(dest, block, MASK_SIZE);
  return 0;
}

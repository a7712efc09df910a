/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/packet-protection.h"

#include <gnutls/crypto.h>
#include <string.h>

#define TAG 16

static const guint8 key_bytes[16] = "sixteen bytes ok";
static const guint8 nonce[12] = "twelve bytes";
static const guint8 header[] = "a short header of a packet";

typedef struct {
  ngtcp2_crypto_aead_ctx key;
  ngtcp2_crypto_cipher_ctx mask;
  gnutls_aead_cipher_hd_t gnutls;
} Keys;

/* FALSE, and skipped, on a processor that has not what it takes. */
static gboolean
set_up(Keys *keys, const guint8 *mask_bytes)
{
  const gnutls_datum_t datum = {(unsigned char *)key_bytes, sizeof key_bytes};

  if (!fwd_packet_protection_make_keys(key_bytes, mask_bytes, &keys->key, &keys->mask)) {
    g_test_skip("the processor has no vector AES");
    return FALSE;
  }
  g_assert_cmpint(gnutls_aead_cipher_init(&keys->gnutls, GNUTLS_CIPHER_AES_128_GCM, &datum), ==,
                  0);
  return TRUE;
}

static void
tear_down(Keys *keys)
{
  fwd_packet_protection_free_key(NULL, &keys->key, NULL);
  fwd_packet_protection_free_mask_key(NULL, &keys->mask, NULL);
  gnutls_aead_cipher_deinit(keys->gnutls);
}

static int
open_packet(Keys *keys, guint8 *plain, const guint8 *packet, gsize length, gsize header_length)
{
  return fwd_packet_protection_decrypt(plain, NULL, &keys->key, packet, length, nonce,
                                       sizeof nonce, header, header_length);
}

/* The peer may have GnuTLS only: what either seals the other must open. */
static void
test_like_gnutls(void)
{
  guint8 plain[4096], sealed[4096 + TAG], expected[4096 + TAG], opened[4096];
  Keys keys;

  if (!set_up(&keys, key_bytes))
    return;
  for (gsize i = 0; i < sizeof plain; i++)
    plain[i] = (guint8)(i * 7);
  for (gsize length = 0; length <= sizeof plain;
       length = length < 70 ? length + 1 : length * 2) {
    gsize expected_length = sizeof expected;
    g_assert_cmpint(gnutls_aead_cipher_encrypt(keys.gnutls, nonce, sizeof nonce, header,
                                               sizeof header, TAG, plain, length, expected,
                                               &expected_length),
                    ==, 0);
    g_assert_cmpint(fwd_packet_protection_encrypt(sealed, NULL, &keys.key, plain, length, nonce,
                                                  sizeof nonce, header, sizeof header),
                    ==, 0);
    g_assert_cmpmem(sealed, length + TAG, expected, expected_length);
    g_assert_cmpint(open_packet(&keys, opened, expected, expected_length, sizeof header), ==,
                    0);
    g_assert_cmpmem(opened, length, plain, length);
  }
  tear_down(&keys);
}

static void
test_forged(void)
{
  guint8 sealed[100 + TAG] = {0}, opened[100];
  Keys keys;

  if (!set_up(&keys, key_bytes))
    return;
  /* In place, as QUIC does it. */
  fwd_packet_protection_encrypt(sealed, NULL, &keys.key, sealed, 100, nonce, sizeof nonce,
                                header, sizeof header);
  g_assert_cmpint(open_packet(&keys, opened, sealed, sizeof sealed, sizeof header), ==, 0);
  g_assert_cmpint(open_packet(&keys, opened, sealed, sizeof sealed, sizeof header - 1), ==,
                  NGTCP2_ERR_DECRYPT);
  for (gsize i = 0; i < sizeof sealed; i++) {
    sealed[i] ^= 1;
    g_assert_cmpint(open_packet(&keys, opened, sealed, sizeof sealed, sizeof header), ==,
                    NGTCP2_ERR_DECRYPT);
    sealed[i] ^= 1;
  }
  for (gsize length = 0; length < sizeof sealed; length++)
    g_assert_cmpint(open_packet(&keys, opened, sealed, length, sizeof header), ==,
                    NGTCP2_ERR_DECRYPT);
  tear_down(&keys);
}

/* RFC 9001, A.2. */
static void
test_mask(void)
{
  static const guint8 mask_bytes[16] = {0x9f, 0x50, 0x44, 0x9e, 0x04, 0xa0, 0xe8, 0x10,
                                        0x28, 0x3a, 0x1e, 0x99, 0x33, 0xad, 0xed, 0xd2};
  static const guint8 sample[16] = {0xd1, 0xb1, 0xc9, 0x8d, 0xd7, 0x68, 0x9f, 0xb8,
                                    0xec, 0x11, 0xd2, 0x42, 0xb1, 0x23, 0xdc, 0x9b};
  static const guint8 expected[5] = {0x43, 0x7b, 0x9a, 0xec, 0x36};
  guint8 mask[5];
  Keys keys;

  if (!set_up(&keys, mask_bytes))
    return;
  g_assert_cmpint(fwd_packet_protection_mask(mask, NULL, &keys.mask, sample), ==, 0);
  g_assert_cmpmem(mask, sizeof mask, expected, sizeof expected);
  tear_down(&keys);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/packet-protection/like-gnutls", test_like_gnutls);
  g_test_add_func("/packet-protection/forged", test_forged);
  g_test_add_func("/packet-protection/mask", test_mask);
  return g_test_run();
}

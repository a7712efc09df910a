/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/hkdf.h"

#include <sodium.h>
#include <string.h>

G_STATIC_ASSERT(FWD_HKDF_HASH_SIZE == crypto_auth_hmacsha256_BYTES);

void
fwd_hkdf_extract(const guint8 *salt, gsize salt_size, const guint8 *secret, gsize secret_size,
                 guint8 key[FWD_HKDF_HASH_SIZE])
{
  crypto_auth_hmacsha256_state state;

  /* RFC 5869: no salt is a salt of zeros, which HMAC makes of an empty key. */
  crypto_auth_hmacsha256_init(&state, salt != NULL ? salt : (const guint8 *)"", salt_size);
  crypto_auth_hmacsha256_update(&state, secret, secret_size);
  crypto_auth_hmacsha256_final(&state, key);
  sodium_memzero(&state, sizeof state);
}

void
fwd_hkdf_expand(const guint8 key[FWD_HKDF_HASH_SIZE], const guint8 *info, gsize info_size,
                guint8 *output, gsize output_size)
{
  crypto_auth_hmacsha256_state state;
  guint8 block[FWD_HKDF_HASH_SIZE];
  guint8 counter = 1;

  g_return_if_fail(output_size <= FWD_HKDF_OUTPUT_MAX);
  for (gsize done = 0; done < output_size; done += sizeof block, counter++) {
    crypto_auth_hmacsha256_init(&state, key, FWD_HKDF_HASH_SIZE);
    if (done > 0)
      crypto_auth_hmacsha256_update(&state, block, sizeof block);
    crypto_auth_hmacsha256_update(&state, info, info_size);
    crypto_auth_hmacsha256_update(&state, &counter, 1);
    crypto_auth_hmacsha256_final(&state, block);
    memcpy(output + done, block, MIN(sizeof block, output_size - done));
  }
  sodium_memzero(block, sizeof block);
  sodium_memzero(&state, sizeof state);
}

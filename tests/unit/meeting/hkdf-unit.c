/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The vectors of RFC 5869, appendix A (those of SHA-256). */
#include "meeting/hkdf.h"

#include <sodium.h>
#include <string.h>

typedef struct {
  const char *secret, *salt, *info, *key, *output;
} Vector;

static const Vector vectors[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
     "f0f1f2f3f4f5f6f7f8f9", "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
     "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
     "404142434445464748494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
     "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
     "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
     "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
     "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
     "cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
     "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

static gsize
from_hex(const char *text, guint8 *bytes, gsize size)
{
  gsize length;
  g_assert_cmpint(sodium_hex2bin(bytes, size, text, strlen(text), NULL, &length, NULL), ==, 0);
  return length;
}

static void
test_vector(gconstpointer data)
{
  const Vector *vector = data;
  guint8 secret[80], salt[80], info[80], expected_key[32], expected[82], key[32], output[82];
  gsize secret_size = from_hex(vector->secret, secret, sizeof secret);
  gsize salt_size = from_hex(vector->salt, salt, sizeof salt);
  gsize info_size = from_hex(vector->info, info, sizeof info);
  gsize size = from_hex(vector->output, expected, sizeof expected);

  from_hex(vector->key, expected_key, sizeof expected_key);
  fwd_hkdf_extract(salt, salt_size, secret, secret_size, key);
  g_assert_cmpmem(key, sizeof key, expected_key, sizeof expected_key);
  fwd_hkdf_expand(key, info, info_size, output, size);
  g_assert_cmpmem(output, size, expected, size);
}

static void
test_lengths(void)
{
  guint8 key[32] = {1}, shorter[33] = {0};
  g_autofree guint8 *longest = g_malloc(FWD_HKDF_OUTPUT_MAX);

  fwd_hkdf_expand(key, (const guint8 *)"x", 1, longest, FWD_HKDF_OUTPUT_MAX);
  fwd_hkdf_expand(key, (const guint8 *)"x", 1, shorter, 32);
  g_assert_cmpmem(shorter, 32, longest, 32);
  g_assert_cmpuint(shorter[32], ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(vectors); i++) {
    g_autofree char *name = g_strdup_printf("/hkdf/rfc5869/%u", i + 1);
    g_test_add_data_func(name, &vectors[i], test_vector);
  }
  g_test_add_func("/hkdf/lengths", test_lengths);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stun-digest.h"
#include "stun-message.h"

/* "STUN", so that other protocols' CRCs do not match. */
#define FINGERPRINT_XOR 0x5354554eu

/* Offsets of the parts of an address attribute's value, and of the cookie. */
#define VALUE_PORT    2
#define VALUE_ADDRESS 4
#define HEADER_COOKIE 4

/* CRC-32 of ISO 3309, four bits at a time. */
static const guint32 crc_table[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
    0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
    0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

guint32
fwd_stun_fingerprint(const guint8 *data, gsize length)
{
  guint32 crc = 0xffffffffu;

  for (gsize i = 0; i < length; i++) {
    crc ^= data[i];
    crc = crc >> 4 ^ crc_table[crc & 0xf];
    crc = crc >> 4 ^ crc_table[crc & 0xf];
  }
  return ~crc ^ FINGERPRINT_XOR;
}

gboolean
fwd_stun_hmac(gnutls_mac_algorithm_t algorithm, const guint8 *key, gsize key_length,
              const guint8 *data, gsize length, guint8 *digest)
{
  return gnutls_hmac_fast(algorithm, key, key_length, data, length, digest) == 0;
}

gboolean
fwd_stun_is_xored(guint16 attribute)
{
  return attribute == FWD_STUN_XOR_MAPPED_ADDRESS || attribute == FWD_STUN_XOR_PEER_ADDRESS ||
         attribute == FWD_STUN_XOR_RELAYED_ADDRESS;
}

void
fwd_stun_xor_address(guint8 *value, gsize length, const guint8 *message)
{
  value[VALUE_PORT] ^= message[HEADER_COOKIE];
  value[VALUE_PORT + 1] ^= message[HEADER_COOKIE + 1];
  /* Cookie and transaction id lie side by side, as RFC 8489 concatenates them for IPv6. */
  for (gsize i = VALUE_ADDRESS; i < length; i++)
    value[i] ^= message[HEADER_COOKIE + i - VALUE_ADDRESS];
}

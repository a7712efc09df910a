/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The sums that protect a STUN message, shared by its reader and its writer. Any thread. */
#pragma once

#include <glib.h>
#include <gnutls/gnutls.h>
#include <gnutls/crypto.h>

#define FWD_STUN_SHA1_SIZE        20
#define FWD_STUN_SHA256_SIZE      32
#define FWD_STUN_SHA256_MIN       16
#define FWD_STUN_FINGERPRINT_SIZE 4

static inline guint16
fwd_stun_read16(const guint8 *data)
{
  return (guint16)(data[0] << 8 | data[1]);
}

static inline guint32
fwd_stun_read32(const guint8 *data)
{
  return (guint32)fwd_stun_read16(data) << 16 | fwd_stun_read16(data + 2);
}

static inline void
fwd_stun_write16(guint8 *data, guint16 value)
{
  data[0] = (guint8)(value >> 8);
  data[1] = (guint8)value;
}

static inline void
fwd_stun_write32(guint8 *data, guint32 value)
{
  fwd_stun_write16(data, (guint16)(value >> 16));
  fwd_stun_write16(data + 2, (guint16)value);
}

/** The value of a FINGERPRINT that follows @length bytes (RFC 8489, 14.7). */
guint32 fwd_stun_fingerprint(const guint8 *data, gsize length);

/**
 * The HMAC over @length bytes of a message whose header already counts the
 * integrity attribute. @digest holds FWD_STUN_SHA256_SIZE bytes. FALSE when
 * GnuTLS refuses, as it does SHA-1 under some policies.
 */
gboolean fwd_stun_hmac(gnutls_mac_algorithm_t algorithm, const guint8 *key, gsize key_length,
                       const guint8 *data, gsize length, guint8 *digest);

/** Whether the attribute's value is an address that is XORed. */
gboolean fwd_stun_is_xored(guint16 attribute);

/**
 * Turns an address attribute's bytes between plain and XORed (RFC 8489, 14.2),
 * in place. @value: the attribute's value; @message: the message's header.
 */
void fwd_stun_xor_address(guint8 *value, gsize length, const guint8 *message);

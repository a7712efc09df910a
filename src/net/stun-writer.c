/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stun-message.h"
#include "stun-digest.h"

#include <string.h>
#include <unistd.h>

#define ATTRIBUTE_HEADER 4
#define LENGTH_MAX       (FWD_STUN_HEADER_SIZE + 0xfffcu)
/* RFC 8489, 14.8. */
#define REASON_MAX 763

static void
write_message_length(FwdStunWriter *writer)
{
  fwd_stun_write16(writer->data + 2, (guint16)(writer->length - FWD_STUN_HEADER_SIZE));
}

void
fwd_stun_writer_begin(FwdStunWriter *writer, guint8 *buffer, gsize size,
                      FwdStunClass message_class, guint16 method, const guint8 *transaction)
{
  guint type = (method & 0x000fu) | (method & 0x0070u) << 1 | (method & 0x0f80u) << 2 |
               ((guint)message_class & 1) << 4 | ((guint)message_class & 2) << 7;

  *writer = (FwdStunWriter){.data = buffer, .size = size};
  if (size < FWD_STUN_HEADER_SIZE)
    return;
  writer->length = FWD_STUN_HEADER_SIZE;
  fwd_stun_write16(buffer, (guint16)type);
  write_message_length(writer);
  fwd_stun_write32(buffer + 4, FWD_STUN_MAGIC_COOKIE);
  memcpy(buffer + 8, transaction, FWD_STUN_TRANSACTION_SIZE);
}

/* Appends an attribute of zeros for the caller to fill; NULL when there is no room. */
static guint8 *
append(FwdStunWriter *writer, guint16 attribute, gsize length)
{
  gsize room = MIN(writer->size, LENGTH_MAX) - writer->length;
  gsize padded = (length + 3u) & ~(gsize)3;
  guint8 *header = writer->data + writer->length;

  if (writer->length == 0)
    return NULL;
  if (length > G_MAXUINT16 || padded + ATTRIBUTE_HEADER > room) {
    writer->length = 0;
    return NULL;
  }
  fwd_stun_write16(header, attribute);
  fwd_stun_write16(header + 2, (guint16)length);
  memset(header + ATTRIBUTE_HEADER, 0, padded);
  writer->length += ATTRIBUTE_HEADER + padded;
  write_message_length(writer);
  return header + ATTRIBUTE_HEADER;
}

void
fwd_stun_writer_add(FwdStunWriter *writer, guint16 attribute, const void *value, gsize length)
{
  guint8 *room = append(writer, attribute, length);

  if (room != NULL && length > 0)
    memcpy(room, value, length);
}

void
fwd_stun_writer_add_uint32(FwdStunWriter *writer, guint16 attribute, guint32 value)
{
  guint8 bytes[sizeof value];

  fwd_stun_write32(bytes, value);
  fwd_stun_writer_add(writer, attribute, bytes, sizeof bytes);
}

void
fwd_stun_writer_add_endpoint(FwdStunWriter *writer, guint16 attribute,
                             const FwdEndpoint *endpoint)
{
  gboolean is_ipv6 = fwd_endpoint_family(endpoint) == AF_INET6;
  const void *address =
      is_ipv6 ? (const void *)&endpoint->in6.sin6_addr : (const void *)&endpoint->in4.sin_addr;
  gsize address_length = is_ipv6 ? 16 : 4;
  guint8 *value;

  g_return_if_fail(fwd_endpoint_length(endpoint) > 0);

  value = append(writer, attribute, 4 + address_length);
  if (value == NULL)
    return;
  value[1] = is_ipv6 ? 2 : 1;
  fwd_stun_write16(value + 2, fwd_endpoint_port(endpoint));
  memcpy(value + 4, address, address_length);
  if (fwd_stun_is_xored(attribute))
    fwd_stun_xor_address(value, 4 + address_length, writer->data);
}

void
fwd_stun_writer_add_error(FwdStunWriter *writer, guint code, const char *reason)
{
  gsize reason_length = strnlen(reason, REASON_MAX);
  guint8 *value;

  g_return_if_fail(code >= 300 && code <= 699);

  value = append(writer, FWD_STUN_ERROR_CODE, 4 + reason_length);
  if (value == NULL)
    return;
  value[2] = (guint8)(code / 100);
  value[3] = (guint8)(code % 100);
  memcpy(value + 4, reason, reason_length);
}

static void
add_hmac(FwdStunWriter *writer, guint16 attribute, gnutls_mac_algorithm_t algorithm,
         gsize digest_length, const guint8 *key, gsize key_length)
{
  guint8 digest[FWD_STUN_SHA256_SIZE];
  gsize covered = writer->length;
  guint8 *value = append(writer, attribute, digest_length);

  if (value == NULL)
    return;
  if (fwd_stun_hmac(algorithm, key, key_length, writer->data, covered, digest))
    memcpy(value, digest, digest_length);
  else
    writer->length = 0;
}

void
fwd_stun_writer_add_integrity(FwdStunWriter *writer, const guint8 *key, gsize key_length)
{
  add_hmac(writer, FWD_STUN_MESSAGE_INTEGRITY, GNUTLS_MAC_SHA1, FWD_STUN_SHA1_SIZE, key,
           key_length);
}

void
fwd_stun_writer_add_integrity_sha256(FwdStunWriter *writer, const guint8 *key, gsize key_length)
{
  add_hmac(writer, FWD_STUN_MESSAGE_INTEGRITY_SHA256, GNUTLS_MAC_SHA256, FWD_STUN_SHA256_SIZE,
           key, key_length);
}

void
fwd_stun_writer_add_fingerprint(FwdStunWriter *writer)
{
  gsize covered = writer->length;
  guint8 *value = append(writer, FWD_STUN_FINGERPRINT, FWD_STUN_FINGERPRINT_SIZE);

  if (value != NULL)
    fwd_stun_write32(value, fwd_stun_fingerprint(writer->data, covered));
}

void
fwd_stun_new_transaction(guint8 *transaction)
{
  /* A guessable id would let strangers answer: without randomness there is no going on. */
  if (getentropy(transaction, FWD_STUN_TRANSACTION_SIZE) != 0)
    g_error("the system gives no random bytes");
}

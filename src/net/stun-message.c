/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stun-message.h"
#include "stun-digest.h"

#include <string.h>

#define ATTRIBUTE_HEADER 4
#define PADDED(length)   (((length) + 3u) & ~(gsize)3)

/* Values of address attributes: family, then port, then address (RFC 8489, 14.1). */
#define FAMILY_IPV4     1
#define FAMILY_IPV6     2
#define IPV4_VALUE_SIZE 8
#define IPV6_VALUE_SIZE 20

/*
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |         Type                  |            Length             |
 *  |                         Value (variable)                ....
 */
typedef struct {
  const FwdStunMessage *message;
  gsize next; /* offset of the attribute after this one */
  guint16 type;
  gsize length; /* of the value, without padding */
  const guint8 *value;
  guint16 sealed_by; /* the last integrity attribute passed, or 0 */
} Attributes;

static gboolean
read_attribute(Attributes *attributes)
{
  const FwdStunMessage *message = attributes->message;
  gsize left = message->length - attributes->next;
  const guint8 *header = message->data + attributes->next;

  if (left < ATTRIBUTE_HEADER)
    return FALSE;
  attributes->type = fwd_stun_read16(header);
  attributes->length = fwd_stun_read16(header + 2);
  attributes->value = header + ATTRIBUTE_HEADER;
  if (PADDED(attributes->length) > left - ATTRIBUTE_HEADER)
    return FALSE;
  attributes->next += ATTRIBUTE_HEADER + PADDED(attributes->length);
  return TRUE;
}

/* What follows an integrity attribute is not protected by it, so it counts as absent. */
static gboolean
is_visible(const Attributes *attributes)
{
  switch (attributes->sealed_by) {
  case 0:
    return TRUE;
  case FWD_STUN_MESSAGE_INTEGRITY:
    return attributes->type == FWD_STUN_MESSAGE_INTEGRITY_SHA256 ||
           attributes->type == FWD_STUN_FINGERPRINT;
  default:
    return attributes->type == FWD_STUN_FINGERPRINT;
  }
}

static void
attributes_begin(Attributes *attributes, const FwdStunMessage *message)
{
  *attributes = (Attributes){.message = message, .next = FWD_STUN_HEADER_SIZE};
}

/* The next attribute that counts. */
static gboolean
attributes_next(Attributes *attributes)
{
  while (read_attribute(attributes)) {
    if (!is_visible(attributes))
      continue;
    if (attributes->type == FWD_STUN_MESSAGE_INTEGRITY ||
        attributes->type == FWD_STUN_MESSAGE_INTEGRITY_SHA256)
      attributes->sealed_by = attributes->type;
    return TRUE;
  }
  return FALSE;
}

static gboolean
find(const FwdStunMessage *message, guint16 type, Attributes *attributes)
{
  attributes_begin(attributes, message);
  while (attributes_next(attributes))
    if (attributes->type == type)
      return TRUE;
  return FALSE;
}

gboolean
fwd_stun_message_is_likely(const guint8 *data, gsize length)
{
  return length >= FWD_STUN_HEADER_SIZE && (data[0] & 0xc0) == 0 && length % 4 == 0 &&
         fwd_stun_read16(data + 2) == length - FWD_STUN_HEADER_SIZE &&
         fwd_stun_read32(data + 4) == FWD_STUN_MAGIC_COOKIE;
}

static gboolean
is_right_fingerprint(const Attributes *attributes)
{
  const FwdStunMessage *message = attributes->message;
  gsize before = message->length - ATTRIBUTE_HEADER - FWD_STUN_FINGERPRINT_SIZE;

  return attributes->length == FWD_STUN_FINGERPRINT_SIZE &&
         attributes->next == message->length &&
         fwd_stun_read32(attributes->value) == fwd_stun_fingerprint(message->data, before);
}

gboolean
fwd_stun_message_parse(const guint8 *data, gsize length, FwdStunMessage *message)
{
  FwdStunMessage candidate = {data, length};
  Attributes attributes;

  if (!fwd_stun_message_is_likely(data, length))
    return FALSE;
  attributes_begin(&attributes, &candidate);
  while (read_attribute(&attributes))
    if (attributes.type == 0 ||
        (attributes.type == FWD_STUN_FINGERPRINT && !is_right_fingerprint(&attributes)))
      return FALSE;
  if (attributes.next != length)
    return FALSE;
  *message = candidate;
  return TRUE;
}

FwdStunClass
fwd_stun_message_class(const FwdStunMessage *message)
{
  return (FwdStunClass)((message->data[0] & 1) << 1 | (message->data[1] >> 4 & 1));
}

guint16
fwd_stun_message_method(const FwdStunMessage *message)
{
  guint16 type = fwd_stun_read16(message->data);

  return (guint16)((type & 0x000f) | (type & 0x00e0) >> 1 | (type & 0x3e00) >> 2);
}

const guint8 *
fwd_stun_message_transaction(const FwdStunMessage *message)
{
  return message->data + FWD_STUN_HEADER_SIZE - FWD_STUN_TRANSACTION_SIZE;
}

const guint8 *
fwd_stun_message_find(const FwdStunMessage *message, guint16 attribute, gsize *length)
{
  Attributes attributes;

  if (!find(message, attribute, &attributes))
    return NULL;
  *length = attributes.length;
  return attributes.value;
}

static gboolean
read_address(const guint8 *value, gsize length, FwdEndpoint *endpoint)
{
  struct sockaddr_in in4 = {.sin_family = AF_INET};
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

  if (value[1] == FAMILY_IPV4 && length == IPV4_VALUE_SIZE) {
    memcpy(&in4.sin_port, value + 2, sizeof in4.sin_port);
    memcpy(&in4.sin_addr, value + 4, sizeof in4.sin_addr);
    return fwd_endpoint_from_sockaddr((struct sockaddr *)&in4, sizeof in4, endpoint);
  }
  if (value[1] == FAMILY_IPV6 && length == IPV6_VALUE_SIZE) {
    memcpy(&in6.sin6_port, value + 2, sizeof in6.sin6_port);
    memcpy(&in6.sin6_addr, value + 4, sizeof in6.sin6_addr);
    return fwd_endpoint_from_sockaddr((struct sockaddr *)&in6, sizeof in6, endpoint);
  }
  return FALSE;
}

gboolean
fwd_stun_message_get_endpoint(const FwdStunMessage *message, guint16 attribute,
                              FwdEndpoint *endpoint)
{
  guint8 copy[IPV6_VALUE_SIZE];
  gsize length;
  const guint8 *value = fwd_stun_message_find(message, attribute, &length);

  if (value == NULL || length < IPV4_VALUE_SIZE || length > sizeof copy)
    return FALSE;
  memcpy(copy, value, length);
  if (fwd_stun_is_xored(attribute))
    fwd_stun_xor_address(copy, length, message->data);
  return read_address(copy, length, endpoint);
}

gboolean
fwd_stun_message_get_uint32(const FwdStunMessage *message, guint16 attribute, guint32 *value)
{
  gsize length;
  const guint8 *bytes = fwd_stun_message_find(message, attribute, &length);

  if (bytes == NULL || length != sizeof *value)
    return FALSE;
  *value = fwd_stun_read32(bytes);
  return TRUE;
}

guint
fwd_stun_message_get_error_code(const FwdStunMessage *message)
{
  gsize length;
  const guint8 *value = fwd_stun_message_find(message, FWD_STUN_ERROR_CODE, &length);
  guint hundreds;

  if (value == NULL || length < 4)
    return 0;
  hundreds = value[2] & 7;
  if (hundreds < 3 || hundreds > 6 || value[3] > 99)
    return 0;
  return hundreds * 100 + value[3];
}

/* The sum covers a header whose length ends with the integrity attribute, hence the copy. */
static gboolean
verify_attribute(const Attributes *attributes, gnutls_mac_algorithm_t algorithm,
                 const guint8 *key, gsize key_length)
{
  const guint8 *data = attributes->message->data;
  gsize covered = (gsize)(attributes->value - data) - ATTRIBUTE_HEADER;
  guint8 copy[FWD_STUN_MESSAGE_MAX], digest[FWD_STUN_SHA256_SIZE];

  if (covered > sizeof copy)
    return FALSE;
  memcpy(copy, data, covered);
  fwd_stun_write16(copy + 2, (guint16)(attributes->next - FWD_STUN_HEADER_SIZE));
  return fwd_stun_hmac(algorithm, key, key_length, copy, covered, digest) &&
         gnutls_memcmp(digest, attributes->value, attributes->length) == 0;
}

gboolean
fwd_stun_message_verify(const FwdStunMessage *message, const guint8 *key, gsize key_length)
{
  Attributes attributes;

  if (find(message, FWD_STUN_MESSAGE_INTEGRITY_SHA256, &attributes))
    return attributes.length >= FWD_STUN_SHA256_MIN &&
           attributes.length <= FWD_STUN_SHA256_SIZE && attributes.length % 4 == 0 &&
           verify_attribute(&attributes, GNUTLS_MAC_SHA256, key, key_length);
  if (find(message, FWD_STUN_MESSAGE_INTEGRITY, &attributes))
    return attributes.length == FWD_STUN_SHA1_SIZE &&
           verify_attribute(&attributes, GNUTLS_MAC_SHA1, key, key_length);
  return FALSE;
}

static gboolean
is_understood(guint16 type)
{
  static const guint16 known[] = {
      FWD_STUN_MAPPED_ADDRESS,
      FWD_STUN_CHANGE_REQUEST,
      FWD_STUN_USERNAME,
      FWD_STUN_MESSAGE_INTEGRITY,
      FWD_STUN_ERROR_CODE,
      FWD_STUN_UNKNOWN_ATTRIBUTES,
      FWD_STUN_CHANNEL_NUMBER,
      FWD_STUN_LIFETIME,
      FWD_STUN_XOR_PEER_ADDRESS,
      FWD_STUN_DATA_VALUE,
      FWD_STUN_REALM,
      FWD_STUN_NONCE,
      FWD_STUN_XOR_RELAYED_ADDRESS,
      FWD_STUN_REQUESTED_ADDRESS_FAMILY,
      FWD_STUN_REQUESTED_TRANSPORT,
      FWD_STUN_MESSAGE_INTEGRITY_SHA256,
      FWD_STUN_XOR_MAPPED_ADDRESS,
      FWD_STUN_PRIORITY,
      FWD_STUN_USE_CANDIDATE,
      FWD_STUN_PADDING,
      FWD_STUN_RESPONSE_PORT,
      FWD_STUN_SOURCE_ADDRESS,
      FWD_STUN_CHANGED_ADDRESS,
  };

  for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
    if (known[i] == type)
      return TRUE;
  return type >= 0x8000;
}

guint16
fwd_stun_message_first_unknown(const FwdStunMessage *message)
{
  Attributes attributes;

  attributes_begin(&attributes, message);
  while (attributes_next(&attributes))
    if (!is_understood(attributes.type))
      return attributes.type;
  return 0;
}

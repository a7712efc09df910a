/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stun-answer.h"

#define CHANGE_PORT 0x2u /* RFC 5780, 7.2 */
#define CHANGE_IP   0x4u
#define UNKNOWN_MAX (FWD_STUN_UNKNOWN_SIZE / 2)
#define SOFTWARE    "stunfwd"

static guint16
read_uint16(const guint8 *data)
{
  return (guint16)(data[0] << 8 | data[1]);
}

static gboolean
is_understood(const FwdStunSite *site, guint16 attribute)
{
  switch (attribute) {
  case FWD_STUN_CHANGE_REQUEST:
    return site->count == FWD_STUN_SITE_SOCKETS;
  case FWD_STUN_RESPONSE_PORT:
    return !site->is_stream;
  case FWD_STUN_USERNAME:
  case FWD_STUN_REALM:
  case FWD_STUN_NONCE:
    return TRUE; /* credentials are not asked for, so they are not looked at */
  default:
    return attribute >= 0x8000;
  }
}

static gboolean
is_integrity(guint16 attribute)
{
  return attribute == FWD_STUN_MESSAGE_INTEGRITY ||
         attribute == FWD_STUN_MESSAGE_INTEGRITY_SHA256;
}

guint
fwd_stun_list_unknown(const FwdStunSite *site, const FwdStunMessage *request, guint8 *list)
{
  guint count = 0;
  gsize next;

  for (gsize at = FWD_STUN_HEADER_SIZE; at + 4 <= request->length; at = next) {
    guint16 attribute = read_uint16(request->data + at);

    next = at + 4 + ((read_uint16(request->data + at + 2) + 3u) & ~3u);
    if (is_integrity(attribute) || count == UNKNOWN_MAX)
      break;
    if (is_understood(site, attribute))
      continue;
    memcpy(list + 2 * count++, request->data + at, 2);
  }
  return count;
}

static void
write_refusal(FwdStunWriter *writer, const guint8 *transaction, guint code, const char *reason)
{
  fwd_stun_writer_begin(writer, writer->data, writer->size, FWD_STUN_FAILURE, FWD_STUN_BINDING,
                        transaction);
  fwd_stun_writer_add_error(writer, code, reason);
}

static void
write_success(FwdStunWriter *writer, const guint8 *transaction, const FwdStunSite *site,
              guint arrived, guint leaves, const FwdEndpoint *from)
{
  const FwdEndpoint *origin = &site->local[leaves];

  fwd_stun_writer_begin(writer, writer->data, writer->size, FWD_STUN_SUCCESS, FWD_STUN_BINDING,
                        transaction);
  fwd_stun_writer_add_endpoint(writer, FWD_STUN_XOR_MAPPED_ADDRESS, from);
  if (!fwd_endpoint_is_any(origin))
    fwd_stun_writer_add_endpoint(writer, FWD_STUN_RESPONSE_ORIGIN, origin);
  if (site->count == FWD_STUN_SITE_SOCKETS)
    fwd_stun_writer_add_endpoint(
        writer, FWD_STUN_OTHER_ADDRESS,
        &site->local[arrived ^ (FWD_STUN_OTHER_IP | FWD_STUN_OTHER_PORT)]);
}

guint
fwd_stun_answering_socket(guint arrived, guint32 change)
{
  if ((change & CHANGE_IP) != 0)
    arrived ^= FWD_STUN_OTHER_IP;
  if ((change & CHANGE_PORT) != 0)
    arrived ^= FWD_STUN_OTHER_PORT;
  return arrived;
}

/* FALSE when it is there and has not the length it must have. */
static gboolean
read_optional(const FwdStunMessage *request, guint16 attribute, guint32 *value)
{
  gsize length;

  return fwd_stun_message_find(request, attribute, &length) == NULL ||
         fwd_stun_message_get_uint32(request, attribute, value);
}

/* RFC 5780, 7.5: the port, then two bytes of nothing. */
static gboolean
read_response_port(const FwdStunMessage *request, FwdEndpoint *to)
{
  guint32 value = 0;

  if (!read_optional(request, FWD_STUN_RESPONSE_PORT, &value))
    return FALSE;
  if (value >> 16 != 0)
    fwd_endpoint_set_port(to, (guint16)(value >> 16));
  return TRUE;
}

gboolean
fwd_stun_answer(const FwdStunSite *site, guint socket, const FwdEndpoint *from,
                const guint8 *data, gsize length, FwdStunAnswer *answer)
{
  FwdStunWriter writer = {.data = answer->data, .size = sizeof answer->data};
  guint8 unknown[2 * UNKNOWN_MAX];
  const guint8 *transaction;
  FwdStunMessage request;
  guint unknown_count;
  guint32 change = 0;

  if (!fwd_stun_message_parse(data, length, &request) ||
      fwd_stun_message_class(&request) != FWD_STUN_REQUEST ||
      fwd_stun_message_method(&request) != FWD_STUN_BINDING)
    return FALSE;
  transaction = fwd_stun_message_transaction(&request);
  unknown_count = fwd_stun_list_unknown(site, &request, unknown);
  answer->socket = socket;
  answer->to = *from;
  if (unknown_count > 0) {
    write_refusal(&writer, transaction, 420, "Unknown Attribute");
    fwd_stun_writer_add(&writer, FWD_STUN_UNKNOWN_ATTRIBUTES, unknown, 2 * unknown_count);
  } else if (!read_optional(&request, FWD_STUN_CHANGE_REQUEST, &change) ||
             !read_response_port(&request, &answer->to)) {
    write_refusal(&writer, transaction, 400, "Bad Request");
  } else {
    answer->socket = fwd_stun_answering_socket(socket, change);
    write_success(&writer, transaction, site, socket, answer->socket, from);
  }
  fwd_stun_writer_add(&writer, FWD_STUN_SOFTWARE, SOFTWARE, strlen(SOFTWARE));
  fwd_stun_writer_add_fingerprint(&writer);
  answer->length = writer.length;
  return writer.length > 0;
}

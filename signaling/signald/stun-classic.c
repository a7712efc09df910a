/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stun-classic.h"

/* A Binding request with a CHANGE-REQUEST has 28 bytes; some add a name. */
#define REQUEST_MAX   512
#define COOKIE_OFFSET 4
#define COOKIE_SIZE   4

static const guint8 cookie[COOKIE_SIZE] = {0x21, 0x12, 0xa4, 0x42};

gboolean
fwd_stun_classic_is_likely(const guint8 *data, gsize length)
{
  return length >= FWD_STUN_HEADER_SIZE && length <= REQUEST_MAX && data[0] == 0 &&
         data[1] == FWD_STUN_BINDING &&
         (gsize)(data[2] << 8 | data[3]) == length - FWD_STUN_HEADER_SIZE &&
         memcmp(data + COOKIE_OFFSET, cookie, COOKIE_SIZE) != 0;
}

/* With a cookie in its place the rest is as in any STUN message. */
static gboolean
parse(const guint8 *data, gsize length, guint8 *copy, FwdStunMessage *request)
{
  if (!fwd_stun_classic_is_likely(data, length))
    return FALSE;
  memcpy(copy, data, length);
  memcpy(copy + COOKIE_OFFSET, cookie, COOKIE_SIZE);
  return fwd_stun_message_parse(copy, length, request);
}

static void
write_answer(FwdStunWriter *writer, const FwdStunSite *site, guint arrived, guint leaves,
             const FwdEndpoint *from)
{
  fwd_stun_writer_add_endpoint(writer, FWD_STUN_MAPPED_ADDRESS, from);
  if (!fwd_endpoint_is_any(&site->local[leaves]))
    fwd_stun_writer_add_endpoint(writer, FWD_STUN_SOURCE_ADDRESS, &site->local[leaves]);
  if (site->count == FWD_STUN_SITE_SOCKETS)
    fwd_stun_writer_add_endpoint(
        writer, FWD_STUN_CHANGED_ADDRESS,
        &site->local[arrived ^ (FWD_STUN_OTHER_IP | FWD_STUN_OTHER_PORT)]);
}

gboolean
fwd_stun_classic_answer(const FwdStunSite *site, guint socket, const FwdEndpoint *from,
                        const guint8 *data, gsize length, FwdStunAnswer *answer)
{
  guint8 copy[REQUEST_MAX], unknown[FWD_STUN_UNKNOWN_SIZE];
  FwdStunWriter writer;
  FwdStunMessage request;
  guint32 change = 0;

  if (fwd_endpoint_family(from) != AF_INET || !parse(data, length, copy, &request) ||
      fwd_stun_list_unknown(site, &request, unknown) > 0)
    return FALSE;
  fwd_stun_message_get_uint32(&request, FWD_STUN_CHANGE_REQUEST, &change);
  answer->socket = fwd_stun_answering_socket(socket, change);
  answer->to = *from;
  fwd_stun_writer_begin(&writer, answer->data, sizeof answer->data, FWD_STUN_SUCCESS,
                        FWD_STUN_BINDING, fwd_stun_message_transaction(&request));
  write_answer(&writer, site, socket, answer->socket, from);
  memcpy(answer->data + COOKIE_OFFSET, data + COOKIE_OFFSET, COOKIE_SIZE);
  answer->length = writer.length;
  return writer.length > 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stun-stream.h"

#include "stun-digest.h"
#include <string.h>

/* The first two bits of a type are zero, and lengths are multiples of four. */
#define TYPE_MASK   0xc0
#define LENGTH_MASK 3u
#define COOKIE_AT   4
#define COOKIE_SIZE 4

gssize
fwd_stun_stream_next(const guint8 *data, gsize length)
{
  static const guint8 cookie[COOKIE_SIZE] = {0x21, 0x12, 0xa4, 0x42};
  gsize whole, seen = length > COOKIE_AT ? MIN(length - COOKIE_AT, COOKIE_SIZE) : 0;

  if ((length > 0 && (data[0] & TYPE_MASK) != 0) ||
      (seen > 0 && memcmp(data + COOKIE_AT, cookie, seen) != 0))
    return -1;
  if (length < COOKIE_AT)
    return 0;
  whole = FWD_STUN_HEADER_SIZE + fwd_stun_read16(data + 2);
  if (whole > FWD_STUN_MESSAGE_MAX || (whole & LENGTH_MASK) != 0)
    return -1;
  return length < whole ? 0 : (gssize)whole;
}

void
fwd_stun_stream_ask(guint8 *request, guint8 *transaction)
{
  FwdStunWriter writer;

  fwd_stun_new_transaction(transaction);
  fwd_stun_writer_begin(&writer, request, FWD_STUN_HEADER_SIZE, FWD_STUN_REQUEST,
                        FWD_STUN_BINDING, transaction);
}

gboolean
fwd_stun_stream_read_answer(const guint8 *data, gsize length, const guint8 *transaction,
                            FwdEndpoint *mapped)
{
  FwdStunMessage message;

  return fwd_stun_message_parse(data, length, &message) &&
         fwd_stun_message_class(&message) == FWD_STUN_SUCCESS &&
         fwd_stun_message_method(&message) == FWD_STUN_BINDING &&
         memcmp(fwd_stun_message_transaction(&message), transaction,
                FWD_STUN_TRANSACTION_SIZE) == 0 &&
         fwd_stun_message_first_unknown(&message) == 0 &&
         fwd_stun_message_get_endpoint(&message, FWD_STUN_XOR_MAPPED_ADDRESS, mapped) &&
         fwd_endpoint_port(mapped) != 0;
}

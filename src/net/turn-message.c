/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "turn-message.h"
#include "stun-digest.h"

#define PADDED(length) (((length) + 3u) & ~(gsize)3)

/* The first two bits of a message (RFC 8656, 12). */
#define KIND_MASK    0xC0
#define KIND_STUN    0x00
#define KIND_CHANNEL 0x40

void
fwd_turn_channel_write(guint8 *header, guint16 channel, gsize length)
{
  fwd_stun_write16(header, channel);
  fwd_stun_write16(header + 2, (guint16)length);
}

gboolean
fwd_turn_channel_read(const guint8 *data, gsize length, guint16 *channel, FwdTurnPacket *packet)
{
  if (length < FWD_TURN_CHANNEL_HEADER)
    return FALSE;
  *channel = fwd_stun_read16(data);
  packet->data = data + FWD_TURN_CHANNEL_HEADER;
  packet->length = fwd_stun_read16(data + 2);
  return *channel >= FWD_TURN_CHANNEL_MIN && *channel <= FWD_TURN_CHANNEL_MAX &&
         packet->length <= length - FWD_TURN_CHANNEL_HEADER;
}

gsize
fwd_turn_send_write(guint8 *buffer, gsize size, const FwdEndpoint *peer, const guint8 *data,
                    gsize length)
{
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE];
  FwdStunWriter writer;

  fwd_stun_new_transaction(transaction);
  fwd_stun_writer_begin(&writer, buffer, size, FWD_STUN_INDICATION, FWD_STUN_SEND, transaction);
  fwd_stun_writer_add_endpoint(&writer, FWD_STUN_XOR_PEER_ADDRESS, peer);
  fwd_stun_writer_add(&writer, FWD_STUN_DATA_VALUE, data, length);
  return writer.length;
}

gboolean
fwd_turn_data_read(const guint8 *data, gsize length, FwdTurnPacket *packet)
{
  FwdStunMessage message;

  if (!fwd_stun_message_parse(data, length, &message) ||
      fwd_stun_message_class(&message) != FWD_STUN_INDICATION ||
      fwd_stun_message_method(&message) != FWD_STUN_DATA)
    return FALSE;
  packet->data = fwd_stun_message_find(&message, FWD_STUN_DATA_VALUE, &packet->length);
  return packet->data != NULL &&
         fwd_stun_message_get_endpoint(&message, FWD_STUN_XOR_PEER_ADDRESS, &packet->peer);
}

gssize
fwd_turn_frame_length(const guint8 *data, gsize available)
{
  gsize length;

  if (available < FWD_TURN_CHANNEL_HEADER)
    return 0;
  length = fwd_stun_read16(data + 2);
  switch (data[0] & KIND_MASK) {
  case KIND_STUN:
    return length % 4 == 0 ? (gssize)(FWD_STUN_HEADER_SIZE + length) : -1;
  case KIND_CHANNEL:
    return (gssize)(FWD_TURN_CHANNEL_HEADER + PADDED(length));
  default:
    return -1;
  }
}

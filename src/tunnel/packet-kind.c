/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/packet-kind.h"
#include "tunnel/demultiplexer.h"
#include <string.h>

#define STUN_LAST      3
#define QUIC_LONG_BIT  0x80
#define QUIC_FIXED_BIT 0x40
#define LONG_ID_LENGTH 5 /* after the first byte and the version */
#define LONG_ID        6
#define SHORT_ID       1

static gboolean
read_connection_id(const guint8 *data, gsize length, gsize offset, guint64 *connection_id)
{
  guint64 big_endian;

  if (length < offset + FWD_CONNECTION_ID_SIZE)
    return FALSE;
  memcpy(&big_endian, data + offset, sizeof big_endian);
  *connection_id = GUINT64_FROM_BE(big_endian);
  return TRUE;
}

static gboolean
is_quic(const guint8 *data, gsize length, guint64 *connection_id)
{
  if ((data[0] & QUIC_FIXED_BIT) == 0)
    return FALSE;
  if ((data[0] & QUIC_LONG_BIT) == 0)
    return read_connection_id(data, length, SHORT_ID, connection_id);
  return length > LONG_ID_LENGTH && data[LONG_ID_LENGTH] == FWD_CONNECTION_ID_SIZE &&
         read_connection_id(data, length, LONG_ID, connection_id);
}

FwdPacketKind
fwd_packet_classify(const guint8 *data, gsize length, guint64 *connection_id)
{
  if (length == 0)
    return FWD_PACKET_OTHER;
  if (data[0] <= STUN_LAST)
    return FWD_PACKET_STUN;
  return is_quic(data, length, connection_id) ? FWD_PACKET_QUIC : FWD_PACKET_OTHER;
}

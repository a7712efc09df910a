/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/websocket-frame.h"

#include <string.h>

/*
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-------+-+-------------+-------------------------------+
 * |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
 * |I|S|S|S|  (4)  |A|     (7)     |    (16 or 64, if payload len  |
 * |N|V|V|V|       |S|             |    is 126 or 127)             |
 * | |1|2|3|       |K|             |    then the masking key (32)  |
 * +-+-+-+-+-------+-+-------------+-------------------------------+
 */
#define FINAL    0x80
#define RESERVED 0x70
#define OPCODE   0x0f
#define MASKED   0x80
#define LENGTH   0x7f

enum { LENGTH_16 = 126, LENGTH_64 = 127 };

gboolean
fwd_websocket_is_control(FwdWebsocketOpcode opcode)
{
  return (opcode & 0x8) != 0;
}

static gsize
extended_size(guint8 length)
{
  if (length == LENGTH_16)
    return 2;
  return length == LENGTH_64 ? 8 : 0;
}

static guint64
read_number(const guint8 *data, gsize size)
{
  guint64 number = 0;

  for (gsize i = 0; i < size; i++)
    number = number << 8 | data[i];
  return number;
}

static void
write_number(guint8 *data, gsize size, guint64 number)
{
  for (gsize i = size; i-- > 0; number >>= 8)
    data[i] = (guint8)number;
}

static gboolean
is_known(guint8 opcode)
{
  return opcode <= FWD_WEBSOCKET_BINARY ||
         (opcode >= FWD_WEBSOCKET_CLOSE && opcode <= FWD_WEBSOCKET_PONG);
}

static gboolean
is_shortest(gsize extended, guint64 length)
{
  if (extended == 2)
    return length >= LENGTH_16;
  return extended == 0 || (length > G_MAXUINT16 && length <= G_MAXINT64);
}

static gboolean
is_valid(const FwdWebsocketHeader *header, gsize extended)
{
  if (fwd_websocket_is_control(header->opcode))
    return header->final && extended == 0;
  return is_shortest(extended, header->length);
}

gssize
fwd_websocket_header_read(const guint8 *data, gsize size, FwdWebsocketHeader *header)
{
  gsize extended, mask, total;

  if (size >= 1 && ((data[0] & RESERVED) != 0 || !is_known(data[0] & OPCODE)))
    return -1;
  if (size < 2)
    return 0;
  extended = extended_size(data[1] & LENGTH);
  mask = (data[1] & MASKED) != 0 ? FWD_WEBSOCKET_MASK_SIZE : 0;
  total = 2 + extended + mask;
  if (size < total)
    return 0;
  *header = (FwdWebsocketHeader){.opcode = data[0] & OPCODE,
                                 .final = (data[0] & FINAL) != 0,
                                 .masked = mask != 0,
                                 .length = extended != 0 ? read_number(data + 2, extended)
                                                         : data[1] & LENGTH};
  memcpy(header->mask, data + 2 + extended, mask);
  return is_valid(header, extended) ? (gssize)total : -1;
}

static guint8
short_length(guint64 length)
{
  if (length < LENGTH_16)
    return (guint8)length;
  return length <= G_MAXUINT16 ? LENGTH_16 : LENGTH_64;
}

gsize
fwd_websocket_header_write(guint8 *data, const FwdWebsocketHeader *header)
{
  const guint8 length = short_length(header->length);
  const gsize extended = extended_size(length);
  gsize size = 2 + extended;

  data[0] = (header->final ? FINAL : 0) | header->opcode;
  data[1] = (header->masked ? MASKED : 0) | length;
  write_number(data + 2, extended, header->length);
  if (header->masked) {
    memcpy(data + size, header->mask, sizeof header->mask);
    size += sizeof header->mask;
  }
  return size;
}

/* Eight bytes at a time: the mask, turned to where @data starts, twice in a row. */
void
fwd_websocket_mask(guint8 *data, gsize length, const guint8 *mask, guint64 offset)
{
  guint8 turned[8];
  guint64 word, key;
  gsize i = 0;

  for (gsize j = 0; j < sizeof turned; j++)
    turned[j] = mask[(offset + j) % FWD_WEBSOCKET_MASK_SIZE];
  memcpy(&key, turned, sizeof key);
  for (; i + sizeof word <= length; i += sizeof word) {
    memcpy(&word, data + i, sizeof word);
    word ^= key;
    memcpy(data + i, &word, sizeof word);
  }
  for (; i < length; i++)
    data[i] ^= turned[i % sizeof turned];
}

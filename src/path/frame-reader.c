/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/frame-reader.h"

#include <errno.h>
#include <string.h>

void
fwd_frame_reader_init(FwdFrameReader *reader, FwdFraming framing)
{
  memset(reader, 0, G_STRUCT_OFFSET(FwdFrameReader, bytes));
  reader->framing = framing;
}

guint8 *
fwd_frame_reader_space(FwdFrameReader *reader, gsize *size)
{
  /* Little is left here when nothing more could be taken: part of one packet, part of a header.
   */
  memmove(reader->bytes, reader->bytes + reader->head, reader->end - reader->head);
  reader->tail -= reader->head;
  reader->raw -= reader->head;
  reader->end -= reader->head;
  reader->head = 0;
  *size = sizeof reader->bytes - reader->end;
  return reader->bytes + reader->end;
}

void
fwd_frame_reader_added(FwdFrameReader *reader, gsize length)
{
  reader->end += length;
}

/* Packets. */

/** Length of the next packet, or -1 when it is not complete; 0 is a packet of no bytes. */
static gssize
next_packet(const FwdFrameReader *reader)
{
  const guint8 *at = reader->bytes + reader->head;
  gsize length;

  if (reader->tail - reader->head < FWD_FRAME_PREFIX)
    return -1;
  length = (gsize)at[0] << 8 | at[1];
  return reader->tail - reader->head - FWD_FRAME_PREFIX >= length ? (gssize)length : -1;
}

static gsize
gather(FwdFrameReader *reader, guint8 *buffer, gsize size, gsize *segment)
{
  gsize taken = 0;
  gssize length;

  while ((length = next_packet(reader)) >= 0) {
    if (taken > 0 && ((gsize)length > *segment || taken + length > size))
      break;
    if (taken == 0)
      *segment = (gsize)length;
    memcpy(buffer + taken, reader->bytes + reader->head + FWD_FRAME_PREFIX, (gsize)length);
    reader->head += FWD_FRAME_PREFIX + (gsize)length;
    taken += (gsize)length;
    if ((gsize)length < *segment)
      break;
  }
  return taken;
}

/* WebSocket frames: 1 when there may be another packet now, 0 when more bytes are needed. */

static int
unwrap_payload(FwdFrameReader *reader)
{
  const gsize length = (gsize)MIN(reader->frame_left, reader->end - reader->raw);

  if (length == 0)
    return 0;
  if (reader->head == reader->tail)
    reader->head = reader->tail = reader->raw;
  else if (reader->tail != reader->raw)
    memmove(reader->bytes + reader->tail, reader->bytes + reader->raw, length);
  reader->tail += length;
  reader->raw += length;
  reader->frame_left -= length;
  return 1;
}

static int
unwrap_control(FwdFrameReader *reader, const FwdWebsocketHeader *header, gsize size)
{
  const guint8 *payload = reader->bytes + reader->raw + size;

  if (reader->end - reader->raw - size < header->length)
    return 0;
  reader->raw += size + (gsize)header->length;
  if (header->opcode == FWD_WEBSOCKET_CLOSE)
    reader->closed = TRUE;
  if (header->opcode == FWD_WEBSOCKET_PING) {
    reader->pinged = TRUE;
    reader->ping_length = (guint8)header->length;
    memcpy(reader->ping, payload, reader->ping_length);
  }
  return 1;
}

static gboolean
belongs_here(const FwdFrameReader *reader, const FwdWebsocketHeader *header)
{
  const FwdWebsocketOpcode opcode =
      reader->in_message ? FWD_WEBSOCKET_CONTINUATION : FWD_WEBSOCKET_BINARY;

  /* A server does not mask (5.1), and between peers there is no text. */
  return !header->masked &&
         (fwd_websocket_is_control(header->opcode) || header->opcode == opcode);
}

static int
begin_frame(FwdFrameReader *reader)
{
  FwdWebsocketHeader header;
  const gssize size = fwd_websocket_header_read(reader->bytes + reader->raw,
                                                reader->end - reader->raw, &header);

  if (size == 0)
    return 0;
  if (size < 0 || !belongs_here(reader, &header))
    return -EPROTO;
  if (fwd_websocket_is_control(header.opcode))
    return unwrap_control(reader, &header, (gsize)size);
  if (header.length > FWD_FRAME_MESSAGE_MAX - reader->message_length)
    return -EPROTO;
  reader->raw += (gsize)size;
  reader->message_length += (gsize)header.length;
  reader->in_message = TRUE;
  reader->final = header.final;
  reader->frame_left = header.length;
  return 1;
}

/* A message holds whole packets. */
static int
end_message(FwdFrameReader *reader)
{
  reader->in_message = reader->final = FALSE;
  reader->message_length = 0;
  return reader->head == reader->tail ? 1 : -EPROTO;
}

static int
unwrap_websocket(FwdFrameReader *reader)
{
  if (reader->closed)
    return -EPIPE;
  if (reader->frame_left > 0)
    return unwrap_payload(reader);
  if (reader->in_message && reader->final)
    return end_message(reader);
  return begin_frame(reader);
}

static int
unwrap(FwdFrameReader *reader)
{
  if (reader->framing == FWD_FRAMING_WEBSOCKET)
    return unwrap_websocket(reader);
  if (reader->raw == reader->end)
    return 0;
  reader->tail = reader->raw = reader->end;
  return 1;
}

gssize
fwd_frame_reader_take(FwdFrameReader *reader, guint8 *buffer, gsize size, gsize *segment)
{
  for (;;) {
    const gsize taken = gather(reader, buffer, size, segment);
    int unwrapped;

    if (taken > 0)
      return (gssize)taken;
    unwrapped = unwrap(reader);
    if (unwrapped <= 0)
      return unwrapped;
  }
}

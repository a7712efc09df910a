/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/framed-path.h"

#include "path/frame-reader.h"
#include "net/stream-socket.h"
#include <errno.h>
#include <gnutls/crypto.h>
#include <string.h>

/* Of one message, lengths included: what a header with a length of 16 bits can tell. */
#define PAYLOAD_MAX G_MAXUINT16
/* Packets that TCP has not sent yet wait here or with QUIC, which knows which are urgent. */
#define UNSENT_MAX (128 * 1024)

/*
 * What is smaller still finds room behind a message that waits: checks, which
 * would else be lost on every busy path, and acknowledgements.
 */
#define SMALL_MAX  256
#define SMALL_ROOM 4096

typedef struct {
  FwdPath path; /* first */
  FwdStreamSocket stream;
  FwdFraming framing;
  int error; /* -errno that ended it */
  /* What was taken and not written yet: from @sent to @length of @out. */
  gsize sent, length;
  guint8 out[FWD_WEBSOCKET_HEADER_MAX + PAYLOAD_MAX + SMALL_ROOM];
  FwdFrameReader reader;
} FramedPath;

/* Writing. */

/** 0 when all is written, 1 when not, -errno. */
static int
write_out(FramedPath *self)
{
  while (self->error == 0 && self->sent < self->length) {
    const gssize written = fwd_stream_socket_write(&self->stream, self->out + self->sent,
                                                   self->length - self->sent);
    if (written == 0)
      return 1;
    if (written < 0)
      self->error = (int)written;
    else
      self->sent += (gsize)written;
  }
  self->sent = self->length = 0;
  return self->error;
}

static gboolean
has_room(const FramedPath *self, gsize payload)
{
  return sizeof self->out - self->length >= FWD_WEBSOCKET_HEADER_MAX + payload;
}

/** Begins a message behind what waits; returns where its payload goes. */
static guint8 *
begin_message(FramedPath *self, FwdWebsocketHeader *header)
{
  gnutls_rnd(GNUTLS_RND_NONCE, header->mask, sizeof header->mask);
  self->length += fwd_websocket_header_write(self->out + self->length, header);
  return self->out + self->length;
}

static void
end_message(FramedPath *self, const FwdWebsocketHeader *header)
{
  fwd_websocket_mask(self->out + self->length, (gsize)header->length, header->mask, 0);
  self->length += (gsize)header->length;
}

static void
add_control(FramedPath *self, FwdWebsocketOpcode opcode, const guint8 *data, gsize length)
{
  FwdWebsocketHeader header = {
      .opcode = opcode, .final = TRUE, .masked = TRUE, .length = length};

  memcpy(begin_message(self, &header), data, length);
  end_message(self, &header);
}

/** How many bytes of packets go into one message, and *@payload, their lengths included. */
static gsize
measure(const FwdPacketBatch *batch, gsize offset, gsize *payload)
{
  gsize end = offset;

  *payload = 0;
  while (end < batch->length) {
    const gsize packet = MIN(batch->segment, batch->length - end);
    if (*payload + FWD_FRAME_PREFIX + packet > PAYLOAD_MAX)
      break;
    *payload += FWD_FRAME_PREFIX + packet;
    end += packet;
  }
  return end - offset;
}

static void
copy_packets(guint8 *to, const guint8 *from, gsize length, gsize segment)
{
  for (gsize offset = 0; offset < length; offset += segment) {
    const gsize packet = MIN(segment, length - offset);

    to[0] = (guint8)(packet >> 8);
    to[1] = (guint8)packet;
    memcpy(to + FWD_FRAME_PREFIX, from + offset, packet);
    to += FWD_FRAME_PREFIX + packet;
  }
}

static void
add_packets(FramedPath *self, const FwdPacketBatch *batch, gsize offset, gsize length,
            gsize payload)
{
  FwdWebsocketHeader header = {
      .opcode = FWD_WEBSOCKET_BINARY, .final = TRUE, .masked = TRUE, .length = payload};
  guint8 *to = self->out + self->length;

  if (self->framing == FWD_FRAMING_WEBSOCKET)
    to = begin_message(self, &header);
  copy_packets(to, batch->data + offset, length, batch->segment);
  if (self->framing == FWD_FRAMING_WEBSOCKET)
    end_message(self, &header);
  else
    self->length += payload;
}

/* A ping that comes before the last one is answered takes its place (RFC 6455, 5.5.3). */
static int
flush(FwdPath *path)
{
  FramedPath *self = (FramedPath *)path;
  FwdFrameReader *reader = &self->reader;

  if (!reader->pinged || !has_room(self, reader->ping_length))
    return write_out(self);
  reader->pinged = FALSE;
  add_control(self, FWD_WEBSOCKET_PONG, reader->ping, reader->ping_length);
  return write_out(self);
}

static gssize
send_batch(FwdPath *path, const FwdPacketBatch *batch)
{
  FramedPath *self = (FramedPath *)path;
  gsize taken = 0;

  if (batch->segment > PAYLOAD_MAX - FWD_FRAME_PREFIX)
    return (gssize)batch->length;
  while (taken < batch->length) {
    const int kept = flush(path);
    gsize payload, length = measure(batch, taken, &payload);

    if (kept < 0)
      return kept;
    if (kept > 0 && (payload > SMALL_MAX || !has_room(self, payload)))
      return (gssize)taken;
    add_packets(self, batch, taken, length, payload);
    taken += length;
  }
  return write_out(self) < 0 ? self->error : (gssize)taken;
}

/* Reading. */

static gssize
take(FramedPath *self, guint8 *buffer, gsize size, gsize *segment)
{
  const gssize taken = fwd_frame_reader_take(&self->reader, buffer, size, segment);

  if (self->reader.pinged && flush(&self->path) < 0)
    return self->error;
  return taken;
}

static gssize
recv_batch(FwdPath *path, guint8 *buffer, gsize size, gsize *segment)
{
  FramedPath *self = (FramedPath *)path;

  for (;;) {
    gssize length = take(self, buffer, size, segment);
    guint8 *space;
    gsize room;

    if (length != 0)
      return length;
    space = fwd_frame_reader_space(&self->reader, &room);
    length = fwd_stream_socket_read(&self->stream, space, room);
    if (length <= 0)
      return length;
    fwd_frame_reader_added(&self->reader, (gsize)length);
  }
}

/* Making and ending it. */

static void
close_path(FwdPath *path)
{
  static const guint8 normal_closure[] = {1000 >> 8, 1000 & 0xff}; /* RFC 6455, 7.4.1 */
  FramedPath *self = (FramedPath *)path;

  if (self->framing == FWD_FRAMING_WEBSOCKET && write_out(self) == 0) {
    add_control(self, FWD_WEBSOCKET_CLOSE, normal_closure, sizeof normal_closure);
    write_out(self);
  }
  fwd_stream_socket_clear(&self->stream);
  g_free(self);
}

static const FwdPathOps framed_path_ops = {
    .size = sizeof(FwdPathOps),
    .send_batch = send_batch,
    .recv_batch = recv_batch,
    .close = close_path,
    .flush = flush,
};

FwdPath *
fwd_framed_path_new(GIOStream *stream, FwdFraming framing, FwdPathClass path_class,
                    const char *strategy, guint32 rtt_us)
{
  FramedPath *self = g_malloc(sizeof *self);

  memset(self, 0, G_STRUCT_OFFSET(FramedPath, out));
  if (!fwd_stream_socket_init(&self->stream, stream)) {
    g_free(self);
    return NULL;
  }
  self->framing = framing;
  fwd_frame_reader_init(&self->reader, framing);
  fwd_stream_socket_hurry(&self->stream, UNSENT_MAX);
  self->path.ops = &framed_path_ops;
  self->path.path_class = path_class;
  g_strlcpy(self->path.strategy, strategy, sizeof self->path.strategy);
  self->path.fd = self->stream.fd;
  self->path.mtu = FWD_FRAMED_MTU;
  self->path.rtt_us = rtt_us;
  fwd_stream_socket_get_endpoints(&self->stream, &self->path.local, &self->path.remote);
  return &self->path;
}

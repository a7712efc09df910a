/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/turn-link.h"
#include "net/datagram-socket.h"
#include "net/stream-socket.h"
#include "net/turn-message.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Packets that TCP has not sent yet wait with QUIC, which knows which are urgent. */
#define UNSENT_MAX (128 * 1024)
/* Checks and the client's own requests find room behind what waits. */
#define SMALL_MAX  256
#define SMALL_ROOM 4096
/* What is longer arrives nowhere: it counts as lost on the way. */
#define PACKET_MAX 2048
/* Bytes of a batch that are wrapped at once. */
#define OUTPUT_SIZE FWD_DATAGRAM_BUFFER_SIZE
#define PADDING_MAX 3

struct FwdTurnLink {
  FwdStreamSocket stream; /* its stream is NULL over UDP */
  int fd;
  FwdEndpoint server;
  int error; /* -errno that ended it */

  /* What was read and not handed out yet: from @begin to @end. */
  gsize begin, end, segment;
  /* What was taken and not written yet: from @sent to @length. */
  gsize sent, length;
  guint8 input[FWD_TURN_FRAME_MAX];
  guint8 output[OUTPUT_SIZE + SMALL_ROOM];
};

static FwdTurnLink *
make(void)
{
  FwdTurnLink *link = g_malloc(sizeof *link);

  memset(link, 0, G_STRUCT_OFFSET(FwdTurnLink, input));
  return link;
}

FwdTurnLink *
fwd_turn_link_new_datagram(int fd, const FwdEndpoint *server)
{
  FwdTurnLink *link;

  if (!fwd_datagram_socket_adopt(fd, server)) {
    if (fd >= 0)
      close(fd);
    return NULL;
  }
  link = make();
  link->fd = fd;
  link->server = *server;
  return link;
}

FwdTurnLink *
fwd_turn_link_new_stream(GIOStream *stream)
{
  FwdTurnLink *link = make();
  FwdEndpoint local;

  if (!fwd_stream_socket_init(&link->stream, stream)) {
    g_free(link);
    return NULL;
  }
  link->fd = link->stream.fd;
  fwd_stream_socket_get_endpoints(&link->stream, &local, &link->server);
  fwd_stream_socket_hurry(&link->stream, UNSENT_MAX);
  return link;
}

void
fwd_turn_link_free(FwdTurnLink *link)
{
  if (fwd_turn_link_is_stream(link))
    fwd_stream_socket_clear(&link->stream);
  else
    close(link->fd);
  g_free(link);
}

int
fwd_turn_link_get_fd(const FwdTurnLink *link)
{
  return link->fd;
}

gboolean
fwd_turn_link_is_stream(const FwdTurnLink *link)
{
  return link->stream.stream != NULL;
}

const FwdEndpoint *
fwd_turn_link_get_server(const FwdTurnLink *link)
{
  return &link->server;
}

/* Reading. */

static int
read_datagrams(FwdTurnLink *link)
{
  FwdEndpoint from;
  gssize length = fwd_datagram_socket_receive(link->fd, link->input, FWD_DATAGRAM_BUFFER_SIZE,
                                              &from, &link->segment);

  if (length <= 0)
    return (int)length;
  link->begin = 0;
  link->end = (gsize)length;
  return 1;
}

static int
next_datagram(FwdTurnLink *link, const guint8 **message, gsize *length)
{
  int result = link->begin < link->end ? 1 : read_datagrams(link);

  if (result <= 0)
    return result;
  *message = link->input + link->begin;
  *length = MIN(link->segment, link->end - link->begin);
  link->begin += *length;
  return 1;
}

static int
read_stream(FwdTurnLink *link)
{
  gssize length;

  memmove(link->input, link->input + link->begin, link->end - link->begin);
  link->end -= link->begin;
  link->begin = 0;
  length = fwd_stream_socket_read(&link->stream, link->input + link->end,
                                  sizeof link->input - link->end);
  if (length <= 0)
    return (int)length;
  link->end += (gsize)length;
  return 1;
}

/* A whole message fits the input, so there is room to read as long as one is incomplete. */
static int
next_frame(FwdTurnLink *link, const guint8 **message, gsize *length)
{
  for (;;) {
    gsize available = link->end - link->begin;
    gssize frame = fwd_turn_frame_length(link->input + link->begin, available);
    int result;

    if (frame < 0)
      return -EPROTO;
    if (frame > 0 && (gsize)frame <= available) {
      *message = link->input + link->begin;
      *length = (gsize)frame;
      link->begin += *length;
      return 1;
    }
    result = read_stream(link);
    if (result <= 0)
      return result;
  }
}

int
fwd_turn_link_next(FwdTurnLink *link, const guint8 **message, gsize *length)
{
  int result = link->error;

  if (result == 0)
    result = fwd_turn_link_is_stream(link) ? next_frame(link, message, length)
                                           : next_datagram(link, message, length);
  if (result < 0)
    link->error = result;
  return result;
}

/* Writing. */

int
fwd_turn_link_flush(FwdTurnLink *link)
{
  while (link->error == 0 && link->sent < link->length) {
    gssize written = fwd_stream_socket_write(&link->stream, link->output + link->sent,
                                             link->length - link->sent);
    if (written == 0)
      return 1;
    if (written < 0)
      link->error = (int)written;
    else
      link->sent += (gsize)written;
  }
  link->sent = link->length = 0;
  return link->error;
}

void
fwd_turn_link_send(FwdTurnLink *link, const guint8 *message, gsize length)
{
  if (!fwd_turn_link_is_stream(link)) {
    fwd_datagram_socket_send_one(link->fd, &link->server, 0, message, length);
    return;
  }
  if (fwd_turn_link_flush(link) < 0 || length > sizeof link->output - link->length)
    return;
  memcpy(link->output + link->length, message, length);
  link->length += length;
  fwd_turn_link_flush(link);
}

/* Wraps one packet behind what is in the output; its wrapped length, 0 for want of room. */
static gsize
wrap(FwdTurnLink *link, guint16 channel, const FwdEndpoint *peer, const guint8 *data,
     gsize length)
{
  guint8 *output = link->output + link->length;
  gsize room = sizeof link->output - link->length;
  gsize wrapped = FWD_TURN_CHANNEL_HEADER + length;

  if (channel == 0)
    return fwd_turn_send_write(output, room, peer, data, length);
  if (wrapped + PADDING_MAX > room)
    return 0;
  fwd_turn_channel_write(output, channel, length);
  memcpy(output + FWD_TURN_CHANNEL_HEADER, data, length);
  for (; fwd_turn_link_is_stream(link) && wrapped % 4 != 0; wrapped++)
    output[wrapped] = 0;
  return wrapped;
}

/* Wraps packets from @offset on as long as they fit; how many bytes of the batch that is. */
static gsize
wrap_packets(FwdTurnLink *link, guint16 channel, const FwdEndpoint *peer,
             const FwdPacketBatch *batch, gsize offset, gsize *segment)
{
  gsize end = offset;

  for (guint i = 0; i < FWD_DATAGRAM_BATCH_MAX && end < batch->length; i++) {
    gsize length = MIN(batch->segment, batch->length - end);
    gsize wrapped = wrap(link, channel, peer, batch->data + end, length);

    if (wrapped == 0)
      break;
    if (i == 0)
      *segment = wrapped;
    link->length += wrapped;
    end += length;
    if (link->length > OUTPUT_SIZE)
      break;
  }
  return end - offset;
}

static gssize
write_stream(FwdTurnLink *link, guint16 channel, const FwdEndpoint *peer,
             const FwdPacketBatch *batch)
{
  gsize taken = 0;

  while (taken < batch->length) {
    int kept = fwd_turn_link_flush(link);
    gsize segment, wrapped;

    if (kept < 0)
      return kept;
    if (kept > 0 && batch->length - taken > SMALL_MAX)
      break;
    wrapped = wrap_packets(link, channel, peer, batch, taken, &segment);
    if (wrapped == 0)
      break;
    taken += wrapped;
  }
  return fwd_turn_link_flush(link) < 0 ? link->error : (gssize)taken;
}

static gssize
write_datagrams(FwdTurnLink *link, guint16 channel, const FwdEndpoint *peer,
                const FwdPacketBatch *batch)
{
  gsize taken = 0;

  while (taken < batch->length) {
    gsize segment = 1, wrapped = wrap_packets(link, channel, peer, batch, taken, &segment);
    gsize length = link->length;
    gssize sent;

    link->length = 0;
    if (wrapped == 0)
      break;
    sent = fwd_datagram_socket_send(link->fd, &link->server, link->output, length, segment);
    if (sent < 0)
      return sent;
    if ((gsize)sent < length)
      return (gssize)(taken + (gsize)sent / segment * batch->segment);
    taken += wrapped;
  }
  return (gssize)taken;
}

gssize
fwd_turn_link_send_batch(FwdTurnLink *link, guint16 channel, const FwdEndpoint *peer,
                         const FwdPacketBatch *batch)
{
  if (batch->segment > PACKET_MAX)
    return (gssize)batch->length;
  return fwd_turn_link_is_stream(link) ? write_stream(link, channel, peer, batch)
                                       : write_datagrams(link, channel, peer, batch);
}

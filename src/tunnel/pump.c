/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tunnel/tunnel-end.h"

#define READ_CHUNKS  4
#define WRITE_CHUNKS 16

static void
descriptor_ready(FwdWatch *watch, guint32 events)
{
  FwdStream *stream = (FwdStream *)((char *)watch - G_STRUCT_OFFSET(FwdStream, watch));

  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
    stream->readable = TRUE;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
    stream->hung_up = TRUE;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
    stream->writable = TRUE;
  if ((events & EPOLLOUT) && !(events & (EPOLLERR | EPOLLHUP)))
    stream->dialing = FALSE;
  fwd_stream_mark_ready(stream);
}

static gboolean
prepare(int fd)
{
  const int on = 1;
  int type;
  socklen_t length = sizeof type;

  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0)
    return FALSE;
  /* On other sockets than TCP these fail, which does not matter. */
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  return TRUE;
}

void
fwd_pump_attach(FwdStream *stream, int fd, gboolean own, FwdTraffic *traffic)
{
  stream->is_socket = own || prepare(fd);
  stream->watch = (FwdWatch){.fd = fd, .ready = descriptor_ready};
  stream->readable = stream->writable = TRUE;
  stream->hung_up = FALSE;
  if (traffic != NULL) {
    stream->traffic = fwd_traffic_ref(traffic);
    fwd_traffic_add(traffic, connections, 1);
    fwd_traffic_add(traffic, total, 1);
  }
  fwd_data_loop_watch(stream->end->loop, &stream->watch,
                      EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

void
fwd_pump_reset_descriptor(int fd)
{
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
}

void
fwd_pump_detach(FwdStream *stream, gboolean reset)
{
  if (stream->watch.fd == -1)
    return;
  fwd_data_loop_unwatch(stream->end->loop, &stream->watch);
  if (reset)
    fwd_pump_reset_descriptor(stream->watch.fd);
  else
    close(stream->watch.fd);
  stream->watch.fd = -1;
  stream->readable = stream->writable = FALSE;
  if (stream->traffic != NULL) {
    fwd_traffic_add(stream->traffic, connections, -1);
    if (reset)
      fwd_traffic_add(stream->traffic, errors, 1);
    g_clear_pointer(&stream->traffic, fwd_traffic_unref);
  }
}

static gssize
write_vectors(FwdStream *stream, struct iovec *vectors, guint count)
{
  const struct msghdr message = {.msg_iov = vectors, .msg_iovlen = count};

  return stream->is_socket ? sendmsg(stream->watch.fd, &message, MSG_NOSIGNAL)
                           : writev(stream->watch.fd, vectors, count);
}

/** The end of the stream has been delivered; nobody needs the descriptor after both. */
static void
end_writing(FwdStream *stream)
{
  stream->write_shut = TRUE;
  if (stream->out_finished)
    fwd_pump_detach(stream, FALSE);
  else
    shutdown(stream->watch.fd, SHUT_WR);
}

FwdPumpResult
fwd_pump_deliver(FwdStream *stream, gsize *written)
{
  *written = 0;
  while (stream->in.length > 0 && stream->writable) {
    struct iovec vectors[WRITE_CHUNKS];
    const guint count = fwd_chunk_queue_peek(&stream->in, vectors, WRITE_CHUNKS);
    const gssize length = write_vectors(stream, vectors, count);

    if (length < 0 && errno == EINTR)
      continue;
    if (length < 0 && errno != EAGAIN)
      return FWD_PUMP_BROKEN;
    if (length < 0) {
      stream->writable = FALSE;
      break;
    }
    stream->dialing = FALSE;
    fwd_chunk_queue_consume(&stream->in, length);
    *written += length;
  }
  if (*written > 0 && stream->traffic != NULL)
    fwd_traffic_add(stream->traffic, bytes_in, *written);
  /* On its way to a service, a socket that is shut down would get nowhere. */
  if (stream->in_finished && stream->in.length == 0 && !stream->write_shut &&
      !stream->dialing)
    end_writing(stream);
  return FWD_PUMP_FINE;
}

static gsize
room_in(const struct iovec *vectors, guint count)
{
  gsize room = 0;

  for (guint i = 0; i < count; i++)
    room += vectors[i].iov_len;
  return room;
}

/**
 * A stream socket that gave less than was asked for has no more, epoll(7), unless
 * its end is there too.
 */
static gboolean
is_drained(const FwdStream *stream, gsize length, gsize room)
{
  return stream->is_socket && !stream->hung_up && length < room;
}

FwdPumpResult
fwd_pump_collect(FwdStream *stream, gsize limit)
{
  gsize total = 0;

  while (stream->readable && !stream->out_finished && stream->out.unmarked < limit) {
    struct iovec vectors[READ_CHUNKS];
    const guint wanted = 1 + (limit - stream->out.unmarked - 1) / FWD_CHUNK_SIZE;
    const guint count =
        fwd_chunk_queue_reserve(&stream->out, vectors, MIN(wanted, READ_CHUNKS));
    const gsize room = room_in(vectors, count);
    const gssize length = readv(stream->watch.fd, vectors, count);

    fwd_chunk_queue_commit(&stream->out, MAX(length, 0));
    if (length < 0 && errno == EINTR)
      continue;
    if (length < 0 && errno != EAGAIN)
      return FWD_PUMP_BROKEN;
    if (length < 0 || (length > 0 && is_drained(stream, length, room)))
      stream->readable = FALSE;
    if (length == 0)
      stream->out_finished = TRUE;
    else if (length > 0)
      total += length;
  }
  if (total > 0 && stream->traffic != NULL)
    fwd_traffic_add(stream->traffic, bytes_out, total);
  if (stream->out_finished && stream->write_shut)
    fwd_pump_detach(stream, FALSE);
  return FWD_PUMP_FINE;
}

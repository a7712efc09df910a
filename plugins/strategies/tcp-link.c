/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tcp-link.h"

#include "tcp-socket.h"
#include "tcp-source.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PREFIX 2
static const char NOMINATE[] = "nominate";
#define NOMINATE_SIZE (sizeof NOMINATE - 1)

struct FwdTcpLink {
  FwdAttempt *attempt; /* outlives it */
  int fd;
  FwdEndpoint remote;
  FwdTcpLinkFunc func;
  gpointer user_data;
  GSource *source, *limit;
  guint8 transaction[FWD_CHECK_TRANSACTION_SIZE];
  gint64 asked; /* microseconds */
  guint rtt_us;
  gboolean answered, challenged;
  /* One frame; nothing behind it is read, for that may be the path's. */
  guint8 in[PREFIX + FWD_CHECK_SIZE_MAX];
  gsize length;
};

static void
end(FwdTcpLink *self, FwdTcpLinkEnd how)
{
  fwd_tcp_source_clear(&self->source);
  fwd_tcp_source_clear(&self->limit);
  self->func(self, how, self->user_data);
}

static gboolean
on_limit(gpointer user_data)
{
  end(user_data, FWD_TCP_LINK_STRANGER);
  return G_SOURCE_REMOVE;
}

/* A new connection takes these few bytes at once, or it is no good. */
static gboolean
send_frame(FwdTcpLink *self, const void *data, gsize length)
{
  guint8 frame[PREFIX + FWD_CHECK_SIZE_MAX];
  const gsize whole = PREFIX + length;

  if (length == 0 || length > FWD_CHECK_SIZE_MAX)
    return FALSE;
  frame[0] = (guint8)(length >> 8);
  frame[1] = (guint8)length;
  memcpy(frame + PREFIX, data, length);
  return send(self->fd, frame, whole, MSG_NOSIGNAL) == (gssize)whole;
}

static gboolean
ask(FwdTcpLink *self)
{
  guint8 check[FWD_CHECK_SIZE_MAX];
  const gsize length =
      fwd_attempt_write_check(self->attempt, check, sizeof check, self->transaction);

  self->asked = g_get_monotonic_time();
  return send_frame(self, check, length);
}

static gboolean
answer(FwdTcpLink *self, const guint8 *transaction)
{
  guint8 response[FWD_CHECK_SIZE_MAX];
  const gsize length = fwd_attempt_write_response(self->attempt, response, sizeof response,
                                                  transaction, &self->remote);

  return send_frame(self, response, length);
}

/*
 * The peer's check comes before its response, so once both are there the stream
 * holds nothing more of it until it is nominated.
 */
static void
go_on(FwdTcpLink *self)
{
  if (!self->answered || !self->challenged || !fwd_attempt_is_controlling(self->attempt))
    return;
  end(self,
      send_frame(self, NOMINATE, NOMINATE_SIZE) ? FWD_TCP_LINK_NOMINATED : FWD_TCP_LINK_CLOSED);
}

static gboolean
is_nomination(FwdTcpLink *self, const guint8 *frame, gsize length)
{
  return !fwd_attempt_is_controlling(self->attempt) && self->answered && self->challenged &&
         length == NOMINATE_SIZE && memcmp(frame, NOMINATE, length) == 0;
}

static void
take_response(FwdTcpLink *self, const guint8 *transaction)
{
  if (memcmp(transaction, self->transaction, sizeof self->transaction) != 0) {
    end(self, FWD_TCP_LINK_STRANGER);
    return;
  }
  self->answered = TRUE;
  self->rtt_us = (guint)(g_get_monotonic_time() - self->asked);
  go_on(self);
}

static void
take_frame(FwdTcpLink *self, const guint8 *frame, gsize length)
{
  guint8 transaction[FWD_CHECK_TRANSACTION_SIZE];

  switch (fwd_attempt_read_check(self->attempt, frame, length, transaction)) {
  case FWD_CHECK_REQUEST:
    self->challenged = TRUE;
    if (answer(self, transaction))
      go_on(self);
    else
      end(self, FWD_TCP_LINK_CLOSED);
    break;
  case FWD_CHECK_RESPONSE:
    take_response(self, transaction);
    break;
  default:
    end(self,
        is_nomination(self, frame, length) ? FWD_TCP_LINK_NOMINATED : FWD_TCP_LINK_STRANGER);
  }
}

/* What is missing of the frame: its prefix first. 0 when that tells of no check. */
static gsize
missing(const FwdTcpLink *self)
{
  gsize length;

  if (self->length < PREFIX)
    return PREFIX - self->length;
  length = (gsize)(self->in[0] << 8 | self->in[1]);
  return length > 0 && length <= FWD_CHECK_SIZE_MAX ? PREFIX + length - self->length : 0;
}

static void
take(FwdTcpLink *self, gsize got)
{
  const gboolean had_prefix = self->length >= PREFIX;
  gsize length;

  self->length += got;
  if (missing(self) > 0)
    return;
  if (!had_prefix) {
    end(self, FWD_TCP_LINK_STRANGER);
    return;
  }
  length = self->length - PREFIX;
  self->length = 0;
  take_frame(self, self->in + PREFIX, length);
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
  FwdTcpLink *self = user_data;
  const gssize got = read(fd, self->in + self->length, missing(self));

  if (got > 0)
    take(self, (gsize)got);
  else if (got == 0 || (errno != EAGAIN && errno != EINTR))
    end(self, FWD_TCP_LINK_CLOSED);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_writable(int fd, GIOCondition condition, gpointer user_data)
{
  FwdTcpLink *self = user_data;

  if (ask(self))
    fwd_tcp_source_watch(&self->source, fd, G_IO_IN, on_readable, self);
  else
    end(self, FWD_TCP_LINK_CLOSED);
  return G_SOURCE_CONTINUE;
}

FwdTcpLink *
fwd_tcp_link_new(FwdAttempt *attempt, int fd, const FwdEndpoint *remote, guint limit_ms,
                 FwdTcpLinkFunc func, gpointer user_data)
{
  FwdTcpLink *self = g_new0(FwdTcpLink, 1);

  self->attempt = attempt;
  self->fd = fd;
  self->remote = *remote;
  self->func = func;
  self->user_data = user_data;
  fwd_tcp_source_watch(&self->source, fd, G_IO_OUT, on_writable, self);
  fwd_tcp_source_timeout(&self->limit, limit_ms, on_limit, self);
  return self;
}

const FwdEndpoint *
fwd_tcp_link_get_remote(FwdTcpLink *self)
{
  return &self->remote;
}

guint
fwd_tcp_link_get_rtt_us(FwdTcpLink *self)
{
  return self->rtt_us;
}

int
fwd_tcp_link_steal(FwdTcpLink *self)
{
  const int fd = self->fd;

  self->fd = -1;
  return fd;
}

void
fwd_tcp_link_free(FwdTcpLink *self)
{
  fwd_tcp_source_clear(&self->source);
  fwd_tcp_source_clear(&self->limit);
  if (self->fd >= 0)
    fwd_tcp_socket_abort(self->fd);
  g_free(self);
}

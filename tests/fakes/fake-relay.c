/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-relay.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct FakeRelay FakeRelay;

typedef struct {
  FakeRelay *relay;
  int from, to;
  guint8 buffer[16384];
  gsize offset, length;
} Direction;

struct FakeRelay {
  Direction there, back;
  guint running;
};

static void wait_for_more(Direction *direction);

static void
end_direction(Direction *direction)
{
  FakeRelay *relay = direction->relay;

  shutdown(direction->from, SHUT_RD);
  shutdown(direction->to, SHUT_WR);
  if (--relay->running > 0)
    return;
  close(direction->from);
  close(direction->to);
  g_free(relay);
}

static gboolean
on_ready(int fd, GIOCondition condition, gpointer user_data)
{
  Direction *direction = user_data;
  gssize n;

  if (direction->offset == direction->length) {
    n = recv(direction->from, direction->buffer, sizeof(direction->buffer), MSG_DONTWAIT);
    direction->offset = 0;
    direction->length = MAX(n, 0);
  } else {
    n = send(direction->to, direction->buffer + direction->offset,
             direction->length - direction->offset, MSG_DONTWAIT | MSG_NOSIGNAL);
    direction->offset += MAX(n, 0);
  }
  if (n > 0 || (n < 0 && errno == EAGAIN))
    wait_for_more(direction);
  else
    end_direction(direction);
  return G_SOURCE_REMOVE;
}

static void
wait_for_more(Direction *direction)
{
  if (direction->offset == direction->length)
    g_unix_fd_add(direction->from, G_IO_IN | G_IO_HUP, on_ready, direction);
  else
    g_unix_fd_add(direction->to, G_IO_OUT | G_IO_ERR, on_ready, direction);
}

void
fake_relay_start(int a, int b)
{
  FakeRelay *relay = g_new0(FakeRelay, 1);

  relay->running = 2;
  relay->there.relay = relay->back.relay = relay;
  relay->there.from = relay->back.to = a;
  relay->there.to = relay->back.from = b;
  wait_for_more(&relay->there);
  wait_for_more(&relay->back);
}

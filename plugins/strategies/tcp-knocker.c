/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tcp-knocker.h"

#include "tcp-socket.h"
#include "tcp-source.h"
#include <errno.h>
#include <unistd.h>

#define BACKLOG 16
/*
 * Between two SYNs to one endpoint. The first are close together because the
 * peer's NAT may not be open yet; later ones leave a long round trip the time
 * that it takes.
 */
#define FIRST_INTERVAL_MS 200
#define LAST_INTERVAL_MS  1000

typedef struct {
  FwdTcpKnocker *knocker;
  FwdEndpoint remote;
  int fd; /* that connects, or -1 */
  GSource *source, *timer;
  guint interval_ms;
} Door;

struct FwdTcpKnocker {
  FwdEndpoint local;
  FwdTcpKnockerFunc func;
  gpointer user_data;
  int listener;
  GSource *source;
  GPtrArray *doors;
  FwdTcpKnockerCounts counts;
};

static void
close_door(Door *door)
{
  fwd_tcp_source_clear(&door->source);
  if (door->fd >= 0)
    fwd_tcp_socket_abort(door->fd);
  door->fd = -1;
}

static void
door_free(gpointer data)
{
  Door *door = data;

  close_door(door);
  fwd_tcp_source_clear(&door->timer);
  g_free(door);
}

static void
count_failure(FwdTcpKnocker *self, int error)
{
  if (error == -ECONNREFUSED || error == -ECONNRESET)
    self->counts.refused++;
  else
    self->counts.rejected++;
}

static gboolean
on_outcome(int fd, GIOCondition condition, gpointer user_data)
{
  Door *door = user_data;
  FwdTcpKnocker *self = door->knocker;
  const int error = fwd_tcp_socket_outcome(fd);

  if (error != 0) {
    count_failure(self, error);
    close_door(door);
  } else {
    fwd_tcp_source_clear(&door->source);
    door->fd = -1;
    self->func(fd, &door->remote, self->user_data);
  }
  return G_SOURCE_CONTINUE;
}

/* The address pair is in use while a connection that the peer began is tried: no failure. */
static void
knock(Door *door)
{
  FwdTcpKnocker *self = door->knocker;
  const int fd = fwd_tcp_socket_connect(&self->local, &door->remote);

  if (fd == -EADDRNOTAVAIL || fd == -EADDRINUSE)
    return;
  self->counts.sent++;
  if (fd < 0) {
    count_failure(self, fd);
    return;
  }
  door->fd = fd;
  fwd_tcp_source_watch(&door->source, fd, G_IO_OUT, on_outcome, door);
}

static gboolean
on_timer(gpointer user_data)
{
  Door *door = user_data;

  if (door->fd < 0 || !fwd_tcp_socket_is_half_open(door->fd)) {
    close_door(door);
    knock(door);
  }
  fwd_tcp_source_timeout(&door->timer, door->interval_ms, on_timer, door);
  door->interval_ms = MIN(door->interval_ms * 3 / 2, LAST_INTERVAL_MS);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_incoming(int listener, GIOCondition condition, gpointer user_data)
{
  FwdTcpKnocker *self = user_data;
  FwdEndpoint remote;
  const int fd = fwd_tcp_socket_accept(listener, &remote);

  if (fd >= 0)
    self->func(fd, &remote, self->user_data);
  return G_SOURCE_CONTINUE;
}

FwdTcpKnocker *
fwd_tcp_knocker_new(const FwdEndpoint *local, FwdTcpKnockerFunc func, gpointer user_data)
{
  FwdEndpoint bound = *local;
  FwdTcpKnocker *self;
  int listener;

  if (!fwd_tcp_socket_is_free(local) || (listener = fwd_tcp_socket_listen(&bound, BACKLOG)) < 0)
    return NULL;
  self = g_new0(FwdTcpKnocker, 1);
  self->local = bound;
  self->func = func;
  self->user_data = user_data;
  self->listener = listener;
  self->doors = g_ptr_array_new_with_free_func(door_free);
  fwd_tcp_source_watch(&self->source, listener, G_IO_IN, on_incoming, self);
  return self;
}

const FwdEndpoint *
fwd_tcp_knocker_get_local(FwdTcpKnocker *self)
{
  return &self->local;
}

void
fwd_tcp_knocker_add(FwdTcpKnocker *self, const FwdEndpoint *remote)
{
  Door *door;

  if (fwd_endpoint_family(remote) != fwd_endpoint_family(&self->local))
    return;
  door = g_new0(Door, 1);
  door->knocker = self;
  door->remote = *remote;
  door->fd = -1;
  door->interval_ms = FIRST_INTERVAL_MS;
  g_ptr_array_add(self->doors, door);
  fwd_tcp_source_timeout(&door->timer, 0, on_timer, door);
}

FwdTcpKnockerCounts
fwd_tcp_knocker_get_counts(FwdTcpKnocker *self)
{
  return self->counts;
}

void
fwd_tcp_knocker_free(FwdTcpKnocker *self)
{
  fwd_tcp_source_clear(&self->source);
  close(self->listener);
  g_ptr_array_unref(self->doors);
  g_free(self);
}

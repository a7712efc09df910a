/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/persistent-tunnel.h"

#include "session/acceptor.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_LIMIT_SECONDS 10
/* Connections that wait for a tunnel; more are turned away. */
#define WAITING_MAX 1024

/* A stream that waits, or a datagram or listening socket that is lent. */
typedef struct {
  FwdPersistentTunnel *tunnel;
  FwdChannelKind kind;
  char *forwarder;
  char *target;
  int fd;
  int lent; /* the descriptor that the present tunnel owns; -1 none */
  FwdAcceptor *acceptor; /* of a LISTENER that is not lent */
  FwdTraffic *traffic;
  gint64 deadline;
} Opening;

struct _FwdPersistentTunnel {
  GObject parent;
  FwdTunnel *tunnel;
  GQueue waiting;  /* of STREAM Opening */
  GPtrArray *lent; /* of FLOW and LISTENER Opening */
  guint timer;
  gboolean closed;
};

static void fwd_persistent_tunnel_tunnel_init(FwdTunnelInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdPersistentTunnel, fwd_persistent_tunnel, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_TUNNEL,
                                                    fwd_persistent_tunnel_tunnel_init))

static void
opening_free(Opening *opening)
{
  g_clear_pointer(&opening->acceptor, fwd_acceptor_free);
  if (opening->fd >= 0)
    close(opening->fd);
  g_clear_pointer(&opening->traffic, fwd_traffic_unref);
  g_free(opening->forwarder);
  g_free(opening->target);
  g_free(opening);
}

/* Turns a connection away so that its program sees a reset, not an orderly end. */
static void
opening_reset(Opening *opening)
{
  struct linger hard = {.l_onoff = 1, .l_linger = 0};

  setsockopt(opening->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  if (opening->traffic)
    fwd_traffic_add(opening->traffic, errors, 1);
  opening_free(opening);
}

static void
hand_over_stream(FwdPersistentTunnel *self, Opening *opening)
{
  fwd_tunnel_open(self->tunnel, FWD_CHANNEL_STREAM, opening->forwarder, opening->target,
                  opening->fd, opening->traffic);
  opening->fd = -1;
  opening_free(opening);
}

static void
on_connection(int connection, gpointer user_data)
{
  const Opening *listener = user_data;

  fwd_tunnel_open(FWD_TUNNEL(listener->tunnel), FWD_CHANNEL_STREAM, listener->forwarder,
                  listener->target, connection, listener->traffic);
}

/* Programs need not know that there is no tunnel: their connections wait for one. */
static void
accept_meanwhile(Opening *opening)
{
  if (opening->kind == FWD_CHANNEL_LISTENER && !opening->acceptor)
    opening->acceptor = fwd_acceptor_new(opening->fd, on_connection, opening);
}

/* The tunnel closes what it is given, so it gets a copy of the descriptor. */
static void
lend(FwdPersistentTunnel *self, Opening *opening)
{
  if (self->tunnel)
    opening->lent = fcntl(opening->fd, F_DUPFD_CLOEXEC, 3);
  if (opening->lent < 0) {
    accept_meanwhile(opening);
    return;
  }
  g_clear_pointer(&opening->acceptor, fwd_acceptor_free);
  fwd_tunnel_open(self->tunnel, opening->kind, opening->forwarder, opening->target,
                  opening->lent, opening->traffic);
}

static void
take_back(FwdPersistentTunnel *self, Opening *opening)
{
  if (self->tunnel && opening->lent >= 0)
    fwd_tunnel_release(self->tunnel, opening->lent);
  opening->lent = -1;
}

/* For good. The tunnel's copy would keep a port in use for a moment longer. */
static void
withdraw(FwdPersistentTunnel *self, Opening *opening)
{
  if (opening->kind == FWD_CHANNEL_LISTENER)
    shutdown(opening->fd, SHUT_RD);
  take_back(self, opening);
}

static gboolean
on_waited(gpointer user_data)
{
  FwdPersistentTunnel *self = user_data;
  Opening *first;

  while ((first = g_queue_peek_head(&self->waiting)) &&
         first->deadline <= g_get_monotonic_time())
    opening_reset(g_queue_pop_head(&self->waiting));
  if (first)
    return G_SOURCE_CONTINUE;
  self->timer = 0;
  return G_SOURCE_REMOVE;
}

static void
wait_for_tunnel(FwdPersistentTunnel *self, Opening *opening)
{
  if (self->closed || g_queue_get_length(&self->waiting) >= WAITING_MAX) {
    opening_reset(opening);
    return;
  }
  opening->deadline = g_get_monotonic_time() + WAIT_LIMIT_SECONDS * G_USEC_PER_SEC;
  g_queue_push_tail(&self->waiting, opening);
  if (!self->timer)
    self->timer = g_timeout_add_seconds(1, on_waited, self);
}

void
fwd_persistent_tunnel_set(FwdPersistentTunnel *self, FwdTunnel *tunnel)
{
  Opening *opening;

  if (self->tunnel == tunnel)
    return;
  for (guint i = 0; i < self->lent->len; i++)
    take_back(self, self->lent->pdata[i]);
  g_set_object(&self->tunnel, tunnel);
  for (guint i = 0; i < self->lent->len; i++)
    lend(self, self->lent->pdata[i]);
  while (tunnel && (opening = g_queue_pop_head(&self->waiting)))
    hand_over_stream(self, opening);
}

static const char *
tunnel_get_id(FwdTunnel *tunnel)
{
  FwdPersistentTunnel *self = FWD_PERSISTENT_TUNNEL(tunnel);

  return self->tunnel ? fwd_tunnel_get_id(self->tunnel) : "";
}

static FwdTunnelState
tunnel_get_state(FwdTunnel *tunnel)
{
  FwdPersistentTunnel *self = FWD_PERSISTENT_TUNNEL(tunnel);

  if (self->closed)
    return FWD_TUNNEL_CLOSED;
  return self->tunnel ? fwd_tunnel_get_state(self->tunnel) : FWD_TUNNEL_CONNECTING;
}

static FwdPathClass
tunnel_get_path_class(FwdTunnel *tunnel)
{
  FwdPersistentTunnel *self = FWD_PERSISTENT_TUNNEL(tunnel);

  return self->tunnel ? fwd_tunnel_get_path_class(self->tunnel) : FWD_PATH_CLASS_RELAY;
}

static void
tunnel_open(FwdTunnel *tunnel, FwdChannelKind kind, const char *forwarder, const char *target,
            int fd, FwdTraffic *traffic)
{
  FwdPersistentTunnel *self = FWD_PERSISTENT_TUNNEL(tunnel);
  Opening *opening;

  /* The way of nearly every connection: nothing to remember. */
  if (kind == FWD_CHANNEL_STREAM && self->tunnel) {
    fwd_tunnel_open(self->tunnel, kind, forwarder, target, fd, traffic);
    return;
  }
  opening = g_new0(Opening, 1);
  opening->tunnel = self;
  opening->kind = kind;
  opening->forwarder = g_strdup(forwarder);
  opening->target = g_strdup(target);
  opening->fd = fd;
  opening->lent = -1;
  opening->traffic = traffic ? fwd_traffic_ref(traffic) : NULL;
  if (kind == FWD_CHANNEL_STREAM) {
    wait_for_tunnel(self, opening);
    return;
  }
  if (self->closed) {
    opening_free(opening);
    return;
  }
  g_ptr_array_add(self->lent, opening);
  lend(self, opening);
}

static void
tunnel_release(FwdTunnel *tunnel, int fd)
{
  FwdPersistentTunnel *self = FWD_PERSISTENT_TUNNEL(tunnel);

  for (guint i = 0; i < self->lent->len; i++) {
    Opening *opening = self->lent->pdata[i];
    if (opening->fd != fd)
      continue;
    withdraw(self, opening);
    g_ptr_array_remove_index(self->lent, i);
    return;
  }
}

static void
tunnel_close(FwdTunnel *tunnel)
{
  FwdPersistentTunnel *self = FWD_PERSISTENT_TUNNEL(tunnel);

  self->closed = TRUE;
  g_clear_handle_id(&self->timer, g_source_remove);
  g_queue_clear_full(&self->waiting, (GDestroyNotify)opening_reset);
  for (guint i = 0; i < self->lent->len; i++)
    withdraw(self, self->lent->pdata[i]);
  g_ptr_array_set_size(self->lent, 0);
  g_clear_object(&self->tunnel);
}

static void
fwd_persistent_tunnel_tunnel_init(FwdTunnelInterface *interface)
{
  interface->get_id = tunnel_get_id;
  interface->get_state = tunnel_get_state;
  interface->get_path_class = tunnel_get_path_class;
  interface->open = tunnel_open;
  interface->release = tunnel_release;
  interface->close = tunnel_close;
}

static void
fwd_persistent_tunnel_finalize(GObject *object)
{
  FwdPersistentTunnel *self = FWD_PERSISTENT_TUNNEL(object);

  tunnel_close(FWD_TUNNEL(self));
  g_ptr_array_unref(self->lent);
  G_OBJECT_CLASS(fwd_persistent_tunnel_parent_class)->finalize(object);
}

static void
fwd_persistent_tunnel_class_init(FwdPersistentTunnelClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = fwd_persistent_tunnel_finalize;
}

static void
fwd_persistent_tunnel_init(FwdPersistentTunnel *self)
{
  g_queue_init(&self->waiting);
  self->lent = g_ptr_array_new_with_free_func((GDestroyNotify)opening_free);
}

FwdPersistentTunnel *
fwd_persistent_tunnel_new(void)
{
  return g_object_new(FWD_TYPE_PERSISTENT_TUNNEL, NULL);
}

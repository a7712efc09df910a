/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-tunnel.h"
#include "fake-channel.h"
#include "fake-relay.h"

#include <glib-unix.h>
#include <unistd.h>

static void fake_tunnel_tunnel_init(FwdTunnelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FakeTunnel, fake_tunnel, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_TUNNEL, fake_tunnel_tunnel_init))

/* A datagram or listening socket that was opened, and its flows. */
typedef struct {
  FakeTunnel *tunnel;
  int fd;
  guint source;
  char *target;
  GPtrArray *flows; /* of Flow */
} Listener;

typedef struct {
  Listener *listener;
  FwdEndpoint remote;
  int fd; /* of the serving side; -1 until it accepts */
  guint source;
} Flow;

static const char *
fake_tunnel_get_id(FwdTunnel *tunnel)
{
  return "0123456789abcdef";
}

static FwdTunnelState
fake_tunnel_get_state(FwdTunnel *tunnel)
{
  return FWD_TUNNEL_CONNECTED;
}

static FwdPathClass
fake_tunnel_get_path_class(FwdTunnel *tunnel)
{
  return FWD_PATH_CLASS_LAN;
}

static void
flow_free(gpointer data)
{
  Flow *flow = data;
  if (flow->source != 0)
    g_source_remove(flow->source);
  if (flow->fd >= 0)
    close(flow->fd);
  g_free(flow);
}

static void
listener_free(gpointer data)
{
  Listener *listener = data;
  g_source_remove(listener->source);
  g_ptr_array_unref(listener->flows);
  close(listener->fd);
  g_free(listener->target);
  g_free(listener);
}

static gboolean
count_answer(FakeTunnel *self, FakeChannel *channel, int fd)
{
  if (fd >= 0) {
    self->accepted++;
    return TRUE;
  }
  self->refused++;
  g_clear_error(&self->why);
  self->why = g_error_copy(channel->why);
  return FALSE;
}

/* A refused target resets the local connection. */
static void
reset(int fd)
{
  const struct linger linger = {.l_onoff = 1};

  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
  close(fd);
}

static void
on_stream_answer(FakeChannel *channel, int fd, gpointer user_data)
{
  if (count_answer(FAKE_TUNNEL(user_data), channel, fd))
    fake_relay_start(channel->opener, fd);
  else
    reset(channel->opener);
}

static gboolean
on_reply(int fd, GIOCondition condition, gpointer user_data)
{
  Flow *flow = user_data;
  guint8 buffer[65536];
  const gssize n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

  if (n >= 0)
    sendto(flow->listener->fd, buffer, n, MSG_DONTWAIT, &flow->remote.any,
           fwd_endpoint_length(&flow->remote));
  return G_SOURCE_CONTINUE;
}

static void
on_flow_answer(FakeChannel *channel, int fd, gpointer user_data)
{
  Flow *flow = user_data;

  if (!count_answer(flow->listener->tunnel, channel, fd))
    return;
  flow->fd = fd;
  flow->source = g_unix_fd_add(fd, G_IO_IN, on_reply, flow);
}

static Flow *
find_flow(Listener *listener, const FwdEndpoint *remote)
{
  for (guint i = 0; i < listener->flows->len; i++) {
    Flow *flow = g_ptr_array_index(listener->flows, i);
    if (fwd_endpoint_equal(&flow->remote, remote))
      return flow;
  }

  Flow *flow = g_new0(Flow, 1);
  flow->listener = listener;
  flow->remote = *remote;
  flow->fd = -1;
  g_ptr_array_add(listener->flows, flow);
  g_autoptr(FakeChannel) channel =
      fake_channel_new(FWD_CHANNEL_FLOW, listener->target, on_flow_answer, flow);
  fwd_forwarder_serve(listener->tunnel->server, FWD_CHANNEL(channel));
  return flow;
}

static gboolean
on_datagram(int fd, GIOCondition condition, gpointer user_data)
{
  FwdEndpoint remote;
  socklen_t length = sizeof(remote);
  guint8 buffer[65536];
  const gssize n = recvfrom(fd, buffer, sizeof(buffer), MSG_DONTWAIT, &remote.any, &length);

  if (n < 0)
    return G_SOURCE_CONTINUE;
  const Flow *flow = find_flow(user_data, &remote);
  if (flow->fd >= 0)
    send(flow->fd, buffer, n, MSG_DONTWAIT | MSG_NOSIGNAL);
  return G_SOURCE_CONTINUE;
}

static void
open_stream(FakeTunnel *self, int fd, const char *target)
{
  g_autoptr(FakeChannel) channel =
      fake_channel_new(FWD_CHANNEL_STREAM, target, on_stream_answer, self);

  channel->opener = fd;
  fwd_forwarder_serve(self->server, FWD_CHANNEL(channel));
}

static void
take_stream(FakeTunnel *self, int fd, const char *target)
{
  if (self->server != NULL)
    open_stream(self, fd, target);
  else if (self->keep)
    self->kept = fd;
  else
    close(fd);
}

static gboolean
on_connection(int fd, GIOCondition condition, gpointer user_data)
{
  const Listener *listener = user_data;
  const int connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

  g_assert_cmpint(connection, >=, 0);
  listener->tunnel->connections++;
  take_stream(listener->tunnel, connection, listener->target);
  return G_SOURCE_CONTINUE;
}

static void
open_listener(FakeTunnel *self, FwdChannelKind kind, int fd, const char *target)
{
  Listener *listener = g_new0(Listener, 1);

  listener->tunnel = self;
  listener->fd = fd;
  listener->target = g_strdup(target);
  listener->flows = g_ptr_array_new_with_free_func(flow_free);
  listener->source = g_unix_fd_add(
      fd, G_IO_IN, kind == FWD_CHANNEL_FLOW ? on_datagram : on_connection, listener);
  g_hash_table_insert(self->flows, GINT_TO_POINTER(fd), listener);
}

static void
record(FakeTunnel *self, FwdChannelKind kind, const char *forwarder, const char *target,
       FwdTraffic *traffic)
{
  self->opened++;
  self->kind = kind;
  self->traffic = traffic;
  g_free(self->forwarder);
  self->forwarder = g_strdup(forwarder);
  g_free(self->target);
  self->target = g_strdup(target);
}

static void
fake_tunnel_open(FwdTunnel *tunnel, FwdChannelKind kind, const char *forwarder,
                 const char *target, int fd, FwdTraffic *traffic)
{
  FakeTunnel *self = FAKE_TUNNEL(tunnel);

  record(self, kind, forwarder, target, traffic);
  if (kind == FWD_CHANNEL_STREAM)
    take_stream(self, fd, target);
  else
    open_listener(self, kind, fd, target);
}

static void
fake_tunnel_release(FwdTunnel *tunnel, int fd)
{
  FakeTunnel *self = FAKE_TUNNEL(tunnel);

  self->released++;
  g_assert_true(g_hash_table_remove(self->flows, GINT_TO_POINTER(fd)));
}

static void
fake_tunnel_close(FwdTunnel *tunnel)
{
  g_hash_table_remove_all(FAKE_TUNNEL(tunnel)->flows);
}

static void
fake_tunnel_tunnel_init(FwdTunnelInterface *iface)
{
  iface->get_id = fake_tunnel_get_id;
  iface->get_state = fake_tunnel_get_state;
  iface->get_path_class = fake_tunnel_get_path_class;
  iface->open = fake_tunnel_open;
  iface->release = fake_tunnel_release;
  iface->close = fake_tunnel_close;
}

static void
fake_tunnel_finalize(GObject *object)
{
  FakeTunnel *self = FAKE_TUNNEL(object);

  g_clear_object(&self->server);
  g_hash_table_unref(self->flows);
  g_free(self->forwarder);
  g_free(self->target);
  g_clear_error(&self->why);
  G_OBJECT_CLASS(fake_tunnel_parent_class)->finalize(object);
}

static void
fake_tunnel_class_init(FakeTunnelClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = fake_tunnel_finalize;
}

static void
fake_tunnel_init(FakeTunnel *self)
{
  self->flows = g_hash_table_new_full(NULL, NULL, NULL, listener_free);
}

FakeTunnel *
fake_tunnel_new(FwdForwarder *server)
{
  FakeTunnel *self = g_object_new(FAKE_TYPE_TUNNEL, NULL);

  g_set_object(&self->server, server);
  return self;
}

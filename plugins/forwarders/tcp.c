/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forwards TCP connections: each is one stream of the tunnel. */
#include "dialer.h"
#include "sockets.h"

#include <errno.h>
#include <unistd.h>

#define BACKLOG 512

#define FWD_TYPE_TCP (fwd_tcp_get_type())
G_DECLARE_FINAL_TYPE(FwdTcp, fwd_tcp, FWD, TCP, GObject)

struct _FwdTcp {
  GObject parent;

  FwdTunnel *tunnel;
  int fd; /* the tunnel's; kept to name it to fwd_tunnel_release() */
  guint16 port;
  ForwarderDialer *dialer;
};

static void fwd_tcp_forwarder_init(FwdForwarderInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdTcp, fwd_tcp, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_FORWARDER, fwd_tcp_forwarder_init))

static gboolean
fwd_tcp_listen(FwdForwarder *forwarder, FwdMapping *mapping, FwdTunnel *tunnel, GError **error)
{
  FwdTcp *self = FWD_TCP(forwarder);
  int fd = forwarder_bind(SOCK_STREAM, mapping, error);

  if (fd < 0)
    return FALSE;
  /* Two sockets that both asked to reuse the address meet only here. */
  if (listen(fd, BACKLOG) < 0) {
    const int errnum = errno;
    close(fd);
    g_set_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_REFUSED,
                "%s:%u cannot be listened on: %s", fwd_mapping_get_bind(mapping),
                fwd_mapping_get_port(mapping), g_strerror(errnum));
    return FALSE;
  }
  /* The connections inherit it. */
  fwd_tunnel_tune_socket(fd);
  self->fd = fd;
  self->port = forwarder_local_port(fd);
  self->tunnel = g_object_ref(tunnel);
  fwd_tunnel_open(tunnel, FWD_CHANNEL_LISTENER, fwd_mapping_get_target_forwarder(mapping),
                  fwd_mapping_get_target(mapping), fd, fwd_mapping_get_traffic(mapping));
  return TRUE;
}

static void
fwd_tcp_close(FwdForwarder *forwarder)
{
  FwdTcp *self = FWD_TCP(forwarder);
  const int fd = self->fd;

  self->fd = -1;
  self->port = 0;
  if (fd >= 0)
    fwd_tunnel_release(self->tunnel, fd);
}

static guint16
fwd_tcp_get_port(FwdForwarder *forwarder)
{
  return FWD_TCP(forwarder)->port;
}

static void
fwd_tcp_serve(FwdForwarder *forwarder, FwdChannel *channel)
{
  forwarder_dialer_serve(FWD_TCP(forwarder)->dialer, channel);
}

static void
fwd_tcp_forwarder_init(FwdForwarderInterface *iface)
{
  iface->listen = fwd_tcp_listen;
  iface->close = fwd_tcp_close;
  iface->get_port = fwd_tcp_get_port;
  iface->serve = fwd_tcp_serve;
}

static void
fwd_tcp_dispose(GObject *object)
{
  FwdTcp *self = FWD_TCP(object);

  fwd_tcp_close(FWD_FORWARDER(self));
  g_clear_pointer(&self->dialer, forwarder_dialer_free);
  g_clear_object(&self->tunnel);
  G_OBJECT_CLASS(fwd_tcp_parent_class)->dispose(object);
}

static void
fwd_tcp_class_init(FwdTcpClass *klass)
{
  G_OBJECT_CLASS(klass)->dispose = fwd_tcp_dispose;
}

static void
fwd_tcp_init(FwdTcp *self)
{
  self->fd = -1;
  self->dialer = forwarder_dialer_new(SOCK_STREAM);
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {.help = "TCP connections"};

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_FORWARDER, "tcp", FWD_TYPE_TCP, &meta,
                                 error);
}

FWD_PLUGIN("tcp", "0.1.0", "LGPL-2.1-or-later", register_types)

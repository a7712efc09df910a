/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forwards UDP: one flow of the tunnel for each local source address. */
#include "dialer.h"
#include "sockets.h"

#define FWD_TYPE_UDP (fwd_udp_get_type())
G_DECLARE_FINAL_TYPE(FwdUdp, fwd_udp, FWD, UDP, GObject)

struct _FwdUdp {
  GObject parent;

  FwdTunnel *tunnel;
  int fd; /* the tunnel's; kept to name it to fwd_tunnel_release() */
  guint16 port;
  ForwarderDialer *dialer;
};

static void fwd_udp_forwarder_init(FwdForwarderInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdUdp, fwd_udp, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_FORWARDER, fwd_udp_forwarder_init))

static gboolean
fwd_udp_listen(FwdForwarder *forwarder, FwdMapping *mapping, FwdTunnel *tunnel, GError **error)
{
  FwdUdp *self = FWD_UDP(forwarder);
  int fd = forwarder_bind(SOCK_DGRAM, mapping, error);

  if (fd < 0)
    return FALSE;
  self->fd = fd;
  self->port = forwarder_local_port(fd);
  self->tunnel = g_object_ref(tunnel);
  fwd_tunnel_open(tunnel, FWD_CHANNEL_FLOW, fwd_mapping_get_target_forwarder(mapping),
                  fwd_mapping_get_target(mapping), fd, fwd_mapping_get_traffic(mapping));
  return TRUE;
}

static void
fwd_udp_close(FwdForwarder *forwarder)
{
  FwdUdp *self = FWD_UDP(forwarder);
  const int fd = self->fd;

  self->fd = -1;
  self->port = 0;
  if (fd >= 0)
    fwd_tunnel_release(self->tunnel, fd);
}

static guint16
fwd_udp_get_port(FwdForwarder *forwarder)
{
  return FWD_UDP(forwarder)->port;
}

static void
fwd_udp_serve(FwdForwarder *forwarder, FwdChannel *channel)
{
  forwarder_dialer_serve(FWD_UDP(forwarder)->dialer, channel);
}

static void
fwd_udp_forwarder_init(FwdForwarderInterface *iface)
{
  iface->listen = fwd_udp_listen;
  iface->close = fwd_udp_close;
  iface->get_port = fwd_udp_get_port;
  iface->serve = fwd_udp_serve;
}

static void
fwd_udp_dispose(GObject *object)
{
  FwdUdp *self = FWD_UDP(object);

  fwd_udp_close(FWD_FORWARDER(self));
  g_clear_pointer(&self->dialer, forwarder_dialer_free);
  g_clear_object(&self->tunnel);
  G_OBJECT_CLASS(fwd_udp_parent_class)->dispose(object);
}

static void
fwd_udp_class_init(FwdUdpClass *klass)
{
  G_OBJECT_CLASS(klass)->dispose = fwd_udp_dispose;
}

static void
fwd_udp_init(FwdUdp *self)
{
  self->fd = -1;
  self->dialer = forwarder_dialer_new(SOCK_DGRAM);
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {.help = "UDP datagrams"};

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_FORWARDER, "udp", FWD_TYPE_UDP, &meta,
                                 error);
}

FWD_PLUGIN("udp", "0.1.0", "LGPL-2.1-or-later", register_types)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/tunnel.h>

G_DEFINE_INTERFACE(FwdTunnel, fwd_tunnel, G_TYPE_OBJECT)
G_DEFINE_INTERFACE(FwdChannel, fwd_channel, G_TYPE_OBJECT)

static void
fwd_tunnel_default_init(FwdTunnelInterface *interface)
{
  (void)interface;
}

static void
fwd_channel_default_init(FwdChannelInterface *interface)
{
  (void)interface;
}

const char *
fwd_tunnel_get_id(FwdTunnel *self)
{
  g_return_val_if_fail(FWD_IS_TUNNEL(self), NULL);
  return FWD_TUNNEL_GET_IFACE(self)->get_id(self);
}

FwdTunnelState
fwd_tunnel_get_state(FwdTunnel *self)
{
  g_return_val_if_fail(FWD_IS_TUNNEL(self), FWD_TUNNEL_CLOSED);
  return FWD_TUNNEL_GET_IFACE(self)->get_state(self);
}

FwdPathClass
fwd_tunnel_get_path_class(FwdTunnel *self)
{
  g_return_val_if_fail(FWD_IS_TUNNEL(self), FWD_PATH_CLASS_RELAY);
  return FWD_TUNNEL_GET_IFACE(self)->get_path_class(self);
}

void
fwd_tunnel_open(FwdTunnel *self, FwdChannelKind kind, const char *forwarder, const char *target,
                int fd, FwdTraffic *traffic)
{
  g_return_if_fail(FWD_IS_TUNNEL(self));
  FWD_TUNNEL_GET_IFACE(self)->open(self, kind, forwarder, target, fd, traffic);
}

void
fwd_tunnel_release(FwdTunnel *self, int fd)
{
  g_return_if_fail(FWD_IS_TUNNEL(self));
  FWD_TUNNEL_GET_IFACE(self)->release(self, fd);
}

void
fwd_tunnel_close(FwdTunnel *self)
{
  g_return_if_fail(FWD_IS_TUNNEL(self));
  FWD_TUNNEL_GET_IFACE(self)->close(self);
}

FwdChannelKind
fwd_channel_get_kind(FwdChannel *self)
{
  g_return_val_if_fail(FWD_IS_CHANNEL(self), FWD_CHANNEL_STREAM);
  return FWD_CHANNEL_GET_IFACE(self)->get_kind(self);
}

const char *
fwd_channel_get_forwarder(FwdChannel *self)
{
  g_return_val_if_fail(FWD_IS_CHANNEL(self), NULL);
  return FWD_CHANNEL_GET_IFACE(self)->get_forwarder(self);
}

const char *
fwd_channel_get_target(FwdChannel *self)
{
  g_return_val_if_fail(FWD_IS_CHANNEL(self), NULL);
  return FWD_CHANNEL_GET_IFACE(self)->get_target(self);
}

void
fwd_channel_accept(FwdChannel *self, int fd)
{
  g_return_if_fail(FWD_IS_CHANNEL(self));
  FWD_CHANNEL_GET_IFACE(self)->accept(self, fd);
}

void
fwd_channel_accept_endpoint(FwdChannel *self, int fd, const FwdEndpoint *endpoint)
{
  FwdChannelInterface *interface = FWD_CHANNEL_GET_IFACE(self);

  g_return_if_fail(FWD_IS_CHANNEL(self));
  if (interface->accept_endpoint != NULL)
    interface->accept_endpoint(self, fd, endpoint);
  else
    interface->accept(self, fd);
}

void
fwd_channel_refuse(FwdChannel *self, const GError *why)
{
  g_return_if_fail(FWD_IS_CHANNEL(self));
  FWD_CHANNEL_GET_IFACE(self)->refuse(self, why);
}

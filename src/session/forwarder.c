/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/forwarder.h>

G_DEFINE_INTERFACE(FwdForwarder, fwd_forwarder, G_TYPE_OBJECT)

static void
fwd_forwarder_default_init(FwdForwarderInterface *iface)
{
}

gboolean
fwd_forwarder_listen(FwdForwarder *self, FwdMapping *mapping, FwdTunnel *tunnel, GError **error)
{
  g_return_val_if_fail(FWD_IS_FORWARDER(self), FALSE);
  g_return_val_if_fail(FWD_IS_TUNNEL(tunnel), FALSE);

  return FWD_FORWARDER_GET_IFACE(self)->listen(self, mapping, tunnel, error);
}

void
fwd_forwarder_close(FwdForwarder *self)
{
  g_return_if_fail(FWD_IS_FORWARDER(self));

  FWD_FORWARDER_GET_IFACE(self)->close(self);
}

guint16
fwd_forwarder_get_port(FwdForwarder *self)
{
  g_return_val_if_fail(FWD_IS_FORWARDER(self), 0);

  return FWD_FORWARDER_GET_IFACE(self)->get_port(self);
}

void
fwd_forwarder_serve(FwdForwarder *self, FwdChannel *channel)
{
  g_return_if_fail(FWD_IS_FORWARDER(self));
  g_return_if_fail(FWD_IS_CHANNEL(channel));

  FWD_FORWARDER_GET_IFACE(self)->serve(self, channel);
}

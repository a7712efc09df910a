/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/application.h"

G_DEFINE_INTERFACE(FwdComponent, fwd_component, G_TYPE_OBJECT)

static void
fwd_component_default_init(FwdComponentInterface *iface)
{
}

gboolean
fwd_component_start(FwdComponent *self, GError **error)
{
  return FWD_COMPONENT_GET_IFACE(self)->start(self, error);
}

void
fwd_component_stop_async(FwdComponent *self, guint limit_ms, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  FWD_COMPONENT_GET_IFACE(self)->stop_async(self, limit_ms, callback, user_data);
}

void
fwd_component_stop_finish(FwdComponent *self, GAsyncResult *result)
{
  FWD_COMPONENT_GET_IFACE(self)->stop_finish(self, result);
}

char *
fwd_component_get_problem(FwdComponent *self)
{
  FwdComponentInterface *iface = FWD_COMPONENT_GET_IFACE(self);

  return iface->get_problem != NULL ? iface->get_problem(self) : NULL;
}

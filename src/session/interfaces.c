/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/interfaces.h"

#include <stunfwd/forwarder.h>
#include <stunfwd/signaling.h>
#include <stunfwd/strategy.h>

void
fwd_interfaces_define(FwdPluginRegistry *registry)
{
  fwd_plugin_registry_define(registry, FWD_INTERFACE_STRATEGY, FWD_TYPE_STRATEGY);
  fwd_plugin_registry_define(registry, FWD_INTERFACE_SIGNALING, FWD_TYPE_SIGNALING);
  fwd_plugin_registry_define(registry, FWD_INTERFACE_FORWARDER, FWD_TYPE_FORWARDER);
}

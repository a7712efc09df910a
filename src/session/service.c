/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/service.h"

#include <stunfwd/error.h>

struct FwdService {
  FwdPluginRegistry *registry;
  GHashTable *forwarders; /* id → FwdForwarder, one for all channels */
};

FwdService *
fwd_service_new(FwdPluginRegistry *registry)
{
  FwdService *service = g_new0(FwdService, 1);

  service->registry = g_object_ref(registry);
  service->forwarders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
  return service;
}

void
fwd_service_free(FwdService *service)
{
  g_hash_table_unref(service->forwarders);
  g_object_unref(service->registry);
  g_free(service);
}

static FwdForwarder *
find_forwarder(FwdService *service, const char *id, GError **error)
{
  FwdForwarder *forwarder = g_hash_table_lookup(service->forwarders, id);

  if (forwarder)
    return forwarder;
  forwarder = fwd_plugin_registry_create(service->registry, FWD_INTERFACE_FORWARDER, id, error);
  if (forwarder)
    g_hash_table_insert(service->forwarders, g_strdup(id), forwarder);
  return forwarder;
}

void
fwd_service_serve(FwdService *service, FwdChannel *channel, const FwdAccessList *access)
{
  const char *id = fwd_channel_get_forwarder(channel);
  const char *target = fwd_channel_get_target(channel);
  g_autoptr(GError) error = NULL;
  FwdForwarder *forwarder = NULL;

  if (fwd_access_list_allows(access, id, target))
    forwarder = find_forwarder(service, id, &error);
  else
    g_set_error(&error, FWD_SESSION_ERROR, FWD_ERROR_DENIED,
                "%s:%s is not allowed; --allow %s:%s would", id, target, id, target);
  if (forwarder)
    fwd_forwarder_serve(forwarder, channel);
  else
    fwd_channel_refuse(channel, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/stun-lookup.h"

#define FWD_LOG_COMPONENT "discovery"
#include "core/log.h"
#include "meeting/host-port.h"

#define STUN_PORT 3478

typedef struct {
  const FwdStunLookupEvents *events;
  gpointer user_data; /* a cancelled lookup does not look at it */
  char *host;
  guint16 port;
} Lookup;

static void
lookup_free(Lookup *lookup)
{
  g_free(lookup->host);
  g_free(lookup);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lookup, lookup_free)

static void
on_looked_up(GObject *resolver, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(Lookup) lookup = user_data;
  g_autoptr(GError) error = NULL;
  g_autolist(GInetAddress) addresses =
      g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &error);

  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error)
    fwd_log_warning("STUN server %s: %s", lookup->host, error->message);
  for (GList *item = addresses; item; item = item->next) {
    g_autofree char *address = g_inet_address_to_string(item->data);
    FwdEndpoint server;
    if (fwd_endpoint_from_address(address, lookup->port, &server))
      lookup->events->found(&server, lookup->user_data);
  }
  lookup->events->ended(lookup->user_data);
}

gboolean
fwd_stun_lookup(const char *name, GCancellable *cancellable, const FwdStunLookupEvents *events,
                gpointer user_data)
{
  g_autoptr(GResolver) resolver = g_resolver_get_default();
  g_autofree char *host = NULL;
  guint16 port;
  FwdEndpoint server;
  Lookup *lookup;

  if (!fwd_host_port_parse(name, STUN_PORT, &host, &port))
    return FALSE;
  if (fwd_endpoint_from_address(host, port, &server)) {
    events->found(&server, user_data);
    return FALSE;
  }
  lookup = g_new0(Lookup, 1);
  lookup->events = events;
  lookup->user_data = user_data;
  lookup->host = g_steal_pointer(&host);
  lookup->port = port;
  g_resolver_lookup_by_name_async(resolver, lookup->host, cancellable, on_looked_up, lookup);
  return TRUE;
}

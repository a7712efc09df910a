/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Leases by UPnP IGD, with miniupnpc. */
#include "port-lease.h"
#include "ssdp.h"

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <stdio.h>
#include <string.h>
#include <stunfwd/error.h>

/* PCP and NAT-PMP take one packet where this takes five connections. */
#define HEAD_START_MS 200

/* What UPNP_GetValidIGD() says. */
#define CONNECTED     1
#define NOT_CONNECTED 2

#define PORT_TRIES 4
#define FIRST_PORT 20000
#define LAST_PORT  60000

/* Codes of the services WANIPConnection:1 and :2. */
#define ACTION_FAILED            501
#define NOT_AUTHORIZED           606
#define CONFLICT_WITH_OTHER      718
#define ONLY_PERMANENT_SUPPORTED 725

#define DESCRIPTION "stunfwd"

/* Whether the URL leads to the router itself: anybody in the local network may have told it. */
static gboolean
is_at_gateway(const FwdPortLease *lease, const char *url)
{
  g_autofree char *gateway = fwd_endpoint_address_to_string(&lease->gateway);
  g_autoptr(GUri) uri = url ? g_uri_parse(url, G_URI_FLAGS_NONE, NULL) : NULL;

  return uri != NULL && g_strcmp0(g_uri_get_scheme(uri), "http") == 0 &&
         g_strcmp0(g_uri_get_host(uri), gateway) == 0;
}

/*
 * Of a router's several connections the library picks one that is up. One that
 * is down is taken as well, so that the reason can be told.
 */
static gboolean
pick_connection(const char *description, struct UPNPUrls *urls, struct IGDdatas *data)
{
  g_autofree char *url = g_strdup(description);
  struct UPNPDev device = {.descURL = url, .st = url + strlen(url), .usn = url + strlen(url)};
  char own[64];
  const int found = UPNP_GetValidIGD(&device, urls, data, own, sizeof own);

  if (found == CONNECTED || found == NOT_CONNECTED)
    return TRUE;
  if (found != 0)
    FreeUPNPUrls(urls);
  return FALSE;
}

static gboolean
take_service(const char *description, gpointer user_data)
{
  FwdPortLease *lease = user_data;
  struct UPNPUrls urls = {0};
  struct IGDdatas data = {0};
  gboolean taken;

  if (!is_at_gateway(lease, description) || !pick_connection(description, &urls, &data))
    return FALSE;
  taken = is_at_gateway(lease, urls.controlURL) &&
          strlen(urls.controlURL) < sizeof lease->control_url &&
          strlen(data.first.servicetype) < sizeof lease->service;
  if (taken) {
    g_strlcpy(lease->control_url, urls.controlURL, sizeof lease->control_url);
    g_strlcpy(lease->service, data.first.servicetype, sizeof lease->service);
  }
  FreeUPNPUrls(&urls);
  return taken;
}

static gboolean
find(FwdPortLease *lease, GCancellable *cancellable, GError **error)
{
  if (fwd_ssdp_search(&lease->gateway, &lease->local, cancellable, take_service, lease))
    return TRUE;
  g_set_error(error, FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE, "UPnP: no answer");
  return FALSE;
}

static gboolean
read_outside_address(FwdPortLease *lease, FwdEndpoint *outside, GError **error)
{
  char text[64] = "";

  if (UPNP_GetExternalIPAddress(lease->control_url, lease->service, text) == 0 &&
      fwd_endpoint_from_address(text, 0, outside) && fwd_endpoint_family(outside) == AF_INET &&
      !fwd_endpoint_is_any(outside))
    return TRUE;
  g_set_error(error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED,
              "UPnP: it has no outside address");
  return FALSE;
}

static const char *
protocol_of(const FwdPortLease *lease)
{
  return lease->tcp ? "TCP" : "UDP";
}

static int
add(const FwdPortLease *lease, guint16 port, guint32 lifetime)
{
  g_autofree char *own = fwd_endpoint_address_to_string(&lease->local);
  char outer[8], inner[8], seconds[16];

  snprintf(outer, sizeof outer, "%u", port);
  snprintf(inner, sizeof inner, "%u", fwd_endpoint_port(&lease->local));
  snprintf(seconds, sizeof seconds, "%u", lifetime);
  return UPNP_AddPortMapping(lease->control_url, lease->service, outer, inner, own, DESCRIPTION,
                             protocol_of(lease), NULL, seconds);
}

/* Some routers know no leases; such a mapping stays until it is removed. */
static int
add_for_a_time(const FwdPortLease *lease, guint16 port)
{
  const int status = add(lease, port, lease->lifetime);

  return status == ONLY_PERMANENT_SUPPORTED ? add(lease, port, 0) : status;
}

static gboolean
fail(GError **error, int status)
{
  if (status == NOT_AUTHORIZED || status == ACTION_FAILED)
    g_set_error(error, FWD_STRATEGY_ERROR, FWD_ERROR_DENIED, "UPnP: it is not allowed");
  else if (status < 0)
    g_set_error(error, FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE, "UPnP: no answer");
  else
    g_set_error(error, FWD_STRATEGY_ERROR, FWD_ERROR_REFUSED, "UPnP: it refused with code %d",
                status);
  return FALSE;
}

static gboolean
map(FwdPortLease *lease, GCancellable *cancellable, GError **error)
{
  FwdEndpoint outside;
  guint16 port = fwd_endpoint_port(lease->granted > 0 ? &lease->outside : &lease->local);
  int status = CONFLICT_WITH_OTHER;

  if (!read_outside_address(lease, &outside, error))
    return FALSE;
  for (guint i = 0; i < PORT_TRIES && status == CONFLICT_WITH_OTHER; i++) {
    if (i > 0)
      port = g_random_int_range(FIRST_PORT, LAST_PORT);
    status = add_for_a_time(lease, port);
  }
  if (status != 0)
    return fail(error, status);
  fwd_endpoint_set_port(&outside, port);
  lease->outside = outside;
  lease->granted = lease->lifetime;
  return TRUE;
}

static void
remove_mapping(const FwdPortLease *lease)
{
  char outer[8];

  snprintf(outer, sizeof outer, "%u", fwd_endpoint_port(&lease->outside));
  UPNP_DeletePortMapping(lease->control_url, lease->service, outer, protocol_of(lease), NULL);
}

const FwdPortProtocol fwd_port_upnp = {.name = "UPnP",
                                       .head_start_ms = HEAD_START_MS,
                                       .find = find,
                                       .map = map,
                                       .unmap = remove_mapping};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port-failure.h"

#include <stunfwd/error.h>

static gboolean
has_code(const GError *failure, FwdErrorCode code)
{
  return g_error_matches(failure, FWD_STRATEGY_ERROR, code);
}

/* "PCP, NAT-PMP and UPnP"; NULL when none failed with that code. */
static char *
list(const FwdPortProtocol *const *protocols, GError *const *failures, FwdErrorCode code)
{
  GString *names = g_string_new(NULL);
  guint left = 0;

  for (guint i = 0; i < FWD_PORT_PROTOCOLS; i++)
    left += has_code(failures[i], code);
  for (guint i = 0; i < FWD_PORT_PROTOCOLS; i++) {
    if (!has_code(failures[i], code))
      continue;
    if (names->len > 0)
      g_string_append(names, left > 1 ? ", " : " and ");
    g_string_append(names, protocols[i]->name);
    left--;
  }
  return g_string_free(names, names->len == 0);
}

static const GError *
first(GError *const *failures)
{
  for (guint i = 0; i < FWD_PORT_PROTOCOLS; i++)
    if (has_code(failures[i], FWD_ERROR_REFUSED) || has_code(failures[i], FWD_ERROR_FAILED))
      return failures[i];
  return NULL;
}

GError *
fwd_port_failure_explain(const FwdEndpoint *gateway, const FwdPortProtocol *const *protocols,
                         GError *const *failures)
{
  g_autofree char *router = fwd_endpoint_address_to_string(gateway);
  g_autofree char *denied = list(protocols, failures, FWD_ERROR_DENIED);
  g_autofree char *inside = list(protocols, failures, FWD_ERROR_UNSUPPORTED);
  const GError *other = first(failures);

  if (denied != NULL)
    return g_error_new(FWD_STRATEGY_ERROR, FWD_ERROR_DENIED,
                       "the router at %s answers %s but mapping is disabled", router, denied);
  if (inside != NULL)
    return g_error_new(FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED,
                       "the router at %s answers %s but has no public address to map from",
                       router, inside);
  if (other != NULL)
    return g_error_new(FWD_STRATEGY_ERROR, other->code, "the router at %s gives no mapping: %s",
                       router, other->message);
  return g_error_new(FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE,
                     "no router answers PCP, NAT-PMP or UPnP");
}

GError *
fwd_port_failure_useless(const FwdEndpoint *gateway, const FwdEndpoint *outside,
                         const FwdEndpoint *seen)
{
  g_autofree char *router = fwd_endpoint_address_to_string(gateway);
  g_autofree char *address = fwd_endpoint_address_to_string(outside);
  const gboolean elsewhere = fwd_endpoint_family(seen) == fwd_endpoint_family(outside) &&
                             !fwd_endpoint_same_address(seen, outside);

  if (!elsewhere && !fwd_endpoint_is_private(outside) && !fwd_endpoint_is_any(outside) &&
      !fwd_endpoint_is_link_local(outside) && !fwd_endpoint_is_loopback(outside))
    return NULL;
  return g_error_new(FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED,
                     "the mapping at %s leads to %s, which is behind another NAT", router,
                     address);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nat-observation.h"

static gboolean
is_known(const FwdEndpoint *endpoint)
{
  return fwd_endpoint_family(endpoint) != AF_UNSPEC;
}

gboolean
fwd_nat_is_host_endpoint(const GArray *host, const FwdEndpoint *endpoint)
{
  for (guint i = 0; i < host->len; i++)
    if (fwd_endpoint_equal(&g_array_index(host, FwdCandidate, i).endpoint, endpoint))
      return TRUE;
  return FALSE;
}

gboolean
fwd_nat_was_asked(const FwdNatObservations *observations, const FwdEndpoint *endpoint)
{
  for (guint i = 0; i < observations->count; i++)
    if (fwd_endpoint_equal(&observations->items[i].server, endpoint))
      return TRUE;
  return FALSE;
}

/* Whether the server saw a translated endpoint; one on this side of the NAT does not. */
static gboolean
is_translated(const FwdNatObservations *observations, const FwdNatObservation *observation)
{
  return is_known(&observation->mapped) &&
         !fwd_nat_is_host_endpoint(observations->host, &observation->mapped);
}

/* What pairs of observations show: did the mapping change with what changed at the server? */
typedef struct {
  gboolean same_across_addresses;
  gboolean differs_across_addresses;
  gboolean same_across_ports;
  gboolean differs_across_ports;
} Comparison;

static void
compare(Comparison *comparison, const FwdNatObservation *a, const FwdNatObservation *b)
{
  gboolean same = fwd_endpoint_equal(&a->mapped, &b->mapped);

  if (fwd_endpoint_equal(&a->server, &b->server))
    return;
  if (fwd_endpoint_same_address(&a->server, &b->server))
    *(same ? &comparison->same_across_ports : &comparison->differs_across_ports) = TRUE;
  else
    *(same ? &comparison->same_across_addresses : &comparison->differs_across_addresses) = TRUE;
}

static FwdNatBehaviour
judge(const Comparison *comparison)
{
  if (comparison->differs_across_ports)
    return FWD_NAT_ADDRESS_AND_PORT_DEPENDENT;
  if (comparison->differs_across_addresses)
    return comparison->same_across_ports ? FWD_NAT_ADDRESS_DEPENDENT
                                         : FWD_NAT_ADDRESS_AND_PORT_DEPENDENT;
  return comparison->same_across_addresses ? FWD_NAT_ENDPOINT_INDEPENDENT : FWD_NAT_UNKNOWN;
}

FwdNatBehaviour
fwd_nat_mapping(const FwdNatObservations *observations)
{
  Comparison comparison = {0};
  gboolean is_seen = FALSE, has_translation = FALSE;

  for (guint i = 0; i < observations->count; i++) {
    const FwdNatObservation *a = &observations->items[i];

    is_seen |= is_known(&a->mapped);
    if (!is_translated(observations, a))
      continue;
    has_translation = TRUE;
    for (guint j = 0; j < i; j++)
      if (is_translated(observations, &observations->items[j]))
        compare(&comparison, a, &observations->items[j]);
  }
  if (is_seen && !has_translation)
    return FWD_NAT_NONE;
  return judge(&comparison);
}

/* Did an answer come through from the changed endpoint, as asked? */
static FwdAnswer
passed(const FwdNatObservations *observations, guint32 change_request)
{
  for (guint i = 0; i < observations->count; i++) {
    const FwdNatObservation *item = &observations->items[i];
    gboolean other_address, other_port;

    if (item->change_request != change_request)
      continue;
    if (!item->is_answered)
      return FWD_ANSWER_NO;
    other_address = !fwd_endpoint_same_address(&item->source, &item->server);
    other_port = fwd_endpoint_port(&item->source) != fwd_endpoint_port(&item->server);
    if (!is_known(&item->source) ||
        other_address != ((change_request & FWD_STUN_CHANGE_ADDRESS) != 0) ||
        other_port != ((change_request & FWD_STUN_CHANGE_PORT) != 0))
      return FWD_ANSWER_UNKNOWN;
    return FWD_ANSWER_YES;
  }
  return FWD_ANSWER_UNKNOWN;
}

FwdNatBehaviour
fwd_nat_filtering(const FwdNatObservations *observations)
{
  FwdAnswer from_address = passed(observations, FWD_STUN_CHANGE_ADDRESS | FWD_STUN_CHANGE_PORT);
  FwdAnswer from_port = passed(observations, FWD_STUN_CHANGE_PORT);

  if (from_address == FWD_ANSWER_YES)
    return FWD_NAT_ENDPOINT_INDEPENDENT;
  if (from_port == FWD_ANSWER_NO)
    return FWD_NAT_ADDRESS_AND_PORT_DEPENDENT;
  if (from_port == FWD_ANSWER_YES && from_address == FWD_ANSWER_NO)
    return FWD_NAT_ADDRESS_DEPENDENT;
  return FWD_NAT_UNKNOWN;
}

static gboolean
is_host_port(const GArray *host, const FwdEndpoint *mapped)
{
  for (guint i = 0; i < host->len; i++) {
    const FwdEndpoint *local = &g_array_index(host, FwdCandidate, i).endpoint;

    if (fwd_endpoint_family(local) == fwd_endpoint_family(mapped) &&
        fwd_endpoint_port(local) == fwd_endpoint_port(mapped))
      return TRUE;
  }
  return FALSE;
}

FwdPortPattern
fwd_nat_ports(const FwdNatObservations *observations)
{
  FwdPortPattern pattern = FWD_PORTS_UNKNOWN;

  for (guint i = 0; i < observations->count; i++) {
    const FwdEndpoint *mapped = &observations->items[i].mapped;

    if (!is_known(mapped))
      continue;
    if (!is_host_port(observations->host, mapped))
      return FWD_PORTS_UNKNOWN;
    pattern = FWD_PORTS_PRESERVED;
  }
  return pattern;
}

static gboolean
is_new_address(const FwdNatObservations *observations, guint index)
{
  const FwdEndpoint *mapped = &observations->items[index].mapped;

  for (guint i = 0; i < index; i++)
    if (fwd_endpoint_same_address(&observations->items[i].mapped, mapped))
      return FALSE;
  return is_known(mapped);
}

guint
fwd_nat_public_addresses(const FwdNatObservations *observations)
{
  guint count = 0;

  for (guint i = 0; i < observations->count; i++)
    count += is_new_address(observations, i) ? 1 : 0;
  return count;
}

const FwdEndpoint *
fwd_nat_public_endpoint(const FwdNatObservations *observations)
{
  const FwdEndpoint *own = NULL;

  for (guint i = 0; i < observations->count; i++) {
    const FwdNatObservation *item = &observations->items[i];

    if (is_translated(observations, item))
      return &item->mapped;
    if (own == NULL && is_known(&item->mapped))
      own = &item->mapped;
  }
  return own;
}

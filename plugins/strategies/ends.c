/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ends.h"

/*
 * Two ports of a counter that other hosts use as well are no further apart. Of
 * random ports two gaps in a row are that small, the same way, once in 130,000.
 */
#define GAP_MAX 256

gboolean
fwd_ends_is_public(const FwdEndpoint *endpoint)
{
  return !fwd_endpoint_is_private(endpoint) && !fwd_endpoint_is_link_local(endpoint) &&
         !fwd_endpoint_is_loopback(endpoint) && !fwd_endpoint_is_any(endpoint);
}

gboolean
fwd_ends_is_symmetric(const FwdNatReport *nat)
{
  return (nat->mapping == FWD_NAT_ADDRESS_DEPENDENT ||
          nat->mapping == FWD_NAT_ADDRESS_AND_PORT_DEPENDENT) &&
         nat->ports != FWD_PORTS_PRESERVED;
}

gboolean
fwd_ends_is_strict(const FwdNatReport *nat)
{
  return nat->filtering == FWD_NAT_ADDRESS_AND_PORT_DEPENDENT ||
         nat->filtering == FWD_NAT_UNKNOWN;
}

gboolean
fwd_ends_is_hard_pair(FwdAttempt *attempt, char **why_not)
{
  const FwdNatReport *local = fwd_attempt_get_local_nat(attempt);
  const FwdNatReport *remote = fwd_attempt_get_remote_nat(attempt);
  const gboolean here = fwd_ends_is_symmetric(local), there = fwd_ends_is_symmetric(remote);
  const char *why = NULL;

  if (local->udp_blocked || remote->udp_blocked)
    why = local->udp_blocked ? "UDP is blocked here" : "UDP is blocked at the peer";
  else if (!here && !there)
    why = "no NAT here gives each destination a port of its own";
  else if (here && there)
    why = "both NATs give each destination a port of its own";
  else if (!fwd_ends_is_strict(here ? remote : local))
    why = here ? "the peer can be reached from any port" : "we can be reached from any port";
  *why_not = g_strdup(why);
  return why == NULL;
}

static gboolean
is_seen_outside(FwdAttempt *attempt, const FwdCandidate *candidate)
{
  if (candidate->type == FWD_CANDIDATE_SERVER_REFLEXIVE)
    return TRUE;
  return candidate->type == FWD_CANDIDATE_HOST &&
         (fwd_ends_is_public(&candidate->endpoint) ||
          fwd_attempt_get_remote_nat(attempt)->mapping == FWD_NAT_NONE);
}

/* What a STUN server saw comes before what the peer believes of itself. */
gboolean
fwd_ends_find_peer(FwdAttempt *attempt, FwdEndpoint *endpoint)
{
  const GArray *candidates = fwd_attempt_get_remote_candidates(attempt);
  gboolean found = FALSE;

  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *candidate = &g_array_index(candidates, FwdCandidate, i);
    const gboolean seen = candidate->type == FWD_CANDIDATE_SERVER_REFLEXIVE;
    if (fwd_endpoint_family(&candidate->endpoint) != AF_INET ||
        !is_seen_outside(attempt, candidate) || (found && !seen))
      continue;
    *endpoint = candidate->endpoint;
    found = TRUE;
    if (seen)
      break;
  }
  return found;
}

const FwdEndpoint *
fwd_ends_find_stun_server(FwdAttempt *attempt)
{
  const GArray *servers = fwd_attempt_get_stun_servers(attempt);

  for (guint i = 0; i < servers->len; i++) {
    const FwdEndpoint *server = &g_array_index(servers, FwdEndpoint, i);
    if (fwd_endpoint_family(server) == AF_INET)
      return server;
  }
  return NULL;
}

guint
fwd_ends_find_first_ttl(FwdAttempt *attempt)
{
  const guint hops = fwd_attempt_get_local_nat(attempt)->hops;

  return hops > 0 ? hops + 1 : 0;
}

static gint
greatest_common_divisor(gint a, gint b)
{
  while (b != 0) {
    const gint rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

gint
fwd_ends_find_step(const guint16 *ports, guint count)
{
  const gboolean down = ports[1] < ports[0];
  gint step = 0;

  for (guint i = 1; i < count; i++) {
    const gint gap = down ? ports[i - 1] - ports[i] : ports[i] - ports[i - 1];
    if (gap <= 0 || gap > GAP_MAX)
      return 0;
    step = greatest_common_divisor(gap, step);
  }
  return down ? -step : step;
}

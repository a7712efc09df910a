/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UDP hole punching (RFC 5128, 3.3): see udp-punch.md. */
#include "ends.h"

#define INTERVAL_MS     50
#define LIMIT_MS        10000
#define BUDGET_PACKETS  2000
#define BUDGET_MAPPINGS 16

#define FWD_TYPE_UDP_PUNCH (fwd_udp_punch_get_type())
G_DECLARE_FINAL_TYPE(FwdUdpPunch, fwd_udp_punch, FWD, UDP_PUNCH, GObject)

struct _FwdUdpPunch {
  GObject parent;
};

static void fwd_udp_punch_strategy_init(FwdStrategyInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdUdpPunch, fwd_udp_punch, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_STRATEGY,
                                                    fwd_udp_punch_strategy_init))

/*
 * Private addresses of the peer are the business of the strategy "lan", unless a
 * STUN server sees the peer under its own: then whoever reaches that server
 * reaches the peer, as between the networks of one company.
 */
static gboolean
is_reachable(FwdAttempt *attempt, const FwdEndpoint *endpoint)
{
  if (fwd_endpoint_is_loopback(endpoint) || fwd_endpoint_is_link_local(endpoint))
    return FALSE;
  return fwd_ends_is_public(endpoint) ||
         fwd_attempt_get_remote_nat(attempt)->mapping == FWD_NAT_NONE;
}

static gboolean
accepts(FwdAttempt *attempt, const FwdCandidate *remote)
{
  switch (remote->type) {
  case FWD_CANDIDATE_SERVER_REFLEXIVE:
  case FWD_CANDIDATE_PEER_REFLEXIVE:
  case FWD_CANDIDATE_MAPPED:
    return TRUE;
  case FWD_CANDIDATE_HOST:
    return is_reachable(attempt, &remote->endpoint);
  case FWD_CANDIDATE_RELAYED:
    return FALSE;
  }
  return FALSE;
}

static gboolean
has_endpoint(FwdAttempt *attempt, const GArray *candidates, int family)
{
  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *candidate = &g_array_index(candidates, FwdCandidate, i);
    if (accepts(attempt, candidate) &&
        (family == AF_UNSPEC || fwd_endpoint_family(&candidate->endpoint) == family))
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_mapped_port(const GArray *candidates)
{
  for (guint i = 0; i < candidates->len; i++)
    if (g_array_index(candidates, FwdCandidate, i).type == FWD_CANDIDATE_MAPPED)
      return TRUE;
  return FALSE;
}

/*
 * A side's checks are let in by the other one if they come from where they are
 * expected, or if the other one does not look at ports.
 */
static const char *
why_not_through_nats(FwdAttempt *attempt)
{
  const FwdNatReport *local = fwd_attempt_get_local_nat(attempt);
  const FwdNatReport *remote = fwd_attempt_get_remote_nat(attempt);
  const gboolean here = fwd_ends_is_symmetric(local), there = fwd_ends_is_symmetric(remote);

  if (has_mapped_port(fwd_attempt_get_local_candidates(attempt)) ||
      has_mapped_port(fwd_attempt_get_remote_candidates(attempt)))
    return NULL;
  if (here && there)
    return "both NATs are symmetric: ports cannot be known";
  if (here && remote->filtering == FWD_NAT_ADDRESS_AND_PORT_DEPENDENT)
    return "the NAT here is symmetric, and the peer's lets in known ports only";
  if (there && local->filtering == FWD_NAT_ADDRESS_AND_PORT_DEPENDENT)
    return "the peer's NAT is symmetric, and the one here lets in known ports only";
  return NULL;
}

/* Reports speak of IPv4 most of the time: IPv6 on both sides is worth a try in any case. */
static gboolean
fwd_udp_punch_can_attempt(FwdStrategy *self, FwdAttempt *attempt, char **why_not)
{
  const GArray *local = fwd_attempt_get_local_candidates(attempt);
  const GArray *remote = fwd_attempt_get_remote_candidates(attempt);
  const gboolean v6 =
      has_endpoint(attempt, local, AF_INET6) && has_endpoint(attempt, remote, AF_INET6);
  const char *why = NULL;

  if (fwd_attempt_get_local_nat(attempt)->udp_blocked && !v6)
    why = "UDP is blocked here";
  else if (fwd_attempt_get_remote_nat(attempt)->udp_blocked && !v6)
    why = "UDP is blocked at the peer";
  else if (!has_endpoint(attempt, remote, AF_UNSPEC))
    why = "the peer has no public address";
  else if (!v6)
    why = why_not_through_nats(attempt);
  *why_not = g_strdup(why);
  return why == NULL;
}

static void
fwd_udp_punch_attempt_async(FwdStrategy *self, FwdAttempt *attempt, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  const guint hops = fwd_attempt_get_local_nat(attempt)->hops;
  const FwdCheckListConfig config = {
      .accepts = accepts,
      .first_ttl = hops > 0 ? hops + 1 : 0,
      .peer_reflexive = TRUE,
      .interval_ms = INTERVAL_MS,
      .limit_ms = LIMIT_MS,
      .budget_checks = BUDGET_PACKETS,
      .budget_endpoints = BUDGET_MAPPINGS,
  };

  fwd_check_list_attempt_async(self, attempt, &config, cancellable, callback, user_data);
}

static void
fwd_udp_punch_strategy_init(FwdStrategyInterface *iface)
{
  iface->can_attempt = fwd_udp_punch_can_attempt;
  iface->attempt_async = fwd_udp_punch_attempt_async;
  iface->attempt_finish = fwd_check_list_attempt_finish;
}

static void
fwd_udp_punch_class_init(FwdUdpPunchClass *klass)
{
}

static void
fwd_udp_punch_init(FwdUdpPunch *self)
{
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {
      .priority = 20,
      .path_class = FWD_PATH_CLASS_P2P,
      .limit_ms = LIMIT_MS,
      .budget_packets = BUDGET_PACKETS,
      .budget_mappings = BUDGET_MAPPINGS,
      .help = "both peers send to each other's public endpoints at the same moment",
  };

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_STRATEGY, "udp-punch",
                                 FWD_TYPE_UDP_PUNCH, &meta, error);
}

FWD_PLUGIN("udp-punch", "0.1.0", "LGPL-2.1-or-later", register_types)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UDP hole punching (RFC 5128, 3.3): see udp-punch.md. */
#include <stunfwd/stunfwd.h>

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

static gboolean
is_public(const FwdEndpoint *endpoint)
{
  return !fwd_endpoint_is_private(endpoint) && !fwd_endpoint_is_link_local(endpoint) &&
         !fwd_endpoint_is_loopback(endpoint) && !fwd_endpoint_is_any(endpoint);
}

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
  return is_public(endpoint) || fwd_attempt_get_remote_nat(attempt)->mapping == FWD_NAT_NONE;
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

/* "Blocked" was found out over IPv4 most of the time: IPv6 on both sides is worth a try. */
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
  *why_not = g_strdup(why);
  return why == NULL;
}

static gboolean
is_symmetric(const FwdNatReport *nat)
{
  return nat->mapping == FWD_NAT_ADDRESS_DEPENDENT ||
         nat->mapping == FWD_NAT_ADDRESS_AND_PORT_DEPENDENT;
}

static void
fwd_udp_punch_attempt_async(FwdStrategy *self, FwdAttempt *attempt, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  const FwdCheckListConfig config = {
      .accepts = accepts,
      .peer_reflexive = TRUE,
      .interval_ms = INTERVAL_MS,
      .limit_ms = LIMIT_MS,
      .budget_checks = BUDGET_PACKETS,
      .budget_endpoints = BUDGET_MAPPINGS,
  };

  if (is_symmetric(fwd_attempt_get_local_nat(attempt)) &&
      is_symmetric(fwd_attempt_get_remote_nat(attempt)))
    fwd_attempt_note(attempt, "both NATs are symmetric: ports cannot be known");
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths within one local network: see lan.md. */
#include <stunfwd/stunfwd.h>

#define INTERVAL_MS     100
#define LIMIT_MS        3000
#define BUDGET_PACKETS  200
#define BUDGET_MAPPINGS 8

#define FWD_TYPE_LAN (fwd_lan_get_type())
G_DECLARE_FINAL_TYPE(FwdLan, fwd_lan, FWD, LAN, GObject)

struct _FwdLan {
  GObject parent;
};

static void fwd_lan_strategy_init(FwdStrategyInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdLan, fwd_lan, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_STRATEGY, fwd_lan_strategy_init))

/* An IPv6 host may have its address from DHCP, as a /128: the link has a /64 nevertheless. */
static gboolean
is_on_link(const FwdCandidate *local, const FwdCandidate *remote)
{
  const gboolean v6 = fwd_endpoint_family(&remote->endpoint) == AF_INET6;
  const guint prefixes[] = {local->prefix_length, remote->prefix_length, v6 ? 64 : 0};

  for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++)
    if (prefixes[i] > 0 &&
        fwd_endpoint_same_network(&local->endpoint, &remote->endpoint, prefixes[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_in_our_networks(FwdAttempt *attempt, const FwdCandidate *remote)
{
  const GArray *candidates = fwd_attempt_get_local_candidates(attempt);

  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *local = &g_array_index(candidates, FwdCandidate, i);
    if (local->type == FWD_CANDIDATE_HOST &&
        fwd_endpoint_family(&local->endpoint) == fwd_endpoint_family(&remote->endpoint) &&
        is_on_link(local, remote))
      return TRUE;
  }
  return FALSE;
}

/* fe80::/10 means nothing without the peer's interface, which only the peer knows. */
static gboolean
accepts(FwdAttempt *attempt, const FwdCandidate *remote)
{
  const FwdEndpoint *endpoint = &remote->endpoint;

  if (remote->type != FWD_CANDIDATE_HOST)
    return FALSE;
  if (fwd_endpoint_family(endpoint) == AF_INET6 && fwd_endpoint_is_link_local(endpoint))
    return FALSE;
  return is_in_our_networks(attempt, remote) ||
         (fwd_endpoint_is_private(endpoint) && fwd_attempt_shares_public_address(attempt));
}

static gboolean
fwd_lan_can_attempt(FwdStrategy *self, FwdAttempt *attempt, char **why_not)
{
  const GArray *candidates = fwd_attempt_get_remote_candidates(attempt);

  for (guint i = 0; i < candidates->len; i++)
    if (accepts(attempt, &g_array_index(candidates, FwdCandidate, i)))
      return TRUE;
  *why_not = g_strdup(candidates->len == 0 ? "the peer has told no addresses"
                                           : "the peers have no local network in common");
  return FALSE;
}

static void
fwd_lan_attempt_async(FwdStrategy *self, FwdAttempt *attempt, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  const FwdCheckListConfig config = {
      .accepts = accepts,
      .interval_ms = INTERVAL_MS,
      .limit_ms = LIMIT_MS,
      .budget_checks = BUDGET_PACKETS,
      .budget_endpoints = BUDGET_MAPPINGS,
  };

  if (fwd_attempt_shares_public_address(attempt))
    fwd_attempt_note(attempt, "both peers have the same public address");
  fwd_check_list_attempt_async(self, attempt, &config, cancellable, callback, user_data);
}

static void
fwd_lan_strategy_init(FwdStrategyInterface *iface)
{
  iface->can_attempt = fwd_lan_can_attempt;
  iface->attempt_async = fwd_lan_attempt_async;
  iface->attempt_finish = fwd_check_list_attempt_finish;
}

static void
fwd_lan_class_init(FwdLanClass *klass)
{
}

static void
fwd_lan_init(FwdLan *self)
{
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {
      .priority = 30,
      .path_class = FWD_PATH_CLASS_LAN,
      .limit_ms = LIMIT_MS,
      .budget_packets = BUDGET_PACKETS,
      .budget_mappings = BUDGET_MAPPINGS,
      .help = "the peer's own addresses, when both are in one local network",
  };

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_STRATEGY, "lan", FWD_TYPE_LAN, &meta,
                                 error);
}

FWD_PLUGIN("lan", "0.1.0", "LGPL-2.1-or-later", register_types)

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
fwd_udp_punch_can_attempt(FwdStrategy *strategy, FwdAttempt *attempt, char **why_not)
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

/* A check list that ends when the reports, as they become known, say that it is in vain. */
typedef struct {
  FwdAttempt *attempt;
  GCancellable *pointless;
  const char *why;
  gulong outer; /* handler at the caller's cancellable */
} Punch;

static void
punch_free(Punch *punch)
{
  g_object_unref(punch->attempt);
  g_object_unref(punch->pointless);
  g_free(punch);
}

static void
on_candidates(FwdAttempt *attempt, Punch *punch)
{
  g_autofree char *why_not = NULL;

  if (fwd_udp_punch_can_attempt(NULL, attempt, &why_not))
    return;
  punch->why = why_not_through_nats(attempt);
  if (punch->why != NULL)
    g_cancellable_cancel(punch->pointless);
}

static void
on_run(GObject *attempt, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Punch *punch = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;
  FwdPath *path = fwd_check_list_run_finish(FWD_ATTEMPT(attempt), result, &error);

  g_signal_handlers_disconnect_by_data(attempt, punch);
  g_cancellable_disconnect(g_task_get_cancellable(task), punch->outer);
  if (path != NULL)
    g_task_return_pointer(task, path, (GDestroyNotify)fwd_path_close);
  else if (punch->why != NULL)
    g_task_return_new_error(task, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED, "%s", punch->why);
  else
    g_task_return_error(task, g_steal_pointer(&error));
}

static void
on_cancelled(GCancellable *outer, GCancellable *inner)
{
  g_cancellable_cancel(inner);
}

static Punch *
punch_new(FwdAttempt *attempt, GCancellable *cancellable)
{
  Punch *punch = g_new0(Punch, 1);

  punch->attempt = g_object_ref(attempt);
  punch->pointless = g_cancellable_new();
  if (cancellable != NULL)
    punch->outer = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled),
                                         g_object_ref(punch->pointless), g_object_unref);
  return punch;
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
      .first_ttl = fwd_ends_find_first_ttl(attempt),
      .budget_checks = BUDGET_PACKETS,
      .budget_endpoints = BUDGET_MAPPINGS,
  };
  GTask *task = g_task_new(self, cancellable, callback, user_data);
  Punch *punch = punch_new(attempt, cancellable);

  g_task_set_name(task, "stunfwd udp-punch");
  g_task_set_task_data(task, punch, (GDestroyNotify)punch_free);
  g_signal_connect(attempt, "candidates", G_CALLBACK(on_candidates), punch);
  fwd_check_list_run_async(attempt, &config, punch->pointless, on_run, task);
}

static FwdPath *
fwd_udp_punch_attempt_finish(FwdStrategy *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, self), NULL);

  return g_task_propagate_pointer(G_TASK(result), error);
}

static void
fwd_udp_punch_strategy_init(FwdStrategyInterface *iface)
{
  iface->can_attempt = fwd_udp_punch_can_attempt;
  iface->attempt_async = fwd_udp_punch_attempt_async;
  iface->attempt_finish = fwd_udp_punch_attempt_finish;
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

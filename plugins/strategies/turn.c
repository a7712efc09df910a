/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Through a TURN server (RFC 8656): see turn.md. */
#include "turn-plan.h"

#include <string.h>

#define INTERVAL_MS     100
#define LIMIT_MS        15000
#define BUDGET_PACKETS  400
#define BUDGET_MAPPINGS 8
/* How long one leg may take before both sides use their allocations. */
#define ONE_LEG_MS 3000
/* How long one leg is waited for: relays start before STUN servers have answered. */
#define PATIENCE_MS 500
/* Addresses of the peer that get a permission. */
#define PERMISSIONS_MAX 16
/* How long the peer's word is waited for that it has found the path as well. */
#define HANDSHAKE_MS 300
/* Checks of ours that an answer may still come to. */
#define CHECKS_MAX 16

#define FWD_TYPE_TURN (fwd_turn_get_type())
G_DECLARE_FINAL_TYPE(FwdTurn, fwd_turn, FWD, TURN, GObject)

struct _FwdTurn {
  GObject parent;
};

typedef struct {
  guint8 transaction[FWD_CHECK_TRANSACTION_SIZE];
  gint64 sent;
} Check;

typedef struct {
  FwdAttempt *attempt;
  gboolean controlling;
  GCancellable *allocating;
  FwdTurnAllocation *allocation;
  gboolean own_settled, peer_settled; /* there is an allocation, or there will be none */
  FwdEndpoint peer_relayed;           /* family AF_UNSPEC: none yet */
  FwdEndpoint target;                 /* where checks go through the allocation */
  FwdTurnPlan plan;
  gint64 planned;
  FwdEndpoint found; /* where the peer answers */
  gint64 found_at;   /* 0: not yet */
  guint rtt_us;
  gboolean peer_found;
  Check checks[CHECKS_MAX];
  guint next_check;
  gint64 started;
  GSource *timer; /* keeps the task; ends at once when it is cancelled */
  gboolean ended;
} Search;

static void fwd_turn_strategy_init(FwdStrategyInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdTurn, fwd_turn, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_STRATEGY, fwd_turn_strategy_init))

static void
search_free(gpointer data)
{
  Search *search = data;

  g_clear_object(&search->allocation);
  g_object_unref(search->allocating);
  g_object_unref(search->attempt);
  g_free(search);
}

/* Ending. */

static void
stop(GTask *task)
{
  Search *search = g_task_get_task_data(task);

  search->ended = TRUE;
  g_source_destroy(search->timer);
  g_clear_pointer(&search->timer, g_source_unref);
  g_signal_handlers_disconnect_by_data(search->attempt, task);
  if (search->allocation != NULL)
    g_signal_handlers_disconnect_by_data(search->allocation, task);
  g_cancellable_cancel(search->allocating);
  g_clear_object(&search->allocation);
}

static void
end(GTask *task, FwdPath *path, GError *error)
{
  g_autoptr(GTask) kept = g_object_ref(task);
  Search *search = g_task_get_task_data(task);

  if (search->ended) {
    g_clear_pointer(&path, fwd_path_close);
    g_clear_error(&error);
    return;
  }
  stop(task);
  if (path != NULL)
    g_task_return_pointer(task, path, (GDestroyNotify)fwd_path_close);
  else
    g_task_return_error(task, error);
}

static void
fail(GTask *task, FwdErrorCode code, const char *why)
{
  end(task, NULL, g_error_new_literal(FWD_STRATEGY_ERROR, code, why));
}

/* What is known of the two ends. */

static gboolean
is_peer_allocated(const Search *search)
{
  return fwd_endpoint_family(&search->peer_relayed) != AF_UNSPEC;
}

static gboolean
uses_own_allocation(const Search *search)
{
  return search->plan == FWD_TURN_PLAN_BOTH ||
         search->plan ==
             (search->controlling ? FWD_TURN_PLAN_CONTROLLING : FWD_TURN_PLAN_CONTROLLED);
}

static void
tell(Search *search, const char *key, const char *value)
{
  g_autoptr(GVariantDict) message = g_variant_dict_new(NULL);

  g_variant_dict_insert(message, key, "s", value);
  fwd_attempt_send_message(search->attempt, g_variant_dict_end(message));
}

/* Checks. */

static void
send_through(Search *search, const FwdEndpoint *to)
{
  Check *check = &search->checks[search->next_check++ % CHECKS_MAX];
  guint8 request[FWD_CHECK_SIZE_MAX];
  gsize length =
      fwd_attempt_write_check(search->attempt, request, sizeof request, check->transaction);

  check->sent = g_get_monotonic_time();
  fwd_turn_allocation_send(search->allocation, to, request, length);
}

static const Check *
find_check(const Search *search, const guint8 *transaction)
{
  for (guint i = 0; i < CHECKS_MAX; i++)
    if (search->checks[i].sent != 0 &&
        memcmp(search->checks[i].transaction, transaction, FWD_CHECK_TRANSACTION_SIZE) == 0)
      return &search->checks[i];
  return NULL;
}

static void
take_path(GTask *task)
{
  Search *search = g_task_get_task_data(task);
  FwdPath *path =
      uses_own_allocation(search)
          ? fwd_turn_allocation_into_path(search->allocation, "turn", &search->found,
                                          search->rtt_us)
          : fwd_attempt_create_udp_path(search->attempt, &search->found, search->rtt_us);

  if (path != NULL)
    end(task, path, NULL);
  else
    fail(task, FWD_ERROR_CLOSED, "the allocation was lost, or there is no UDP socket");
}

/* The controlling side speaks first on the path, so it waits until the other has it, too. */
static void
find(GTask *task, const FwdEndpoint *peer, guint rtt_us)
{
  Search *search = g_task_get_task_data(task);
  g_autofree char *text = fwd_endpoint_to_string(peer);

  if (search->found_at != 0)
    return;
  fwd_attempt_note(search->attempt, "the peer answers from %s", text);
  search->found = *peer;
  search->found_at = g_get_monotonic_time();
  search->rtt_us = MAX(rtt_us, 1);
  if (!search->controlling)
    tell(search, "found", text);
  if (!search->controlling || search->peer_found)
    take_path(task);
}

static void
answer_through(Search *search, const FwdEndpoint *from, const guint8 *transaction)
{
  guint8 response[FWD_CHECK_SIZE_MAX];
  gsize length =
      fwd_attempt_write_response(search->attempt, response, sizeof response, transaction, from);

  fwd_turn_allocation_send(search->allocation, from, response, length);
  if (search->plan == FWD_TURN_PLAN_BOTH)
    return;
  /* A symmetric NAT's port is known only now. */
  search->target = *from;
  send_through(search, from);
}

static void
on_received(FwdTurnAllocation *allocation, const FwdEndpoint *from, GBytes *data, GTask *task)
{
  Search *search = g_task_get_task_data(task);
  guint8 transaction[FWD_CHECK_TRANSACTION_SIZE];
  gsize length;
  const guint8 *bytes = g_bytes_get_data(data, &length);
  const Check *check;

  if (!uses_own_allocation(search))
    return;
  switch (fwd_attempt_read_check(search->attempt, bytes, length, transaction)) {
  case FWD_CHECK_REQUEST:
    answer_through(search, from, transaction);
    break;
  case FWD_CHECK_RESPONSE:
    check = find_check(search, transaction);
    if (check != NULL)
      find(task, from, (guint)(g_get_monotonic_time() - check->sent));
    break;
  case FWD_CHECK_NONE:
    break;
  }
}

static void
on_checked(FwdAttempt *attempt, const FwdEndpoint *remote, guint rtt_us, GTask *task)
{
  Search *search = g_task_get_task_data(task);

  if (search->plan == FWD_TURN_PLAN_NONE || uses_own_allocation(search) ||
      !fwd_endpoint_equal(remote, &search->peer_relayed))
    return;
  find(task, remote, rtt_us);
}

/* The plan. */

static void
permit_peer(Search *search)
{
  const GArray *remote = fwd_attempt_get_remote_candidates(search->attempt);
  const FwdNatReport *nat = fwd_attempt_get_remote_nat(search->attempt);
  guint permitted = 0;

  if (is_peer_allocated(search) && search->plan == FWD_TURN_PLAN_BOTH)
    permitted += fwd_turn_allocation_permit(search->allocation, &search->peer_relayed);
  for (guint i = 0; i < remote->len && permitted < PERMISSIONS_MAX; i++) {
    const FwdCandidate *candidate = &g_array_index(remote, FwdCandidate, i);
    if (search->plan != FWD_TURN_PLAN_BOTH && fwd_turn_is_visible(nat, candidate))
      permitted += fwd_turn_allocation_permit(search->allocation, &candidate->endpoint);
  }
}

static void
send_check(Search *search)
{
  if (!uses_own_allocation(search)) {
    if (is_peer_allocated(search))
      fwd_attempt_send_check(search->attempt, &search->peer_relayed, 0);
  } else if (search->allocation != NULL && fwd_endpoint_family(&search->target) != AF_UNSPEC) {
    send_through(search, &search->target);
  }
}

static void
follow(GTask *task, FwdTurnPlan plan)
{
  static const char *const stories[] = {
      [FWD_TURN_PLAN_CONTROLLING] =
          "through the client's allocation, which the server sends to",
      [FWD_TURN_PLAN_CONTROLLED] = "through the server's allocation, which the client sends to",
      [FWD_TURN_PLAN_BOTH] = "from allocation to allocation"};
  Search *search = g_task_get_task_data(task);

  fwd_attempt_note(search->attempt, "%s", stories[plan]);
  search->plan = plan;
  search->planned = g_get_monotonic_time();
  memset(&search->target, 0, sizeof search->target);
  if (plan == FWD_TURN_PLAN_BOTH)
    search->target = search->peer_relayed;
  if (search->allocation != NULL && uses_own_allocation(search))
    permit_peer(search);
  send_check(search);
}

static gboolean
is_patient(const Search *search)
{
  gint64 waited = g_get_monotonic_time() - search->started;

  return waited < PATIENCE_MS * (gint64)1000 &&
         !(fwd_attempt_get_local_nat(search->attempt)->udp_blocked &&
           fwd_attempt_get_remote_nat(search->attempt)->udp_blocked);
}

static FwdTurnPlan
choose(const Search *search)
{
  FwdAttempt *attempt = search->attempt;
  const FwdTurnFacts facts = {
      .own = search->allocation != NULL,
      .peer = is_peer_allocated(search),
      .own_udp = fwd_turn_can_send_udp(fwd_attempt_get_local_candidates(attempt),
                                       fwd_attempt_get_local_nat(attempt)),
      .peer_udp = fwd_turn_can_send_udp(fwd_attempt_get_remote_candidates(attempt),
                                        fwd_attempt_get_remote_nat(attempt)),
      .settled = search->own_settled && search->peer_settled,
      .patient = is_patient(search),
  };

  return fwd_turn_plan_choose(&facts);
}

static void
decide(GTask *task)
{
  Search *search = g_task_get_task_data(task);
  gboolean neither = search->own_settled && search->peer_settled &&
                     search->allocation == NULL && !is_peer_allocated(search);
  FwdTurnPlan plan;

  if (neither) {
    if (fwd_attempt_get_turn_servers(search->attempt)->len == 0)
      fwd_attempt_advise(search->attempt,
                         "name a TURN server with --turn, or let signald tell of "
                         "one with --turn-uri");
    fail(task, FWD_ERROR_UNSUPPORTED, "neither side has an allocation on a TURN server");
    return;
  }
  if (!search->controlling || search->plan != FWD_TURN_PLAN_NONE)
    return;
  plan = choose(search);
  if (plan == FWD_TURN_PLAN_NONE)
    return;
  tell(search, "plan", fwd_turn_plan_to_string(plan));
  follow(task, plan);
}

/* One leg has not worked out: the other side's UDP may be blocked without our knowing. */
static gboolean
is_one_leg_late(const Search *search, gint64 now)
{
  return search->controlling && search->plan != FWD_TURN_PLAN_NONE &&
         search->plan != FWD_TURN_PLAN_BOTH && search->allocation != NULL &&
         is_peer_allocated(search) && now - search->planned > ONE_LEG_MS * (gint64)1000;
}

static gboolean
on_tick(gpointer user_data)
{
  GTask *task = user_data;
  Search *search = g_task_get_task_data(task);
  gint64 now = g_get_monotonic_time();

  if (g_cancellable_is_cancelled(g_task_get_cancellable(task))) {
    end(task, NULL, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled"));
  } else if (now - search->started > LIMIT_MS * (gint64)1000) {
    fail(task, FWD_ERROR_TIMEOUT,
         search->plan == FWD_TURN_PLAN_NONE ? "nothing was agreed upon in time"
                                            : "no check was answered through the TURN server");
  } else if (search->found_at != 0) {
    if (now - search->found_at > HANDSHAKE_MS * (gint64)1000)
      take_path(task);
  } else if (is_one_leg_late(search, now)) {
    tell(search, "plan", fwd_turn_plan_to_string(FWD_TURN_PLAN_BOTH));
    follow(task, FWD_TURN_PLAN_BOTH);
  } else if (search->plan == FWD_TURN_PLAN_NONE) {
    decide(task);
  } else {
    send_check(search);
  }
  return G_SOURCE_CONTINUE;
}

/* The two sides and their messages. */

static void
on_lost(FwdTurnAllocation *allocation, const GError *error, GTask *task)
{
  Search *search = g_task_get_task_data(task);

  fwd_attempt_note(search->attempt, "the allocation is lost: %s", error->message);
  if (uses_own_allocation(search))
    fail(task, FWD_ERROR_CLOSED, error->message);
}

static void
take_allocation(GTask *task, FwdTurnAllocation *allocation)
{
  Search *search = g_task_get_task_data(task);
  g_autofree char *way = fwd_turn_allocation_describe(allocation);
  g_autofree char *relayed =
      fwd_endpoint_to_string(fwd_turn_allocation_get_relayed(allocation));

  fwd_attempt_note(search->attempt, "%s has given us %s", way, relayed);
  search->allocation = allocation;
  g_signal_connect(allocation, "received", G_CALLBACK(on_received), task);
  g_signal_connect(allocation, "lost", G_CALLBACK(on_lost), task);
  tell(search, "relayed", relayed);
  if (search->plan != FWD_TURN_PLAN_NONE && uses_own_allocation(search))
    permit_peer(search);
}

static void
on_allocated(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Search *search = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdTurnAllocation) allocation = fwd_turn_allocate_finish(result, &error);

  if (search->ended)
    return;
  search->own_settled = TRUE;
  if (allocation != NULL) {
    take_allocation(task, g_steal_pointer(&allocation));
  } else {
    fwd_attempt_note(search->attempt, "%s", error->message);
    if (g_error_matches(error, FWD_STRATEGY_ERROR, FWD_ERROR_DENIED))
      fwd_attempt_advise(search->attempt,
                         "check the user name and password of the TURN server");
    tell(search, "none", error->message);
  }
  decide(task);
}

static void
take_plan(GTask *task, const char *name)
{
  Search *search = g_task_get_task_data(task);
  FwdTurnPlan plan = fwd_turn_plan_from_string(name);

  if (!search->controlling && search->found_at == 0 && plan != FWD_TURN_PLAN_NONE &&
      plan != search->plan)
    follow(task, plan);
}

static void
take_relayed(GTask *task, const char *text)
{
  Search *search = g_task_get_task_data(task);

  if (!fwd_endpoint_parse(text, &search->peer_relayed, NULL)) {
    memset(&search->peer_relayed, 0, sizeof search->peer_relayed);
    return;
  }
  search->peer_settled = TRUE;
  fwd_attempt_claim(search->attempt, &search->peer_relayed);
  fwd_attempt_note(search->attempt, "the peer has an allocation at %s", text);
  decide(task);
}

static void
on_message(FwdAttempt *attempt, GVariant *message, GTask *task)
{
  Search *search = g_task_get_task_data(task);
  g_autoptr(GVariantDict) fields = NULL;
  const char *text;

  if (!g_variant_is_of_type(message, G_VARIANT_TYPE_VARDICT))
    return;
  fields = g_variant_dict_new(message);
  if (g_variant_dict_lookup(fields, "relayed", "&s", &text)) {
    take_relayed(task, text);
  } else if (g_variant_dict_lookup(fields, "plan", "&s", &text)) {
    take_plan(task, text);
  } else if (g_variant_dict_lookup(fields, "found", "&s", &text)) {
    search->peer_found = TRUE;
    if (search->found_at != 0)
      take_path(task);
  } else if (g_variant_dict_lookup(fields, "none", "&s", &text)) {
    search->peer_settled = TRUE;
    decide(task);
  }
}

static void
on_candidates(FwdAttempt *attempt, GTask *task)
{
  Search *search = g_task_get_task_data(task);

  if (search->allocation != NULL && uses_own_allocation(search))
    permit_peer(search);
  decide(task);
}

/* The interface. */

/* What the peer has, it tells only once both sides run. */
static gboolean
fwd_turn_can_attempt(FwdStrategy *strategy, FwdAttempt *attempt, char **why_not)
{
  if (fwd_attempt_get_turn_servers(attempt)->len > 0 ||
      fwd_attempt_get_remote_candidates(attempt)->len > 0)
    return TRUE;
  *why_not = g_strdup("there is no TURN server here, and nothing is known of the peer");
  return FALSE;
}

static void
start_timer(GTask *task)
{
  Search *search = g_task_get_task_data(task);
  GCancellable *cancellable = g_task_get_cancellable(task);

  search->timer = g_timeout_source_new(INTERVAL_MS);
  if (cancellable != NULL) {
    g_autoptr(GSource) cancelled = g_cancellable_source_new(cancellable);
    g_source_set_dummy_callback(cancelled);
    g_source_add_child_source(search->timer, cancelled);
  }
  g_task_attach_source(task, search->timer, on_tick);
}

static Search *
search_new(FwdAttempt *attempt)
{
  Search *search = g_new0(Search, 1);

  search->attempt = g_object_ref(attempt);
  search->controlling = fwd_attempt_is_controlling(attempt);
  search->allocating = g_cancellable_new();
  search->started = g_get_monotonic_time();
  return search;
}

static void
fwd_turn_attempt_async(FwdStrategy *self, FwdAttempt *attempt, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
  Search *search;

  g_task_set_source_tag(task, fwd_turn_attempt_async);
  if (g_task_return_error_if_cancelled(task))
    return;
  search = search_new(attempt);
  g_task_set_task_data(task, search, search_free);
  start_timer(task);
  g_signal_connect(attempt, "message", G_CALLBACK(on_message), task);
  g_signal_connect(attempt, "checked", G_CALLBACK(on_checked), task);
  g_signal_connect(attempt, "candidates", G_CALLBACK(on_candidates), task);
  fwd_turn_allocate_async(fwd_attempt_get_turn_servers(attempt), search->allocating,
                          on_allocated, g_object_ref(task));
}

static FwdPath *
fwd_turn_attempt_finish(FwdStrategy *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

static void
fwd_turn_strategy_init(FwdStrategyInterface *iface)
{
  iface->can_attempt = fwd_turn_can_attempt;
  iface->attempt_async = fwd_turn_attempt_async;
  iface->attempt_finish = fwd_turn_attempt_finish;
}

static void
fwd_turn_class_init(FwdTurnClass *klass)
{
}

static void
fwd_turn_init(FwdTurn *self)
{
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {
      .priority = 10,
      .path_class = FWD_PATH_CLASS_RELAY,
      .limit_ms = LIMIT_MS,
      .budget_packets = BUDGET_PACKETS,
      .budget_mappings = BUDGET_MAPPINGS,
      .help = "through a TURN server, over UDP, TCP or TLS",
  };

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_STRATEGY, "turn", FWD_TYPE_TURN, &meta,
                                 error);
}

FWD_PLUGIN("turn", "0.1.0", "LGPL-2.1-or-later", register_types)

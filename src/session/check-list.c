/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/check-list.h>
#include <stunfwd/error.h>

/* RFC 8445, appendix B.1: faster, and a small NAT drops checks. */
#define PACE_US  (5 * 1000)
#define EAGER_US (1000 * 1000)
#define BACK_OFF 5
/* After a check that was not to arrive: by then the peer's NAT is open as well. */
#define OPENED_US (20 * 1000)

typedef struct {
  FwdEndpoint endpoint;
  gint64 last; /* microseconds; 0 never */
  gboolean due_now;
  gboolean opening; /* the last one had a TTL that ends outside the own NAT */
  gboolean dropped;
} Check;

typedef struct {
  FwdAttempt *attempt;
  FwdCheckListConfig config;
  GArray *checks; /* of Check, in the order in which they were added */
  GSource *timer;
  gint64 started, last;
  guint sent;
  gboolean answered;
  FwdEndpoint winner;
  guint winner_rtt_us;
} CheckList;

/* By which fwd_check_list_add() finds the list of an attempt. */
static G_DEFINE_QUARK(stunfwd-check-list, check_list);

static void
check_list_free(CheckList *list)
{
  g_signal_handlers_disconnect_by_data(list->attempt, list);
  if (list->timer != NULL)
    g_source_destroy(list->timer);
  g_clear_pointer(&list->timer, g_source_unref);
  g_array_unref(list->checks);
  g_object_unref(list->attempt);
  g_free(list);
}

/* Every way out passes here: nothing of the list is heard of afterwards. */
static void
stop(CheckList *list)
{
  g_signal_handlers_disconnect_by_data(list->attempt, list);
  g_object_set_qdata(G_OBJECT(list->attempt), check_list_quark(), NULL);
  g_source_destroy(list->timer);
}

static guint
places(const CheckList *list, gboolean reflexive)
{
  guint most = list->config.budget_endpoints;

  if (most == 0 || most > FWD_CHECK_LIST_MAX)
    most = FWD_CHECK_LIST_MAX;
  return list->config.peer_reflexive && !reflexive ? most - most / 4 : most;
}

static Check *
find_check(CheckList *list, const FwdEndpoint *endpoint)
{
  for (guint i = 0; i < list->checks->len; i++) {
    Check *check = &g_array_index(list->checks, Check, i);
    if (fwd_endpoint_equal(&check->endpoint, endpoint))
      return check;
  }
  return NULL;
}

/* NULL if there is no place. */
static Check *
add_check(CheckList *list, const FwdEndpoint *endpoint, gboolean reflexive)
{
  const Check check = {.endpoint = *endpoint};

  if (list->checks->len >= places(list, reflexive))
    return NULL;
  g_array_append_val(list->checks, check);
  return &g_array_index(list->checks, Check, list->checks->len - 1);
}

static guint
count_alive(const CheckList *list)
{
  guint alive = 0;

  for (guint i = 0; i < list->checks->len; i++)
    alive += !g_array_index(list->checks, Check, i).dropped;
  return alive;
}

static gint64
interval_us(const CheckList *list, gint64 now)
{
  const FwdCheckListConfig *config = &list->config;
  gint64 interval = config->interval_ms * (gint64)1000;

  if (now - list->started >= EAGER_US)
    interval *= BACK_OFF;
  if (config->budget_checks > 0) {
    gint64 lasting =
        config->limit_ms * (gint64)1000 * count_alive(list) / config->budget_checks;
    interval = MAX(interval, lasting);
  }
  return interval;
}

static gint64
due_time(const Check *check, gint64 interval)
{
  if (check->due_now || check->last == 0)
    return 0;
  return check->last + (check->opening ? MIN(OPENED_US, interval) : interval);
}

/* The check that is to go first: a triggered one before the others. */
static Check *
next_check(const CheckList *list, gint64 interval)
{
  Check *next = NULL;

  for (guint i = 0; i < list->checks->len; i++) {
    Check *check = &g_array_index(list->checks, Check, i);
    if (check->dropped)
      continue;
    if (check->due_now)
      return check;
    if (next == NULL || due_time(check, interval) < due_time(next, interval))
      next = check;
  }
  return next;
}

/* Nothing left to send, for want of endpoints or of budget, is the limit's business. */
static void
arm(CheckList *list, gint64 now)
{
  const FwdCheckListConfig *config = &list->config;
  gint64 wake = list->started + config->limit_ms * (gint64)1000;
  const gint64 interval = interval_us(list, now);
  const Check *next = next_check(list, interval);

  if (list->answered)
    wake = 0;
  else if (next != NULL && (config->budget_checks == 0 || list->sent < config->budget_checks))
    wake = MIN(wake, MAX(due_time(next, interval), list->last + PACE_US));
  g_source_set_ready_time(list->timer, wake);
}

static void
send_check(CheckList *list, Check *check, gint64 now)
{
  char text[FWD_ENDPOINT_TEXT_MAX];
  const guint ttl = check->last == 0 && !check->due_now ? list->config.first_ttl : 0;

  check->opening = ttl != 0;
  check->due_now = FALSE;
  check->last = now;
  if (fwd_attempt_send_check(list->attempt, &check->endpoint, ttl)) {
    list->last = now;
    list->sent++;
    return;
  }
  check->dropped = TRUE;
  fwd_attempt_note(list->attempt, "%s: no way to send there",
                   fwd_endpoint_format(&check->endpoint, text));
}

static void
send_due(CheckList *list, gint64 now)
{
  const gint64 interval = interval_us(list, now);
  Check *next;

  if (now < list->last + PACE_US)
    return;
  /* One that cannot be sent costs no turn. */
  do {
    next = next_check(list, interval);
    if (next == NULL || due_time(next, interval) > now)
      return;
    send_check(list, next, now);
  } while (next->dropped);
}

static void
succeed(GTask *task, CheckList *list, gint64 now)
{
  char text[FWD_ENDPOINT_TEXT_MAX];
  FwdPath *path =
      fwd_attempt_create_udp_path(list->attempt, &list->winner, list->winner_rtt_us);

  fwd_attempt_note(list->attempt,
                   "%s answered after %" G_GINT64_FORMAT
                   " ms, round trip %.1f ms, %u checks sent",
                   fwd_endpoint_format(&list->winner, text), (now - list->started) / 1000,
                   list->winner_rtt_us / 1000.0, list->sent);
  stop(list);
  if (path == NULL)
    g_task_return_new_error(task, FWD_STRATEGY_ERROR, FWD_ERROR_FAILED,
                            "%s answered, but no path could be made", text);
  else
    g_task_return_pointer(task, path, (GDestroyNotify)fwd_path_close);
}

static void
fail_unreachable(GTask *task, CheckList *list)
{
  const char *why = list->checks->len == 0 ? "the peer has no endpoint to check"
                                           : "no endpoint of the peer can be sent to";

  fwd_attempt_note(list->attempt, "%s", why);
  stop(list);
  g_task_return_new_error(task, FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE, "%s", why);
}

static void
fail_timeout(GTask *task, CheckList *list)
{
  g_autofree char *why =
      g_strdup_printf("no answer within %.1f s: %u checks to %u endpoints",
                      list->config.limit_ms / 1000.0, list->sent, list->checks->len);

  fwd_attempt_note(list->attempt, "%s", why);
  stop(list);
  g_task_return_new_error(task, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT, "%s", why);
}

static gboolean
on_timer(gpointer user_data)
{
  g_autoptr(GTask) task = g_object_ref(user_data);
  CheckList *list = g_task_get_task_data(task);
  const gint64 now = g_source_get_time(list->timer);

  if (g_cancellable_is_cancelled(g_task_get_cancellable(task))) {
    stop(list);
    g_task_return_error_if_cancelled(task);
  } else if (list->answered) {
    succeed(task, list, now);
  } else if (now >= list->started + list->config.limit_ms * (gint64)1000) {
    fail_timeout(task, list);
  } else {
    send_due(list, now);
    if (!list->config.peer_reflexive && !list->config.patient && count_alive(list) == 0)
      fail_unreachable(task, list);
    else
      arm(list, now);
  }
  return G_SOURCE_CONTINUE;
}

/* The winner is taken up on the next turn, not in the middle of the host's emission. */
static void
on_checked(FwdAttempt *attempt, const FwdEndpoint *remote, guint rtt_us, CheckList *list)
{
  const Check *check = find_check(list, remote);

  if (list->answered || check == NULL || check->last == 0)
    return;
  list->answered = TRUE;
  list->winner = *remote;
  list->winner_rtt_us = rtt_us;
  arm(list, g_get_monotonic_time());
}

/* One that the peer has named and the filter does not accept is another strategy's business. */
static gboolean
is_rejected(CheckList *list, const FwdEndpoint *endpoint)
{
  const GArray *candidates = fwd_attempt_get_remote_candidates(list->attempt);
  gboolean named = FALSE;

  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *candidate = &g_array_index(candidates, FwdCandidate, i);
    if (!fwd_endpoint_equal(&candidate->endpoint, endpoint))
      continue;
    if (list->config.accepts(list->attempt, candidate))
      return FALSE;
    named = TRUE;
  }
  return named;
}

/* NULL if the endpoint can't be taken up. */
static Check *
add_peer_reflexive(CheckList *list, const FwdEndpoint *remote)
{
  char text[FWD_ENDPOINT_TEXT_MAX];
  Check *check;

  if (!list->config.peer_reflexive || is_rejected(list, remote))
    return NULL;
  check = add_check(list, remote, TRUE);
  if (check != NULL)
    fwd_attempt_note(list->attempt, "a check of the peer came from %s, which it had not named",
                     fwd_endpoint_format(remote, text));
  return check;
}

static void
on_challenged(FwdAttempt *attempt, const FwdEndpoint *remote, CheckList *list)
{
  const gint64 now = g_get_monotonic_time();
  Check *check = find_check(list, remote);

  if (check == NULL)
    check = add_peer_reflexive(list, remote);
  if (check == NULL)
    return;
  /* Two lists that trigger each other must not outrun their own interval. */
  if (check->last != 0 && now - check->last < list->config.interval_ms * (gint64)1000)
    return;
  check->due_now = TRUE;
  check->dropped = FALSE;
  arm(list, now);
}

static guint
add_candidates(CheckList *list)
{
  const GArray *candidates = fwd_attempt_get_remote_candidates(list->attempt);
  guint added = 0;

  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *candidate = &g_array_index(candidates, FwdCandidate, i);
    const FwdEndpoint *endpoint = &candidate->endpoint;
    if (fwd_endpoint_port(endpoint) == 0 || fwd_endpoint_is_any(endpoint) ||
        find_check(list, endpoint) != NULL || !list->config.accepts(list->attempt, candidate))
      continue;
    added += add_check(list, endpoint, FALSE) != NULL;
  }
  return added;
}

static void
note_endpoints(CheckList *list, guint first)
{
  g_autoptr(GString) line = g_string_new(NULL);
  char text[FWD_ENDPOINT_TEXT_MAX];

  for (guint i = first; i < list->checks->len; i++) {
    const Check *check = &g_array_index(list->checks, Check, i);
    g_string_append_printf(line, "%s%s", i > first ? ", " : "",
                           fwd_endpoint_format(&check->endpoint, text));
  }
  fwd_attempt_note(list->attempt, "checking %u endpoints: %s", list->checks->len - first,
                   line->len > 0 ? line->str : "none yet");
}

static void
on_candidates(FwdAttempt *attempt, CheckList *list)
{
  const guint first = list->checks->len;

  if (add_candidates(list) == 0)
    return;
  note_endpoints(list, first);
  arm(list, g_get_monotonic_time());
}

static gboolean
dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback(user_data);
}

static GSource *
timer_new(GTask *task)
{
  static GSourceFuncs funcs = {.dispatch = dispatch};
  GSource *timer = g_source_new(&funcs, sizeof(GSource));
  GCancellable *cancellable = g_task_get_cancellable(task);

  g_source_set_name(timer, "stunfwd check list");
  g_source_set_callback(timer, on_timer, task, g_object_unref);
  if (cancellable != NULL) {
    g_autoptr(GSource) cancelled = g_cancellable_source_new(cancellable);
    g_source_set_dummy_callback(cancelled);
    g_source_add_child_source(timer, cancelled);
  }
  return timer;
}

static CheckList *
check_list_new(FwdAttempt *attempt, const FwdCheckListConfig *config)
{
  CheckList *list = g_new0(CheckList, 1);

  list->attempt = g_object_ref(attempt);
  list->config = *config;
  list->checks = g_array_new(FALSE, FALSE, sizeof(Check));
  list->started = g_get_monotonic_time();
  list->last = list->started - PACE_US;
  g_signal_connect(attempt, "checked", G_CALLBACK(on_checked), list);
  g_signal_connect(attempt, "challenged", G_CALLBACK(on_challenged), list);
  g_signal_connect(attempt, "candidates", G_CALLBACK(on_candidates), list);
  return list;
}

static void
run(gpointer source, FwdAttempt *attempt, const FwdCheckListConfig *config,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(source, cancellable, callback, user_data);

  g_task_set_source_tag(task, run);
  g_task_set_name(task, "stunfwd check list");
  if (g_task_return_error_if_cancelled(task))
    return;

  CheckList *list = check_list_new(attempt, config);
  g_task_set_task_data(task, list, (GDestroyNotify)check_list_free);
  add_candidates(list);
  note_endpoints(list, 0);

  list->timer = timer_new(g_object_ref(task));
  g_object_set_qdata(G_OBJECT(attempt), check_list_quark(), list);
  g_source_set_ready_time(list->timer, 0);
  g_source_attach(list->timer, g_task_get_context(task));
}

static FwdPath *
finish(gpointer source, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, source), NULL);
  g_return_val_if_fail(g_async_result_is_tagged(result, run), NULL);

  return g_task_propagate_pointer(G_TASK(result), error);
}

void
fwd_check_list_run_async(FwdAttempt *attempt, const FwdCheckListConfig *config,
                         GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  run(attempt, attempt, config, cancellable, callback, user_data);
}

FwdPath *
fwd_check_list_run_finish(FwdAttempt *attempt, GAsyncResult *result, GError **error)
{
  return finish(attempt, result, error);
}

gboolean
fwd_check_list_add(FwdAttempt *attempt, const FwdEndpoint *endpoint)
{
  CheckList *list = g_object_get_qdata(G_OBJECT(attempt), check_list_quark());

  if (list == NULL || fwd_endpoint_port(endpoint) == 0 || fwd_endpoint_is_any(endpoint) ||
      find_check(list, endpoint) != NULL || add_check(list, endpoint, TRUE) == NULL)
    return FALSE;
  arm(list, g_get_monotonic_time());
  return TRUE;
}

void
fwd_check_list_attempt_async(FwdStrategy *strategy, FwdAttempt *attempt,
                             const FwdCheckListConfig *config, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  run(strategy, attempt, config, cancellable, callback, user_data);
}

FwdPath *
fwd_check_list_attempt_finish(FwdStrategy *strategy, GAsyncResult *result, GError **error)
{
  return finish(strategy, result, error);
}

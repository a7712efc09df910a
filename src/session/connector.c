/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/connector.h"

#define FWD_LOG_COMPONENT "connector"
#include "core/log.h"
#include <stunfwd/error.h>
#include <stunfwd/strategy.h>

struct _FwdConnector {
  GObject parent;
  FwdDataPlane *plane;
  FwdPluginRegistry *registry;
  FwdEventBus *bus;
  FwdConnectorEnds ends;
  GPtrArray *runners; /* of Runner, those that have not ended */
  GPtrArray *records; /* of FwdStrategyRecord */
  FwdStory *story;
  gboolean found; /* since something last began to run */
};

/* One strategy in the race. Referenced by the race and by its pending call. */
typedef struct {
  FwdConnector *connector; /* a reference, so that the end of the call finds it */
  FwdStrategy *strategy;
  FwdConnectorAttempt *attempt;
  FwdPathClass path_class;
  GCancellable *cancellable;
  gint64 began; /* microseconds */
} Runner;

enum { PATH, SEND, POINTLESS, ENDED, FINISHED, STORY, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

G_DEFINE_FINAL_TYPE(FwdConnector, fwd_connector, G_TYPE_OBJECT)

static void
runner_clear(Runner *runner)
{
  g_clear_object(&runner->connector);
  g_clear_object(&runner->strategy);
  g_clear_object(&runner->attempt);
  g_clear_object(&runner->cancellable);
}

static void
runner_unref(Runner *runner)
{
  g_rc_box_release_full(runner, (GDestroyNotify)runner_clear);
}

static void
record_free(FwdStrategyRecord *record)
{
  g_free(record->id);
  g_free(record);
}

static FwdStrategyRecord *
record_of(FwdConnector *self, const char *id)
{
  FwdStrategyRecord *record;

  for (guint i = 0; i < self->records->len; i++) {
    record = self->records->pdata[i];
    if (g_str_equal(record->id, id))
      return record;
  }
  record = g_new0(FwdStrategyRecord, 1);
  record->id = g_strdup(id);
  g_ptr_array_add(self->records, record);
  return record;
}

static void
publish(FwdConnector *self, const char *type, const char *strategy, const char *why)
{
  GVariantDict payload;

  g_variant_dict_init(&payload, NULL);
  g_variant_dict_insert(&payload, "peer", "s", self->ends.config.peer);
  g_variant_dict_insert(&payload, "strategy", "s", strategy);
  if (why)
    g_variant_dict_insert(&payload, "why", "s", why);
  fwd_event_bus_publish(self->bus,
                        fwd_event_new(type, "connector", g_variant_dict_end(&payload)));
}

static void
remember(FwdConnector *self, const char *strategy, FwdOutcome outcome)
{
  if (outcome != FWD_OUTCOME_STOPPED)
    fwd_history_record(self->ends.config.surroundings->history, &self->ends.local_nat.public4,
                       &self->ends.remote_nat.public4, strategy,
                       outcome == FWD_OUTCOME_SUCCEEDED, g_get_real_time() / G_USEC_PER_SEC);
}

gint
fwd_connector_rate(FwdConnector *self, const char *strategy)
{
  return fwd_history_rate(self->ends.config.surroundings->history,
                          &self->ends.local_nat.public4, &self->ends.remote_nat.public4,
                          strategy);
}

static void
settle(FwdConnector *self, const Runner *runner, FwdOutcome outcome, const char *verdict)
{
  FwdConnectorAttempt *attempt = runner->attempt;
  const char *strategy = fwd_connector_attempt_get_strategy(attempt);

  fwd_story_end(
      self->story, strategy, outcome, (guint)((g_get_monotonic_time() - runner->began) / 1000),
      fwd_connector_attempt_get_sent(attempt), verdict,
      fwd_connector_attempt_get_story(attempt), fwd_connector_attempt_get_advice(attempt));
  remember(self, strategy, outcome);
  g_signal_emit(self, signals[STORY], 0);
}

/* A relay is wanted beside a direct path, and two of either kind are not. */
static gboolean
is_pointless(const Runner *runner, FwdPathClass found)
{
  if (found == FWD_PATH_CLASS_RELAY || runner->path_class == FWD_PATH_CLASS_RELAY)
    return found == runner->path_class;
  return runner->path_class >= found;
}

static void
cancel_pointless(FwdConnector *self, const Runner *winner, FwdPathClass found)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  g_auto(GStrv) pointless = NULL;

  for (guint i = 0; i < self->runners->len; i++) {
    Runner *runner = self->runners->pdata[i];
    if (runner != winner && is_pointless(runner, found) &&
        !g_cancellable_is_cancelled(runner->cancellable))
      g_strv_builder_add(builder, fwd_connector_attempt_get_strategy(runner->attempt));
  }
  pointless = g_strv_builder_end(builder);
  fwd_connector_stop(self, (const char *const *)pointless);
  if (pointless[0])
    g_signal_emit(self, signals[POINTLESS], 0, pointless);
}

void
fwd_connector_stop(FwdConnector *self, const char *const *strategies)
{
  for (guint i = 0; i < self->runners->len; i++) {
    Runner *runner = self->runners->pdata[i];
    if (g_strv_contains(strategies, fwd_connector_attempt_get_strategy(runner->attempt)))
      g_cancellable_cancel(runner->cancellable);
  }
}

static FwdOutcome
take_path(FwdConnector *self, Runner *runner, FwdPath *path)
{
  const char *id = fwd_connector_attempt_get_strategy(runner->attempt);
  g_autofree char *remote = fwd_endpoint_to_string(&path->remote);
  g_autofree char *verdict =
      g_strdup_printf("a %s path to %s", fwd_path_class_to_string(path->path_class), remote);

  fwd_log_debug("%s found %s", id, verdict);
  record_of(self, id)->successes++;
  self->found = TRUE;
  settle(self, runner, FWD_OUTCOME_SUCCEEDED, verdict);
  if (self->ends.config.controlling)
    cancel_pointless(self, runner, path->path_class);
  g_signal_emit(self, signals[PATH], 0, path);
  return FWD_OUTCOME_SUCCEEDED;
}

static FwdOutcome
take_failure(FwdConnector *self, Runner *runner, const GError *error)
{
  const char *id = fwd_connector_attempt_get_strategy(runner->attempt), *why;

  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    settle(self, runner, FWD_OUTCOME_STOPPED,
           "a better path was found, or it was no longer needed");
    return FWD_OUTCOME_STOPPED;
  }
  why = error ? error->message : "it ended with neither a path nor an error";
  settle(self, runner, FWD_OUTCOME_FAILED, why);
  fwd_log_debug("%s with %s: %s", id, self->ends.config.peer, why);
  publish(self, FWD_EVENT_STRATEGY_FAILED, id, why);
  return FWD_OUTCOME_FAILED;
}

static void
on_attempted(GObject *strategy, GAsyncResult *result, gpointer user_data)
{
  Runner *runner = user_data;
  g_autoptr(FwdConnector) self = g_object_ref(runner->connector);
  g_autofree char *id = g_strdup(fwd_connector_attempt_get_strategy(runner->attempt));
  g_autoptr(GError) error = NULL;
  FwdPath *path = fwd_strategy_attempt_finish(FWD_STRATEGY(strategy), result, &error);
  gboolean current = g_ptr_array_find(self->runners, runner, NULL);
  FwdOutcome outcome;

  fwd_connector_attempt_end(runner->attempt);
  if (!current) {
    /* It was started over, or nobody wants it any more. */
    g_clear_pointer(&path, fwd_path_close);
    runner_unref(runner);
    return;
  }
  outcome = path ? take_path(self, runner, path) : take_failure(self, runner, error);
  /* Whoever took the path may have ended all, or begun another race. */
  current = g_ptr_array_remove(self->runners, runner);
  runner_unref(runner);
  if (current)
    g_signal_emit(self, signals[ENDED], 0, id, outcome);
  if (current && self->runners->len == 0)
    g_signal_emit(self, signals[FINISHED], 0, self->found);
}

static void
on_send(FwdConnectorAttempt *attempt, GVariant *body, FwdConnector *self)
{
  g_signal_emit(self, signals[SEND], 0, fwd_connector_attempt_get_race(attempt),
                fwd_connector_attempt_get_strategy(attempt), body);
}

static FwdConnectorAttempt *
make_attempt(FwdConnector *self, const FwdImplementation *implementation)
{
  FwdConnectorAttempt *attempt = fwd_connector_attempt_new(
      self->plane, &self->ends, implementation->id, implementation->meta.path_class);

  g_signal_connect_object(attempt, "send", G_CALLBACK(on_send), self, 0);
  return attempt;
}

static void
start(FwdConnector *self, const FwdImplementation *implementation)
{
  Runner *runner = g_rc_box_new0(Runner);

  runner->connector = g_object_ref(self);
  runner->strategy = g_object_new(implementation->type, NULL);
  runner->attempt = make_attempt(self, implementation);
  runner->path_class = implementation->meta.path_class;
  runner->cancellable = g_cancellable_new();
  runner->began = g_get_monotonic_time();
  fwd_story_begin(self->story, implementation->id, self->ends.race);
  g_ptr_array_add(self->runners, g_rc_box_acquire(runner));
  record_of(self, implementation->id)->attempts++;
  publish(self, FWD_EVENT_STRATEGY_STARTED, implementation->id, NULL);
  fwd_strategy_attempt_async(runner->strategy, FWD_ATTEMPT(runner->attempt),
                             runner->cancellable, on_attempted, runner);
}

static void
skip(FwdConnector *self, const char *strategy, const char *why)
{
  if (fwd_story_skip(self->story, strategy, why))
    g_signal_emit(self, signals[STORY], 0);
}

static gboolean
can_attempt(FwdConnector *self, const FwdImplementation *implementation)
{
  g_autoptr(FwdStrategy) strategy = g_object_new(implementation->type, NULL);
  g_autoptr(FwdConnectorAttempt) attempt = make_attempt(self, implementation);
  g_autofree char *why_not = NULL;

  if (fwd_strategy_can_attempt(strategy, FWD_ATTEMPT(attempt), &why_not))
    return TRUE;
  skip(self, implementation->id, why_not ? why_not : "cannot be attempted");
  return FALSE;
}

static Runner *
find_runner(FwdConnector *self, const char *strategy)
{
  for (guint i = 0; i < self->runners->len; i++) {
    Runner *runner = self->runners->pdata[i];
    if (g_str_equal(fwd_connector_attempt_get_strategy(runner->attempt), strategy))
      return runner;
  }
  return NULL;
}

GPtrArray *
fwd_connector_list_possible(FwdConnector *self, const char *const *offered)
{
  g_autoptr(GPtrArray) all = fwd_plugin_registry_list(self->registry, FWD_INTERFACE_STRATEGY);
  GPtrArray *possible = g_ptr_array_new();

  for (guint i = 0; i < all->len; i++) {
    const FwdImplementation *implementation = all->pdata[i];
    if (find_runner(self, implementation->id))
      continue;
    if (!fwd_surroundings_allow(self->ends.config.surroundings, implementation->id))
      skip(self, implementation->id, "left out by the configuration");
    else if (!g_strv_contains(offered, implementation->id))
      skip(self, implementation->id, "the peer does not have it");
    else if (can_attempt(self, implementation))
      g_ptr_array_add(possible, all->pdata[i]);
  }
  return possible;
}

/* Out of the list first: what it still finds is nobody's. */
static void
drop_runner(FwdConnector *self, Runner *runner)
{
  g_autoptr(GCancellable) cancellable = g_object_ref(runner->cancellable);

  fwd_connector_attempt_end(runner->attempt);
  g_ptr_array_remove(self->runners, runner);
  g_cancellable_cancel(cancellable);
}

void
fwd_connector_race(FwdConnector *self, guint32 number, const char *const *strategies)
{
  const FwdSurroundings *surroundings = self->ends.config.surroundings;

  self->ends.race = number;
  if (self->runners->len == 0)
    self->found = FALSE;
  for (guint i = 0; strategies[i]; i++) {
    const FwdImplementation *implementation =
        fwd_plugin_registry_find(self->registry, FWD_INTERFACE_STRATEGY, strategies[i]);
    Runner *runner = implementation ? find_runner(self, implementation->id) : NULL;

    /* The peer wrote the list: it may name what we lack, or one thing many times. */
    if (!implementation || !fwd_surroundings_allow(surroundings, strategies[i]) ||
        (runner && fwd_connector_attempt_get_race(runner->attempt) == number))
      continue;
    if (runner)
      drop_runner(self, runner);
    start(self, implementation);
  }
  if (self->runners->len == 0)
    g_signal_emit(self, signals[FINISHED], 0, FALSE);
}

void
fwd_connector_cancel(FwdConnector *self)
{
  g_autoptr(GPtrArray) runners = self->runners;

  self->runners = g_ptr_array_new_with_free_func((GDestroyNotify)runner_unref);
  for (guint i = 0; i < runners->len; i++) {
    Runner *runner = runners->pdata[i];
    fwd_connector_attempt_end(runner->attempt);
    g_cancellable_cancel(runner->cancellable);
  }
}

gboolean
fwd_connector_is_racing(FwdConnector *self)
{
  return self->runners->len > 0;
}

static void
copy_end(GArray *to, FwdNatReport *to_nat, const GArray *candidates, const FwdNatReport *nat)
{
  g_array_set_size(to, 0);
  if (candidates && candidates->len)
    g_array_append_vals(to, candidates->data, candidates->len);
  *to_nat = *nat;
}

/* A handler may end a strategy and so change the array: walk over a copy. */
static GPtrArray *
copy_runners(FwdConnector *self)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func((GDestroyNotify)runner_unref);

  for (guint i = 0; i < self->runners->len; i++)
    g_ptr_array_add(copy, g_rc_box_acquire(self->runners->pdata[i]));
  return copy;
}

static void
tell_candidates(FwdConnector *self)
{
  g_autoptr(GPtrArray) runners = copy_runners(self);

  for (guint i = 0; i < runners->len; i++)
    fwd_attempt_emit_candidates(FWD_ATTEMPT(((Runner *)runners->pdata[i])->attempt));
}

void
fwd_connector_set_local(FwdConnector *self, const GArray *candidates, const FwdNatReport *nat)
{
  copy_end(self->ends.local_candidates, &self->ends.local_nat, candidates, nat);
  tell_candidates(self);
}

void
fwd_connector_set_remote(FwdConnector *self, const GArray *candidates, const FwdNatReport *nat)
{
  copy_end(self->ends.remote_candidates, &self->ends.remote_nat, candidates, nat);
  tell_candidates(self);
}

void
fwd_connector_checked(FwdConnector *self, const FwdEndpoint *remote, guint rtt_us)
{
  g_autoptr(GPtrArray) runners = copy_runners(self);

  for (guint i = 0; i < runners->len; i++)
    fwd_connector_attempt_checked(((Runner *)runners->pdata[i])->attempt, remote, rtt_us);
}

void
fwd_connector_challenged(FwdConnector *self, const FwdEndpoint *remote)
{
  g_autoptr(GPtrArray) runners = copy_runners(self);

  for (guint i = 0; i < runners->len; i++)
    fwd_connector_attempt_challenged(((Runner *)runners->pdata[i])->attempt, remote);
}

void
fwd_connector_message(FwdConnector *self, guint32 race, const char *strategy, GVariant *body)
{
  g_autoptr(GPtrArray) runners = copy_runners(self);

  for (guint i = 0; i < runners->len; i++) {
    FwdConnectorAttempt *attempt = ((Runner *)runners->pdata[i])->attempt;
    if (fwd_connector_attempt_get_race(attempt) == race &&
        g_str_equal(fwd_connector_attempt_get_strategy(attempt), strategy))
      fwd_attempt_emit_message(FWD_ATTEMPT(attempt), body);
  }
}

const GArray *
fwd_connector_get_remote_candidates(FwdConnector *self)
{
  return self->ends.remote_candidates;
}

const FwdNatReport *
fwd_connector_get_remote_nat(FwdConnector *self)
{
  return &self->ends.remote_nat;
}

const GPtrArray *
fwd_connector_get_records(FwdConnector *self)
{
  return self->records;
}

const FwdStory *
fwd_connector_get_story(FwdConnector *self)
{
  return self->story;
}

static void
fwd_connector_finalize(GObject *object)
{
  FwdConnector *self = FWD_CONNECTOR(object);

  g_ptr_array_unref(self->runners);
  g_ptr_array_unref(self->records);
  fwd_story_free(self->story);
  g_array_unref(self->ends.local_candidates);
  g_array_unref(self->ends.remote_candidates);
  g_hash_table_unref(self->ends.claims);
  fwd_surroundings_unref(self->ends.config.surroundings);
  g_object_unref(self->plane);
  g_object_unref(self->registry);
  g_object_unref(self->bus);
  G_OBJECT_CLASS(fwd_connector_parent_class)->finalize(object);
}

static void
fwd_connector_class_init(FwdConnectorClass *klass)
{
  GType type = G_TYPE_FROM_CLASS(klass);

  G_OBJECT_CLASS(klass)->finalize = fwd_connector_finalize;
  signals[PATH] = g_signal_new("path", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                               G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[SEND] = g_signal_new("send", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                               G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_STRING, G_TYPE_VARIANT);
  signals[POINTLESS] = g_signal_new("pointless", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 1, G_TYPE_STRV);
  signals[ENDED] = g_signal_new("ended", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_UINT);
  signals[FINISHED] = g_signal_new("finished", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  signals[STORY] = g_signal_new("story", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 0);
}

static void
fwd_connector_init(FwdConnector *self)
{
  self->runners = g_ptr_array_new_with_free_func((GDestroyNotify)runner_unref);
  self->records = g_ptr_array_new_with_free_func((GDestroyNotify)record_free);
  self->story = fwd_story_new();
  self->ends.local_candidates = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));
  self->ends.remote_candidates = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));
  self->ends.claims =
      g_hash_table_new_full((GHashFunc)fwd_endpoint_hash, (GEqualFunc)fwd_endpoint_equal,
                            (GDestroyNotify)fwd_endpoint_free, g_free);
}

FwdConnector *
fwd_connector_new(FwdDataPlane *plane, FwdPluginRegistry *registry, FwdEventBus *bus,
                  const FwdConnectorConfig *config)
{
  FwdConnector *self = g_object_new(FWD_TYPE_CONNECTOR, NULL);

  self->plane = g_object_ref(plane);
  self->registry = g_object_ref(registry);
  self->bus = g_object_ref(bus);
  self->ends.config = *config;
  fwd_surroundings_ref(config->surroundings);
  return self;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/connector.h"

#include <fakes/wait-for.h>
#include <stunfwd/error.h>
#include <stunfwd/strategy.h>
#include <string.h>

/* A strategy does what the test has set for its id, when the test says so. */
typedef struct {
  const char *id;
  FwdPathClass path_class;
  gint priority;
  const char *why_not;
} Plan;

static const Plan plans[] = {
    {"near", FWD_PATH_CLASS_LAN, 30, NULL},        {"punch", FWD_PATH_CLASS_P2P, 20, NULL},
    {"other-punch", FWD_PATH_CLASS_P2P, 19, NULL}, {"relayed", FWD_PATH_CLASS_RELAY, 10, NULL},
    {"never", FWD_PATH_CLASS_P2P, 15, "no radio"}, {"mute", FWD_PATH_CLASS_P2P, 14, ""},
};

enum { NEAR, PUNCH, OTHER_PUNCH, RELAYED, NEVER, MUTE, PLANS };

static GTask *running[PLANS];       /* of the attempt that is under way */
static FwdAttempt *attempts[PLANS]; /* of the last attempt; kept */
static guint messages[PLANS], checked[PLANS], candidates[PLANS], challenged[PLANS];
static gboolean stubborn; /* cancellation is noticed late: when the test says so */
static guint open_paths;

#define TEST_TYPE_STRATEGY (test_strategy_get_type())
G_DECLARE_DERIVABLE_TYPE(TestStrategy, test_strategy, TEST, STRATEGY, GObject)

struct _TestStrategyClass {
  GObjectClass parent;
  guint plan;
};

static void test_strategy_strategy_init(FwdStrategyInterface *interface);

G_DEFINE_ABSTRACT_TYPE_WITH_CODE(TestStrategy, test_strategy, G_TYPE_OBJECT,
                                 G_IMPLEMENT_INTERFACE(FWD_TYPE_STRATEGY,
                                                       test_strategy_strategy_init))

static void
close_path(FwdPath *path)
{
  open_paths--;
  g_free(path);
}

static const FwdPathOps path_ops = {.size = sizeof(FwdPathOps), .close = close_path};

static FwdPath *
path_new(const Plan *plan)
{
  FwdPath *path = g_new0(FwdPath, 1);

  path->ops = &path_ops;
  path->path_class = plan->path_class;
  g_strlcpy(path->strategy, plan->id, sizeof path->strategy);
  path->fd = -1;
  fwd_endpoint_parse("192.0.2.1:9", &path->remote, NULL);
  open_paths++;
  return path;
}

static gboolean
can_attempt(FwdStrategy *strategy, FwdAttempt *attempt, char **why_not)
{
  const Plan *plan = &plans[TEST_STRATEGY_GET_CLASS(strategy)->plan];

  if (plan->why_not && *plan->why_not)
    *why_not = g_strdup(plan->why_not);
  return plan->why_not == NULL;
}

static void
on_message(FwdAttempt *attempt, GVariant *message, gpointer plan)
{
  messages[GPOINTER_TO_UINT(plan)]++;
}

static void
on_checked(FwdAttempt *attempt, const FwdEndpoint *remote, guint rtt_us, gpointer plan)
{
  checked[GPOINTER_TO_UINT(plan)]++;
}

static void
on_candidates(FwdAttempt *attempt, gpointer plan)
{
  candidates[GPOINTER_TO_UINT(plan)]++;
}

static void
on_challenged(FwdAttempt *attempt, const FwdEndpoint *remote, gpointer plan)
{
  challenged[GPOINTER_TO_UINT(plan)]++;
}

static void
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
  guint plan = GPOINTER_TO_UINT(user_data);

  if (running[plan] && g_task_get_cancellable(running[plan]) == cancellable && !stubborn) {
    g_autoptr(GTask) task = g_steal_pointer(&running[plan]);
    g_task_return_error_if_cancelled(task);
  }
}

static void
attempt_async(FwdStrategy *strategy, FwdAttempt *attempt, GCancellable *cancellable,
              GAsyncReadyCallback callback, gpointer user_data)
{
  guint plan = TEST_STRATEGY_GET_CLASS(strategy)->plan;
  gpointer index = GUINT_TO_POINTER(plan);

  running[plan] = g_task_new(strategy, cancellable, callback, user_data);
  g_task_set_check_cancellable(running[plan], FALSE);
  g_set_object(&attempts[plan], attempt);
  g_signal_connect(attempt, "message", G_CALLBACK(on_message), index);
  g_signal_connect(attempt, "checked", G_CALLBACK(on_checked), index);
  g_signal_connect(attempt, "candidates", G_CALLBACK(on_candidates), index);
  g_signal_connect(attempt, "challenged", G_CALLBACK(on_challenged), index);
  g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), index, NULL);
}

static FwdPath *
attempt_finish(FwdStrategy *strategy, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

static void
test_strategy_strategy_init(FwdStrategyInterface *interface)
{
  interface->can_attempt = can_attempt;
  interface->attempt_async = attempt_async;
  interface->attempt_finish = attempt_finish;
}

static void
test_strategy_class_init(TestStrategyClass *klass)
{
}

static void
test_strategy_init(TestStrategy *self)
{
}

static void
init_plan(gpointer klass, gpointer plan)
{
  ((TestStrategyClass *)klass)->plan = GPOINTER_TO_UINT(plan);
}

static GType
type_of(guint plan)
{
  static GType types[PLANS];
  g_autofree char *name = g_strdup_printf("TestStrategy%u", plan);
  const GTypeInfo info = {
      .class_size = sizeof(TestStrategyClass),
      .class_init = init_plan,
      .class_data = GUINT_TO_POINTER(plan),
      .instance_size = sizeof(TestStrategy),
  };

  if (!types[plan])
    types[plan] = g_type_register_static(TEST_TYPE_STRATEGY, name, &info, 0);
  return types[plan];
}

/* What the test makes them do. */

static void
succeed(guint plan)
{
  g_autoptr(GTask) task = g_steal_pointer(&running[plan]);

  g_task_return_pointer(task, path_new(&plans[plan]), (GDestroyNotify)fwd_path_close);
}

static void
fail(guint plan, const char *why)
{
  g_autoptr(GTask) task = g_steal_pointer(&running[plan]);

  g_task_return_new_error(task, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT, "%s", why);
}

typedef struct {
  FwdPluginRegistry *registry;
  FwdEventBus *bus;
  FwdDataPlane *plane;
  FwdSurroundings *surroundings;
  FwdRoomKeys keys;
  FwdConnector *connector;
  guint paths, sent, finished, told;
  gboolean found;
  char *sender;
  guint sent_in; /* number of the race */
  guint32 races; /* started so far */
  GString *events;
  GString *ended, *pointless;
} Fixture;

static void
on_path(FwdConnector *connector, FwdPath *path, Fixture *fixture)
{
  fixture->paths++;
  fwd_path_close(path);
}

static void
on_send(FwdConnector *connector, guint number, const char *strategy, GVariant *body,
        Fixture *fixture)
{
  fixture->sent++;
  g_free(fixture->sender);
  fixture->sender = g_strdup(strategy);
  fixture->sent_in = number;
}

static void
on_pointless(FwdConnector *connector, GStrv strategies, Fixture *fixture)
{
  for (guint i = 0; strategies[i]; i++)
    g_string_append_printf(fixture->pointless, "%s ", strategies[i]);
}

static void
on_ended(FwdConnector *connector, const char *strategy, guint outcome, Fixture *fixture)
{
  g_string_append_printf(fixture->ended, "%s:%s ", strategy,
                         fwd_outcome_to_string((FwdOutcome)outcome));
}

static void
on_finished(FwdConnector *connector, gboolean found, Fixture *fixture)
{
  fixture->finished++;
  fixture->found = found;
}

static void
on_story(FwdConnector *connector, Fixture *fixture)
{
  fixture->told++;
}

static void
on_event(FwdEventBus *bus, FwdEvent *event, Fixture *fixture)
{
  g_string_append_printf(fixture->events, "%s ", fwd_event_get_name(event));
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  static const guint8 key[32] = {1};
  g_autoptr(FwdIdentity) identity = fwd_identity_new(NULL);

  fixture->registry = fwd_plugin_registry_new();
  fwd_plugin_registry_define(fixture->registry, FWD_INTERFACE_STRATEGY, FWD_TYPE_STRATEGY);
  for (guint i = 0; i < PLANS; i++) {
    const FwdPluginMeta meta = {.priority = plans[i].priority,
                                .path_class = plans[i].path_class};
    g_assert_true(fwd_plugin_registry_add(fixture->registry, FWD_INTERFACE_STRATEGY,
                                          plans[i].id, type_of(i), &meta, NULL));
    messages[i] = checked[i] = candidates[i] = challenged[i] = 0;
  }
  stubborn = FALSE;
  fixture->bus = fwd_event_bus_new();
  fixture->events = g_string_new(NULL);
  fixture->ended = g_string_new(NULL);
  fixture->pointless = g_string_new(NULL);
  g_signal_connect(fixture->bus, "event", G_CALLBACK(on_event), fixture);
  fixture->plane = fwd_data_plane_new(key, identity, NULL);
  g_assert_nonnull(fixture->plane);
  fixture->surroundings = fwd_surroundings_new(NULL);
  fixture->connector =
      fwd_connector_new(fixture->plane, fixture->registry, fixture->bus,
                        &(FwdConnectorConfig){.peer = "00000000000000aa",
                                              .controlling = TRUE,
                                              .keys = &fixture->keys,
                                              .surroundings = fixture->surroundings});
  g_signal_connect(fixture->connector, "path", G_CALLBACK(on_path), fixture);
  g_signal_connect(fixture->connector, "send", G_CALLBACK(on_send), fixture);
  g_signal_connect(fixture->connector, "pointless", G_CALLBACK(on_pointless), fixture);
  g_signal_connect(fixture->connector, "ended", G_CALLBACK(on_ended), fixture);
  g_signal_connect(fixture->connector, "finished", G_CALLBACK(on_finished), fixture);
  g_signal_connect(fixture->connector, "story", G_CALLBACK(on_story), fixture);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  stubborn = FALSE;
  if (fixture->connector)
    fwd_connector_cancel(fixture->connector);
  wait_until_idle();
  if (fixture->connector) {
    g_object_add_weak_pointer(G_OBJECT(fixture->connector), (gpointer *)&fixture->connector);
    g_object_unref(fixture->connector);
  }
  for (guint i = 0; i < PLANS; i++) {
    g_assert_null(running[i]);
    g_clear_object(&attempts[i]);
  }
  g_assert_null(fixture->connector);
  g_assert_cmpuint(open_paths, ==, 0);
  fwd_data_plane_shutdown(fixture->plane);
  g_object_unref(fixture->plane);
  fwd_surroundings_unref(fixture->surroundings);
  g_object_unref(fixture->bus);
  g_object_unref(fixture->registry);
  g_string_free(fixture->events, TRUE);
  g_string_free(fixture->ended, TRUE);
  g_string_free(fixture->pointless, TRUE);
  g_free(fixture->sender);
}

/* Whether the story tells of @strategy that it has @outcome, with that verdict or line. */
static gboolean
story_has(Fixture *fixture, const char *strategy, FwdOutcome outcome, const char *line)
{
  const FwdStrategyStory *item =
      fwd_story_find(fwd_connector_get_story(fixture->connector), strategy);

  if (!item || item->outcome != outcome)
    return FALSE;
  return g_strcmp0(item->verdict, line) == 0 ||
         g_ptr_array_find_with_equal_func(item->lines, line, g_str_equal, NULL);
}

static const FwdStrategyRecord *
record_of(Fixture *fixture, const char *id)
{
  const GPtrArray *records = fwd_connector_get_records(fixture->connector);

  for (guint i = 0; i < records->len; i++) {
    const FwdStrategyRecord *record = records->pdata[i];
    if (g_str_equal(record->id, id))
      return record;
  }
  return NULL;
}

static void
race(Fixture *fixture, const char *ids)
{
  g_auto(GStrv) strategies = g_strsplit(ids, " ", -1);

  fwd_connector_race(fixture->connector, ++fixture->races, (const char *const *)strategies);
}

static char *
list_possible(Fixture *fixture, const char *const *offered)
{
  g_autoptr(GPtrArray) possible = fwd_connector_list_possible(fixture->connector, offered);
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < possible->len; i++)
    g_string_append_printf(text, "%s ", ((const FwdImplementation *)possible->pdata[i])->id);
  return g_string_free(text, FALSE);
}

static void
test_possible(Fixture *fixture, gconstpointer data)
{
  static const char *const offered[] = {"relayed", "never", "mute", "unheard-of",
                                        "near",    "punch", NULL};
  g_autofree char *possible = list_possible(fixture, offered);

  g_assert_cmpstr(possible, ==, "near punch relayed ");
  g_assert_true(
      story_has(fixture, "other-punch", FWD_OUTCOME_NOT_TRIED, "the peer does not have it"));
  g_assert_true(story_has(fixture, "never", FWD_OUTCOME_NOT_TRIED, "no radio"));
  g_assert_true(story_has(fixture, "mute", FWD_OUTCOME_NOT_TRIED, "cannot be attempted"));
  g_assert_false(fwd_connector_is_racing(fixture->connector));
}

/* What runs is not offered again. */
static void
test_possible_while_racing(Fixture *fixture, gconstpointer data)
{
  static const char *const offered[] = {"relayed", "near", "punch", NULL};
  g_autofree char *possible = NULL;

  race(fixture, "punch");
  possible = list_possible(fixture, offered);
  g_assert_cmpstr(possible, ==, "near relayed ");
}

/* Whoever tells the story on hears of each piece of news, once. */
static void
test_story_is_news(Fixture *fixture, gconstpointer data)
{
  static const char *const offered[] = {"near", "never", NULL};
  g_autofree char *first = list_possible(fixture, offered), *second = NULL;
  const guint skipped = fixture->told;

  g_assert_cmpuint(skipped, ==, PLANS - 1);
  second = list_possible(fixture, offered);
  g_assert_cmpuint(fixture->told, ==, skipped);
  race(fixture, "near");
  fail(NEAR, "nobody there");
  WAIT_FOR(fixture->finished == 1);
  g_assert_cmpuint(fixture->told, ==, skipped + 1);
}

/* A direct path ends those that can find none better, but not the relay beside it. */
static void
test_better_class(Fixture *fixture, gconstpointer data)
{
  race(fixture, "near punch other-punch relayed");
  succeed(PUNCH);
  WAIT_FOR(!running[OTHER_PUNCH] && fixture->paths == 1);
  wait_until_idle();
  g_assert_true(running[NEAR] != NULL && running[RELAYED] != NULL);
  g_assert_cmpuint(fixture->finished, ==, 0);
  g_assert_cmpstr(fixture->pointless->str, ==, "other-punch ");
  g_assert_true(story_has(fixture, "other-punch", FWD_OUTCOME_STOPPED,
                          "a better path was found, or it was no longer needed"));
  fail(NEAR, "nobody there");
  succeed(RELAYED);
  WAIT_FOR(fixture->finished == 1);
  g_assert_true(fixture->found);
  g_assert_true(story_has(fixture, "near", FWD_OUTCOME_FAILED, "nobody there"));
  g_assert_true(
      story_has(fixture, "punch", FWD_OUTCOME_SUCCEEDED, "a p2p path to 192.0.2.1:9"));
  g_assert_nonnull(strstr(fixture->events->str, "strategy-failed"));
  g_assert_nonnull(strstr(fixture->ended->str, "near:failed "));
}

/* The other side goes on: the controlling side may have found something else. */
static void
test_told_to_stop(Fixture *fixture, gconstpointer data)
{
  g_clear_object(&fixture->connector);
  fixture->connector =
      fwd_connector_new(fixture->plane, fixture->registry, fixture->bus,
                        &(FwdConnectorConfig){.peer = "00000000000000aa",
                                              .keys = &fixture->keys,
                                              .surroundings = fixture->surroundings});
  g_signal_connect(fixture->connector, "path", G_CALLBACK(on_path), fixture);
  race(fixture, "near punch other-punch");
  succeed(PUNCH);
  WAIT_FOR(fixture->paths == 1);
  wait_until_idle();
  g_assert_true(running[OTHER_PUNCH] != NULL);
  fwd_connector_stop(fixture->connector, (const char *const[]){"other-punch", NULL});
  WAIT_FOR(!running[OTHER_PUNCH]);
  g_assert_true(running[NEAR] != NULL);
}

/* A worse class first: the better ones go on and their path is handed over too. */
static void
test_worse_class_first(Fixture *fixture, gconstpointer data)
{
  race(fixture, "near punch relayed");
  succeed(RELAYED);
  WAIT_FOR(fixture->paths == 1);
  wait_until_idle();
  g_assert_true(running[NEAR] && running[PUNCH]);
  succeed(NEAR);
  WAIT_FOR(fixture->finished == 1);
  g_assert_cmpuint(fixture->paths, ==, 2);
  g_assert_null(running[PUNCH]);
}

static void
test_equal_class(Fixture *fixture, gconstpointer data)
{
  race(fixture, "punch other-punch");
  succeed(PUNCH);
  succeed(OTHER_PUNCH);
  WAIT_FOR(fixture->finished == 1);
  g_assert_cmpuint(fixture->paths, ==, 2);
}

/* A path that comes although its strategy was cancelled is a path all the same. */
static void
test_path_despite_cancel(Fixture *fixture, gconstpointer data)
{
  stubborn = TRUE;
  race(fixture, "near punch");
  succeed(NEAR);
  WAIT_FOR(fixture->paths == 1);
  succeed(PUNCH);
  WAIT_FOR(fixture->finished == 1);
  g_assert_cmpuint(fixture->paths, ==, 2);
}

static void
test_nothing_found(Fixture *fixture, gconstpointer data)
{
  race(fixture, "punch relayed");
  fail(PUNCH, "no answer");
  fail(RELAYED, "no relay");
  WAIT_FOR(fixture->finished == 1);
  wait_until_idle();
  g_assert_false(fixture->found);
  g_assert_cmpuint(fixture->finished, ==, 1);
  g_assert_false(fwd_connector_is_racing(fixture->connector));
  g_assert_cmpstr(fixture->events->str, ==,
                  "strategy-started strategy-started strategy-failed strategy-failed ");
}

/* One that is named again starts over; what the former run finds late is closed. */
static void
test_started_over(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GTask) late = NULL;

  stubborn = TRUE;
  race(fixture, "punch");
  late = g_steal_pointer(&running[PUNCH]);
  race(fixture, "punch");
  g_task_return_pointer(late, path_new(&plans[PUNCH]), (GDestroyNotify)fwd_path_close);
  WAIT_FOR(open_paths == 0);
  g_assert_cmpuint(fixture->paths, ==, 0);
  g_assert_cmpuint(fixture->finished, ==, 0);
  g_assert_cmpstr(fixture->ended->str, ==, "");
  fail(PUNCH, "no answer");
  WAIT_FOR(fixture->finished == 1);
  g_assert_false(fixture->found);
  g_assert_cmpuint(record_of(fixture, "punch")->successes, ==, 0);
}

/* A later race leaves what runs alone, and messages reach it by the number it began with. */
static void
test_two_races(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GVariant) hello = g_variant_ref_sink(g_variant_new_string("hello"));

  race(fixture, "relayed");
  race(fixture, "punch");
  g_assert_true(running[RELAYED] && running[PUNCH]);
  fwd_connector_message(fixture->connector, 1, "relayed", hello);
  fwd_connector_message(fixture->connector, 2, "relayed", hello);
  g_assert_cmpuint(messages[RELAYED], ==, 1);
  fwd_attempt_send_message(attempts[RELAYED], g_variant_new_string("hi"));
  g_assert_cmpuint(fixture->sent_in, ==, 1);
  succeed(RELAYED);
  WAIT_FOR(fixture->paths == 1);
  wait_until_idle();
  g_assert_cmpuint(fixture->finished, ==, 0);
  fail(PUNCH, "no answer");
  WAIT_FOR(fixture->finished == 1);
  g_assert_true(fixture->found);
}

static void
test_cancel(Fixture *fixture, gconstpointer data)
{
  race(fixture, "near punch relayed");
  g_assert_true(fwd_connector_is_racing(fixture->connector));
  fwd_connector_cancel(fixture->connector);
  g_assert_false(fwd_connector_is_racing(fixture->connector));
  wait_until_idle();
  g_assert_null(running[NEAR]);
  g_assert_cmpuint(fixture->finished, ==, 0);
}

static void
test_unknown_strategies(Fixture *fixture, gconstpointer data)
{
  race(fixture, "unheard-of punch");
  g_assert_true(running[PUNCH] != NULL);
  fail(PUNCH, "no answer");
  WAIT_FOR(fixture->finished == 1);
}

/* The peer orders nothing that we can run: the race ends, as all others do. */
static void
test_nothing_to_run(Fixture *fixture, gconstpointer data)
{
  race(fixture, "unheard-of");
  WAIT_FOR(fixture->finished == 1);
  g_assert_false(fixture->found);
}

/* What names a strategy twice runs it once. */
static void
test_named_twice(Fixture *fixture, gconstpointer data)
{
  race(fixture, "punch relayed punch");
  g_assert_cmpuint(record_of(fixture, "punch")->attempts, ==, 1);
  fail(PUNCH, "no answer");
  fail(RELAYED, "no relay");
  WAIT_FOR(fixture->finished == 1);
}

static void
test_messages(Fixture *fixture, gconstpointer data)
{
  GVariant *large = g_variant_new_take_string(g_strnfill(5000, 'x'));
  g_autoptr(GVariant) hello = g_variant_ref_sink(g_variant_new_string("hello"));

  race(fixture, "punch relayed");
  fwd_connector_message(fixture->connector, 1, "punch", hello);
  fwd_connector_message(fixture->connector, 1, "near", hello);
  g_assert_cmpuint(messages[PUNCH], ==, 1);
  g_assert_cmpuint(messages[RELAYED], ==, 0);
  g_assert_cmpuint(messages[NEAR], ==, 0);
  g_assert_true(fwd_attempt_send_message(attempts[RELAYED], g_variant_new_string("hi")));
  g_assert_cmpuint(fixture->sent, ==, 1);
  g_assert_cmpstr(fixture->sender, ==, "relayed");
  g_assert_false(fwd_attempt_send_message(attempts[RELAYED], large));
  g_assert_cmpuint(fixture->sent, ==, 1);
}

/* An endpoint of a relay is nobody else's, in this race and in the next. */
static void
test_claims(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint there;

  fwd_endpoint_parse("127.0.0.1:10", &there, NULL);
  race(fixture, "punch relayed");
  fwd_attempt_send_check(attempts[PUNCH], &there, 0);
  fwd_attempt_claim(attempts[RELAYED], &there);
  fwd_connector_checked(fixture->connector, &there, 1000);
  fwd_connector_challenged(fixture->connector, &there);
  g_assert_cmpuint(checked[PUNCH] + challenged[PUNCH], ==, 0);
  g_assert_cmpuint(challenged[RELAYED], ==, 1);
  race(fixture, "other-punch");
  fwd_connector_challenged(fixture->connector, &there);
  g_assert_cmpuint(challenged[OTHER_PUNCH], ==, 0);
  fwd_endpoint_set_port(&there, 11);
  fwd_connector_challenged(fixture->connector, &there);
  g_assert_cmpuint(challenged[OTHER_PUNCH], ==, 1);
}

/* Only who sent a check hears of its answer; all hear of the peer's checks. */
static void
test_checks(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint here, there;

  fwd_endpoint_parse("127.0.0.1:9", &here, NULL);
  fwd_endpoint_parse("127.0.0.1:10", &there, NULL);
  race(fixture, "punch relayed");
  fwd_attempt_send_check(attempts[PUNCH], &here, 0);
  fwd_connector_checked(fixture->connector, &here, 1000);
  fwd_connector_checked(fixture->connector, &there, 1000);
  fwd_connector_challenged(fixture->connector, &there);
  g_assert_cmpuint(checked[PUNCH], ==, 1);
  g_assert_cmpuint(checked[RELAYED], ==, 0);
  g_assert_cmpuint(challenged[PUNCH] + challenged[RELAYED], ==, 2);
  g_assert_cmpuint(fwd_connector_attempt_get_sent(FWD_CONNECTOR_ATTEMPT(attempts[PUNCH])), ==,
                   1);
}

static void
test_ends(Fixture *fixture, gconstpointer data)
{
  FwdNatReport nat = {.mapping = FWD_NAT_ENDPOINT_INDEPENDENT};
  FwdCandidate candidate = {.type = FWD_CANDIDATE_HOST};
  g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof candidate);

  fwd_endpoint_parse("192.0.2.7:7", &candidate.endpoint, NULL);
  g_array_append_val(array, candidate);
  race(fixture, "punch");
  fwd_connector_set_remote(fixture->connector, array, &nat);
  fwd_connector_set_local(fixture->connector, NULL, &nat);
  g_assert_cmpuint(candidates[PUNCH], ==, 2);
  g_assert_cmpuint(fwd_attempt_get_remote_candidates(attempts[PUNCH])->len, ==, 1);
  g_assert_cmpuint(fwd_attempt_get_local_candidates(attempts[PUNCH])->len, ==, 0);
  g_assert_cmpint(fwd_attempt_get_remote_nat(attempts[PUNCH])->mapping, ==,
                  FWD_NAT_ENDPOINT_INDEPENDENT);
  g_assert_true(fwd_attempt_is_controlling(attempts[PUNCH]));
}

/* After its end an attempt does nothing, even when a strategy keeps it. */
static void
test_ended_attempt(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GVariant) hello = g_variant_ref_sink(g_variant_new_string("hello"));
  FwdEndpoint here;

  fwd_endpoint_parse("127.0.0.1:9", &here, NULL);
  race(fixture, "punch");
  fail(PUNCH, "no answer");
  WAIT_FOR(fixture->finished == 1);
  g_assert_false(fwd_attempt_send_check(attempts[PUNCH], &here, 0));
  g_assert_false(fwd_attempt_send_message(attempts[PUNCH], g_variant_new_string("hi")));
  fwd_connector_checked(fixture->connector, &here, 1000);
  fwd_connector_message(fixture->connector, 1, "punch", hello);
  g_assert_cmpuint(fixture->sent + checked[PUNCH] + messages[PUNCH], ==, 0);
}

static void
test_story_and_records(Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 2; i++) {
    race(fixture, "punch");
    g_assert_true(story_has(fixture, "punch", FWD_OUTCOME_RUNNING, NULL));
    fwd_attempt_note(attempts[PUNCH], "round %u", i);
    fwd_attempt_advise(attempts[PUNCH], "ask round %u", i);
    if (i == 0)
      fail(PUNCH, "no answer");
    else
      succeed(PUNCH);
    WAIT_FOR(fixture->finished == i + 1);
  }
  g_assert_cmpuint(record_of(fixture, "punch")->attempts, ==, 2);
  g_assert_cmpuint(record_of(fixture, "punch")->successes, ==, 1);
  g_assert_true(story_has(fixture, "punch", FWD_OUTCOME_SUCCEEDED, "round 1"));
  g_assert_false(story_has(fixture, "punch", FWD_OUTCOME_SUCCEEDED, "round 0"));
  g_assert_cmpuint(
      fwd_story_find(fwd_connector_get_story(fixture->connector), "punch")->advice->len, ==, 1);
}

/* What strategies need of both sessions, and keep between attempts. */
static void
test_surroundings(Fixture *fixture, gconstpointer data)
{
  guint8 first[16], other[16], later[16];
  GObject *kept = g_object_new(G_TYPE_OBJECT, NULL);
  g_autoptr(GPtrArray) turn = fwd_turn_servers_new();

  g_ptr_array_add(turn, fwd_turn_server_new("turn:192.0.2.1", "user", "password"));
  fwd_surroundings_set_turn_servers(fixture->surroundings, turn, NULL);
  race(fixture, "punch relayed");
  fwd_attempt_derive(attempts[PUNCH], "token", first, sizeof first);
  fwd_attempt_derive(attempts[RELAYED], "token", other, sizeof other);
  g_assert_cmpmem(first, sizeof first, first, sizeof first);
  g_assert_cmpint(memcmp(first, other, sizeof first), !=, 0);
  fwd_attempt_keep(attempts[PUNCH], "lease", kept);
  g_assert_cmpuint(fwd_attempt_get_turn_servers(attempts[PUNCH])->len, ==, 1);
  race(fixture, "punch");
  fwd_attempt_derive(attempts[PUNCH], "token", later, sizeof later);
  g_assert_cmpint(memcmp(first, later, sizeof first), !=, 0);
  g_assert_true(fwd_attempt_get_kept(attempts[PUNCH], "lease") == kept);
  g_assert_null(fwd_attempt_get_kept(attempts[RELAYED], "lease"));
}

/* Notes without end fill no memory. */
static void
test_long_story(Fixture *fixture, gconstpointer data)
{
  race(fixture, "punch");
  for (guint i = 0; i < 10000; i++)
    fwd_attempt_note(attempts[PUNCH], "note %u", i);
  fail(PUNCH, "no answer");
  WAIT_FOR(fixture->finished == 1);
  g_assert_cmpuint(
      fwd_story_find(fwd_connector_get_story(fixture->connector), "punch")->lines->len, <, 100);
}

/* Whoever owned the connector has gone: the race ends without it. */
static void
test_dropped_while_racing(Fixture *fixture, gconstpointer data)
{
  race(fixture, "punch relayed");
  fwd_connector_cancel(fixture->connector);
  g_signal_handlers_disconnect_by_data(fixture->connector, fixture);
  g_object_add_weak_pointer(G_OBJECT(fixture->connector), (gpointer *)&fixture->connector);
  g_object_unref(fixture->connector);
  WAIT_FOR(fixture->connector == NULL);
  g_assert_null(running[PUNCH]);
  g_assert_cmpuint(fixture->paths + fixture->finished, ==, 0);
}

/* A handler of the path may end the race, or begin another one. */
static void
on_path_cancels(FwdConnector *connector, FwdPath *path, gpointer user_data)
{
  fwd_connector_cancel(connector);
}

static void
test_cancelled_by_handler(Fixture *fixture, gconstpointer data)
{
  g_signal_connect(fixture->connector, "path", G_CALLBACK(on_path_cancels), NULL);
  race(fixture, "near punch");
  succeed(PUNCH);
  WAIT_FOR(fixture->paths == 1);
  wait_until_idle();
  g_assert_cmpuint(fixture->finished, ==, 0);
  g_assert_null(running[NEAR]);
}

#define ADD(path, test)                                                                        \
  g_test_add("/session/connector/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("possible", test_possible);
  ADD("possible-while-racing", test_possible_while_racing);
  ADD("story-is-news", test_story_is_news);
  ADD("better-class", test_better_class);
  ADD("told-to-stop", test_told_to_stop);
  ADD("worse-class-first", test_worse_class_first);
  ADD("equal-class", test_equal_class);
  ADD("path-despite-cancel", test_path_despite_cancel);
  ADD("nothing-found", test_nothing_found);
  ADD("started-over", test_started_over);
  ADD("two-races", test_two_races);
  ADD("surroundings", test_surroundings);
  ADD("cancel", test_cancel);
  ADD("unknown-strategies", test_unknown_strategies);
  ADD("nothing-to-run", test_nothing_to_run);
  ADD("named-twice", test_named_twice);
  ADD("messages", test_messages);
  ADD("checks", test_checks);
  ADD("claims", test_claims);
  ADD("ends", test_ends);
  ADD("ended-attempt", test_ended_attempt);
  ADD("story-and-records", test_story_and_records);
  ADD("long-story", test_long_story);
  ADD("dropped-while-racing", test_dropped_while_racing);
  ADD("cancelled-by-handler", test_cancelled_by_handler);
  return g_test_run();
}

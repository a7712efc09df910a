/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A real peer and connector without a tunnel, over strategies that end when the
 * test says so. Times are only held against lower bounds.
 */
#include "session/pursuit.h"

#include <fakes/wait-for.h>
#include <stunfwd/error.h>
#include <stunfwd/strategy.h>
#include <string.h>

enum { NEAR, PUNCH, OTHER, RELAYED, KINDS };

static const struct {
  const char *id;
  FwdPathClass path_class;
} kinds[KINDS] = {
    {"near", FWD_PATH_CLASS_LAN},
    {"punch", FWD_PATH_CLASS_P2P},
    {"other", FWD_PATH_CLASS_P2P},
    {"relayed", FWD_PATH_CLASS_RELAY},
};

static GTask *held[KINDS]; /* the attempts that have not ended */

typedef struct {
  GObject parent;
} Held;

typedef struct {
  GObjectClass parent;
  guint kind;
} HeldClass;

static gboolean
held_can_attempt(FwdStrategy *strategy, FwdAttempt *attempt, char **why_not)
{
  return TRUE;
}

static void
end_with(guint kind, gint code)
{
  g_autoptr(GTask) task = g_steal_pointer(&held[kind]);

  if (task)
    g_task_return_new_error(task, FWD_STRATEGY_ERROR, code, "as the test says");
}

static void
held_on_cancelled(GCancellable *cancellable, gpointer kind)
{
  g_autoptr(GTask) task = g_steal_pointer(&held[GPOINTER_TO_UINT(kind)]);

  if (task)
    g_task_return_error_if_cancelled(task);
}

static void
held_attempt_async(FwdStrategy *strategy, FwdAttempt *attempt, GCancellable *cancellable,
                   GAsyncReadyCallback callback, gpointer user_data)
{
  const guint kind = ((HeldClass *)G_OBJECT_GET_CLASS(strategy))->kind;

  g_assert_null(held[kind]);
  held[kind] = g_task_new(strategy, cancellable, callback, user_data);
  g_task_set_source_tag(held[kind], held_attempt_async);
  g_cancellable_connect(cancellable, G_CALLBACK(held_on_cancelled), GUINT_TO_POINTER(kind),
                        NULL);
}

static FwdPath *
held_attempt_finish(FwdStrategy *strategy, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

static void
held_interface_init(gpointer interface, gpointer data)
{
  FwdStrategyInterface *methods = interface;

  methods->can_attempt = held_can_attempt;
  methods->attempt_async = held_attempt_async;
  methods->attempt_finish = held_attempt_finish;
}

static void
held_class_init(gpointer klass, gpointer kind)
{
  ((HeldClass *)klass)->kind = GPOINTER_TO_UINT(kind);
}

static GType
held_type(guint kind)
{
  static GType types[KINDS];
  static const GInterfaceInfo interface = {.interface_init = held_interface_init};
  const GTypeInfo info = {.class_size = sizeof(HeldClass),
                          .class_init = held_class_init,
                          .class_data = GUINT_TO_POINTER(kind),
                          .instance_size = sizeof(Held)};
  g_autofree char *name = g_strdup_printf("Held%u", kind);

  if (types[kind])
    return types[kind];
  types[kind] = g_type_register_static(G_TYPE_OBJECT, name, &info, 0);
  g_type_add_interface_static(types[kind], FWD_TYPE_STRATEGY, &interface);
  return types[kind];
}

typedef struct {
  FwdPluginRegistry *registry;
  FwdEventBus *bus;
  FwdDataPlane *plane;
  FwdSurroundings *surroundings;
  FwdDiscovery *discovery;
  FwdRoomKeys keys;
  FwdPeer *peer;
  FwdPursuit *pursuit;
  gboolean deaf;     /* the peer cannot be told */
  GPtrArray *orders; /* of char *: the strategies, in order */
  gint64 ordered[KINDS];
  guint times[KINDS];
  guint32 races;
} Fixture;

static gboolean
on_order(const char *const *plan, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_ptr_array_add(fixture->orders, g_strjoinv(" ", (char **)plan));
  if (fixture->deaf)
    return FALSE;
  for (guint kind = 0; kind < KINDS; kind++) {
    if (!g_strv_contains(plan, kinds[kind].id))
      continue;
    fixture->ordered[kind] = g_get_monotonic_time();
    fixture->times[kind]++;
  }
  fwd_peer_race(fixture->peer, ++fixture->races, plan);
  return TRUE;
}

static void
make_peer(Fixture *fixture)
{
  g_autoptr(FwdMessage) hello = fwd_message_new(FWD_MESSAGE_HELLO);
  const FwdPeerContext context = {.role = FWD_ROLE_CLIENT,
                                  .keys = &fixture->keys,
                                  .plane = fixture->plane,
                                  .registry = fixture->registry,
                                  .bus = fixture->bus,
                                  .surroundings = fixture->surroundings};

  g_strlcpy(hello->sender, "0123456789abcdef", sizeof hello->sender);
  hello->strategies = g_strsplit("near punch other relayed", " ", -1);
  g_assert_true(fwd_endpoint_parse("198.51.100.1:1", &hello->nat.public4, NULL));
  fixture->peer = fwd_peer_new(&context, hello);
  fwd_peer_take_hello(fixture->peer, hello);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  static const guint8 key[FWD_PROBE_KEY_SIZE] = {1};
  g_autoptr(FwdIdentity) identity = fwd_identity_new(NULL);
  FwdNatReport here = {0};

  fixture->registry = fwd_plugin_registry_new();
  fwd_plugin_registry_define(fixture->registry, FWD_INTERFACE_STRATEGY, FWD_TYPE_STRATEGY);
  for (guint kind = 0; kind < KINDS; kind++) {
    const FwdPluginMeta meta = {.priority = (gint)(KINDS - kind),
                                .path_class = kinds[kind].path_class};
    g_assert_true(fwd_plugin_registry_add(fixture->registry, FWD_INTERFACE_STRATEGY,
                                          kinds[kind].id, held_type(kind), &meta, NULL));
  }
  fixture->bus = fwd_event_bus_new();
  fixture->plane = fwd_data_plane_new(key, identity, NULL);
  fixture->surroundings = fwd_surroundings_new(NULL);
  fixture->discovery = fwd_discovery_new(fixture->plane);
  fixture->orders = g_ptr_array_new_with_free_func(g_free);
  make_peer(fixture);
  g_assert_true(fwd_endpoint_parse("192.0.2.1:1", &here.public4, NULL));
  fwd_connector_set_local(fwd_peer_get_connector(fixture->peer), NULL, &here);
  fixture->pursuit = fwd_pursuit_new(fixture->discovery, on_order, fixture);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  fwd_pursuit_free(fixture->pursuit);
  fwd_peer_close(fixture->peer);
  wait_until_idle();
  g_object_unref(fixture->peer);
  for (guint kind = 0; kind < KINDS; kind++)
    g_assert_null(held[kind]);
  fwd_discovery_stop(fixture->discovery);
  g_object_unref(fixture->discovery);
  fwd_data_plane_shutdown(fixture->plane);
  g_object_unref(fixture->plane);
  fwd_surroundings_unref(fixture->surroundings);
  g_object_unref(fixture->bus);
  g_object_unref(fixture->registry);
  g_ptr_array_unref(fixture->orders);
}

/* The discovery of a session without STUN servers has nothing to wait for. */
static void
begin_settled(Fixture *fixture)
{
  static const char *const none[] = {NULL};

  fwd_discovery_start(fixture->discovery, none);
  g_assert_true(fwd_discovery_is_settled(fixture->discovery));
  fwd_pursuit_set_peer(fixture->pursuit, fixture->peer);
  WAIT_FOR(fixture->orders->len == 1);
}

static void
record(Fixture *fixture, const char *strategy, gboolean success, guint times)
{
  FwdEndpoint here, there;

  g_assert_true(fwd_endpoint_parse("192.0.2.1:7", &here, NULL));
  g_assert_true(fwd_endpoint_parse("198.51.100.1:7", &there, NULL));
  for (guint i = 0; i < times; i++)
    fwd_history_record(fixture->surroundings->history, &here, &there, strategy, success, 1);
}

static void
check_order(const Fixture *fixture, guint index, const char *plan)
{
  g_assert_cmpuint(fixture->orders->len, >, index);
  g_assert_cmpstr(fixture->orders->pdata[index], ==, plan);
}

static void
test_all_at_once(Fixture *fixture, gconstpointer data)
{
  begin_settled(fixture);
  check_order(fixture, 0, "near punch other relayed");
  for (guint kind = 0; kind < KINDS; kind++)
    g_assert_nonnull(held[kind]);
}

/* While nobody has said where we are, the relay does not wait, and the others not for ever. */
static void
test_relay_does_not_wait(Fixture *fixture, gconstpointer data)
{
  static const char *const silent[] = {"127.0.0.1:9", NULL};

  fwd_discovery_start(fixture->discovery, silent);
  g_assert_false(fwd_discovery_is_settled(fixture->discovery));
  fwd_pursuit_set_peer(fixture->pursuit, fixture->peer);
  WAIT_FOR(fixture->orders->len == 2);
  check_order(fixture, 0, "relayed");
  check_order(fixture, 1, "near punch other");
  g_assert_cmpint(fixture->ordered[PUNCH] - fixture->ordered[RELAYED], >, 0);
  g_assert_nonnull(held[RELAYED]);
}

/* One that fails comes again, later each time; the others go on meanwhile. */
static void
test_back_off(Fixture *fixture, gconstpointer data)
{
  gint64 failed;

  begin_settled(fixture);
  for (guint i = 1; i <= 2; i++) {
    failed = g_get_monotonic_time();
    end_with(PUNCH, FWD_ERROR_TIMEOUT);
    WAIT_FOR(fixture->times[PUNCH] == i + 1);
    check_order(fixture, i, "punch");
    g_assert_cmpint(fixture->ordered[PUNCH] - failed, >=, i * G_USEC_PER_SEC);
  }
  g_assert_true(held[NEAR] && held[OTHER] && held[RELAYED]);
  g_assert_cmpuint(fixture->times[RELAYED], ==, 1);
}

/* Another strategy's long back-off holds up nobody. */
static void
test_others_are_not_held_up(Fixture *fixture, gconstpointer data)
{
  begin_settled(fixture);
  end_with(PUNCH, FWD_ERROR_TIMEOUT);
  WAIT_FOR(fixture->times[PUNCH] == 2);
  end_with(PUNCH, FWD_ERROR_TIMEOUT);
  end_with(RELAYED, FWD_ERROR_TIMEOUT);
  WAIT_FOR(fixture->times[RELAYED] == 2);
  g_assert_true(fixture->times[PUNCH] == 2 ||
                fixture->ordered[PUNCH] >= fixture->ordered[RELAYED]);
}

/* After the loss of the direct path nothing waits for an old failure. */
static void
test_direct_path_lost(Fixture *fixture, gconstpointer data)
{
  begin_settled(fixture);
  end_with(PUNCH, FWD_ERROR_TIMEOUT);
  WAIT_FOR(fixture->times[PUNCH] == 2);
  end_with(PUNCH, FWD_ERROR_TIMEOUT);
  wait_until_idle();
  g_signal_emit_by_name(fixture->peer, "paths", TRUE);
  wait_until_idle();
  g_assert_cmpuint(fixture->times[PUNCH], ==, 3);
  g_assert_nonnull(held[PUNCH]);
}

/* That a relay came or went is no reason to forget what has failed. */
static void
test_other_paths_changed(Fixture *fixture, gconstpointer data)
{
  gint64 failed;

  begin_settled(fixture);
  failed = g_get_monotonic_time();
  end_with(PUNCH, FWD_ERROR_TIMEOUT);
  wait_until_idle();
  g_signal_emit_by_name(fixture->peer, "paths", FALSE);
  WAIT_FOR(fixture->times[PUNCH] == 2);
  g_assert_cmpint(fixture->ordered[PUNCH] - failed, >=, G_USEC_PER_SEC);
}

static void
test_another_network(Fixture *fixture, gconstpointer data)
{
  begin_settled(fixture);
  end_with(PUNCH, FWD_ERROR_TIMEOUT);
  end_with(RELAYED, FWD_ERROR_TIMEOUT);
  wait_until_idle();
  fwd_pursuit_reset(fixture->pursuit);
  wait_until_idle();
  check_order(fixture, fixture->orders->len - 1, "punch relayed");
}

/* What has always failed between these networks lets the others go first. */
static void
test_bad_history(Fixture *fixture, gconstpointer data)
{
  record(fixture, "punch", FALSE, 5);
  record(fixture, "near", FALSE, 5);
  begin_settled(fixture);
  check_order(fixture, 0, "other relayed near");
  WAIT_FOR(fixture->times[PUNCH] == 1);
  check_order(fixture, 1, "punch");
  g_assert_cmpint(fixture->ordered[PUNCH] - fixture->ordered[OTHER], >=, G_USEC_PER_SEC);
}

static void
test_good_history(Fixture *fixture, gconstpointer data)
{
  record(fixture, "other", TRUE, 1);
  record(fixture, "relayed", TRUE, 2);
  begin_settled(fixture);
  check_order(fixture, 0, "relayed other near punch");
}

/* The attempts of this race go into the history, but not those that were stopped. */
static void
test_history_is_written(Fixture *fixture, gconstpointer data)
{
  FwdConnector *connector = fwd_peer_get_connector(fixture->peer);

  record(fixture, "punch", FALSE, 2);
  record(fixture, "other", FALSE, 2);
  begin_settled(fixture);
  end_with(PUNCH, FWD_ERROR_TIMEOUT);
  WAIT_FOR(fwd_connector_rate(connector, "punch") < 0);
  fwd_connector_cancel(connector);
  wait_until_idle();
  g_assert_cmpint(fwd_connector_rate(connector, "other"), ==, 0);
}

/* A peer on its way back into the room is told the whole plan again, not sooner than in 1 s. */
static void
test_peer_cannot_be_told(Fixture *fixture, gconstpointer data)
{
  gint64 first;

  fixture->deaf = TRUE;
  begin_settled(fixture);
  first = g_get_monotonic_time();
  fixture->deaf = FALSE;
  WAIT_FOR(fixture->orders->len == 2);
  check_order(fixture, 1, fixture->orders->pdata[0]);
  g_assert_cmpint(fixture->ordered[RELAYED] - first, >=, G_USEC_PER_SEC * 9 / 10);
}

/* It is back in the room, and so in reach: nothing is waited for. */
static void
test_peer_is_back(Fixture *fixture, gconstpointer data)
{
  fixture->deaf = TRUE;
  begin_settled(fixture);
  fixture->deaf = FALSE;
  fwd_pursuit_reset(fixture->pursuit);
  wait_until_idle();
  g_assert_cmpuint(fixture->orders->len, ==, 2);
}

static void
test_pause(Fixture *fixture, gconstpointer data)
{
  gint64 paused;

  begin_settled(fixture);
  end_with(RELAYED, FWD_ERROR_TIMEOUT);
  wait_until_idle();
  paused = g_get_monotonic_time();
  fwd_pursuit_pause(fixture->pursuit, 1500);
  WAIT_FOR(fixture->times[RELAYED] == 2);
  g_assert_cmpint(fixture->ordered[RELAYED] - paused, >=, 1500 * 1000);
}

/* What runs is not ordered again, however often somebody looks. */
static void
test_wake(Fixture *fixture, gconstpointer data)
{
  begin_settled(fixture);
  for (guint i = 0; i < 10; i++) {
    fwd_pursuit_wake(fixture->pursuit);
    wait_until_idle();
  }
  g_assert_cmpuint(fixture->orders->len, ==, 1);
}

/* Whoever is not pursued any more is left alone; the next one starts without back-off. */
static void
test_another_peer(Fixture *fixture, gconstpointer data)
{
  begin_settled(fixture);
  end_with(PUNCH, FWD_ERROR_TIMEOUT);
  wait_until_idle();
  fwd_pursuit_set_peer(fixture->pursuit, NULL);
  end_with(RELAYED, FWD_ERROR_TIMEOUT);
  wait_until_idle();
  g_signal_emit_by_name(fixture->peer, "paths", TRUE);
  wait_until_idle();
  g_assert_cmpuint(fixture->orders->len, ==, 1);
  fwd_pursuit_set_peer(fixture->pursuit, fixture->peer);
  wait_until_idle();
  check_order(fixture, 1, "punch relayed");
}

#define ADD(name, test) g_test_add("/pursuit/" name, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("all-at-once", test_all_at_once);
  ADD("relay-does-not-wait", test_relay_does_not_wait);
  ADD("back-off", test_back_off);
  ADD("others-are-not-held-up", test_others_are_not_held_up);
  ADD("direct-path-lost", test_direct_path_lost);
  ADD("other-paths-changed", test_other_paths_changed);
  ADD("another-network", test_another_network);
  ADD("bad-history", test_bad_history);
  ADD("good-history", test_good_history);
  ADD("history-is-written", test_history_is_written);
  ADD("peer-cannot-be-told", test_peer_cannot_be_told);
  ADD("peer-is-back", test_peer_is_back);
  ADD("pause", test_pause);
  ADD("wake", test_wake);
  ADD("another-peer", test_another_peer);
  return g_test_run();
}

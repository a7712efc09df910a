/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/pursuit.h"

#define FWD_LOG_COMPONENT "session"
#include "core/log.h"
#include "session/turns.h"

#define MS G_GINT64_CONSTANT(1000)
/* How long direct strategies wait for the STUN servers to say where we are. */
#define SETTLE (300 * MS)
/* The peer could not be told: it is on its way back into the room. */
#define ORDER_AGAIN (1000 * MS)

struct FwdPursuit {
  FwdDiscovery *discovery;
  FwdPursuitOrder order;
  gpointer user_data;
  FwdPeer *peer;
  FwdTurns *turns;
  gint64 settle;     /* until then direct strategies wait for the discovery */
  gint64 not_before; /* nothing is ordered earlier */
  gint64 retry;      /* nor before that, unless there is news */
  guint timer;
};

/* What one look around finds. */
typedef struct {
  GStrvBuilder *plan;
  gboolean any;
  gint64 next; /* when to look again */
} Look;

static gint64
now_us(void)
{
  return g_get_monotonic_time();
}

/* Whether a path of that class would be a gain. */
static gboolean
is_wanted(FwdPathsAlive alive, FwdPathClass path_class)
{
  switch (path_class) {
  case FWD_PATH_CLASS_LAN:
    return !alive.lan;
  case FWD_PATH_CLASS_P2P:
    return !alive.lan && !alive.p2p;
  case FWD_PATH_CLASS_RELAY:
    return !alive.relay;
  }
  return FALSE;
}

/* When the strategy may start. A relay needs no knowledge of one's own place. */
static gint64
start_time(FwdPursuit *pursuit, const FwdImplementation *implementation, gint64 now)
{
  gint64 due;

  if (implementation->meta.path_class == FWD_PATH_CLASS_P2P &&
      fwd_connector_rate(fwd_peer_get_connector(pursuit->peer), implementation->id) < 0)
    fwd_turns_hold_back(pursuit->turns, implementation->id, now);
  due = MAX(pursuit->not_before, pursuit->retry);
  due = MAX(due, fwd_turns_due(pursuit->turns, implementation->id));
  if (implementation->meta.path_class != FWD_PATH_CLASS_RELAY &&
      !fwd_discovery_is_settled(pursuit->discovery))
    due = MAX(due, pursuit->settle);
  return due;
}

static void
consider(FwdPursuit *pursuit, Look *look, const FwdImplementation *implementation, gint64 now)
{
  const gint64 start = start_time(pursuit, implementation, now);

  if (start > now) {
    look->next = MIN(look->next, start);
    return;
  }
  g_strv_builder_add(look->plan, implementation->id);
  look->any = TRUE;
}

static gint
compare_rates(gconstpointer a, gconstpointer b, gpointer user_data)
{
  FwdConnector *connector = user_data;
  const FwdImplementation *const *first = a, *const *second = b;
  gint difference = fwd_connector_rate(connector, (*second)->id) -
                    fwd_connector_rate(connector, (*first)->id);

  return difference != 0 ? difference : (*second)->meta.priority - (*first)->meta.priority;
}

static void
look_around(FwdPursuit *pursuit, Look *look, gint64 now)
{
  FwdConnector *connector = fwd_peer_get_connector(pursuit->peer);
  g_autoptr(GPtrArray) possible =
      fwd_connector_list_possible(connector, fwd_peer_get_strategies(pursuit->peer));

  g_ptr_array_sort_with_data(possible, compare_rates, connector);
  for (guint i = 0; i < possible->len; i++) {
    const FwdImplementation *implementation = possible->pdata[i];
    if (is_wanted(fwd_peer_get_paths_alive(pursuit->peer), implementation->meta.path_class))
      consider(pursuit, look, implementation, now);
  }
}

static void order(FwdPursuit *pursuit, const char *const *plan, gint64 now);

static gboolean
on_timer(gpointer user_data)
{
  FwdPursuit *pursuit = user_data;
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  Look look = {.plan = builder, .next = G_MAXINT64};
  const gint64 now = now_us();
  g_auto(GStrv) plan = NULL;

  pursuit->timer = 0;
  look_around(pursuit, &look, now);
  plan = g_strv_builder_end(builder);
  if (look.next != G_MAXINT64)
    pursuit->timer = g_timeout_add((guint)((look.next - now + MS - 1) / MS), on_timer, pursuit);
  if (look.any)
    order(pursuit, (const char *const *)plan, now);
  return G_SOURCE_REMOVE;
}

static void
order(FwdPursuit *pursuit, const char *const *plan, gint64 now)
{
  if (!pursuit->order(plan, pursuit->user_data)) {
    pursuit->retry = now + ORDER_AGAIN;
    fwd_pursuit_wake(pursuit);
    return;
  }
  for (guint i = 0; plan[i]; i++)
    fwd_turns_started(pursuit->turns, plan[i], now);
}

void
fwd_pursuit_wake(FwdPursuit *pursuit)
{
  g_clear_handle_id(&pursuit->timer, g_source_remove);
  if (pursuit->peer)
    pursuit->timer = g_timeout_add(0, on_timer, pursuit);
}

void
fwd_pursuit_reset(FwdPursuit *pursuit)
{
  fwd_turns_reset(pursuit->turns);
  pursuit->retry = 0;
  pursuit->settle = now_us() + SETTLE;
  fwd_pursuit_wake(pursuit);
}

void
fwd_pursuit_pause(FwdPursuit *pursuit, guint ms)
{
  pursuit->not_before = now_us() + ms * MS;
  fwd_pursuit_wake(pursuit);
}

static void
on_ended(FwdConnector *connector, const char *strategy, guint outcome, FwdPursuit *pursuit)
{
  fwd_turns_ended(pursuit->turns, strategy, (FwdOutcome)outcome, now_us());
  fwd_pursuit_wake(pursuit);
}

/* Our NAT, or the peer's, may have forgotten us: ask where we are, and find the way again. */
static void
on_paths(FwdPeer *peer, gboolean direct_lost, FwdPursuit *pursuit)
{
  if (direct_lost) {
    fwd_log_info("no direct path to %s is alive: looking for another one",
                 fwd_peer_get_id(peer));
    fwd_discovery_refresh(pursuit->discovery);
    fwd_pursuit_reset(pursuit);
  } else {
    fwd_pursuit_wake(pursuit);
  }
}

static void
let_go(FwdPursuit *pursuit)
{
  if (!pursuit->peer)
    return;
  g_signal_handlers_disconnect_by_data(fwd_peer_get_connector(pursuit->peer), pursuit);
  g_signal_handlers_disconnect_by_data(pursuit->peer, pursuit);
  g_clear_object(&pursuit->peer);
}

void
fwd_pursuit_set_peer(FwdPursuit *pursuit, FwdPeer *peer)
{
  if (peer == pursuit->peer)
    return;
  let_go(pursuit);
  fwd_turns_reset(pursuit->turns);
  if (peer) {
    pursuit->peer = g_object_ref(peer);
    pursuit->settle = now_us() + SETTLE;
    g_signal_connect(fwd_peer_get_connector(peer), "ended", G_CALLBACK(on_ended), pursuit);
    g_signal_connect(peer, "paths", G_CALLBACK(on_paths), pursuit);
  }
  fwd_pursuit_wake(pursuit);
}

FwdPursuit *
fwd_pursuit_new(FwdDiscovery *discovery, FwdPursuitOrder order_race, gpointer user_data)
{
  FwdPursuit *pursuit = g_new0(FwdPursuit, 1);

  pursuit->discovery = g_object_ref(discovery);
  pursuit->order = order_race;
  pursuit->user_data = user_data;
  pursuit->turns = fwd_turns_new();
  return pursuit;
}

void
fwd_pursuit_free(FwdPursuit *pursuit)
{
  g_clear_handle_id(&pursuit->timer, g_source_remove);
  let_go(pursuit);
  fwd_turns_free(pursuit->turns);
  g_object_unref(pursuit->discovery);
  g_free(pursuit);
}

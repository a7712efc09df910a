/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The race of all ways to all servers for one allocation. */
#include "session/turn-allocation.h"
#include <stunfwd/error.h>

#define STAGGER_MS 300
/** Ways over one transport. */
#define WAYS_MAX 3

static const FwdTurnTransports order[] = {FWD_TURN_OVER_UDP, FWD_TURN_OVER_TCP,
                                          FWD_TURN_OVER_TLS};

typedef struct {
  GPtrArray *ways; /* of FwdTurnWay, by transport; those begun are NULL */
  guint next;
  guint running;
  guint denied;
  guint failed;
  guint timer;
  GCancellable *losers; /* ends all that run once there is a winner */
  gulong outer;
  GString *story;
} Race;

static void begin_next(GTask *task);

static void
race_free(gpointer data)
{
  Race *race = data;

  g_ptr_array_unref(race->ways);
  g_object_unref(race->losers);
  g_string_free(race->story, TRUE);
  g_free(race);
}

static void
add_ways(Race *race, const GPtrArray *servers, FwdTurnTransports transport)
{
  guint count = 0;

  for (guint i = 0; i < servers->len && count < WAYS_MAX; i++) {
    const FwdTurnServer *server = servers->pdata[i];
    g_auto(FwdTurnUri) uri = {0};

    if (!fwd_turn_uri_parse(server->uri, &uri, NULL) || (uri.transports & transport) == 0)
      continue;
    g_ptr_array_add(race->ways, fwd_turn_way_new(&uri, transport, server));
    count++;
  }
}

/* The task may be returned only once; what comes later is dropped. */
static void
end(GTask *task, FwdTurnAllocation *winner, GError *error)
{
  Race *race = g_task_get_task_data(task);

  g_clear_handle_id(&race->timer, g_source_remove);
  g_cancellable_disconnect(g_task_get_cancellable(task), race->outer);
  race->outer = 0;
  if (winner != NULL)
    g_task_return_pointer(task, winner, g_object_unref);
  else
    g_task_return_error(task, error);
  g_cancellable_cancel(race->losers);
}

static GError *
make_error(const Race *race)
{
  if (race->failed == 0)
    return g_error_new(FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED, "there is no TURN server");
  return g_error_new(FWD_STRATEGY_ERROR,
                     race->denied == race->failed ? FWD_ERROR_DENIED : FWD_ERROR_UNREACHABLE,
                     "no TURN server gives an allocation: %s", race->story->str);
}

static void
note_failure(Race *race, const GError *error)
{
  race->failed++;
  race->denied += g_error_matches(error, FWD_STRATEGY_ERROR, FWD_ERROR_DENIED);
  g_string_append_printf(race->story, "%s%s", race->story->len > 0 ? "; " : "", error->message);
}

static void
on_allocated(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Race *race = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdTurnAllocation) allocation = fwd_turn_allocation_new_finish(result, &error);

  race->running--;
  if (g_task_get_completed(task) || g_cancellable_is_cancelled(race->losers))
    return;
  if (allocation != NULL) {
    end(task, g_steal_pointer(&allocation), NULL);
    return;
  }
  note_failure(race, error);
  if (race->running > 0)
    return;
  if (race->next < race->ways->len)
    begin_next(task);
  else
    end(task, NULL, make_error(race));
}

static gboolean
on_stagger(gpointer user_data)
{
  GTask *task = user_data;

  ((Race *)g_task_get_task_data(task))->timer = 0;
  begin_next(task);
  return G_SOURCE_REMOVE;
}

/* Begins all ways over the next transport. */
static void
begin_next(GTask *task)
{
  Race *race = g_task_get_task_data(task);
  FwdTurnTransports transport = ((FwdTurnWay *)race->ways->pdata[race->next])->transport;

  g_clear_handle_id(&race->timer, g_source_remove);
  while (race->next < race->ways->len &&
         ((FwdTurnWay *)race->ways->pdata[race->next])->transport == transport) {
    race->running++;
    fwd_turn_allocation_new_async(
        g_steal_pointer((FwdTurnWay **)&race->ways->pdata[race->next++]), race->losers,
        on_allocated, g_object_ref(task));
  }
  if (race->next < race->ways->len)
    race->timer = g_timeout_add(STAGGER_MS, on_stagger, task);
}

static void
free_way(gpointer way)
{
  if (way != NULL)
    fwd_turn_way_free(way);
}

static gboolean
on_outer_cancelled(gpointer user_data)
{
  GTask *task = user_data;

  if (!g_cancellable_is_cancelled(((Race *)g_task_get_task_data(task))->losers))
    end(task, NULL, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled"));
  return G_SOURCE_REMOVE;
}

/* From an idle: a handler of the signal may not disconnect itself. */
static void
on_cancel(GCancellable *cancellable, gpointer user_data)
{
  g_idle_add_full(G_PRIORITY_HIGH, on_outer_cancelled, g_object_ref(user_data), g_object_unref);
}

void
fwd_turn_allocate_async(const GPtrArray *servers, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
  Race *race = g_new0(Race, 1);

  race->ways = g_ptr_array_new_with_free_func(free_way);
  race->losers = g_cancellable_new();
  race->story = g_string_new(NULL);
  g_task_set_source_tag(task, fwd_turn_allocate_async);
  g_task_set_task_data(task, race, race_free);
  for (guint i = 0; i < G_N_ELEMENTS(order); i++)
    add_ways(race, servers, order[i]);
  if (race->ways->len == 0) {
    end(task, NULL, make_error(race));
    return;
  }
  if (cancellable != NULL)
    race->outer = g_cancellable_connect(cancellable, G_CALLBACK(on_cancel), task, NULL);
  begin_next(task);
}

FwdTurnAllocation *
fwd_turn_allocate_finish(GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

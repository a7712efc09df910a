/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manage/explain.h"

#include "manage/status.h"
#include "path/path-choice.h"
#include "session/advice.h"

static JsonArray *
describe_texts(const GPtrArray *texts)
{
  JsonArray *array = json_array_new();

  for (guint i = 0; i < texts->len; i++)
    json_array_add_string_element(array, texts->pdata[i]);
  return array;
}

/* What one end tells of a strategy. */
static JsonObject *
describe_end(const FwdStrategyStory *item)
{
  JsonObject *end = json_object_new();

  json_object_set_string_member(end, "outcome", fwd_outcome_to_string(item->outcome));
  json_object_set_int_member(end, "race", item->race);
  json_object_set_int_member(end, "duration_ms", item->duration_ms);
  json_object_set_int_member(end, "sent", item->sent);
  if (item->verdict)
    json_object_set_string_member(end, "verdict", item->verdict);
  json_object_set_array_member(end, "lines", describe_texts(item->lines));
  json_object_set_array_member(end, "advice", describe_texts(item->advice));
  return end;
}

static JsonObject *
describe_strategy(const char *id, const FwdStory *here, const FwdStory *there)
{
  const FwdStrategyStory *own = fwd_story_find(here, id);
  const FwdStrategyStory *theirs = there ? fwd_story_find(there, id) : NULL;
  JsonObject *strategy = json_object_new();

  json_object_set_string_member(strategy, "id", id);
  if (own)
    json_object_set_object_member(strategy, "here", describe_end(own));
  if (theirs)
    json_object_set_object_member(strategy, "there", describe_end(theirs));
  return strategy;
}

static void
add_strategies(JsonArray *array, const FwdStory *of, const FwdStory *but_not_of,
               const FwdStory *here, const FwdStory *there)
{
  const GPtrArray *strategies = fwd_story_get_strategies(of);

  for (guint i = 0; i < strategies->len; i++) {
    const char *id = ((const FwdStrategyStory *)strategies->pdata[i])->strategy;
    if (!but_not_of || !fwd_story_find(but_not_of, id))
      json_array_add_object_element(array, describe_strategy(id, here, there));
  }
}

static JsonArray *
describe_strategies(const FwdStory *here, const FwdStory *there)
{
  JsonArray *array = json_array_new();

  add_strategies(array, here, NULL, here, there);
  if (there)
    add_strategies(array, there, here, here, there);
  return array;
}

/* The active path is first. */
static const char *
why_active(const FwdTunnelStatistics *statistics)
{
  const FwdPathInfo *active = statistics->paths;
  guint alive = 0, better = 0;

  for (guint i = 1; i < statistics->path_count; i++) {
    alive += statistics->paths[i].alive;
    better +=
        statistics->paths[i].alive && statistics->paths[i].path_class < active->path_class;
  }
  if (!active->alive)
    return "no path is alive";
  if (!alive)
    return "no other path is alive";
  return better ? "a better class loses packets, or is too new" : "no better class is alive";
}

static const char *
why_not(const FwdPathInfo *path, const FwdPathInfo *active)
{
  if (!path->alive)
    return "it is dead";
  if (path->loss > FWD_PATH_LOSS_BAD)
    return "it loses packets";
  if (path->path_class > active->path_class)
    return "its class is worse";
  if (path->path_class < active->path_class)
    return "it is too new, or has lost packets of late";
  return "its round trip is not shorter by enough";
}

/* Adds to what the status tells of the paths why they are used and not used. */
static void
explain_paths(JsonObject *peer, const FwdTunnelStatistics *statistics)
{
  JsonArray *standby = json_object_get_array_member(peer, "standby");
  guint next = 0;

  if (!statistics->path_count || !statistics->paths[0].active)
    return;
  json_object_set_string_member(peer, "why", why_active(statistics));
  for (guint i = 1; i < statistics->path_count; i++)
    json_object_set_string_member(json_array_get_object_element(standby, next++), "why_not",
                                  why_not(&statistics->paths[i], statistics->paths));
}

static void
collect(GPtrArray *lines, const FwdStory *story, const char *prefix)
{
  const GPtrArray *strategies = fwd_story_get_strategies(story);

  for (guint i = 0; i < strategies->len; i++) {
    const FwdStrategyStory *item = strategies->pdata[i];
    for (guint j = 0; j < item->advice->len; j++) {
      char *line =
          g_strdup_printf("%s%s: %s", prefix, item->strategy, (char *)item->advice->pdata[j]);
      if (g_ptr_array_find_with_equal_func(lines, line, g_str_equal, NULL))
        g_free(line);
      else
        g_ptr_array_add(lines, line);
    }
  }
}

/* First what only both ends together tell, then what each strategy says. */
static JsonArray *
describe_advice(FwdSession *session, FwdPeer *peer)
{
  FwdDiscovery *discovery = fwd_session_get_discovery(session);
  FwdConnector *connector = fwd_peer_get_connector(peer);
  const FwdPathsAlive alive = fwd_peer_get_paths_alive(peer);
  const FwdAdviceEnd here = {.nat = fwd_discovery_get_report(discovery),
                             .story = fwd_connector_get_story(connector),
                             .no_stun_server = !fwd_discovery_get_servers(discovery)->len};
  const FwdAdviceEnd there = {.nat = fwd_connector_get_remote_nat(connector),
                              .story = fwd_peer_get_remote_story(peer)};
  const FwdAdvicePaths paths = {.direct = alive.lan || alive.p2p,
                                .any = alive.lan || alive.p2p || alive.relay};
  g_autoptr(GPtrArray) lines = fwd_advice_derive(&here, &there, paths);

  if (!paths.direct) {
    collect(lines, here.story, "");
    if (there.story)
      collect(lines, there.story, "at the peer, ");
  }
  return describe_texts(lines);
}

static JsonObject *
explain_peer(FwdSession *session, FwdPeer *peer)
{
  const FwdTunnelStatistics *statistics = fwd_peer_get_statistics(peer);
  FwdConnector *connector = fwd_peer_get_connector(peer);
  const FwdStory *there = fwd_peer_get_remote_story(peer);
  JsonObject *object = fwd_status_describe_peer(peer);

  if (statistics)
    explain_paths(object, statistics);
  json_object_set_object_member(
      object, "nat", fwd_status_describe_nat(fwd_connector_get_remote_nat(connector)));
  json_object_set_boolean_member(object, "told", there != NULL);
  json_object_set_array_member(object, "strategies",
                               describe_strategies(fwd_connector_get_story(connector), there));
  json_object_set_array_member(object, "advice", describe_advice(session, peer));
  return object;
}

JsonObject *
fwd_explain_session(FwdSession *session)
{
  JsonObject *object = json_object_new();
  JsonArray *peers = json_array_new();

  json_object_set_string_member(object, "role",
                                fwd_role_to_string(fwd_session_get_role(session)));
  json_object_set_array_member(object, "peers", peers);
  /* One that could not start, while those before it drain. */
  if (!fwd_session_get_room(session))
    return object;
  json_object_set_object_member(
      object, "nat",
      fwd_status_describe_nat(fwd_discovery_get_report(fwd_session_get_discovery(session))));
  for (guint i = 0; i < g_list_model_get_n_items(fwd_session_get_peers(session)); i++) {
    g_autoptr(FwdPeer) peer = g_list_model_get_item(fwd_session_get_peers(session), i);
    json_array_add_object_element(peers, explain_peer(session, peer));
  }
  return object;
}

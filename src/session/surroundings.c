/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/surroundings.h"

static void
turn_server_free(FwdTurnServer *turn_server)
{
  g_free(turn_server->uri);
  g_free(turn_server->username);
  g_free(turn_server->password);
  g_free(turn_server);
}

FwdSurroundings *
fwd_surroundings_new(const char *history)
{
  FwdSurroundings *surroundings = g_rc_box_new0(FwdSurroundings);

  surroundings->strategies = g_new0(char *, 1);
  surroundings->stun_servers = g_array_new(FALSE, FALSE, sizeof(FwdEndpoint));
  surroundings->turn_servers = g_ptr_array_new_with_free_func((GDestroyNotify)turn_server_free);
  surroundings->kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
  surroundings->history = fwd_history_new(history);
  return surroundings;
}

FwdSurroundings *
fwd_surroundings_ref(FwdSurroundings *surroundings)
{
  return g_rc_box_acquire(surroundings);
}

static void
clear(FwdSurroundings *surroundings)
{
  g_free(surroundings->signaling_url);
  g_strfreev(surroundings->strategies);
  g_array_unref(surroundings->stun_servers);
  g_ptr_array_unref(surroundings->turn_servers);
  g_hash_table_unref(surroundings->kept);
  fwd_history_free(surroundings->history);
}

void
fwd_surroundings_unref(FwdSurroundings *surroundings)
{
  g_rc_box_release_full(surroundings, (GDestroyNotify)clear);
}

void
fwd_surroundings_set_stun_servers(FwdSurroundings *surroundings, const GArray *stun_servers)
{
  g_array_set_size(surroundings->stun_servers, 0);
  if (stun_servers->len > 0)
    g_array_append_vals(surroundings->stun_servers, stun_servers->data, stun_servers->len);
}

void
fwd_surroundings_add_turn_server(FwdSurroundings *surroundings,
                                 const FwdTurnServer *turn_server)
{
  FwdTurnServer *copy = g_new(FwdTurnServer, 1);

  *copy = (FwdTurnServer){.uri = g_strdup(turn_server->uri),
                          .username = g_strdup(turn_server->username),
                          .password = g_strdup(turn_server->password)};
  g_ptr_array_add(surroundings->turn_servers, copy);
}

gboolean
fwd_surroundings_allow(const FwdSurroundings *surroundings, const char *strategy)
{
  return !surroundings->strategies[0] ||
         g_strv_contains((const char *const *)surroundings->strategies, strategy);
}

void
fwd_surroundings_clear_kept(FwdSurroundings *surroundings)
{
  g_hash_table_remove_all(surroundings->kept);
}

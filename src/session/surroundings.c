/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/surroundings.h"

FwdSurroundings *
fwd_surroundings_new(const char *history)
{
  FwdSurroundings *surroundings = g_rc_box_new0(FwdSurroundings);

  surroundings->strategies = g_new0(char *, 1);
  surroundings->stun_servers = g_array_new(FALSE, FALSE, sizeof(FwdEndpoint));
  surroundings->turn_servers = fwd_turn_servers_new();
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

static void
add_turn_servers(FwdSurroundings *surroundings, const GPtrArray *turn_servers)
{
  for (guint i = 0; turn_servers != NULL && i < turn_servers->len; i++) {
    const FwdTurnServer *server = turn_servers->pdata[i];
    g_ptr_array_add(surroundings->turn_servers,
                    fwd_turn_server_new(server->uri, server->username, server->password));
  }
}

void
fwd_surroundings_set_turn_servers(FwdSurroundings *surroundings, const GPtrArray *own,
                                  const GPtrArray *told)
{
  g_ptr_array_set_size(surroundings->turn_servers, 0);
  add_turn_servers(surroundings, own);
  add_turn_servers(surroundings, told);
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

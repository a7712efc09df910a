/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/drain.h"

/* Left of the limit for telling the peers that it is over. */
#define GOODBYE_MS 250

struct FwdDrain {
  GListStore *peers;
  void (*done)(gpointer user_data);
  gpointer user_data;
  guint timer;
};

static gboolean
on_over(gpointer user_data)
{
  FwdDrain *drain = user_data;

  drain->timer = 0;
  drain->done(drain->user_data);
  return G_SOURCE_REMOVE;
}

static void
on_closed(FwdPeer *peer, const GError *why, FwdDrain *drain)
{
  if (fwd_peer_list_has_tunnels(drain->peers))
    return;
  g_clear_handle_id(&drain->timer, g_source_remove);
  drain->timer = g_idle_add(on_over, drain);
}

FwdDrain *
fwd_drain_new(GListStore *peers, guint limit_ms, void (*done)(gpointer user_data),
              gpointer user_data)
{
  FwdDrain *drain = g_new0(FwdDrain, 1);
  gboolean waits = fwd_peer_list_has_tunnels(peers);

  limit_ms -= MIN(limit_ms, GOODBYE_MS);
  drain->peers = g_object_ref(peers);
  drain->done = done;
  drain->user_data = user_data;
  drain->timer = waits ? g_timeout_add(limit_ms, on_over, drain) : g_idle_add(on_over, drain);
  for (guint i = 0; i < fwd_peer_list_count(peers); i++) {
    FwdPeer *peer = fwd_peer_list_get(peers, i);
    g_signal_connect(peer, "closed", G_CALLBACK(on_closed), drain);
    fwd_peer_drain(peer, limit_ms);
  }
  return drain;
}

void
fwd_drain_free(FwdDrain *drain)
{
  g_clear_handle_id(&drain->timer, g_source_remove);
  for (guint i = 0; i < fwd_peer_list_count(drain->peers); i++)
    g_signal_handlers_disconnect_by_data(fwd_peer_list_get(drain->peers, i), drain);
  g_object_unref(drain->peers);
  g_free(drain);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/peer-list.h"

GListStore *
fwd_peer_list_new(void)
{
  return g_list_store_new(FWD_TYPE_PEER);
}

guint
fwd_peer_list_count(GListStore *peers)
{
  return g_list_model_get_n_items(G_LIST_MODEL(peers));
}

FwdPeer *
fwd_peer_list_get(GListStore *peers, guint position)
{
  g_autoptr(FwdPeer) peer = g_list_model_get_item(G_LIST_MODEL(peers), position);

  return peer; /* the list keeps it */
}

FwdPeer *
fwd_peer_list_find(GListStore *peers, const char *id)
{
  for (guint i = 0; i < fwd_peer_list_count(peers); i++) {
    FwdPeer *peer = fwd_peer_list_get(peers, i);
    if (g_str_equal(fwd_peer_get_id(peer), id))
      return peer;
  }
  return NULL;
}

FwdPeer *
fwd_peer_list_find_member(GListStore *peers, const char *member)
{
  for (guint i = 0; i < fwd_peer_list_count(peers); i++) {
    FwdPeer *peer = fwd_peer_list_get(peers, i);
    if (g_strcmp0(fwd_peer_get_member(peer), member) == 0)
      return peer;
  }
  return NULL;
}

FwdPeer *
fwd_peer_list_find_idle(GListStore *peers)
{
  for (guint i = 0; i < fwd_peer_list_count(peers); i++) {
    FwdPeer *peer = fwd_peer_list_get(peers, i);
    if (!fwd_peer_get_tunnel_number(peer))
      return peer;
  }
  return NULL;
}

gboolean
fwd_peer_list_has_tunnels(GListStore *peers)
{
  for (guint i = 0; i < fwd_peer_list_count(peers); i++) {
    if (fwd_peer_get_tunnel_number(fwd_peer_list_get(peers, i)))
      return TRUE;
  }
  return FALSE;
}

void
fwd_peer_list_remove(GListStore *peers, FwdPeer *peer)
{
  guint position;

  if (g_list_store_find(peers, peer, &position))
    g_list_store_remove(peers, position);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The peers of a session: a GListStore of FwdPeer and how to look into it. Main thread only.
 */
#pragma once

#include "session/peer.h"

GListStore *fwd_peer_list_new(void);
guint fwd_peer_list_count(GListStore *peers);
/** All of these are (transfer none), NULL if there is none. */
FwdPeer *fwd_peer_list_get(GListStore *peers, guint position);
FwdPeer *fwd_peer_list_find(GListStore *peers, const char *id);
FwdPeer *fwd_peer_list_find_member(GListStore *peers, const char *member);
/** The oldest one without a tunnel. */
FwdPeer *fwd_peer_list_find_idle(GListStore *peers);
gboolean fwd_peer_list_has_tunnels(GListStore *peers);
void fwd_peer_list_remove(GListStore *peers, FwdPeer *peer);

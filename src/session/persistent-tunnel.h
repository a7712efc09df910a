/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The tunnel to a peer as forwarders see it: it stays while the QUIC tunnels
 * behind it come and go. What is opened while there is none waits, at most
 * 10 s. Datagram and listening sockets are lent to each QUIC tunnel in turn;
 * without one this accepts the connections. Main thread only.
 */
#pragma once

#include <stunfwd/tunnel.h>

#define FWD_TYPE_PERSISTENT_TUNNEL (fwd_persistent_tunnel_get_type())
G_DECLARE_FINAL_TYPE(FwdPersistentTunnel, fwd_persistent_tunnel, FWD, PERSISTENT_TUNNEL,
                     GObject)

FwdPersistentTunnel *fwd_persistent_tunnel_new(void);

/** Puts @tunnel behind it (transfer none), or nothing when NULL. */
void fwd_persistent_tunnel_set(FwdPersistentTunnel *self, FwdTunnel *tunnel);

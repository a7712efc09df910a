/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The client's pursuit of good paths to its server: a direct path and a relay
 * beside it. Orders races of the strategies that are possible, wanted and due;
 * relays at once, direct ones as soon as it is known where both ends are. Main
 * thread only.
 */
#pragma once

#include "session/discovery.h"
#include "session/peer.h"

typedef struct FwdPursuit FwdPursuit;

/** Begins a race of @plan at both ends; FALSE when the peer cannot be told now. */
typedef gboolean (*FwdPursuitOrder)(const char *const *plan, gpointer user_data);

/** @discovery is kept. */
FwdPursuit *fwd_pursuit_new(FwdDiscovery *discovery, FwdPursuitOrder order, gpointer user_data);
void fwd_pursuit_free(FwdPursuit *pursuit);

/** Whom to pursue (a reference is kept); NULL nobody. Without back-off from before. */
void fwd_pursuit_set_peer(FwdPursuit *pursuit, FwdPeer *peer);

/** Something has changed: looks again what to do, on the next turn of the main loop. */
void fwd_pursuit_wake(FwdPursuit *pursuit);
/** The network of one end is another one: what has failed may work now. */
void fwd_pursuit_reset(FwdPursuit *pursuit);
/** Orders nothing before so much time has passed. */
void fwd_pursuit_pause(FwdPursuit *pursuit, guint ms);

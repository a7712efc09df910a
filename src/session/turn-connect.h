/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Connects to a TURN server. Main thread only. */
#pragma once

#include "path/turn-link.h"
#include "session/turn-allocation.h"

/** Errors: of GIO, or FWD_NET_ERROR. @way is used until the call returns. */
void fwd_turn_connect_async(const FwdTurnWay *way, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
/** (transfer full) */
FwdTurnLink *fwd_turn_connect_finish(GAsyncResult *result, GError **error);

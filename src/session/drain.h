/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Waits until the tunnels of all peers have finished what was under way and
 * are closed, or a limit is over. Main thread only.
 */
#pragma once

#include "session/peer-list.h"

typedef struct FwdDrain FwdDrain;

/** Drains @peers (kept). @done is called once, never from in here; then the drain is over. */
FwdDrain *fwd_drain_new(GListStore *peers, guint limit_ms, void (*done)(gpointer user_data),
                        gpointer user_data);
/** Forgets it without a call. */
void fwd_drain_free(FwdDrain *drain);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The client's first packet may come before the server knows anything of the
 * way it came. Congestion control is chosen when the connection is made, and by
 * the round trip: so the packet waits a moment for the path's first probe.
 * Loop thread only.
 */
#pragma once

#include "path/path-set.h"
#include "tunnel/data-loop.h"

typedef struct FwdTunnelEnd FwdTunnelEnd;

typedef struct {
  FwdTimer timer;
  guint8 *packet; /**< NULL: none is held */
  gsize length;
  FwdPathId path;
  gint64 until;
  gboolean released; /**< one has been held: no other will be */
} FwdHeldInitial;

void fwd_held_initial_init(FwdHeldInitial *held);
/** Forgets the packet and stops the timer. */
void fwd_held_initial_clear(FwdHeldInitial *held, FwdDataLoop *loop);

/**
 * TRUE: the packet was copied and comes back through the end's receiver once
 * the path's round trip is known, or is too long for a LAN; or another packet
 * is held, and this one is dropped.
 */
gboolean fwd_held_initial_take(FwdTunnelEnd *end, FwdPathId path, const guint8 *packet,
                               gsize length, gint64 now);

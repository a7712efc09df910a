/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Congestion control is chosen when the connection is made, and by the round
 * trip. What is known of that by then is nothing, or what a busy main thread has
 * measured: so the first packet, where it leaves as where it arrives, waits a
 * moment for a probe that is answered as fast as a LAN does it. Loop thread only.
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
  gboolean released; /**< it has been waited: that is enough */
} FwdHeldInitial;

void fwd_held_initial_init(FwdHeldInitial *held);
/** Forgets the packet and stops the timer. */
void fwd_held_initial_clear(FwdHeldInitial *held, FwdDataLoop *loop);

/** The client: TRUE as long as it is too early to start; the end is woken then. */
gboolean fwd_held_initial_wait(FwdTunnelEnd *end, const FwdPath *path, gint64 now);

/**
 * The server. TRUE: the packet was copied and comes back through the end's receiver once
 * the path has shown itself to be a LAN, or had the time to; or another packet
 * is held, and this one is dropped.
 */
gboolean fwd_held_initial_take(FwdTunnelEnd *end, FwdPathId path, const guint8 *packet,
                               gsize length, gint64 now);

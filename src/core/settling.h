/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Memory that only the start has needed is given back once the program has
 * settled: most of what a tunnel's end holds while it is idle would be pages of
 * libraries that are not used again. Main thread only.
 */
#pragma once

#include <stunfwd/event.h>

/** From the last connection that came about or changed its path. */
#define FWD_SETTLING_DELAY_MS 2000

/**
 * Gives free memory back to the system, and drops the pages of program files,
 * which no one has written to: the system has them in its cache, and what is used
 * again comes back by a page fault, without being read anew.
 */
void fwd_settling_release(void);

typedef struct FwdSettling FwdSettling;

/** Calls fwd_settling_release() @delay_ms after the latest news of connections on @bus. */
FwdSettling *fwd_settling_new(FwdEventBus *bus, guint delay_ms);
void fwd_settling_free(FwdSettling *settling);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdSettling, fwd_settling_free)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * When each strategy may run again: each backs off on its own while it fails,
 * and none waits when the network has changed. Passive; times are microseconds,
 * monotonic. Main thread.
 */
#pragma once

#include "meeting/story.h"

typedef struct FwdTurns FwdTurns;

FwdTurns *fwd_turns_new(void);
void fwd_turns_free(FwdTurns *turns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdTurns, fwd_turns_free)

/** The network is another one, or all paths are gone: no strategy waits any longer. */
void fwd_turns_reset(FwdTurns *turns);
void fwd_turns_started(FwdTurns *turns, const char *strategy, gint64 now);
void fwd_turns_ended(FwdTurns *turns, const char *strategy, FwdOutcome outcome, gint64 now);
/** It has always failed between these two networks: it waits a little, others may do. */
void fwd_turns_hold_back(FwdTurns *turns, const char *strategy, gint64 now);

/** When it may be started; 0 at once. */
gint64 fwd_turns_due(const FwdTurns *turns, const char *strategy);

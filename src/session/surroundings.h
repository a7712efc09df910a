/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What all attempts of a session share, whichever the peer and the strategy:
 * servers that may help, and what strategies keep between attempts. Main
 * thread only.
 */
#pragma once

#include "session/history.h"
#include <stunfwd/attempt.h>

typedef struct {
  char *signaling_url;
  GStrv strategies;        /**< ids of the only ones to use; empty: all */
  GArray *stun_servers;    /**< of FwdEndpoint, resolved */
  GPtrArray *turn_servers; /**< of FwdTurnServer */
  GHashTable *kept;        /**< GObject by "STRATEGY/KEY" */
  FwdHistory *history;
} FwdSurroundings;

/** @history: a path as for fwd_history_new(). */
FwdSurroundings *fwd_surroundings_new(const char *history);
FwdSurroundings *fwd_surroundings_ref(FwdSurroundings *surroundings);
void fwd_surroundings_unref(FwdSurroundings *surroundings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdSurroundings, fwd_surroundings_unref)

/** Copies them, in place of those there were. */
void
fwd_surroundings_set_stun_servers(FwdSurroundings *surroundings, const GArray *stun_servers);
/** Copies both (NULL: none), in place of those there were: the user's own go first. */
void fwd_surroundings_set_turn_servers(FwdSurroundings *surroundings, const GPtrArray *own,
                                       const GPtrArray *told);

gboolean fwd_surroundings_allow(const FwdSurroundings *surroundings, const char *strategy);

/** Releases all that strategies have kept. */
void fwd_surroundings_clear_kept(FwdSurroundings *surroundings);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Whose allocation carries the path: what the strategy "turn" decides. */
#pragma once

#include <stunfwd/stunfwd.h>

/** By the side that allocates; the controlling side decides, and tells the other. */
typedef enum {
  FWD_TURN_PLAN_NONE,
  FWD_TURN_PLAN_CONTROLLING,
  FWD_TURN_PLAN_CONTROLLED,
  FWD_TURN_PLAN_BOTH,
} FwdTurnPlan;

/** "none", "controlling", "controlled" or "both"; static. */
const char *fwd_turn_plan_to_string(FwdTurnPlan plan);
/** NONE for any other text. */
FwdTurnPlan fwd_turn_plan_from_string(const char *text);

/** What the controlling side knows. */
typedef struct {
  gboolean own, peer;         /**< has an allocation */
  gboolean own_udp, peer_udp; /**< can send UDP to an allocation, as far as is known */
  gboolean settled;           /**< neither side will have an allocation that it has not now */
  gboolean patient;           /**< more may be known soon */
} FwdTurnFacts;

/**
 * One leg where the other side can send UDP, the controlling side's first; else
 * both; else, when that is all there will be, one leg against what is known.
 */
FwdTurnPlan fwd_turn_plan_choose(const FwdTurnFacts *facts);

/** Whether packets to the Internet may carry the candidate's address as their source. */
gboolean fwd_turn_is_visible(const FwdNatReport *nat, const FwdCandidate *candidate);
/** Whether a peer with these candidates can send UDP to the Internet. */
gboolean fwd_turn_can_send_udp(const GArray *candidates, const FwdNatReport *nat);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "turn-plan.h"

static const char *const names[] = {"none", "controlling", "controlled", "both"};

const char *
fwd_turn_plan_to_string(FwdTurnPlan plan)
{
  return names[plan];
}

FwdTurnPlan
fwd_turn_plan_from_string(const char *text)
{
  for (FwdTurnPlan plan = FWD_TURN_PLAN_CONTROLLING; plan <= FWD_TURN_PLAN_BOTH; plan++)
    if (g_str_equal(names[plan], text))
      return plan;
  return FWD_TURN_PLAN_NONE;
}

FwdTurnPlan
fwd_turn_plan_choose(const FwdTurnFacts *facts)
{
  if (facts->own && facts->peer_udp)
    return FWD_TURN_PLAN_CONTROLLING;
  if (facts->peer && facts->own_udp)
    return FWD_TURN_PLAN_CONTROLLED;
  if (facts->patient)
    return FWD_TURN_PLAN_NONE;
  if (facts->own && facts->peer)
    return FWD_TURN_PLAN_BOTH;
  if (facts->settled && facts->own)
    return FWD_TURN_PLAN_CONTROLLING;
  return facts->settled && facts->peer ? FWD_TURN_PLAN_CONTROLLED : FWD_TURN_PLAN_NONE;
}

static gboolean
is_outside(const FwdCandidate *candidate)
{
  return candidate->type == FWD_CANDIDATE_SERVER_REFLEXIVE ||
         candidate->type == FWD_CANDIDATE_PEER_REFLEXIVE ||
         candidate->type == FWD_CANDIDATE_MAPPED;
}

gboolean
fwd_turn_is_visible(const FwdNatReport *nat, const FwdCandidate *candidate)
{
  const FwdEndpoint *endpoint = &candidate->endpoint;

  if (is_outside(candidate))
    return TRUE;
  if (candidate->type != FWD_CANDIDATE_HOST || fwd_endpoint_is_loopback(endpoint) ||
      fwd_endpoint_is_link_local(endpoint))
    return FALSE;
  return !fwd_endpoint_is_private(endpoint) || nat->mapping == FWD_NAT_NONE;
}

gboolean
fwd_turn_can_send_udp(const GArray *candidates, const FwdNatReport *nat)
{
  for (guint i = 0; i < candidates->len && !nat->udp_blocked; i++)
    if (fwd_turn_is_visible(nat, &g_array_index(candidates, FwdCandidate, i)))
      return TRUE;
  return FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/advice.h"

#define MAPPING_HELPS                                                                          \
  "a port mapping (UPnP, NAT-PMP or PCP) at either router, or a TURN server, would help"

static void
add(GPtrArray *advice, const char *line)
{
  g_ptr_array_add(advice, g_strdup(line));
}

static gboolean
has_public_address(const FwdNatReport *nat)
{
  return fwd_endpoint_family(&nat->public4) != AF_UNSPEC ||
         fwd_endpoint_family(&nat->public6) != AF_UNSPEC;
}

/* Another outside port for each remote endpoint: "symmetric" in RFC 3489. */
static gboolean
is_symmetric(const FwdNatReport *nat)
{
  return nat->mapping == FWD_NAT_ADDRESS_DEPENDENT ||
         nat->mapping == FWD_NAT_ADDRESS_AND_PORT_DEPENDENT;
}

static void
advise_on_stun(GPtrArray *advice, const FwdAdviceEnd *here, const FwdAdviceEnd *there)
{
  if (here->no_stun_server)
    add(advice, "no STUN server is configured or reachable by name: name one with --stun");
  else if (here->nat->udp_blocked)
    add(advice, "UDP to every STUN server is lost: blocked by a firewall here");
  if (there->nat->udp_blocked)
    add(advice, "UDP to every STUN server is lost: blocked by a firewall at the peer");
  else if (!has_public_address(there->nat))
    add(advice, "the peer does not know its public address: it needs a STUN server that it "
                "can reach");
}

static void
advise_on_ports(GPtrArray *advice, const FwdNatReport *here, const FwdNatReport *there)
{
  const gboolean random_here = here->ports == FWD_PORTS_RANDOM;
  const gboolean random_there = there->ports == FWD_PORTS_RANDOM;

  if (!is_symmetric(here) || !is_symmetric(there))
    return;
  if (random_here && random_there)
    add(advice, "both NATs choose ports at random: " MAPPING_HELPS);
  else if (random_here)
    add(advice, "the NAT here chooses ports at random, and that of the peer takes another one "
                "for each destination: " MAPPING_HELPS);
  else if (random_there)
    add(advice, "the NAT of the peer chooses ports at random, and the one here takes another "
                "one for each destination: " MAPPING_HELPS);
  else
    add(advice, "both NATs take another port for each destination: " MAPPING_HELPS);
}

static void
advise_on_hairpinning(GPtrArray *advice, const FwdNatReport *here, const FwdNatReport *there)
{
  if (fwd_endpoint_family(&here->public4) == AF_UNSPEC ||
      !fwd_endpoint_same_address(&here->public4, &there->public4))
    return;
  if (here->hairpinning == FWD_ANSWER_NO || there->hairpinning == FWD_ANSWER_NO)
    add(advice, "both ends share a public address, and the router does not lead packets back "
                "inside (hairpinning): a way between their private addresses would help");
}

typedef struct {
  guint sent;  /* by strategies that have failed */
  guint tried; /* strategies that have run, or run */
  guint succeeded;
} Sum;

static Sum
sum_up(const FwdStory *story)
{
  const GPtrArray *strategies = story ? fwd_story_get_strategies(story) : NULL;
  Sum sum = {0};

  for (guint i = 0; strategies && i < strategies->len; i++) {
    const FwdStrategyStory *item = strategies->pdata[i];
    sum.tried += item->outcome != FWD_OUTCOME_NOT_TRIED;
    sum.succeeded += item->outcome == FWD_OUTCOME_SUCCEEDED;
    sum.sent += item->outcome == FWD_OUTCOME_FAILED ? item->sent : 0;
  }
  return sum;
}

static void
advise_on_stories(GPtrArray *advice, const FwdAdviceEnd *here, const FwdAdviceEnd *there,
                  FwdAdvicePaths paths)
{
  const Sum own = sum_up(here->story), theirs = sum_up(there->story);
  const gboolean blocked = here->nat->udp_blocked || there->nat->udp_blocked;

  if (own.sent && theirs.sent && !blocked &&
      !(is_symmetric(here->nat) && is_symmetric(there->nat)))
    add(advice, "both ends have sent checks and none got through, though these NATs allow it: "
                "a firewall between them may drop UDP");
  if (here->story && !own.tried && !theirs.tried)
    add(advice, "no strategy could be tried: see why at each of them, or install more plugins");
  else if (!paths.any && !own.succeeded && !theirs.succeeded && own.tried)
    add(advice, "not even a relay was found: turn it on at the signaling server, or configure "
                "a TURN server");
}

GPtrArray *
fwd_advice_derive(const FwdAdviceEnd *here, const FwdAdviceEnd *there, FwdAdvicePaths paths)
{
  GPtrArray *advice = g_ptr_array_new_with_free_func(g_free);

  if (paths.direct)
    return advice;
  advise_on_stun(advice, here, there);
  advise_on_ports(advice, here->nat, there->nat);
  advise_on_hairpinning(advice, here->nat, there->nat);
  advise_on_stories(advice, here, there, paths);
  return advice;
}

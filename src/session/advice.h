/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What would help two peers to a direct path that no single strategy can know:
 * derived from what is known of both ends. Passive.
 */
#pragma once

#include "meeting/story.h"
#include <stunfwd/nat.h>

typedef struct {
  const FwdNatReport *nat;
  const FwdStory *story;   /**< NULL while nothing is told of this end */
  gboolean no_stun_server; /**< none is configured, or none has an address */
} FwdAdviceEnd;

/** What kinds of paths there are already. */
typedef struct {
  gboolean direct, any;
} FwdAdvicePaths;

/** Of char *, one plain line each, most important first (transfer full). */
GPtrArray *
fwd_advice_derive(const FwdAdviceEnd *here, const FwdAdviceEnd *there, FwdAdvicePaths paths);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The attempt that a connector gives to a strategy: sends through the data
 * plane, hears of checks that it sent itself, keeps its story. Main thread only.
 */
#pragma once

#include "tunnel/data-plane.h"
#include <stunfwd/attempt.h>

/** What is known of the two ends; owned by the connector, the same for all its attempts. */
typedef struct {
  char peer[FWD_PEER_ID_SIZE + 1];
  gboolean controlling;
  GArray *local_candidates; /**< of FwdCandidate, never NULL */
  GArray *remote_candidates;
  FwdNatReport local_nat;
  FwdNatReport remote_nat;
} FwdConnectorEnds;

#define FWD_TYPE_CONNECTOR_ATTEMPT (fwd_connector_attempt_get_type())
G_DECLARE_FINAL_TYPE(FwdConnectorAttempt, fwd_connector_attempt, FWD, CONNECTOR_ATTEMPT,
                     FwdAttempt)

/** Signal: "send" (GVariant *message)  for the same strategy at the peer. */
FwdConnectorAttempt *
fwd_connector_attempt_new(FwdDataPlane *plane, const FwdConnectorEnds *ends,
                          const char *strategy, FwdPathClass path_class);

/** A check to @remote was answered: passed on if this attempt sent one there. */
void fwd_connector_attempt_checked(FwdConnectorAttempt *self, const FwdEndpoint *remote,
                                   guint rtt_us);

/** From now on its functions do nothing. */
void fwd_connector_attempt_end(FwdConnectorAttempt *self);

const char *fwd_connector_attempt_get_strategy(FwdConnectorAttempt *self);
/** Checks sent so far. */
guint fwd_connector_attempt_get_sent(FwdConnectorAttempt *self);
/** Lines of the story, oldest first (transfer none). */
const GPtrArray *fwd_connector_attempt_get_story(FwdConnectorAttempt *self);

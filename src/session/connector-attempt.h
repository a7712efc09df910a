/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The attempt that a connector gives to a strategy: sends through the data
 * plane, hears of checks that it sent itself, keeps its story. Main thread only.
 */
#pragma once

#include "meeting/keys.h"
#include "meeting/protocol.h"
#include "session/surroundings.h"
#include "tunnel/data-plane.h"
#include <stunfwd/attempt.h>

/** What a connector is told of the two sessions; copied, what is pointed to outlives it. */
typedef struct {
  char peer[FWD_PEER_ID_SIZE + 1];
  gboolean controlling;
  const FwdRoomKeys *keys;
  guint8 client_nonce[FWD_SESSION_NONCE_SIZE];
  guint8 server_nonce[FWD_SESSION_NONCE_SIZE];
  FwdSurroundings *surroundings; /**< a reference is kept */
} FwdConnectorConfig;

/** What is known of the two ends; owned by the connector, the same for all its attempts. */
typedef struct {
  FwdConnectorConfig config;
  guint32 race;             /**< number of the race */
  GArray *local_candidates; /**< of FwdCandidate, never NULL */
  GArray *remote_candidates;
  FwdNatReport local_nat;
  FwdNatReport remote_nat;
  GHashTable *claims; /**< the strategy that claims an endpoint, by FwdEndpoint */
} FwdConnectorEnds;

#define FWD_TYPE_CONNECTOR_ATTEMPT (fwd_connector_attempt_get_type())
G_DECLARE_FINAL_TYPE(FwdConnectorAttempt, fwd_connector_attempt, FWD, CONNECTOR_ATTEMPT,
                     FwdAttempt)

/** Signal: "send" (GVariant *message)  for the same strategy at the peer. */
FwdConnectorAttempt *
fwd_connector_attempt_new(FwdDataPlane *plane, const FwdConnectorEnds *ends,
                          const char *strategy, FwdPathClass path_class);

/** Claims of endpoints that are kept; over that all are forgotten. */
#define FWD_CONNECTOR_CLAIMS_MAX 64

/** A check of the peer came from @remote: passed on unless another strategy claims it. */
void
fwd_connector_attempt_challenged(FwdConnectorAttempt *self, const FwdEndpoint *remote);

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
/** What would help, as the strategy says (transfer none). */
const GPtrArray *fwd_connector_attempt_get_advice(FwdConnectorAttempt *self);
/** Number of the race that it began in. */
guint32 fwd_connector_attempt_get_race(FwdConnectorAttempt *self);

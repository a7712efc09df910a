/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A check list (RFC 8445, 6.1.2) over the shared socket: sends paced checks to
 * a set of endpoints until one is answered. What most strategies over UDP need.
 * Main thread only.
 */
#pragma once

#include <stunfwd/strategy.h>

G_BEGIN_DECLS

/** Most endpoints of one list; further ones are left out. */
#define FWD_CHECK_LIST_MAX 64

/** Whether a remote candidate belongs to a strategy's check list. */
typedef gboolean (*FwdCandidateFilter)(FwdAttempt *attempt, const FwdCandidate *remote);

typedef struct {
  FwdCandidateFilter accepts; /**< picks the remote candidates to check; never NULL */
  gboolean peer_reflexive;    /**< also check endpoints from which the peer's checks come */
  guint interval_ms;          /**< between two checks to one endpoint, see below */
  guint limit_ms;             /**< until it gives up with FWD_ERROR_TIMEOUT */
  guint first_ttl;            /**< of the first check to a candidate; 0 the default */
  guint budget_checks;        /**< most checks that are sent; 0 for no bound but time */
  guint budget_endpoints;     /**< most endpoints; 0 for FWD_CHECK_LIST_MAX */
  gboolean patient;           /**< endpoints may come from fwd_check_list_add(): waits for them */
} FwdCheckListConfig;

/**
 * Runs until the first endpoint answers; of several that answer in one turn of
 * the main loop, the first. Errors: FWD_STRATEGY_ERROR with TIMEOUT, or
 * UNREACHABLE as soon as nothing can be sent to any endpoint (with
 * peer_reflexive or patient it waits for further ones instead).
 *
 * The list follows @attempt: "candidates" adds endpoints; "challenged" sends a
 * check to that endpoint before all others (a triggered check, RFC 8445,
 * 7.3.1.4) and, with peer_reflexive, adds it if it is new. Candidates leave a
 * quarter of the places to such endpoints.
 *
 * Pace: at least 5 ms between any two checks. An endpoint is checked every
 * interval_ms for the first second and every 5 × interval_ms afterwards, or as
 * much more slowly as it takes to make budget_checks last until limit_ms. A check
 * with first_ttl, which only opens one's own NAT, is followed by one that is to
 * arrive 20 ms later.
 */
void fwd_check_list_run_async(FwdAttempt *attempt, const FwdCheckListConfig *config,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);

/** The path to the endpoint that answered (transfer full). */
FwdPath *fwd_check_list_run_finish(FwdAttempt *attempt, GAsyncResult *result, GError **error);

/**
 * Adds an endpoint that neither a candidate nor a check of the peer named, such
 * as one from a message, to the list that runs for @attempt; the filter is not
 * asked. FALSE when it is no endpoint to send to, was there already, or there
 * is no place or no list.
 */
gboolean fwd_check_list_add(FwdAttempt *attempt, const FwdEndpoint *endpoint);

/** The same for a strategy that is a check list and nothing more: its attempt_async... */
void fwd_check_list_attempt_async(FwdStrategy *strategy, FwdAttempt *attempt,
                                  const FwdCheckListConfig *config, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);

/** ...and its attempt_finish. */
FwdPath *fwd_check_list_attempt_finish(FwdStrategy *strategy, GAsyncResult *result,
                                       GError **error);

G_END_DECLS

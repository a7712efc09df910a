/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A check list (RFC 8445, 6.1.2) over the shared socket: sends paced checks to
 * a set of endpoints until one is answered. What most strategies over UDP need.
 * Main thread only.
 */
#pragma once

#include <stunfwd/attempt.h>

G_BEGIN_DECLS

/** Whether a remote candidate belongs to a strategy's check list. */
typedef gboolean (*FwdCandidateFilter)(FwdAttempt *attempt, const FwdCandidate *remote);

typedef struct {
  FwdCandidateFilter accepts; /**< picks the remote candidates to check; never NULL */
  gboolean peer_reflexive;    /**< also check endpoints from which the peer's checks come */
  guint interval_ms;          /**< between two checks to one endpoint */
  guint limit_ms;             /**< until it gives up with FWD_ERROR_TIMEOUT */
  guint first_ttl;            /**< of the first round of checks; 0 the default */
} FwdCheckListConfig;

/**
 * Runs until the first endpoint answers. The list follows "candidates" and
 * "challenged" of @attempt. Errors: FWD_STRATEGY_ERROR with TIMEOUT, or
 * UNREACHABLE when nothing could be sent at all.
 */
void fwd_check_list_run_async(FwdAttempt *attempt, const FwdCheckListConfig *config,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);

/** The path to the endpoint that answered (transfer full). */
FwdPath *fwd_check_list_run_finish(FwdAttempt *attempt, GAsyncResult *result, GError **error);

G_END_DECLS

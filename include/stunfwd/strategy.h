/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A strategy is one way to find a path to the peer. Its id, path class and
 * priority are given where it is registered (plugin.h). Both peers run the
 * same strategy at the same moment, each with an attempt of its own. Main
 * thread only; the host makes one object for each attempt.
 */
#pragma once

#include <stunfwd/attempt.h>

G_BEGIN_DECLS

#define FWD_TYPE_STRATEGY (fwd_strategy_get_type())
G_DECLARE_INTERFACE(FwdStrategy, fwd_strategy, FWD, STRATEGY, GObject)

struct _FwdStrategyInterface {
  GTypeInterface parent;

  gboolean (*can_attempt)(FwdStrategy *self, FwdAttempt *attempt, char **why_not);
  void (*attempt_async)(FwdStrategy *self, FwdAttempt *attempt, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data);
  FwdPath *(*attempt_finish)(FwdStrategy *self, GAsyncResult *result, GError **error);
  gpointer reserved[8];
};

/**
 * Whether it makes sense between these two peers, from what is known now. If
 * not, *@why_not is one clause for people (transfer full). Sends nothing.
 */
gboolean fwd_strategy_can_attempt(FwdStrategy *self, FwdAttempt *attempt, char **why_not);

/**
 * Looks for a path. Ends with a path, with an error in FWD_STRATEGY_ERROR, or
 * with G_IO_ERROR_CANCELLED soon after @cancellable, having released all that
 * it opened. Must end by itself within its declared limit (see FwdPluginMeta).
 */
void fwd_strategy_attempt_async(FwdStrategy *self, FwdAttempt *attempt,
                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data);

/** The path (transfer full), or NULL with an error. */
FwdPath *fwd_strategy_attempt_finish(FwdStrategy *self, GAsyncResult *result, GError **error);

G_END_DECLS

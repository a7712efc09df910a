/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/strategy.h>

G_DEFINE_INTERFACE(FwdStrategy, fwd_strategy, G_TYPE_OBJECT)

static void
fwd_strategy_default_init(FwdStrategyInterface *iface)
{
}

gboolean
fwd_strategy_can_attempt(FwdStrategy *self, FwdAttempt *attempt, char **why_not)
{
  g_autofree char *reason = NULL;

  g_return_val_if_fail(FWD_IS_STRATEGY(self), FALSE);
  g_return_val_if_fail(FWD_IS_ATTEMPT(attempt), FALSE);

  gboolean can = FWD_STRATEGY_GET_IFACE(self)->can_attempt(self, attempt, &reason);
  if (why_not != NULL)
    *why_not = can ? NULL : g_steal_pointer(&reason);
  return can;
}

void
fwd_strategy_attempt_async(FwdStrategy *self, FwdAttempt *attempt, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail(FWD_IS_STRATEGY(self));
  g_return_if_fail(FWD_IS_ATTEMPT(attempt));

  FWD_STRATEGY_GET_IFACE(self)->attempt_async(self, attempt, cancellable, callback, user_data);
}

FwdPath *
fwd_strategy_attempt_finish(FwdStrategy *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(FWD_IS_STRATEGY(self), NULL);

  return FWD_STRATEGY_GET_IFACE(self)->attempt_finish(self, result, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "websocket-backoff.h"

#define DOUBLINGS_MAX 7 /* 250 ms * 2^7 = 32 s */

void
fwd_backoff_failed(FwdBackoff *backoff, gint64 held)
{
  if (held >= FWD_BACKOFF_RESET_S * G_USEC_PER_SEC)
    backoff->failures = 0;
  backoff->failures++;
}

guint
fwd_backoff_delay(const FwdBackoff *backoff, double random)
{
  guint doublings = backoff->failures > 0 ? backoff->failures - 1 : 0;
  double delay = FWD_BACKOFF_FIRST_MS << MIN(doublings, DOUBLINGS_MAX);

  return (guint)MIN(delay * (0.75 + random / 2), FWD_BACKOFF_MAX_MS);
}

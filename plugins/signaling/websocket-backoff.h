/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** How long to wait before the next attempt: doubling, with jitter. */
#pragma once

#include <glib.h>

#define FWD_BACKOFF_FIRST_MS 250
#define FWD_BACKOFF_MAX_MS   30000
/** A connection that held this long was a good one: the next failure is a first one. */
#define FWD_BACKOFF_RESET_S 60

/** A zeroed one has seen no failure. */
typedef struct {
  guint failures;
} FwdBackoff;

/** @held: microseconds that the last connection was joined, 0 if it never was. */
void fwd_backoff_failed(FwdBackoff *backoff, gint64 held);

/** Milliseconds until the next attempt; @random from 0 to 1 spreads it by a quarter each way.
 */
guint fwd_backoff_delay(const FwdBackoff *backoff, double random);

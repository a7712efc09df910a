/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * How much may be on its way on a paced path. BBR lets twice of what the path
 * holds be under way, and the half that the path does not hold waits in a queue
 * on the way: it delays everything else that goes there. A quarter is enough for
 * finding out whether there is more room. Passive; times are nanoseconds.
 */
#pragma once

#include <glib.h>
#include <ngtcp2/ngtcp2.h>

typedef struct {
  gint64 least[2]; /**< round trip in this window and in the one before; 0 none */
  gint64 least_ends;
  guint64 rate[2]; /**< the highest in this window and in the one before; bytes a second */
  gint64 rate_ends;
  gint64 round_ends;
  guint64 full;      /**< the highest rate at the end of a round */
  guint flat_rounds; /**< since that last grew by a quarter */
  gboolean idle;     /**< in this round there was nothing to send for a while */
  gboolean found;    /**< the path's rate is known: there is a limit */
} FwdFlightLimit;

/** For a path that nothing is known of. */
void fwd_flight_limit_reset(FwdFlightLimit *limit);

/** What is known now. @pending: bytes wait for leave to be sent. */
void fwd_flight_limit_update(FwdFlightLimit *limit, const ngtcp2_conn_stat *state,
                             gboolean pending, gint64 now);

/** Bytes that may be sent beyond those under way; G_MAXUINT64 as long as there is no limit. */
guint64 fwd_flight_limit_left(const FwdFlightLimit *limit, const ngtcp2_conn_stat *state);

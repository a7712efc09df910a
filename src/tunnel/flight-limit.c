/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/flight-limit.h"

#include "path/udp-path.h"

#define SECOND ((gint64)NGTCP2_SECONDS)
/* Twice of this a round trip is remembered: BBR measures it anew each 10 s. */
#define LEAST_WINDOW (6 * SECOND)
/* In round trips: as long as a rate counts at least. */
#define RATE_WINDOW 4
/* As BBR finds the end of its start: three rounds without a quarter more. */
#define FLAT_ROUNDS 3
/* What BBR itself wants under way when it looks for more room: on slow paths in smaller pieces. */
#define PROBING_QUANTA  3
#define QUANTUM_MIN     (10 * FWD_UDP_MTU4)
#define QUANTA_ON_A_WAY 8

void
fwd_flight_limit_reset(FwdFlightLimit *limit)
{
  *limit = (FwdFlightLimit){0};
}

static gint64
least_round_trip(const FwdFlightLimit *limit)
{
  if (limit->least[1] == 0)
    return limit->least[0];
  return MIN(limit->least[0], limit->least[1]);
}

static void
see_round_trip(FwdFlightLimit *limit, gint64 latest, gint64 now)
{
  if (now >= limit->least_ends) {
    limit->least[1] = limit->least[0];
    limit->least[0] = latest;
    limit->least_ends = now + LEAST_WINDOW;
  }
  limit->least[0] = MIN(limit->least[0], latest);
}

/* ngtcp2's own maximum is one of a few acknowledgements, and jumps when packets are lost. */
static void
see_rate(FwdFlightLimit *limit, const ngtcp2_conn_stat *state, gint64 now)
{
  if (now >= limit->rate_ends) {
    limit->rate[1] = limit->rate[0];
    limit->rate[0] = 0;
    limit->rate_ends = now + RATE_WINDOW * (gint64)state->smoothed_rtt;
  }
  limit->rate[0] = MAX(limit->rate[0], state->delivery_rate_sec);
}

/* Something waits on the way: more would not arrive sooner. */
static gboolean
sees_queue(const FwdFlightLimit *limit, const ngtcp2_conn_stat *state)
{
  const gint64 least = least_round_trip(limit);

  return (gint64)state->smoothed_rtt > least + least / 4;
}

/* A load that a window of the peer holds up looks like none: then the queue tells. */
static void
find_rate(FwdFlightLimit *limit, const ngtcp2_conn_stat *state)
{
  if (state->delivery_rate_sec >= limit->full + limit->full / 4) {
    limit->full = state->delivery_rate_sec;
    limit->flat_rounds = 0;
  } else if ((!limit->idle || sees_queue(limit, state)) && ++limit->flat_rounds >= FLAT_ROUNDS) {
    limit->found = TRUE;
  }
  limit->idle = FALSE;
}

void
fwd_flight_limit_update(FwdFlightLimit *limit, const ngtcp2_conn_stat *state, gboolean pending,
                        gint64 now)
{
  limit->idle = limit->idle || !pending;
  if (state->first_rtt_sample_ts == UINT64_MAX || state->latest_rtt == 0)
    return;
  see_round_trip(limit, (gint64)state->latest_rtt, now);
  see_rate(limit, state, now);
  if (limit->found || now < limit->round_ends)
    return;
  find_rate(limit, state);
  limit->round_ends = now + (gint64)state->smoothed_rtt;
}

guint64
fwd_flight_limit_left(const FwdFlightLimit *limit, const ngtcp2_conn_stat *state)
{
  guint64 held, quantum, allowed;

  if (!limit->found)
    return G_MAXUINT64;
  held = MAX(limit->rate[0], limit->rate[1]) * (guint64)(least_round_trip(limit) / 1000) /
         G_USEC_PER_SEC;
  quantum = MIN(state->send_quantum, MAX(held / QUANTA_ON_A_WAY, QUANTUM_MIN));
  allowed = held + held / 4 + PROBING_QUANTA * quantum;
  return allowed > state->bytes_in_flight ? allowed - state->bytes_in_flight : 0;
}

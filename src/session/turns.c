/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/turns.h"

#define MS G_GINT64_CONSTANT(1000)
/* Between two runs of a strategy that fails: doubled each time. */
#define WAIT_FIRST (1000 * MS)
#define WAIT_MAX   (60 * 1000 * MS)
/* A path that was just found takes a moment to show among those that are alive. */
#define SETTLE (2000 * MS)
/* One that never worked lets the others go first. */
#define HOLD_BACK (1500 * MS)

typedef struct {
  gint64 due;
  gint64 wait; /* after its next failure */
} Turn;

struct FwdTurns {
  GHashTable *by_strategy; /* of Turn */
};

FwdTurns *
fwd_turns_new(void)
{
  FwdTurns *turns = g_new(FwdTurns, 1);

  turns->by_strategy = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return turns;
}

void
fwd_turns_free(FwdTurns *turns)
{
  g_hash_table_unref(turns->by_strategy);
  g_free(turns);
}

static Turn *
turn_of(FwdTurns *turns, const char *strategy)
{
  Turn *turn = g_hash_table_lookup(turns->by_strategy, strategy);

  if (!turn) {
    turn = g_new(Turn, 1);
    *turn = (Turn){.wait = WAIT_FIRST};
    g_hash_table_insert(turns->by_strategy, g_strdup(strategy), turn);
  }
  return turn;
}

void
fwd_turns_reset(FwdTurns *turns)
{
  g_hash_table_remove_all(turns->by_strategy);
}

void
fwd_turns_started(FwdTurns *turns, const char *strategy, gint64 now)
{
  Turn *turn = turn_of(turns, strategy);

  turn->due = now + WAIT_FIRST;
}

void
fwd_turns_ended(FwdTurns *turns, const char *strategy, FwdOutcome outcome, gint64 now)
{
  Turn *turn = turn_of(turns, strategy);

  if (outcome == FWD_OUTCOME_FAILED) {
    turn->due = now + turn->wait;
    turn->wait = MIN(turn->wait * 2, WAIT_MAX);
    return;
  }
  turn->due = now + SETTLE;
  if (outcome == FWD_OUTCOME_SUCCEEDED)
    turn->wait = WAIT_FIRST;
}

void
fwd_turns_hold_back(FwdTurns *turns, const char *strategy, gint64 now)
{
  if (!g_hash_table_contains(turns->by_strategy, strategy))
    turn_of(turns, strategy)->due = now + HOLD_BACK;
}

gint64
fwd_turns_due(const FwdTurns *turns, const char *strategy)
{
  const Turn *turn = g_hash_table_lookup(turns->by_strategy, strategy);

  return turn ? turn->due : 0;
}

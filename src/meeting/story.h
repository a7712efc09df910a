/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The story of the races with one peer: what became of each strategy the last
 * time it was thought of. What `explain` tells, and what peers tell each other
 * of their end. Plain data, main thread.
 */
#pragma once

#include <glib.h>

typedef enum {
  FWD_OUTCOME_NOT_TRIED,
  FWD_OUTCOME_RUNNING,
  FWD_OUTCOME_SUCCEEDED,
  FWD_OUTCOME_FAILED,
  FWD_OUTCOME_STOPPED, /**< a better path was found, or none was needed any more */
} FwdOutcome;

/** "not tried", "running", "succeeded", "failed" or "stopped"; static. */
const char *fwd_outcome_to_string(FwdOutcome outcome);
gboolean fwd_outcome_from_string(const char *text, FwdOutcome *outcome);

typedef struct {
  char *strategy;
  FwdOutcome outcome;
  guint32 race;      /**< number of the race it last ran in; 0 none */
  guint duration_ms; /**< of that run, once it has ended */
  guint sent;        /**< checks that it sent */
  char *verdict;     /**< one line: why not tried, why it failed; NULL while it runs */
  GPtrArray *lines;  /**< of char *: what was sent and seen */
  GPtrArray *advice; /**< of char *: what would help */
} FwdStrategyStory;

typedef struct FwdStory FwdStory;

FwdStory *fwd_story_new(void);
FwdStory *fwd_story_copy(const FwdStory *story);
void fwd_story_free(FwdStory *story);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdStory, fwd_story_free)

/** It runs: what was told of it before is forgotten. */
void fwd_story_begin(FwdStory *story, const char *strategy, guint32 race);
/** It has ended. @lines and @advice are copied. */
void
fwd_story_end(FwdStory *story, const char *strategy, FwdOutcome outcome, guint duration_ms,
              guint sent, const char *verdict, const GPtrArray *lines, const GPtrArray *advice);
/**
 * It can't be attempted now; nothing happens to one that runs or has succeeded.
 * Returns whether that is news.
 */
gboolean fwd_story_skip(FwdStory *story, const char *strategy, const char *why);

/** Of FwdStrategyStory, in the order in which they were first thought of (transfer none). */
const GPtrArray *fwd_story_get_strategies(const FwdStory *story);
/** NULL if nothing is told of it (transfer none). */
const FwdStrategyStory *fwd_story_find(const FwdStory *story, const char *strategy);

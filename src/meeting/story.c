/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/story.h"

struct FwdStory {
  GPtrArray *strategies; /* of FwdStrategyStory */
};

static const char *const outcomes[] = {
    [FWD_OUTCOME_NOT_TRIED] = "not tried", [FWD_OUTCOME_RUNNING] = "running",
    [FWD_OUTCOME_SUCCEEDED] = "succeeded", [FWD_OUTCOME_FAILED] = "failed",
    [FWD_OUTCOME_STOPPED] = "stopped",
};

const char *
fwd_outcome_to_string(FwdOutcome outcome)
{
  return outcomes[outcome];
}

gboolean
fwd_outcome_from_string(const char *text, FwdOutcome *outcome)
{
  for (guint i = 0; i < G_N_ELEMENTS(outcomes); i++) {
    if (!g_str_equal(outcomes[i], text))
      continue;
    *outcome = (FwdOutcome)i;
    return TRUE;
  }
  return FALSE;
}

static void
strategy_story_free(FwdStrategyStory *item)
{
  g_free(item->strategy);
  g_free(item->verdict);
  g_ptr_array_unref(item->lines);
  g_ptr_array_unref(item->advice);
  g_free(item);
}

FwdStory *
fwd_story_new(void)
{
  FwdStory *story = g_new(FwdStory, 1);

  story->strategies = g_ptr_array_new_with_free_func((GDestroyNotify)strategy_story_free);
  return story;
}

void
fwd_story_free(FwdStory *story)
{
  g_ptr_array_unref(story->strategies);
  g_free(story);
}

static FwdStrategyStory *
find(const FwdStory *story, const char *strategy)
{
  for (guint i = 0; i < story->strategies->len; i++) {
    FwdStrategyStory *item = story->strategies->pdata[i];
    if (g_str_equal(item->strategy, strategy))
      return item;
  }
  return NULL;
}

static FwdStrategyStory *
find_or_add(FwdStory *story, const char *strategy)
{
  FwdStrategyStory *item = find(story, strategy);

  if (item)
    return item;
  item = g_new0(FwdStrategyStory, 1);
  item->strategy = g_strdup(strategy);
  item->lines = g_ptr_array_new_with_free_func(g_free);
  item->advice = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(story->strategies, item);
  return item;
}

static void
set_verdict(FwdStrategyStory *item, const char *verdict)
{
  g_free(item->verdict);
  item->verdict = g_strdup(verdict);
}

static void
copy_lines(GPtrArray *to, const GPtrArray *from)
{
  g_ptr_array_set_size(to, 0);
  for (guint i = 0; from && i < from->len; i++)
    g_ptr_array_add(to, g_strdup(from->pdata[i]));
}

void
fwd_story_begin(FwdStory *story, const char *strategy, guint32 race)
{
  FwdStrategyStory *item = find_or_add(story, strategy);

  item->outcome = FWD_OUTCOME_RUNNING;
  item->race = race;
  item->duration_ms = item->sent = 0;
  set_verdict(item, NULL);
  copy_lines(item->lines, NULL);
  copy_lines(item->advice, NULL);
}

void
fwd_story_end(FwdStory *story, const char *strategy, FwdOutcome outcome, guint duration_ms,
              guint sent, const char *verdict, const GPtrArray *lines, const GPtrArray *advice)
{
  FwdStrategyStory *item = find_or_add(story, strategy);

  item->outcome = outcome;
  item->duration_ms = duration_ms;
  item->sent = sent;
  set_verdict(item, verdict);
  copy_lines(item->lines, lines);
  copy_lines(item->advice, advice);
}

gboolean
fwd_story_skip(FwdStory *story, const char *strategy, const char *why)
{
  FwdStrategyStory *item = find_or_add(story, strategy);

  if (item->outcome == FWD_OUTCOME_RUNNING || item->outcome == FWD_OUTCOME_SUCCEEDED ||
      (item->outcome == FWD_OUTCOME_NOT_TRIED && g_strcmp0(item->verdict, why) == 0))
    return FALSE;
  item->outcome = FWD_OUTCOME_NOT_TRIED;
  item->duration_ms = item->sent = 0;
  set_verdict(item, why);
  copy_lines(item->lines, NULL);
  copy_lines(item->advice, NULL);
  return TRUE;
}

FwdStory *
fwd_story_copy(const FwdStory *story)
{
  FwdStory *copy = fwd_story_new();

  for (guint i = 0; i < story->strategies->len; i++) {
    const FwdStrategyStory *item = story->strategies->pdata[i];
    fwd_story_begin(copy, item->strategy, item->race);
    fwd_story_end(copy, item->strategy, item->outcome, item->duration_ms, item->sent,
                  item->verdict, item->lines, item->advice);
  }
  return copy;
}

const GPtrArray *
fwd_story_get_strategies(const FwdStory *story)
{
  return story->strategies;
}

const FwdStrategyStory *
fwd_story_find(const FwdStory *story, const char *strategy)
{
  return find(story, strategy);
}

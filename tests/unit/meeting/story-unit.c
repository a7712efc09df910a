/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/story.h"

static GPtrArray *
texts(const char *one, const char *two)
{
  GPtrArray *array = g_ptr_array_new();

  g_ptr_array_add(array, (gpointer)one);
  if (two)
    g_ptr_array_add(array, (gpointer)two);
  return array;
}

static void
check_empty(const FwdStrategyStory *item)
{
  g_assert_null(item->verdict);
  g_assert_cmpuint(item->duration_ms, ==, 0);
  g_assert_cmpuint(item->sent, ==, 0);
  g_assert_cmpuint(item->lines->len, ==, 0);
  g_assert_cmpuint(item->advice->len, ==, 0);
}

static void
end_with_all(FwdStory *story, const char *strategy, FwdOutcome outcome)
{
  g_autoptr(GPtrArray) lines = texts("sent", "seen"), advice = texts("another router", NULL);

  fwd_story_end(story, strategy, outcome, 1500, 7, "nobody there", lines, advice);
}

static void
test_outcomes(void)
{
  FwdOutcome outcome = FWD_OUTCOME_STOPPED;

  for (guint i = FWD_OUTCOME_NOT_TRIED; i <= FWD_OUTCOME_STOPPED; i++) {
    g_assert_true(fwd_outcome_from_string(fwd_outcome_to_string((FwdOutcome)i), &outcome));
    g_assert_cmpuint(outcome, ==, i);
  }
  outcome = FWD_OUTCOME_RUNNING;
  g_assert_false(fwd_outcome_from_string("Failed", &outcome));
  g_assert_false(fwd_outcome_from_string("", &outcome));
  g_assert_cmpint(outcome, ==, FWD_OUTCOME_RUNNING);
}

static void
test_run(void)
{
  g_autoptr(FwdStory) story = fwd_story_new();
  const FwdStrategyStory *item;

  g_assert_null(fwd_story_find(story, "punch"));
  fwd_story_begin(story, "punch", 3);
  item = fwd_story_find(story, "punch");
  g_assert_cmpint(item->outcome, ==, FWD_OUTCOME_RUNNING);
  g_assert_cmpuint(item->race, ==, 3);
  check_empty(item);
  end_with_all(story, "punch", FWD_OUTCOME_FAILED);
  g_assert_true(item == fwd_story_find(story, "punch"));
  g_assert_cmpint(item->outcome, ==, FWD_OUTCOME_FAILED);
  g_assert_cmpuint(item->race, ==, 3);
  g_assert_cmpuint(item->duration_ms, ==, 1500);
  g_assert_cmpuint(item->sent, ==, 7);
  g_assert_cmpstr(item->verdict, ==, "nobody there");
  g_assert_cmpuint(item->lines->len, ==, 2);
  g_assert_cmpstr(item->lines->pdata[1], ==, "seen");
  g_assert_cmpstr(item->advice->pdata[0], ==, "another router");
}

/* What was told of the run before is forgotten. */
static void
test_run_again(void)
{
  g_autoptr(FwdStory) story = fwd_story_new();

  fwd_story_begin(story, "punch", 1);
  end_with_all(story, "punch", FWD_OUTCOME_FAILED);
  fwd_story_begin(story, "punch", 2);
  check_empty(fwd_story_find(story, "punch"));
  g_assert_cmpuint(fwd_story_find(story, "punch")->race, ==, 2);
  fwd_story_end(story, "punch", FWD_OUTCOME_STOPPED, 1, 0, NULL, NULL, NULL);
  g_assert_cmpuint(fwd_story_find(story, "punch")->lines->len, ==, 0);
  g_assert_cmpuint(fwd_story_get_strategies(story)->len, ==, 1);
}

static void
test_skip(void)
{
  g_autoptr(FwdStory) story = fwd_story_new();
  const FwdStrategyStory *item;

  fwd_story_begin(story, "punch", 1);
  end_with_all(story, "punch", FWD_OUTCOME_FAILED);
  g_assert_true(fwd_story_skip(story, "punch", "no radio"));
  item = fwd_story_find(story, "punch");
  g_assert_cmpint(item->outcome, ==, FWD_OUTCOME_NOT_TRIED);
  g_assert_cmpstr(item->verdict, ==, "no radio");
  g_assert_cmpuint(item->sent + item->duration_ms + item->lines->len + item->advice->len, ==,
                   0);
  g_assert_cmpuint(item->race, ==, 1);
}

/* Only a reason that was not told before is news. */
static void
test_skip_is_news_once(void)
{
  g_autoptr(FwdStory) story = fwd_story_new();

  g_assert_true(fwd_story_skip(story, "punch", "no radio"));
  g_assert_false(fwd_story_skip(story, "punch", "no radio"));
  g_assert_true(fwd_story_skip(story, "punch", "no mast"));
  g_assert_cmpstr(fwd_story_find(story, "punch")->verdict, ==, "no mast");
}

static void
test_skip_leaves_what_goes_on(void)
{
  g_autoptr(FwdStory) story = fwd_story_new();

  fwd_story_begin(story, "punch", 1);
  g_assert_false(fwd_story_skip(story, "punch", "no radio"));
  g_assert_cmpint(fwd_story_find(story, "punch")->outcome, ==, FWD_OUTCOME_RUNNING);
  end_with_all(story, "punch", FWD_OUTCOME_SUCCEEDED);
  g_assert_false(fwd_story_skip(story, "punch", "no radio"));
  g_assert_cmpint(fwd_story_find(story, "punch")->outcome, ==, FWD_OUTCOME_SUCCEEDED);
  g_assert_cmpuint(fwd_story_find(story, "punch")->lines->len, ==, 2);
}

static void
test_copy(void)
{
  g_autoptr(FwdStory) story = fwd_story_new(), copy = NULL;
  const FwdStrategyStory *item;

  fwd_story_begin(story, "punch", 9);
  end_with_all(story, "punch", FWD_OUTCOME_STOPPED);
  fwd_story_begin(story, "relayed", 10);
  copy = fwd_story_copy(story);
  fwd_story_begin(story, "punch", 11);
  g_assert_cmpuint(fwd_story_get_strategies(copy)->len, ==, 2);
  item = fwd_story_get_strategies(copy)->pdata[0];
  g_assert_cmpstr(item->strategy, ==, "punch");
  g_assert_cmpint(item->outcome, ==, FWD_OUTCOME_STOPPED);
  g_assert_cmpuint(item->race, ==, 9);
  g_assert_cmpuint(item->duration_ms, ==, 1500);
  g_assert_cmpstr(item->verdict, ==, "nobody there");
  g_assert_cmpstr(item->lines->pdata[0], ==, "sent");
  g_assert_cmpuint(item->advice->len, ==, 1);
  g_assert_cmpint(fwd_story_find(copy, "relayed")->outcome, ==, FWD_OUTCOME_RUNNING);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/story/outcomes", test_outcomes);
  g_test_add_func("/story/run", test_run);
  g_test_add_func("/story/run-again", test_run_again);
  g_test_add_func("/story/skip", test_skip);
  g_test_add_func("/story/skip-is-news-once", test_skip_is_news_once);
  g_test_add_func("/story/skip-leaves-what-goes-on", test_skip_leaves_what_goes_on);
  g_test_add_func("/story/copy", test_copy);
  return g_test_run();
}

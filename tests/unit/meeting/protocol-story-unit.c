/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/envelope.h"
#include "meeting/protocol.h"

#include <stunfwd/error.h>
#include <string.h>

#define HEAD                                                                                   \
  "{\"type\":\"story\",\"sender\":\"0123456789abcdef\","                                       \
  "\"nonce\":\"00112233445566778899aabbccddeeff\",\"sequence\":1,\"story\":"
#define NUMBERS "\"race\":1,\"duration_ms\":2,\"sent\":3,"

static FwdMessage *
new_message(void)
{
  FwdMessage *message = fwd_message_new(FWD_MESSAGE_STORY);

  g_strlcpy(message->sender, "0123456789abcdef", sizeof message->sender);
  message->sequence = 1;
  message->story = fwd_story_new();
  return message;
}

static FwdMessage *
pass(const FwdMessage *message)
{
  g_autofree char *text = fwd_message_encode(message);
  g_autoptr(GError) error = NULL;
  FwdMessage *decoded = fwd_message_decode(text, &error);

  g_assert_no_error(error);
  g_assert_cmpint(decoded->type, ==, FWD_MESSAGE_STORY);
  g_assert_cmpuint(strlen(text), <=, FWD_ENVELOPE_PLAINTEXT_MAX);
  return decoded;
}

/* @count copies of @text, each with its number in front. */
static GPtrArray *
many(guint count, const char *text)
{
  GPtrArray *array = g_ptr_array_new_with_free_func(g_free);

  for (guint i = 0; i < count; i++)
    g_ptr_array_add(array, g_strdup_printf("%u%s", i, text));
  return array;
}

static void
tell(FwdMessage *message, const char *strategy, const char *verdict, guint lines, guint advice,
     const char *text)
{
  g_autoptr(GPtrArray) said = many(lines, text), advised = many(advice, text);

  fwd_story_begin(message->story, strategy, 4);
  fwd_story_end(message->story, strategy, FWD_OUTCOME_FAILED, 10000, 14, verdict, said,
                advised);
}

static void
test_round_trip(void)
{
  g_autoptr(FwdMessage) message = new_message(), decoded = NULL;
  const FwdStrategyStory *item;

  tell(message, "udp-punch", "no answer", FWD_PROTOCOL_STORY_LINES_MAX,
       FWD_PROTOCOL_STORY_ADVICE_MAX, " täglich");
  fwd_story_begin(message->story, "relay", G_MAXUINT32);
  fwd_story_skip(message->story, "lan", "no address in common");
  decoded = pass(message);
  g_assert_cmpuint(fwd_story_get_strategies(decoded->story)->len, ==, 3);
  item = fwd_story_get_strategies(decoded->story)->pdata[0];
  g_assert_cmpstr(item->strategy, ==, "udp-punch");
  g_assert_cmpint(item->outcome, ==, FWD_OUTCOME_FAILED);
  g_assert_cmpuint(item->race, ==, 4);
  g_assert_cmpuint(item->duration_ms, ==, 10000);
  g_assert_cmpuint(item->sent, ==, 14);
  g_assert_cmpstr(item->verdict, ==, "no answer");
  g_assert_cmpuint(item->lines->len, ==, FWD_PROTOCOL_STORY_LINES_MAX);
  g_assert_cmpstr(item->lines->pdata[23], ==, "23 täglich");
  g_assert_cmpuint(item->advice->len, ==, FWD_PROTOCOL_STORY_ADVICE_MAX);
  item = fwd_story_find(decoded->story, "relay");
  g_assert_cmpint(item->outcome, ==, FWD_OUTCOME_RUNNING);
  g_assert_cmpuint(item->race, ==, G_MAXUINT32);
  g_assert_null(item->verdict);
  item = fwd_story_find(decoded->story, "lan");
  g_assert_cmpint(item->outcome, ==, FWD_OUTCOME_NOT_TRIED);
}

static void
test_empty(void)
{
  g_autoptr(FwdMessage) message = new_message(), decoded = pass(message);

  g_assert_cmpuint(fwd_story_get_strategies(decoded->story)->len, ==, 0);
}

/* Of too many lines the first and the last ones are left, and how many are not. */
static void
test_too_many_lines(void)
{
  g_autoptr(FwdMessage) message = new_message(), decoded = NULL;
  const FwdStrategyStory *item;

  tell(message, "lan", "x", 100, 9, " line");
  decoded = pass(message);
  item = fwd_story_find(decoded->story, "lan");
  g_assert_cmpuint(item->lines->len, ==, FWD_PROTOCOL_STORY_LINES_MAX);
  g_assert_cmpstr(item->lines->pdata[0], ==, "0 line");
  g_assert_cmpstr(item->lines->pdata[11], ==, "11 line");
  g_assert_cmpstr(item->lines->pdata[12], ==, "(77 left out)");
  g_assert_cmpstr(item->lines->pdata[13], ==, "89 line");
  g_assert_cmpstr(item->lines->pdata[23], ==, "99 line");
  g_assert_cmpuint(item->advice->len, ==, FWD_PROTOCOL_STORY_ADVICE_MAX);
}

/* What would not fit an envelope is cut until it does; the verdicts stay. */
static void
test_cut_to_fit(void)
{
  g_autoptr(FwdMessage) message = new_message(), decoded = NULL;
  g_autofree char *quotes = g_strnfill(500, '"');

  for (guint i = 0; i < FWD_PROTOCOL_STRATEGIES_MAX; i++) {
    g_autofree char *strategy = g_strdup_printf("a-very-long-strategy-%02u", i);
    tell(message, strategy, quotes, 60, 20, quotes);
  }
  decoded = pass(message);
  g_assert_cmpuint(fwd_story_get_strategies(decoded->story)->len, ==,
                   FWD_PROTOCOL_STRATEGIES_MAX);
  for (guint i = 0; i < FWD_PROTOCOL_STRATEGIES_MAX; i++) {
    const FwdStrategyStory *item = fwd_story_get_strategies(decoded->story)->pdata[i];
    g_assert_cmpint(item->outcome, ==, FWD_OUTCOME_FAILED);
    g_assert_cmpuint(strlen(item->verdict), >=, 100);
  }
}

/* A little too much costs some lines, not all. */
static void
test_cut_is_no_more_than_needed(void)
{
  g_autoptr(FwdMessage) message = new_message(), decoded = NULL;
  g_autofree char *text = g_strnfill(150, 'x');
  const FwdStrategyStory *item;

  tell(message, "lan", "one", 24, 0, text);
  tell(message, "udp-punch", "two", 24, 0, text);
  tell(message, "birthday", "three", 24, 0, text);
  tell(message, "turn", "four", 24, 2, text);
  decoded = pass(message);
  item = fwd_story_find(decoded->story, "turn");
  g_assert_cmpuint(item->lines->len, ==, 12);
  g_assert_cmpuint(item->advice->len, ==, 2);
  g_assert_true(g_str_has_prefix(item->lines->pdata[11], "23x"));
}

static void
test_too_many_strategies(void)
{
  g_autoptr(FwdMessage) message = new_message(), decoded = NULL;

  fwd_story_skip(message->story, "Not An Id", "x");
  for (guint i = 0; i < FWD_PROTOCOL_STRATEGIES_MAX + 3; i++) {
    g_autofree char *strategy = g_strdup_printf("s%u", i);
    fwd_story_skip(message->story, strategy, "x");
  }
  decoded = pass(message);
  g_assert_cmpuint(fwd_story_get_strategies(decoded->story)->len, ==,
                   FWD_PROTOCOL_STRATEGIES_MAX);
  g_assert_null(fwd_story_find(decoded->story, "Not An Id"));
  g_assert_nonnull(fwd_story_find(decoded->story, "s15"));
}

/* Of a longer text whole characters are left; what is not text is replaced. */
static void
test_texts_are_made_lines(void)
{
  g_autoptr(FwdMessage) message = new_message(), decoded = NULL;
  g_autofree char *letters = g_strnfill(FWD_PROTOCOL_STORY_TEXT_MAX - 1, 'x');
  g_autofree char *verdict = g_strconcat(letters, "\xc3\xa4", NULL);
  g_autoptr(GPtrArray) lines = g_ptr_array_new();
  const FwdStrategyStory *item;

  g_ptr_array_add(lines, (gpointer) "a\nb\tc\x1b[2Jd\x7f");
  g_ptr_array_add(lines, (gpointer) "\xff");
  g_ptr_array_add(lines, (gpointer) "");
  fwd_story_end(message->story, "lan", FWD_OUTCOME_FAILED, G_MAXUINT, 1, verdict, lines, NULL);
  decoded = pass(message);
  item = fwd_story_find(decoded->story, "lan");
  g_assert_cmpstr(item->verdict, ==, letters);
  g_assert_cmpuint(item->lines->len, ==, 2);
  g_assert_cmpstr(item->lines->pdata[0], ==, "a b c [2Jd ");
  g_assert_true(g_utf8_validate(item->lines->pdata[1], -1, NULL));
}

static FwdMessage *
decode(const char *story, GError **error)
{
  g_autofree char *text = g_strconcat(HEAD, story, "}", NULL);

  return fwd_message_decode(text, error);
}

/* An outcome of a later version costs that strategy, not the message. */
static void
test_unknown_outcome(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdMessage) message =
      decode("[{\"strategy\":\"lan\",\"outcome\":\"postponed\"},"
             "{\"strategy\":\"turn\",\"outcome\":\"failed\"," NUMBERS
             "\"lines\":[],\"advice\":[],\"more\":1}]",
             &error);

  g_assert_no_error(error);
  g_assert_cmpuint(fwd_story_get_strategies(message->story)->len, ==, 1);
  g_assert_nonnull(fwd_story_find(message->story, "turn"));
}

/* What could do more to a terminal than be printed: C1 controls, turned directions. */
static void
test_hidden_characters(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdMessage) message =
      decode("[{\"strategy\":\"lan\",\"outcome\":\"failed\"," NUMBERS
             "\"verdict\":\"a\\u009b2Jb\",\"lines\":[\"a\\u202eb\\u2028c\"],\"advice\":[]}]",
             &error);
  const FwdStrategyStory *item;

  g_assert_no_error(error);
  item = fwd_story_find(message->story, "lan");
  g_assert_cmpstr(item->verdict, ==, "a 2Jb");
  g_assert_cmpstr(item->lines->pdata[0], ==, "a b c");
}

static char *
repeat(const char *text, guint count)
{
  GString *result = g_string_new("[");

  for (guint i = 0; i < count; i++)
    g_string_append_printf(result, "%s%s", i ? "," : "", text);
  g_string_append_c(result, ']');
  return g_string_free(result, FALSE);
}

static void
refuse(const char *story, gint code, const char *field)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdMessage) message = decode(story, &error);

  g_assert_null(message);
  g_assert_error(error, FWD_MEETING_ERROR, code);
  g_assert_true(g_str_has_prefix(error->message, field));
}

static void
refuse_strategy(const char *rest, gint code, const char *field)
{
  g_autofree char *story =
      g_strdup_printf("[{\"strategy\":\"lan\",\"outcome\":\"failed\",%s}]", rest);

  refuse(story, code, field);
}

static void
test_malformed(void)
{
  g_autofree char *text = g_strnfill(FWD_PROTOCOL_STORY_TEXT_MAX + 1, 'x');
  g_autofree char *verdict =
      g_strdup_printf(NUMBERS "\"verdict\":\"%s\",\"lines\":[],\"advice\":[]", text);
  g_autofree char *line = g_strdup_printf(NUMBERS "\"lines\":[\"%s\"],\"advice\":[]", text);

  refuse("7", FWD_ERROR_INVALID, "story: ");
  refuse("[7]", FWD_ERROR_INVALID, "story: ");
  refuse("[{}]", FWD_ERROR_INVALID, "strategy: ");
  refuse("[{\"strategy\":\"A\",\"outcome\":\"failed\"}]", FWD_ERROR_INVALID, "strategy: ");
  refuse("[{\"strategy\":\"lan\"}]", FWD_ERROR_INVALID, "outcome: ");
  refuse("[{\"strategy\":\"lan\",\"outcome\":[]}]", FWD_ERROR_INVALID, "outcome: ");
  refuse_strategy("\"race\":-1,\"duration_ms\":0,\"sent\":0", FWD_ERROR_INVALID, "race: ");
  refuse_strategy("\"race\":1,\"duration_ms\":999999999,\"sent\":0", FWD_ERROR_INVALID,
                  "duration_ms: ");
  refuse_strategy("\"race\":1,\"duration_ms\":1,\"sent\":\"1\"", FWD_ERROR_INVALID, "sent: ");
  refuse_strategy(NUMBERS "\"advice\":[]", FWD_ERROR_INVALID, "lines: ");
  refuse_strategy(NUMBERS "\"lines\":[]", FWD_ERROR_INVALID, "advice: ");
  refuse_strategy(NUMBERS "\"lines\":[\"\"],\"advice\":[]", FWD_ERROR_INVALID, "lines: ");
  refuse_strategy(NUMBERS "\"lines\":[\"a\\u0007\"],\"advice\":[]", FWD_ERROR_INVALID,
                  "lines: ");
  refuse_strategy(NUMBERS "\"lines\":[],\"advice\":[{}]", FWD_ERROR_INVALID, "advice: ");
  refuse_strategy(NUMBERS "\"verdict\":\"\",\"lines\":[],\"advice\":[]", FWD_ERROR_INVALID,
                  "verdict: ");
  refuse_strategy(verdict, FWD_ERROR_INVALID, "verdict: ");
  refuse_strategy(line, FWD_ERROR_INVALID, "lines: ");
}

static void
test_over_the_limits(void)
{
  g_autofree char *strategies = repeat("{}", FWD_PROTOCOL_STRATEGIES_MAX + 1);
  g_autofree char *texts = repeat("\"x\"", FWD_PROTOCOL_STORY_LINES_MAX + 1);
  g_autofree char *lines = g_strdup_printf(NUMBERS "\"lines\":%s,\"advice\":[]", texts);
  g_autofree char *few = repeat("\"x\"", FWD_PROTOCOL_STORY_ADVICE_MAX + 1);
  g_autofree char *advice = g_strdup_printf(NUMBERS "\"lines\":[],\"advice\":%s", few);

  refuse(strategies, FWD_ERROR_LIMIT, "story: ");
  refuse_strategy(lines, FWD_ERROR_LIMIT, "lines: ");
  refuse_strategy(advice, FWD_ERROR_LIMIT, "advice: ");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/protocol-story/round-trip", test_round_trip);
  g_test_add_func("/protocol-story/empty", test_empty);
  g_test_add_func("/protocol-story/too-many-lines", test_too_many_lines);
  g_test_add_func("/protocol-story/cut-to-fit", test_cut_to_fit);
  g_test_add_func("/protocol-story/cut-is-no-more-than-needed",
                  test_cut_is_no_more_than_needed);
  g_test_add_func("/protocol-story/too-many-strategies", test_too_many_strategies);
  g_test_add_func("/protocol-story/texts-are-made-lines", test_texts_are_made_lines);
  g_test_add_func("/protocol-story/unknown-outcome", test_unknown_outcome);
  g_test_add_func("/protocol-story/hidden-characters", test_hidden_characters);
  g_test_add_func("/protocol-story/malformed", test_malformed);
  g_test_add_func("/protocol-story/over-the-limits", test_over_the_limits);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/protocol-story.h"

#include "meeting/json-reader.h"
#include "meeting/protocol-private.h"

#include <string.h>

#define OUTCOME_MAX  23
#define DURATION_MAX (24 * 3600 * 1000)

/* What a cut leaves of each strategy; the verdict always stays, so long as its text may be. */
typedef struct {
  guint lines, advice;
  gsize text;
} Cut;

static const Cut cuts[FWD_PROTOCOL_STORY_CUTS] = {
    {FWD_PROTOCOL_STORY_LINES_MAX, FWD_PROTOCOL_STORY_ADVICE_MAX, FWD_PROTOCOL_STORY_TEXT_MAX},
    {12, 4, FWD_PROTOCOL_STORY_TEXT_MAX},
    {6, 3, 160},
    {3, 2, 120},
    {0, 1, 120},
    {0, 0, 100},
};

/* Formatting characters can turn the direction of what follows, and hide it. */
static gboolean
is_plain(gunichar character)
{
  return !g_unichar_iscntrl(character) && g_unichar_type(character) != G_UNICODE_FORMAT &&
         g_unichar_type(character) != G_UNICODE_LINE_SEPARATOR &&
         g_unichar_type(character) != G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* At most @limit bytes of @text, in one line. */
static char *
tidy(const char *text, gsize limit)
{
  g_autofree char *valid = g_utf8_make_valid(text, -1);
  GString *result = g_string_new(NULL);

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
    const gsize size = (gsize)(g_utf8_next_char(at) - at);
    if (result->len + size > limit)
      break;
    if (is_plain(g_utf8_get_char(at)))
      g_string_append_len(result, at, (gssize)size);
    else
      g_string_append_c(result, ' ');
  }
  return g_string_free(result, FALSE);
}

static void
add_text(JsonBuilder *builder, const char *text, gsize limit)
{
  g_autofree char *line = tidy(text, limit);

  if (*line != '\0')
    json_builder_add_string_value(builder, line);
}

/* Of too many, the first and the last ones: how it began, and how it ended. */
static void
add_texts(JsonBuilder *builder, const char *name, const GPtrArray *texts, guint count,
          gsize limit)
{
  const guint head = texts->len > count ? count / 2 : texts->len;
  const guint tail = texts->len > count && count > 0 ? count - head - 1 : 0;

  json_builder_set_member_name(builder, name);
  json_builder_begin_array(builder);
  for (guint i = 0; i < head; i++)
    add_text(builder, texts->pdata[i], limit);
  if (texts->len > count && count > 0) {
    g_autofree char *gap = g_strdup_printf("(%u left out)", texts->len - head - tail);
    json_builder_add_string_value(builder, gap);
  }
  for (guint i = texts->len - tail; i < texts->len; i++)
    add_text(builder, texts->pdata[i], limit);
  json_builder_end_array(builder);
}

static void
add_strategy(JsonBuilder *builder, const FwdStrategyStory *item, const Cut *cut)
{
  g_autofree char *verdict = tidy(item->verdict ? item->verdict : "", cut->text);

  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, "strategy");
  json_builder_add_string_value(builder, item->strategy);
  json_builder_set_member_name(builder, "outcome");
  json_builder_add_string_value(builder, fwd_outcome_to_string(item->outcome));
  json_builder_set_member_name(builder, "race");
  json_builder_add_int_value(builder, item->race);
  json_builder_set_member_name(builder, "duration_ms");
  json_builder_add_int_value(builder, MIN(item->duration_ms, DURATION_MAX));
  json_builder_set_member_name(builder, "sent");
  json_builder_add_int_value(builder, item->sent);
  if (*verdict != '\0') {
    json_builder_set_member_name(builder, "verdict");
    json_builder_add_string_value(builder, verdict);
  }
  add_texts(builder, "lines", item->lines, cut->lines, cut->text);
  add_texts(builder, "advice", item->advice, cut->advice, cut->text);
  json_builder_end_object(builder);
}

void
fwd_protocol_add_story(JsonBuilder *builder, const FwdStory *story, guint cut)
{
  const GPtrArray *strategies = fwd_story_get_strategies(story);
  guint added = 0;

  json_builder_set_member_name(builder, "story");
  json_builder_begin_array(builder);
  for (guint i = 0; i < strategies->len && added < FWD_PROTOCOL_STRATEGIES_MAX; i++) {
    const FwdStrategyStory *item = strategies->pdata[i];
    if (!fwd_protocol_is_strategy_id(item->strategy))
      continue;
    add_strategy(builder, item, &cuts[cut]);
    added++;
  }
  json_builder_end_array(builder);
}

static GPtrArray *
read_texts(JsonObject *object, const char *name, guint limit, GError **error)
{
  JsonArray *array = fwd_json_get_array(object, name, limit, error);
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

  if (array == NULL)
    return NULL;
  for (guint i = 0; i < json_array_get_length(array); i++) {
    const char *text =
        fwd_json_node_text(json_array_get_element(array, i), FWD_PROTOCOL_STORY_TEXT_MAX);
    if (text == NULL) {
      fwd_json_invalid(error, name, "has an element that is not a line of text");
      return NULL;
    }
    g_ptr_array_add(texts, tidy(text, FWD_PROTOCOL_STORY_TEXT_MAX));
  }
  return g_steal_pointer(&texts);
}

static gboolean
read_verdict(JsonObject *object, char **verdict, GError **error)
{
  const char *text;

  if (fwd_json_find(object, "verdict") == NULL)
    return TRUE;
  text = fwd_json_get_string(object, "verdict", FWD_PROTOCOL_STORY_TEXT_MAX, error);
  if (text != NULL)
    *verdict = tidy(text, FWD_PROTOCOL_STORY_TEXT_MAX);
  return text != NULL;
}

/* The numbers and texts of one strategy, which go to the story. */
static gboolean
read_details(JsonObject *object, const char *strategy, FwdOutcome outcome, FwdStory *story,
             GError **error)
{
  gint64 race, duration_ms, sent;
  g_autofree char *verdict = NULL;
  g_autoptr(GPtrArray) lines = NULL, advice = NULL;

  if (!fwd_json_get_integer(object, "race", 0, G_MAXUINT32, &race, error) ||
      !fwd_json_get_integer(object, "duration_ms", 0, DURATION_MAX, &duration_ms, error) ||
      !fwd_json_get_integer(object, "sent", 0, G_MAXUINT32, &sent, error) ||
      !read_verdict(object, &verdict, error))
    return FALSE;
  lines = read_texts(object, "lines", FWD_PROTOCOL_STORY_LINES_MAX, error);
  advice = lines ? read_texts(object, "advice", FWD_PROTOCOL_STORY_ADVICE_MAX, error) : NULL;
  if (advice == NULL)
    return FALSE;
  fwd_story_begin(story, strategy, (guint32)race);
  fwd_story_end(story, strategy, outcome, (guint)duration_ms, (guint)sent, verdict, lines,
                advice);
  return TRUE;
}

static gboolean
read_strategy(JsonNode *node, FwdStory *story, GError **error)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
  const char *strategy, *word;
  FwdOutcome outcome;

  if (object == NULL)
    return fwd_json_invalid(error, "story", "has an element that is not an object");
  strategy = fwd_json_get_string(object, "strategy", FWD_PROTOCOL_STRATEGY_ID_MAX, error);
  if (strategy == NULL)
    return FALSE;
  if (!fwd_protocol_is_strategy_id(strategy))
    return fwd_json_invalid(error, "strategy", "is not a strategy's id");
  word = fwd_json_get_string(object, "outcome", OUTCOME_MAX, error);
  if (word == NULL)
    return FALSE;
  return !fwd_outcome_from_string(word, &outcome) ||
         read_details(object, strategy, outcome, story, error);
}

FwdStory *
fwd_protocol_read_story(JsonObject *object, GError **error)
{
  JsonArray *array = fwd_json_get_array(object, "story", FWD_PROTOCOL_STRATEGIES_MAX, error);
  g_autoptr(FwdStory) story = fwd_story_new();

  if (array == NULL)
    return NULL;
  for (guint i = 0; i < json_array_get_length(array); i++)
    if (!read_strategy(json_array_get_element(array, i), story, error))
      return NULL;
  return g_steal_pointer(&story);
}

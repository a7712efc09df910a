/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/protocol.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void
check_story(const FwdStory *story)
{
  const GPtrArray *strategies = fwd_story_get_strategies(story);

  g_assert_cmpuint(strategies->len, <=, FWD_PROTOCOL_STRATEGIES_MAX);
  for (guint i = 0; i < strategies->len; i++) {
    const FwdStrategyStory *item = strategies->pdata[i];
    g_assert_cmpuint(item->lines->len, <=, FWD_PROTOCOL_STORY_LINES_MAX);
    g_assert_cmpuint(item->advice->len, <=, FWD_PROTOCOL_STORY_ADVICE_MAX);
    for (guint j = 0; j < item->lines->len; j++)
      g_assert_cmpuint(strlen(item->lines->pdata[j]), <=, FWD_PROTOCOL_STORY_TEXT_MAX);
  }
}

/* What was decoded is within the limits, and can be encoded. */
static void
check_message(const FwdMessage *message)
{
  g_autofree char *text = fwd_message_encode(message);

  g_assert_true(g_utf8_validate(text, -1, NULL));
  g_assert_cmpuint(strlen(message->sender), ==, 16);
  g_assert_cmpuint(message->sequence, >=, 1);
  g_assert_cmpuint(message->sequence, <=, FWD_PROTOCOL_SEQUENCE_MAX);
  if (message->candidates != NULL)
    g_assert_cmpuint(message->candidates->len, <=, FWD_PROTOCOL_CANDIDATES_MAX);
  if (message->strategies != NULL)
    g_assert_cmpuint(g_strv_length(message->strategies), <=, FWD_PROTOCOL_STRATEGIES_MAX);
  if (message->mappings != NULL)
    g_assert_cmpuint(g_strv_length(message->mappings), <=, FWD_PROTOCOL_MAPPINGS_MAX);
  if (message->story != NULL)
    check_story(message->story);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdMessage) message = fwd_message_decode(text, &error);

  g_assert_true((message == NULL) == (error != NULL));
  if (message != NULL)
    check_message(message);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/protocol.h"
#include "meeting/protocol-private.h"

#include <string.h>

static const char *const type_names[] = {
    [FWD_MESSAGE_HELLO] = "hello",       [FWD_MESSAGE_ATTEMPT] = "attempt",
    [FWD_MESSAGE_STOP] = "stop",         [FWD_MESSAGE_STRATEGY] = "strategy",
    [FWD_MESSAGE_MAPPINGS] = "mappings", [FWD_MESSAGE_PORTS] = "ports",
    [FWD_MESSAGE_STORY] = "story",       [FWD_MESSAGE_BYE] = "bye",
};

const char *
fwd_message_type_to_string(FwdMessageType type)
{
  return type < G_N_ELEMENTS(type_names) && type_names[type] != NULL ? type_names[type]
                                                                     : "unknown";
}

FwdMessageType
fwd_message_type_from_string(const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS(type_names); i++)
    if (g_strcmp0(type_names[i], text) == 0)
      return (FwdMessageType)i;
  return FWD_MESSAGE_UNKNOWN;
}

gboolean
fwd_protocol_is_strategy_id(const char *text)
{
  gsize length = strlen(text);
  return length >= 1 && length <= FWD_PROTOCOL_STRATEGY_ID_MAX &&
         strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

FwdMessage *
fwd_message_new(FwdMessageType type)
{
  FwdMessage *message = g_new0(FwdMessage, 1);

  message->type = type;
  return message;
}

void
fwd_message_free(FwdMessage *message)
{
  if (message == NULL)
    return;
  g_clear_pointer(&message->candidates, g_array_unref);
  g_strfreev(message->strategies);
  g_free(message->strategy);
  g_clear_pointer(&message->body, g_variant_unref);
  g_strfreev(message->mappings);
  g_clear_pointer(&message->story, fwd_story_free);
  g_free(message);
}

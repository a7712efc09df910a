/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/envelope.h"
#include "meeting/json-check.h"
#include "meeting/json-reader.h"
#include "meeting/protocol-nat.h"
#include "meeting/protocol-private.h"
#include "meeting/protocol-story.h"

#include <stunfwd/error.h>
#include <string.h>

#define WORD_MAX 40

typedef gboolean (*TextCheck)(const char *text);

static gboolean
is_mapping_text(const char *text)
{
  return strlen(text) <= FWD_PROTOCOL_MAPPING_TEXT_MAX;
}

static GStrv
read_strings(JsonObject *object, const char *name, guint limit, TextCheck check, GError **error)
{
  JsonArray *array = fwd_json_get_array(object, name, limit, error);
  g_autoptr(GStrvBuilder) strings = g_strv_builder_new();

  if (array == NULL)
    return NULL;
  for (guint i = 0; i < json_array_get_length(array); i++) {
    const char *text =
        fwd_json_node_text(json_array_get_element(array, i), FWD_PROTOCOL_MAPPING_TEXT_MAX);
    if (text == NULL || !check(text)) {
      g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID, "%s: element %u is malformed",
                  name, i + 1);
      return NULL;
    }
    g_strv_builder_add(strings, text);
  }
  return g_strv_builder_end(strings);
}

static gboolean
read_strategies(JsonObject *object, FwdMessage *message, GError **error)
{
  message->strategies =
      read_strings(object, "strategies", FWD_PROTOCOL_STRATEGIES_MAX, fwd_protocol_is_strategy_id, error);
  return message->strategies != NULL;
}

static gboolean
read_mappings(JsonObject *object, FwdMessage *message, GError **error)
{
  message->mappings =
      read_strings(object, "mappings", FWD_PROTOCOL_MAPPINGS_MAX, is_mapping_text, error);
  return message->mappings != NULL;
}

static gboolean
read_hello(JsonObject *object, FwdMessage *message, GError **error)
{
  const char *role = fwd_json_get_string(object, "role", WORD_MAX, error);

  if (role == NULL)
    return FALSE;
  if (!fwd_role_from_string(role, &message->role))
    return fwd_json_invalid(error, "role", "is neither server nor client");
  if (!fwd_json_get_bytes(object, "fingerprint", message->fingerprint,
                          sizeof message->fingerprint, error) ||
      !fwd_protocol_read_nat(object, &message->nat, error))
    return FALSE;
  message->candidates = fwd_protocol_read_candidates(object, error);
  return message->candidates != NULL && read_strategies(object, message, error);
}

static gboolean
read_number(JsonObject *object, const char *name, guint32 least, guint32 *number, GError **error)
{
  gint64 value;

  if (!fwd_json_get_integer(object, name, least, G_MAXUINT32, &value, error))
    return FALSE;
  *number = (guint32)value;
  return TRUE;
}

static gboolean
read_attempt(JsonObject *object, FwdMessage *message, GError **error)
{
  if (!read_number(object, "attempt", 0, &message->attempt, error) ||
      !read_number(object, "tunnel", 1, &message->tunnel, error) ||
      !read_strategies(object, message, error))
    return FALSE;
  return message->strategies[0] != NULL ||
         fwd_json_invalid(error, "strategies", "is empty: nothing to attempt");
}

static gboolean
read_body(JsonObject *object, FwdMessage *message, GError **error)
{
  JsonNode *node = fwd_json_find(object, "body");
  g_autofree char *text = NULL;
  GVariant *body;

  if (node == NULL)
    return fwd_json_invalid(error, "body", "is missing");
  text = json_to_string(node, FALSE);
  if (strlen(text) > FWD_PROTOCOL_BODY_MAX)
    return fwd_json_limit(error, "body", "is too long");
  body = json_gvariant_deserialize(node, NULL, NULL);
  if (body == NULL)
    return fwd_json_invalid(error, "body", "has a value that cannot be carried");
  message->body = g_variant_take_ref(body);
  return TRUE;
}

static gboolean
read_strategy(JsonObject *object, FwdMessage *message, GError **error)
{
  const char *strategy;

  if (!read_number(object, "attempt", 0, &message->attempt, error))
    return FALSE;
  strategy = fwd_json_get_string(object, "strategy", FWD_PROTOCOL_STRATEGY_ID_MAX, error);
  if (strategy == NULL)
    return FALSE;
  if (!fwd_protocol_is_strategy_id(strategy))
    return fwd_json_invalid(error, "strategy", "is not a strategy's id");
  message->strategy = g_strdup(strategy);
  return read_body(object, message, error);
}

static gboolean
read_sender(JsonObject *object, FwdMessage *message, GError **error)
{
  guint8 id[(sizeof message->sender - 1) / 2];

  if (!fwd_json_get_bytes(object, "sender", id, sizeof id, error))
    return FALSE;
  g_strlcpy(message->sender, json_object_get_string_member(object, "sender"),
            sizeof message->sender);
  return TRUE;
}

static gboolean
read_envelope_fields(JsonObject *object, FwdMessage *message, GError **error)
{
  const char *type = fwd_json_get_string(object, "type", WORD_MAX, error);
  gint64 sequence;

  if (type == NULL || !read_sender(object, message, error) ||
      !fwd_json_get_bytes(object, "nonce", message->nonce, sizeof message->nonce, error))
    return FALSE;
  message->has_echo = fwd_json_find(object, "echo") != NULL;
  if (message->has_echo &&
      !fwd_json_get_bytes(object, "echo", message->echo, sizeof message->echo, error))
    return FALSE;
  if (!fwd_json_get_integer(object, "sequence", 1, FWD_PROTOCOL_SEQUENCE_MAX, &sequence, error))
    return FALSE;
  message->type = fwd_message_type_from_string(type);
  message->sequence = (guint64)sequence;
  return TRUE;
}

static gboolean
read_fields(JsonObject *object, FwdMessage *message, GError **error)
{
  switch (message->type) {
  case FWD_MESSAGE_HELLO:
    return read_hello(object, message, error);
  case FWD_MESSAGE_ATTEMPT:
    return read_attempt(object, message, error);
  case FWD_MESSAGE_STOP:
    return read_strategies(object, message, error);
  case FWD_MESSAGE_STRATEGY:
    return read_strategy(object, message, error);
  case FWD_MESSAGE_MAPPINGS:
  case FWD_MESSAGE_PORTS:
    return read_mappings(object, message, error);
  case FWD_MESSAGE_STORY:
    message->story = fwd_protocol_read_story(object, error);
    return message->story != NULL;
  case FWD_MESSAGE_BYE:
  case FWD_MESSAGE_UNKNOWN:
    break;
  }
  return TRUE;
}

static JsonParser *
parse(const char *text, GError **error)
{
  g_autoptr(JsonParser) parser = NULL;
  JsonNode *root;

  if (strnlen(text, FWD_ENVELOPE_PLAINTEXT_MAX + 1) > FWD_ENVELOPE_PLAINTEXT_MAX) {
    fwd_json_limit(error, "the message", "is too long");
    return NULL;
  }
  if (!fwd_json_check(text, FWD_PROTOCOL_DEPTH_MAX, error))
    return NULL;
  parser = json_parser_new_immutable();
  root =
      json_parser_load_from_data(parser, text, -1, NULL) ? json_parser_get_root(parser) : NULL;
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
    fwd_json_invalid(error, "the message", "is not a JSON object");
    return NULL;
  }
  return g_steal_pointer(&parser);
}

FwdMessage *
fwd_message_decode(const char *text, GError **error)
{
  g_autoptr(FwdMessage) message = fwd_message_new(FWD_MESSAGE_UNKNOWN);
  g_autoptr(JsonParser) parser = parse(text, error);
  JsonObject *object;

  if (parser == NULL)
    return NULL;
  object = json_node_get_object(json_parser_get_root(parser));
  if (!read_envelope_fields(object, message, error) || !read_fields(object, message, error))
    return NULL;
  return g_steal_pointer(&message);
}

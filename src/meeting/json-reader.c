/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/json-reader.h"

#include <stunfwd/error.h>
#include <string.h>

gboolean
fwd_json_invalid(GError **error, const char *name, const char *what)
{
  g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID, "%s: %s", name, what);
  return FALSE;
}

gboolean
fwd_json_limit(GError **error, const char *name, const char *what)
{
  g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_LIMIT, "%s: %s", name, what);
  return FALSE;
}

JsonNode *
fwd_json_find(JsonObject *object, const char *name)
{
  return json_object_get_member(object, name);
}

static JsonNode *
find_required(JsonObject *object, const char *name, GError **error)
{
  JsonNode *node = fwd_json_find(object, name);

  if (node == NULL)
    fwd_json_invalid(error, name, "is missing");
  return node;
}

static gboolean
has_control_characters(const char *text)
{
  for (; *text != '\0'; text++)
    if (g_ascii_iscntrl(*text))
      return TRUE;
  return FALSE;
}

const char *
fwd_json_node_text(JsonNode *node, gsize limit)
{
  const char *text;

  if (json_node_get_value_type(node) != G_TYPE_STRING)
    return NULL;
  text = json_node_get_string(node);
  if (*text == '\0' || strlen(text) > limit || has_control_characters(text))
    return NULL;
  return text;
}

const char *
fwd_json_get_string(JsonObject *object, const char *name, gsize limit, GError **error)
{
  JsonNode *node = find_required(object, name, error);
  const char *text;

  if (node == NULL)
    return NULL;
  text = fwd_json_node_text(node, limit);
  if (text == NULL)
    g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID,
                "%s: is not a string of 1 to %" G_GSIZE_FORMAT
                " bytes without control characters",
                name, limit);
  return text;
}

gboolean
fwd_json_get_integer(JsonObject *object, const char *name, gint64 least, gint64 most,
                     gint64 *value, GError **error)
{
  JsonNode *node = find_required(object, name, error);

  if (node == NULL)
    return FALSE;
  if (json_node_get_value_type(node) != G_TYPE_INT64)
    return fwd_json_invalid(error, name, "is not an integer");
  *value = json_node_get_int(node);
  if (*value >= least && *value <= most)
    return TRUE;
  g_set_error(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID,
              "%s: is not within %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, name, least, most);
  return FALSE;
}

gboolean
fwd_json_get_boolean(JsonObject *object, const char *name, gboolean *value, GError **error)
{
  JsonNode *node = find_required(object, name, error);

  if (node == NULL)
    return FALSE;
  if (json_node_get_value_type(node) != G_TYPE_BOOLEAN)
    return fwd_json_invalid(error, name, "is neither true nor false");
  *value = json_node_get_boolean(node);
  return TRUE;
}

gboolean
fwd_json_get_bytes(JsonObject *object, const char *name, guint8 *bytes, gsize size,
                   GError **error)
{
  const char *text = fwd_json_get_string(object, name, 2 * size, error);

  if (text == NULL)
    return FALSE;
  if (strlen(text) != 2 * size || strspn(text, "0123456789abcdef") != 2 * size)
    return fwd_json_invalid(error, name, "is not of the right number of hexadecimal digits");
  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8)(g_ascii_xdigit_value(text[2 * i]) * 16 +
                        g_ascii_xdigit_value(text[2 * i + 1]));
  return TRUE;
}

JsonObject *
fwd_json_get_object(JsonObject *object, const char *name, GError **error)
{
  JsonNode *node = find_required(object, name, error);

  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_OBJECT(node))
    return json_node_get_object(node);
  fwd_json_invalid(error, name, "is not an object");
  return NULL;
}

JsonArray *
fwd_json_get_array(JsonObject *object, const char *name, guint limit, GError **error)
{
  JsonNode *node = find_required(object, name, error);
  JsonArray *array;

  if (node == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_ARRAY(node)) {
    fwd_json_invalid(error, name, "is not an array");
    return NULL;
  }
  array = json_node_get_array(node);
  if (json_array_get_length(array) <= limit)
    return array;
  fwd_json_limit(error, name, "has too many elements");
  return NULL;
}

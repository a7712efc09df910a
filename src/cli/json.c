/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/json.h"

void
fwd_json_print(const char *text)
{
  g_autoptr(JsonNode) node = json_from_string(text, NULL);
  g_autofree char *pretty = json_to_string(node, TRUE);

  g_print("%s\n", pretty);
}

char *
fwd_json_get_text(JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member(object, name);

  if (!node)
    return g_strdup("");
  if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
    return json_node_dup_string(node);
  return json_to_string(node, FALSE);
}

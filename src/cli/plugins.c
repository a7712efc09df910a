/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/command.h"
#include "cli/json.h"
#include "core/plugin-registry.h"
#include "core/log.h"
#include "manage/status.h"
#include "session/interfaces.h"

static void
print_module(JsonArray *modules, guint index, JsonNode *node, gpointer user_data)
{
  JsonObject *module = json_node_get_object(node);
  const char *file = json_object_get_string_member(module, "file");
  JsonArray *list;

  if (json_object_has_member(module, "refused")) {
    g_print("refused     %s: %s\n", file, json_object_get_string_member(module, "refused"));
    return;
  }
  list = json_object_get_array_member(module, "implements");
  for (guint i = 0; i < json_array_get_length(list); i++) {
    JsonObject *item = json_array_get_object_element(list, i);
    g_print("%-11s %-16s %s (ABI %s)  %s\n            %s\n",
            json_object_get_string_member(item, "kind"),
            json_object_get_string_member(item, "id"),
            json_object_get_string_member(module, "version"),
            json_object_get_string_member(module, "abi"), file,
            json_object_get_string_member(item, "help"));
  }
}

int
fwd_command_plugins(int argc, char **argv)
{
  gboolean json = FALSE;
  g_auto(GStrv) directories = NULL;
  g_autoptr(GOptionContext) context = g_option_context_new("- list the plugins found");
  g_autoptr(FwdPluginRegistry) registry = NULL;
  g_autoptr(JsonNode) modules = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      {"plugin-dir", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &directories,
       "folder with plugins, searched first", "DIR"},
      G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries(context, entries, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error))
    return fwd_command_usage_error("%s (stunfwd plugins --help)", error->message);
  fwd_log_init(FWD_LOG_TEXT, "error");
  registry = fwd_plugin_registry_new();
  fwd_interfaces_define(registry);
  fwd_plugin_registry_load_all(registry, (const char *const *)directories);
  text = fwd_status_describe_plugins(registry);
  if (json) {
    fwd_json_print(text);
    return FWD_EXIT_OK;
  }
  modules = json_from_string(text, NULL);
  json_array_foreach_element(json_node_get_array(modules), print_module, NULL);
  return FWD_EXIT_OK;
}

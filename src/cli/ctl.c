/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/command.h"
#include "cli/json.h"
#include "manage/control-client.h"
#include "manage/control-socket.h"

typedef struct {
  FwdControlClient *client;
  gboolean json;
  char *profile;
} Context;

/* Fetches the text that a method without parameters returns. */
static char *
fetch(Context *context, const char *method, GError **error)
{
  g_autoptr(GVariant) reply = fwd_control_client_call(context->client, method, NULL, error);
  char *text = NULL;

  if (reply)
    g_variant_get(reply, "(s)", &text);
  return text;
}

static void
print_path(JsonObject *peer)
{
  JsonObject *path;
  g_autofree char *rtt = NULL;

  if (!json_object_has_member(peer, "path"))
    return;
  path = json_object_get_object_member(peer, "path");
  rtt = fwd_json_get_text(path, "rtt_ms");
  g_print("  path %s by %s, %s -> %s, %s ms\n", json_object_get_string_member(path, "class"),
          json_object_get_string_member(path, "strategy"),
          json_object_get_string_member(path, "local"),
          json_object_get_string_member(path, "remote"), rtt);
}

static void
print_peer(JsonArray *peers, guint index, JsonNode *node, gpointer user_data)
{
  JsonObject *peer = json_node_get_object(node);

  g_print("peer %s: %s\n", json_object_get_string_member(peer, "id"),
          json_object_get_string_member(peer, "state"));
  print_path(peer);
}

/* ", port N" where the mapping asked for any port. */
static char *
describe_port(JsonObject *mapping)
{
  const char *text = json_object_get_string_member(mapping, "mapping");
  gint64 port = json_object_get_int_member(mapping, "port");

  if (port && (strstr(text, ":0:") || g_str_has_suffix(text, ":0")))
    return g_strdup_printf(", port %d", (int)port);
  return g_strdup("");
}

static void
print_mapping(JsonArray *mappings, guint index, JsonNode *node, gpointer user_data)
{
  JsonObject *mapping = json_node_get_object(node);
  g_autofree char *id = fwd_json_get_text(mapping, "id");
  g_autofree char *open = fwd_json_get_text(mapping, "connections");
  g_autofree char *total = fwd_json_get_text(mapping, "total");
  g_autofree char *port = describe_port(mapping);

  g_print("%4s  %-28s %-12s %s open, %s in all%s\n", id,
          json_object_get_string_member(mapping, "mapping"),
          json_object_get_string_member(mapping, "state"), open, total, port);
}

static void
print_status(JsonObject *status)
{
  JsonObject *nat = json_object_get_object_member(status, "nat");
  JsonObject *signaling = json_object_get_object_member(status, "signaling");

  g_print("%s, %s; health %s\n", json_object_get_string_member(status, "role"),
          json_object_get_string_member(status, "state"),
          json_object_get_string_member(status, "health"));
  g_print("nat %s; signaling %s, %s\n", json_object_get_string_member(nat, "classic"),
          json_object_get_string_member(signaling, "transport"),
          json_object_get_boolean_member(signaling, "connected") ? "connected"
                                                                 : "not connected");
  json_array_foreach_element(json_object_get_array_member(status, "peers"), print_peer, NULL);
  json_array_foreach_element(json_object_get_array_member(status, "mappings"), print_mapping,
                             NULL);
}

static gboolean
verb_status(Context *context, char **arguments, GError **error)
{
  g_autofree char *text = fetch(context, "Status", error);
  g_autoptr(JsonNode) node = NULL;
  JsonObject *status;

  if (!text)
    return FALSE;
  if (context->json) {
    fwd_json_print(text);
    return TRUE;
  }
  node = json_from_string(text, NULL);
  status = json_node_get_object(node);
  if (!json_object_has_member(status, "profiles")) {
    print_status(status);
    return TRUE;
  }
  status = json_object_get_object_member(status, "profiles");
  for (GList *names = json_object_get_members(status), *name = names; name; name = name->next) {
    g_print("[%s]\n", (const char *)name->data);
    print_status(json_object_get_object_member(status, name->data));
    if (!name->next)
      g_list_free(names);
  }
  return TRUE;
}

/* The mappings of all profiles, one after the other. */
static JsonArray *
collect_mappings(JsonObject *status)
{
  JsonArray *all;
  g_autoptr(GList) profiles = NULL;

  if (json_object_has_member(status, "mappings"))
    return json_array_ref(json_object_get_array_member(status, "mappings"));
  all = json_array_new();
  profiles = json_object_get_values(json_object_get_object_member(status, "profiles"));
  for (GList *item = profiles; item; item = item->next) {
    JsonArray *some =
        json_object_get_array_member(json_node_get_object(item->data), "mappings");
    for (guint i = 0; i < json_array_get_length(some); i++)
      json_array_add_element(all, json_node_copy(json_array_get_element(some, i)));
  }
  return all;
}

static gboolean
verb_list(Context *context, char **arguments, GError **error)
{
  g_autofree char *text = fetch(context, "Status", error);
  g_autoptr(JsonNode) node = text ? json_from_string(text, NULL) : NULL;
  g_autoptr(JsonArray) mappings = NULL;

  if (!node)
    return FALSE;
  mappings = collect_mappings(json_node_get_object(node));
  if (context->json) {
    g_autoptr(JsonNode) list = json_node_init_array(json_node_alloc(), mappings);
    g_autofree char *listed = json_to_string(list, TRUE);
    g_print("%s\n", listed);
  } else {
    json_array_foreach_element(mappings, print_mapping, NULL);
  }
  return TRUE;
}

static gboolean
verb_add(Context *context, char **arguments, GError **error)
{
  g_autoptr(GVariant) reply =
      fwd_control_client_call(context->client, "AddMapping",
                              g_variant_new("(ss)", context->profile, arguments[0]), error);
  guint id;

  if (!reply)
    return FALSE;
  g_variant_get(reply, "(u)", &id);
  g_print(context->json ? "{\"id\": %u}\n" : "%u\n", id);
  return TRUE;
}

static gboolean
verb_remove(Context *context, char **arguments, GError **error)
{
  g_autoptr(GVariant) reply = NULL;
  guint64 id;

  if (!g_ascii_string_to_unsigned(arguments[0], 10, 1, G_MAXUINT32, &id, error))
    return FALSE;
  reply = fwd_control_client_call(context->client, "RemoveMapping",
                                  g_variant_new("(su)", context->profile, (guint32)id), error);
  return reply != NULL;
}

static gboolean
verb_plugins(Context *context, char **arguments, GError **error)
{
  g_autofree char *text = fetch(context, "Plugins", error);

  if (text)
    fwd_json_print(text);
  return text != NULL;
}

static gboolean
verb_log_level(Context *context, char **arguments, GError **error)
{
  g_autoptr(GVariant) reply = fwd_control_client_call(
      context->client, "SetLogLevel", g_variant_new("(s)", arguments[0]), error);

  return reply != NULL;
}

static gboolean
verb_stop(Context *context, char **arguments, GError **error)
{
  g_autoptr(GVariant) reply = fwd_control_client_call(context->client, "Stop", NULL, error);

  return reply != NULL;
}

static const struct {
  const char *name;
  guint arguments;
  gboolean (*run)(Context *context, char **arguments, GError **error);
} verbs[] = {
    {"status", 0, verb_status}, {"list", 0, verb_list},       {"add", 1, verb_add},
    {"remove", 1, verb_remove}, {"plugins", 0, verb_plugins}, {"log-level", 1, verb_log_level},
    {"stop", 0, verb_stop},
};

static int
run_verb(Context *context, const char *socket, char **words)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
    if (!g_str_equal(verbs[i].name, words[0]))
      continue;
    if (g_strv_length(words + 1) != verbs[i].arguments)
      return fwd_command_usage_error("ctl %s takes %u argument%s", words[0], verbs[i].arguments,
                                     verbs[i].arguments == 1 ? "" : "s");
    path = fwd_control_socket_find(socket, &error);
    context->client = path ? fwd_control_client_new(path, &error) : NULL;
    if (!context->client || !verbs[i].run(context, words + 1, &error))
      return fwd_command_fail(error);
    return FWD_EXIT_OK;
  }
  return fwd_command_usage_error("ctl has no verb \"%s\" (stunfwd ctl --help)", words[0]);
}

int
fwd_command_ctl(int argc, char **argv)
{
  g_autofree char *socket = NULL, *profile = NULL;
  g_auto(GStrv) words = NULL;
  gboolean json = FALSE;
  Context context = {0};
  int status;
  g_autoptr(GError) error = NULL;
  g_autoptr(GOptionContext) options =
      g_option_context_new("status|list|add MAPPING|remove ID|plugins|log-level LEVEL|stop");
  const GOptionEntry entries[] = {
      {"control", 0, 0, G_OPTION_ARG_FILENAME, &socket, "control socket", "PATH"},
      {"profile", 0, 0, G_OPTION_ARG_STRING, &profile, "which profile, if there are several",
       "NAME"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &words, NULL, NULL},
      G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries(options, entries, NULL);
  if (!g_option_context_parse(options, &argc, &argv, &error))
    return fwd_command_usage_error("%s (stunfwd ctl --help)", error->message);
  if (!words)
    return fwd_command_usage_error("ctl: a verb is missing (stunfwd ctl --help)");
  context.json = json;
  context.profile = profile ? profile : (char *)"";
  status = run_verb(&context, socket, words);
  g_clear_pointer(&context.client, fwd_control_client_free);
  return status;
}

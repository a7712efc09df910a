/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/command.h"
#include "cli/json.h"
#include "manage/control-client.h"
#include "manage/control-socket.h"
#include <stunfwd/error.h>

/* "" when there is none. */
static const char *
text_of(JsonObject *object, const char *name)
{
  return json_object_get_string_member_with_default(object, name, "");
}

static JsonObject *
object_of(JsonObject *object, const char *name)
{
  return json_object_has_member(object, name) ? json_object_get_object_member(object, name)
                                              : NULL;
}

static void
print_path(JsonObject *path, const char *label, const char *why)
{
  g_print("  %s %s by %s, %s -> %s, %.1f ms, loss %.0f %%: %s\n", label, text_of(path, "class"),
          text_of(path, "strategy"), text_of(path, "local"), text_of(path, "remote"),
          json_object_get_double_member(path, "rtt_ms"),
          json_object_get_double_member(path, "loss") * 100, why);
}

static void
print_paths(JsonObject *peer)
{
  JsonObject *path = object_of(peer, "path");
  JsonArray *standby;

  if (!path)
    g_print("  no path is in use\n");
  else
    print_path(path, "path", text_of(peer, "why"));
  if (!json_object_has_member(peer, "standby"))
    return;
  standby = json_object_get_array_member(peer, "standby");
  for (guint i = 0; i < json_array_get_length(standby); i++) {
    JsonObject *other = json_array_get_object_element(standby, i);
    print_path(other, "not", text_of(other, "why_not"));
  }
}

/* "failed after 10.0 s, 14 checks sent: no answer" */
static char *
describe_end(JsonObject *end)
{
  const char *outcome = text_of(end, "outcome"), *verdict = text_of(end, "verdict");
  const gint64 sent = json_object_get_int_member(end, "sent");
  const gint64 duration_ms = json_object_get_int_member(end, "duration_ms");
  GString *line = g_string_new(outcome);

  if (duration_ms >= 1000)
    g_string_append_printf(line, " after %.1f s", (double)duration_ms / 1000);
  else if (!g_str_equal(outcome, "not tried") && !g_str_equal(outcome, "running"))
    g_string_append_printf(line, " after %d ms", (int)duration_ms);
  if (sent)
    g_string_append_printf(line, ", %d check%s sent", (int)sent, sent == 1 ? "" : "s");
  if (*verdict)
    g_string_append_printf(line, ": %s", verdict);
  return g_string_free(line, FALSE);
}

static void
print_lines(JsonObject *end, const char *label)
{
  JsonArray *lines = json_object_get_array_member(end, "lines");

  for (guint i = 0; i < json_array_get_length(lines); i++)
    g_print("    %-6s %s\n", label, json_array_get_string_element(lines, i));
}

/* One end's line is the strategy's own, so the other's comes with the lines of that end. */
static void
print_strategy(JsonArray *strategies, guint index, JsonNode *node, gpointer user_data)
{
  JsonObject *strategy = json_node_get_object(node);
  JsonObject *here = object_of(strategy, "here"), *there = object_of(strategy, "there");
  g_autofree char *own = here ? describe_end(here) : g_strdup("only at the peer");
  g_autofree char *theirs = there ? describe_end(there) : NULL;

  g_print("  %-16s %s\n", text_of(strategy, "id"), own);
  if (here)
    print_lines(here, "here:");
  if (!there)
    return;
  g_print("    %-6s %s\n", "there:", theirs);
  print_lines(there, "there:");
}

static void
print_peer(JsonObject *session, JsonObject *peer)
{
  JsonArray *advice = json_object_get_array_member(peer, "advice");

  g_print("peer %s: %s; NAT here %s, there %s\n", text_of(peer, "id"), text_of(peer, "state"),
          text_of(json_object_get_object_member(session, "nat"), "classic"),
          text_of(json_object_get_object_member(peer, "nat"), "classic"));
  print_paths(peer);
  json_array_foreach_element(json_object_get_array_member(peer, "strategies"), print_strategy,
                             NULL);
  if (!json_object_get_boolean_member(peer, "told"))
    g_print("  the peer has not told its side yet\n");
  if (json_array_get_length(advice))
    g_print("  what would help:\n");
  for (guint i = 0; i < json_array_get_length(advice); i++)
    g_print("    %s\n", json_array_get_string_element(advice, i));
}

static void
print_session(JsonObject *session)
{
  JsonArray *peers = json_object_get_array_member(session, "peers");

  if (!json_array_get_length(peers))
    g_print("no peer has been met yet\n");
  for (guint i = 0; i < json_array_get_length(peers); i++)
    print_peer(session, json_array_get_object_element(peers, i));
}

/* Peers whose id begins like that stay. */
typedef struct {
  const char *prefix;
  guint count;
} Wanted;

/* The sessions by the name of their profile, "" for the only one (transfer full). */
static JsonObject *
list_sessions(JsonObject *root)
{
  JsonObject *profiles = object_of(root, "profiles");

  if (profiles)
    return json_object_ref(profiles);
  profiles = json_object_new();
  json_object_set_object_member(profiles, "", json_object_ref(root));
  return profiles;
}

static void
keep_of_session(JsonObject *sessions, const char *name, JsonNode *node, gpointer user_data)
{
  JsonArray *peers = json_object_get_array_member(json_node_get_object(node), "peers");
  Wanted *wanted = user_data;

  for (guint i = json_array_get_length(peers); i > 0; i--) {
    JsonObject *peer = json_array_get_object_element(peers, i - 1);
    if (g_str_has_prefix(text_of(peer, "id"), wanted->prefix))
      wanted->count++;
    else
      json_array_remove_element(peers, i - 1);
  }
}

static void
print_named(JsonObject *sessions, const char *name, JsonNode *node, gpointer user_data)
{
  if (*name)
    g_print("[%s]\n", name);
  print_session(json_node_get_object(node));
}

static int
print_all(JsonNode *node, const char *peer, gboolean json)
{
  g_autoptr(JsonObject) sessions = list_sessions(json_node_get_object(node));
  Wanted wanted = {.prefix = peer ? peer : ""};
  g_autofree char *text = NULL;

  json_object_foreach_member(sessions, keep_of_session, &wanted);
  if (peer && !wanted.count) {
    fwd_command_usage_error("no peer's id begins with \"%s\"", peer);
    return FWD_EXIT_FAILED;
  }
  if (!json) {
    json_object_foreach_member(sessions, print_named, NULL);
    return FWD_EXIT_OK;
  }
  text = json_to_string(node, TRUE);
  g_print("%s\n", text);
  return FWD_EXIT_OK;
}

static int
explain(const char *socket, const char *peer, gboolean json)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = fwd_control_socket_find(socket, &error);
  g_autoptr(FwdControlClient) client = path ? fwd_control_client_new(path, &error) : NULL;
  g_autoptr(GVariant) reply =
      client ? fwd_control_client_call(client, "Explain", NULL, &error) : NULL;
  g_autoptr(JsonNode) node = NULL;
  const char *text;

  if (!reply)
    return fwd_command_fail(error);
  g_variant_get(reply, "(&s)", &text);
  node = json_from_string(text, NULL);
  return print_all(node, peer, json);
}

int
fwd_command_explain(int argc, char **argv)
{
  g_autofree char *socket = NULL;
  gboolean json = FALSE;
  g_autoptr(GError) error = NULL;
  g_autoptr(GOptionContext) context =
      g_option_context_new("[PEER] - tell why a peer is reached the way it is");
  const GOptionEntry entries[] = {
      {"control", 0, 0, G_OPTION_ARG_FILENAME, &socket, "control socket", "PATH"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries(context, entries, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error))
    return fwd_command_usage_error("%s (stunfwd explain --help)", error->message);
  if (argc > 2)
    return fwd_command_usage_error("\"%s\": explain takes one peer at most", argv[2]);
  return explain(socket, argc == 2 ? argv[1] : NULL, json);
}

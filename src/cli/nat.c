/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/command.h"
#include "cli/json.h"
#include "core/log.h"
#include "net/nat-unknown.h"
#include "session/discovery.h"
#include <sodium.h>

#define LIMIT_MS          15000
#define LIFETIME_LIMIT_MS (10 * 60 * 1000)

typedef struct {
  GMainLoop *loop;
  gboolean lifetime; /* wait for that as well */
  gboolean done;
} Wait;

static void
on_done(FwdDiscovery *discovery, Wait *wait)
{
  wait->done = TRUE;
  if (!wait->lifetime || !fwd_discovery_is_measuring(discovery))
    g_main_loop_quit(wait->loop);
}

static void
on_changed(FwdDiscovery *discovery, Wait *wait)
{
  if (wait->done && !fwd_discovery_is_measuring(discovery))
    g_main_loop_quit(wait->loop);
}

static gboolean
on_limit(gpointer loop)
{
  g_main_loop_quit(loop);
  return G_SOURCE_CONTINUE;
}

static const char *
answer_to_string(FwdAnswer answer)
{
  static const char *const names[] = {"unknown", "no", "yes"};

  return names[answer];
}

static void
set_public(JsonObject *object, const char *name, const FwdEndpoint *endpoint)
{
  char text[FWD_ENDPOINT_TEXT_MAX];

  if (fwd_endpoint_family(endpoint) != AF_UNSPEC)
    json_object_set_string_member(object, name, fwd_endpoint_format(endpoint, text));
}

/* What was not measured is left out, and told under "unknown". */
static void
set_count(JsonObject *object, const char *name, guint count)
{
  if (count > 0)
    json_object_set_int_member(object, name, count);
}

static void
set_ports(JsonObject *object, const FwdNatReport *report)
{
  json_object_set_string_member(object, "ports", fwd_port_pattern_to_string(report->ports));
  if (report->ports != FWD_PORTS_SEQUENTIAL)
    return;
  json_object_set_int_member(object, "port_delta", report->port_delta);
  json_object_set_int_member(object, "port_spread", report->port_spread);
}

static JsonObject *
describe(const FwdNatReport *report)
{
  JsonObject *object = json_object_new();

  json_object_set_string_member(object, "mapping",
                                fwd_nat_behaviour_to_string(report->mapping));
  json_object_set_string_member(object, "filtering",
                                fwd_nat_behaviour_to_string(report->filtering));
  json_object_set_string_member(object, "hairpinning", answer_to_string(report->hairpinning));
  set_ports(object, report);
  set_count(object, "hops", report->hops);
  set_count(object, "lifetime_seconds", report->lifetime_seconds);
  set_count(object, "public_addresses", report->public_addresses);
  json_object_set_boolean_member(object, "udp_blocked", report->udp_blocked);
  json_object_set_string_member(object, "classic", fwd_nat_report_classic_name(report));
  set_public(object, "public", &report->public4);
  set_public(object, "public6", &report->public6);
  return object;
}

static JsonArray *
describe_unknown(const FwdNatUnknown *unknown, guint count)
{
  JsonArray *array = json_array_new();

  for (guint i = 0; i < count; i++) {
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "what", unknown[i].what);
    json_object_set_string_member(object, "why", unknown[i].why);
    json_array_add_object_element(array, object);
  }
  return array;
}

static void
print_member(JsonObject *object, const char *name, JsonNode *node, gpointer user_data)
{
  g_autofree char *text = fwd_json_get_text(object, name);

  g_print("%-16s %s\n", name, text);
}

static void
print_report(const FwdNatReport *report, gboolean lifetime, gboolean json)
{
  g_autoptr(JsonObject) object = describe(report);
  FwdNatUnknown unknown[FWD_NAT_UNKNOWN_MAX];
  guint count = fwd_nat_list_unknown(report, lifetime, unknown);

  if (json) {
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);
    g_autofree char *text = NULL;

    json_object_set_array_member(object, "unknown", describe_unknown(unknown, count));
    text = json_to_string(node, TRUE);
    g_print("%s\n", text);
  } else {
    json_object_foreach_member(object, print_member, NULL);
    for (guint i = 0; i < count; i++)
      g_print("%-16s not measured: %s\n", unknown[i].what, unknown[i].why);
  }
}

static int
measure(char **servers, gboolean lifetime, gboolean json)
{
  guint8 key[FWD_PROBE_KEY_SIZE];
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdIdentity) identity = fwd_identity_new(&error);
  g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
  g_autoptr(FwdDataPlane) plane = NULL;
  g_autoptr(FwdDiscovery) discovery = NULL;
  Wait wait = {.loop = loop, .lifetime = lifetime};
  guint limit;

  randombytes_buf(key, sizeof key);
  plane = identity ? fwd_data_plane_new(key, identity, &error) : NULL;
  if (!plane)
    return fwd_command_fail(error);
  discovery = fwd_discovery_new(plane);
  fwd_discovery_set_background(discovery, lifetime, NULL);
  g_signal_connect(discovery, "done", G_CALLBACK(on_done), &wait);
  g_signal_connect(discovery, "changed", G_CALLBACK(on_changed), &wait);
  fwd_discovery_start(discovery, (const char *const *)servers);
  limit = g_timeout_add(lifetime ? LIFETIME_LIMIT_MS : LIMIT_MS, on_limit, loop);
  g_main_loop_run(loop);
  g_source_remove(limit);
  if (wait.done)
    print_report(fwd_discovery_get_report(discovery), lifetime, json);
  fwd_discovery_stop(discovery);
  fwd_data_plane_shutdown(plane);
  return wait.done
             ? FWD_EXIT_OK
             : (fwd_command_usage_error("no STUN server could be asked"), FWD_EXIT_FAILED);
}

int
fwd_command_nat(int argc, char **argv)
{
  g_auto(GStrv) servers = NULL;
  gboolean json = FALSE, lifetime = FALSE;
  g_autoptr(GError) error = NULL;
  g_autoptr(GOptionContext) context =
      g_option_context_new("- say what NAT this machine is behind");
  const GOptionEntry entries[] = {
      {"stun", 0, 0, G_OPTION_ARG_STRING_ARRAY, &servers, "STUN server to ask", "HOST:PORT"},
      {"lifetime", 0, 0, G_OPTION_ARG_NONE, &lifetime,
       "measure how long an idle mapping lives as well: takes minutes", NULL},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries(context, entries, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error))
    return fwd_command_usage_error("%s (stunfwd nat --help)", error->message);
  if (!servers)
    return fwd_command_usage_error("--stun HOST:PORT is missing (stunfwd nat --help)");
  if (argc > 1)
    return fwd_command_usage_error("\"%s\": nat takes options only", argv[1]);
  fwd_log_init(FWD_LOG_TEXT, "warning");
  return measure(servers, lifetime, json);
}

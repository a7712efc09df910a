/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manage/status.h"

static void
set_endpoint(JsonObject *object, const char *name, const FwdEndpoint *endpoint)
{
  char text[FWD_ENDPOINT_TEXT_MAX];

  if (fwd_endpoint_family(endpoint) != AF_UNSPEC)
    json_object_set_string_member(object, name, fwd_endpoint_format(endpoint, text));
}

JsonObject *
fwd_status_describe_nat(const FwdNatReport *report)
{
  JsonObject *nat = json_object_new();

  json_object_set_string_member(nat, "mapping", fwd_nat_behaviour_to_string(report->mapping));
  json_object_set_string_member(nat, "filtering",
                                fwd_nat_behaviour_to_string(report->filtering));
  json_object_set_string_member(nat, "classic", fwd_nat_report_classic_name(report));
  set_endpoint(nat, "public", &report->public4);
  set_endpoint(nat, "public6", &report->public6);
  return nat;
}

static JsonObject *
describe_signaling(FwdSession *session)
{
  JsonObject *signaling = json_object_new();

  json_object_set_string_member(signaling, "transport",
                                fwd_room_get_transport(fwd_session_get_room(session)));
  json_object_set_boolean_member(signaling, "connected", fwd_session_is_joined(session));
  json_object_set_int_member(signaling, "dropped",
                             (gint64)fwd_room_get_dropped(fwd_session_get_room(session)));
  return signaling;
}

static JsonObject *
describe_path(const FwdPathInfo *info)
{
  JsonObject *path = json_object_new();

  json_object_set_string_member(path, "class", fwd_path_class_to_string(info->path_class));
  json_object_set_string_member(path, "strategy", info->strategy);
  set_endpoint(path, "local", &info->local);
  set_endpoint(path, "remote", &info->remote);
  json_object_set_double_member(path, "rtt_ms", info->rtt_us / 1000.0);
  json_object_set_int_member(path, "mtu", info->mtu);
  json_object_set_double_member(path, "loss", info->loss);
  json_object_set_boolean_member(path, "alive", info->alive);
  return path;
}

static void
set_paths(JsonObject *peer, const FwdTunnelStatistics *statistics)
{
  JsonArray *standby = json_array_new();

  for (guint i = 0; i < statistics->path_count; i++) {
    JsonObject *path = describe_path(&statistics->paths[i]);
    if (statistics->paths[i].active)
      json_object_set_object_member(peer, "path", path);
    else
      json_array_add_object_element(standby, path);
  }
  json_object_set_array_member(peer, "standby", standby);
}

JsonObject *
fwd_status_describe_peer(FwdPeer *peer)
{
  const FwdTunnelStatistics *statistics = fwd_peer_get_statistics(peer);
  JsonObject *object = json_object_new();

  json_object_set_string_member(object, "id", fwd_peer_get_id(peer));
  json_object_set_string_member(object, "state",
                                fwd_peer_state_to_string(fwd_peer_get_state(peer)));
  if (statistics)
    set_paths(object, statistics);
  json_object_set_int_member(object, "first_path_ms", fwd_peer_get_first_path_ms(peer));
  json_object_set_int_member(object, "upgraded_at_ms", fwd_peer_get_upgraded_at_ms(peer));
  json_object_set_int_member(object, "bytes_in", statistics ? (gint64)statistics->bytes_in : 0);
  json_object_set_int_member(object, "bytes_out",
                             statistics ? (gint64)statistics->bytes_out : 0);
  return object;
}

static JsonArray *
describe_peers(FwdSession *session)
{
  GListModel *peers = fwd_session_get_peers(session);
  JsonArray *array = json_array_new();

  for (guint i = 0; i < g_list_model_get_n_items(peers); i++) {
    g_autoptr(FwdPeer) peer = g_list_model_get_item(peers, i);
    json_array_add_object_element(array, fwd_status_describe_peer(peer));
  }
  return array;
}

static JsonObject *
describe_mapping(FwdMappingEntry *entry)
{
  FwdMapping *mapping = fwd_mapping_entry_get_mapping(entry);
  FwdTraffic *traffic = fwd_mapping_get_traffic(mapping);
  JsonObject *object = json_object_new();

  json_object_set_int_member(object, "id", fwd_mapping_entry_get_id(entry));
  json_object_set_string_member(object, "mapping", fwd_mapping_to_string(mapping));
  json_object_set_string_member(object, "state", fwd_mapping_entry_get_state(entry));
  json_object_set_int_member(object, "port", fwd_mapping_entry_get_port(entry));
  json_object_set_int_member(object, "connections",
                             (gint64)fwd_traffic_get(traffic, connections));
  json_object_set_int_member(object, "total", (gint64)fwd_traffic_get(traffic, total));
  json_object_set_int_member(object, "bytes_in", (gint64)fwd_traffic_get(traffic, bytes_in));
  json_object_set_int_member(object, "bytes_out", (gint64)fwd_traffic_get(traffic, bytes_out));
  json_object_set_int_member(object, "errors", (gint64)fwd_traffic_get(traffic, errors));
  return object;
}

static JsonArray *
describe_mappings(FwdSession *session)
{
  FwdMappingTable *table = fwd_session_get_mappings(session);
  JsonArray *array = json_array_new();

  for (guint i = 0; table && i < g_list_model_get_n_items(G_LIST_MODEL(table)); i++) {
    g_autoptr(FwdMappingEntry) entry = g_list_model_get_item(G_LIST_MODEL(table), i);
    json_array_add_object_element(array, describe_mapping(entry));
  }
  return array;
}

static void
add_record(GHashTable *sums, const FwdStrategyRecord *record)
{
  FwdStrategyRecord *sum = g_hash_table_lookup(sums, record->id);

  if (!sum) {
    sum = g_new0(FwdStrategyRecord, 1);
    sum->id = record->id;
    g_hash_table_insert(sums, record->id, sum);
  }
  sum->attempts += record->attempts;
  sum->successes += record->successes;
}

/* Of all peers together. */
static JsonArray *
describe_strategies(FwdSession *session)
{
  GListModel *peers = fwd_session_get_peers(session);
  g_autoptr(GHashTable) sums = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  JsonArray *array = json_array_new();
  GHashTableIter iterator;
  gpointer value;

  for (guint i = 0; i < g_list_model_get_n_items(peers); i++) {
    g_autoptr(FwdPeer) peer = g_list_model_get_item(peers, i);
    const GPtrArray *records = fwd_connector_get_records(fwd_peer_get_connector(peer));
    for (guint j = 0; j < records->len; j++)
      add_record(sums, records->pdata[j]);
  }
  g_hash_table_iter_init(&iterator, sums);
  while (g_hash_table_iter_next(&iterator, NULL, &value)) {
    const FwdStrategyRecord *sum = value;
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "id", sum->id);
    json_object_set_int_member(object, "attempts", sum->attempts);
    json_object_set_int_member(object, "successes", sum->successes);
    json_array_add_object_element(array, object);
  }
  return array;
}

JsonObject *
fwd_status_describe_session(FwdSession *session)
{
  g_autofree char *problem = fwd_component_get_problem(FWD_COMPONENT(session));
  JsonObject *status = json_object_new();

  json_object_set_string_member(status, "role",
                                fwd_role_to_string(fwd_session_get_role(session)));
  json_object_set_string_member(status, "state",
                                fwd_session_state_to_string(fwd_session_get_state(session)));
  json_object_set_string_member(status, "health", problem ? problem : "ok");
  /* One that could not start, while those before it drain. */
  if (!fwd_session_get_room(session))
    return status;
  json_object_set_string_member(status, "room",
                                fwd_session_get_credentials(session)->keys.room);
  json_object_set_object_member(
      status, "nat",
      fwd_status_describe_nat(fwd_discovery_get_report(fwd_session_get_discovery(session))));
  json_object_set_object_member(status, "signaling", describe_signaling(session));
  json_object_set_array_member(status, "peers", describe_peers(session));
  json_object_set_array_member(status, "mappings", describe_mappings(session));
  json_object_set_array_member(status, "strategies", describe_strategies(session));
  return status;
}

static char *
to_text(JsonNode *taken)
{
  g_autoptr(JsonNode) node = taken;

  return json_to_string(node, FALSE);
}

static JsonNode *
object_node(JsonObject *object)
{
  return json_node_init_object(json_node_alloc(), object);
}

char *
fwd_status_collect(GPtrArray *sessions, FwdStatusDescribe describe)
{
  g_autoptr(JsonObject) all = json_object_new();
  JsonObject *profiles;

  if (sessions->len == 1) {
    g_autoptr(JsonObject) one = describe(sessions->pdata[0]);
    return to_text(object_node(one));
  }
  profiles = json_object_new();
  for (guint i = 0; i < sessions->len; i++) {
    g_autofree char *name = NULL;
    g_object_get(fwd_session_get_profile(sessions->pdata[i]), "name", &name, NULL);
    json_object_set_object_member(profiles, name, describe(sessions->pdata[i]));
  }
  json_object_set_object_member(all, "profiles", profiles);
  return to_text(object_node(all));
}

char *
fwd_status_to_text(GPtrArray *sessions)
{
  return fwd_status_collect(sessions, fwd_status_describe_session);
}

static JsonArray *
describe_implementations(FwdPluginRegistry *registry, const char *plugin)
{
  static const char *const interfaces[] = {FWD_INTERFACE_STRATEGY, FWD_INTERFACE_SIGNALING,
                                           FWD_INTERFACE_FORWARDER};
  JsonArray *array = json_array_new();

  for (guint i = 0; i < G_N_ELEMENTS(interfaces); i++) {
    g_autoptr(GPtrArray) all = fwd_plugin_registry_list(registry, interfaces[i]);
    for (guint j = 0; j < all->len; j++) {
      const FwdImplementation *implementation = all->pdata[j];
      JsonObject *object;
      if (g_strcmp0(implementation->plugin, plugin) != 0)
        continue;
      object = json_object_new();
      json_object_set_string_member(object, "kind", strchr(interfaces[i], '.') + 1);
      json_object_set_string_member(object, "id", implementation->id);
      json_object_set_string_member(object, "help",
                                    implementation->meta.help ? implementation->meta.help : "");
      json_array_add_object_element(array, object);
    }
  }
  return array;
}

static JsonObject *
describe_module(FwdPluginRegistry *registry, const FwdModuleInfo *module)
{
  JsonObject *object = json_object_new();
  g_autofree char *abi = g_strdup_printf("%u.%u", module->abi_major, module->abi_minor);

  json_object_set_string_member(object, "file", module->file);
  if (module->refused) {
    json_object_set_string_member(object, "refused", module->refused);
    return object;
  }
  json_object_set_string_member(object, "name", module->name);
  json_object_set_string_member(object, "version", module->version);
  json_object_set_string_member(object, "licence", module->licence);
  json_object_set_string_member(object, "abi", abi);
  json_object_set_array_member(object, "implements",
                               describe_implementations(registry, module->name));
  return object;
}

char *
fwd_status_describe_plugins(FwdPluginRegistry *registry)
{
  g_autoptr(GPtrArray) modules = fwd_plugin_registry_list_modules(registry);
  g_autoptr(JsonArray) array = json_array_new();
  JsonNode *node = json_node_alloc();

  for (guint i = 0; i < modules->len; i++)
    json_array_add_object_element(array, describe_module(registry, modules->pdata[i]));
  json_node_init_array(node, array);
  return to_text(node);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/reverse-mappings.h"

#include "session/persistent-tunnel.h"
#include <stunfwd/endpoint.h>
#include <stunfwd/error.h>

struct FwdReverseMappings {
  FwdPersistentTunnel *tunnel;
  FwdMappingTable *table;
};

FwdReverseMappings *
fwd_reverse_mappings_new(FwdPluginRegistry *registry, FwdEventBus *bus)
{
  FwdReverseMappings *reverse = g_new0(FwdReverseMappings, 1);

  reverse->tunnel = fwd_persistent_tunnel_new();
  reverse->table = fwd_mapping_table_new(registry, bus, FWD_TUNNEL(reverse->tunnel), TRUE);
  return reverse;
}

void
fwd_reverse_mappings_free(FwdReverseMappings *reverse)
{
  fwd_mapping_table_clear(reverse->table);
  fwd_tunnel_close(FWD_TUNNEL(reverse->tunnel));
  g_object_unref(reverse->table);
  g_object_unref(reverse->tunnel);
  g_free(reverse);
}

void
fwd_reverse_mappings_set_tunnel(FwdReverseMappings *reverse, FwdTunnel *tunnel)
{
  fwd_persistent_tunnel_set(reverse->tunnel, tunnel);
}

static const char *
why_forbidden(FwdMapping *mapping)
{
  guint16 port = fwd_mapping_get_port(mapping);
  FwdEndpoint bind;

  if (!fwd_mapping_is_reverse(mapping))
    return "not a reverse mapping";
  if (!fwd_endpoint_from_address(fwd_mapping_get_bind(mapping), port, &bind) ||
      !fwd_endpoint_is_loopback(&bind))
    return "only loopback addresses can be asked for";
  return port > 0 && port < 1024 ? "ports below 1024 cannot be asked for" : NULL;
}

/* The one mapping that @text describes (transfer full), or NULL and *@why. */
static FwdMapping *
read_one(const char *text, const char **why)
{
  g_autoptr(GPtrArray) mappings = fwd_mapping_parse(text, NULL);

  if (!mappings)
    *why = "not understood";
  else if (mappings->len != 1)
    *why = "a range cannot be asked for";
  else
    *why = why_forbidden(mappings->pdata[0]);
  return *why ? NULL : fwd_mapping_ref(mappings->pdata[0]);
}

static FwdMappingEntry *
find(FwdReverseMappings *reverse, FwdMapping *mapping)
{
  GListModel *entries = G_LIST_MODEL(reverse->table);
  const char *text = fwd_mapping_to_string(mapping);

  for (guint i = 0; i < g_list_model_get_n_items(entries); i++) {
    g_autoptr(FwdMappingEntry) entry = g_list_model_get_item(entries, i);
    if (g_str_equal(fwd_mapping_to_string(fwd_mapping_entry_get_mapping(entry)), text))
      return entry; /* the table keeps it */
  }
  return NULL;
}

/* Opens what is not open yet and says what became of it. */
static char *
open_one(FwdReverseMappings *reverse, const char *text)
{
  const char *why;
  g_autoptr(FwdMapping) mapping = read_one(text, &why);
  g_autoptr(GError) error = NULL;

  if (!mapping)
    return g_strdup_printf("%s!%s", text, why);
  if (!find(reverse, mapping) &&
      !fwd_mapping_table_add(reverse->table, fwd_mapping_to_string(mapping), &error))
    return g_strdup_printf("%s!%s", text, error->message);
  return g_strdup_printf("%s=%u", text, fwd_mapping_entry_get_port(find(reverse, mapping)));
}

/* The set of those texts that count, each as the table writes it. */
static GHashTable *
list_wanted(const char *const *texts)
{
  GHashTable *wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; texts[i] && i < FWD_REVERSE_MAPPINGS_MAX; i++) {
    const char *why;
    g_autoptr(FwdMapping) mapping = read_one(texts[i], &why);
    if (mapping)
      g_hash_table_add(wanted, g_strdup(fwd_mapping_to_string(mapping)));
  }
  return wanted;
}

static void
close_others(FwdReverseMappings *reverse, const char *const *texts)
{
  GListModel *entries = G_LIST_MODEL(reverse->table);
  g_autoptr(GHashTable) wanted = list_wanted(texts);

  for (guint i = g_list_model_get_n_items(entries); i > 0; i--) {
    g_autoptr(FwdMappingEntry) entry = g_list_model_get_item(entries, i - 1);
    FwdMapping *mapping = fwd_mapping_entry_get_mapping(entry);
    if (!g_hash_table_contains(wanted, fwd_mapping_to_string(mapping)))
      fwd_mapping_table_remove(reverse->table, fwd_mapping_entry_get_id(entry), NULL);
  }
}

GStrv
fwd_reverse_mappings_set(FwdReverseMappings *reverse, const char *const *texts)
{
  g_autoptr(GStrvBuilder) reports = g_strv_builder_new();

  close_others(reverse, texts);
  for (guint i = 0; texts[i] && i < FWD_REVERSE_MAPPINGS_MAX; i++) {
    g_autofree char *report = open_one(reverse, texts[i]);
    g_strv_builder_add(reports, report);
  }
  return g_strv_builder_end(reports);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/mapping-table.h"

#define FWD_LOG_COMPONENT "session"
#include "core/log.h"
#include <stunfwd/error.h>

struct _FwdMappingTable {
  GObject parent;
  FwdPluginRegistry *registry;
  FwdEventBus *bus;
  FwdTunnel *tunnel;
  gboolean local_reverse;
  GPtrArray *entries;   /* of FwdMappingEntry, by id */
  GHashTable *followed; /* text of the configuration → GArray of the ids it made */
  GHashTable *failed;   /* set of texts whose failure was logged */
  guint last_id;
};

static void fwd_mapping_table_list_model_init(GListModelInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdMappingTable, fwd_mapping_table, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL,
                                                    fwd_mapping_table_list_model_init))

static void
publish(FwdMappingTable *self, const char *type, FwdMappingEntry *entry)
{
  GVariantDict payload;

  g_variant_dict_init(&payload, NULL);
  g_variant_dict_insert(&payload, "id", "u", fwd_mapping_entry_get_id(entry));
  g_variant_dict_insert(&payload, "mapping", "s",
                        fwd_mapping_to_string(fwd_mapping_entry_get_mapping(entry)));
  g_variant_dict_insert(&payload, "port", "q", fwd_mapping_entry_get_port(entry));
  fwd_event_bus_publish(self->bus,
                        fwd_event_new(type, "mapping-table", g_variant_dict_end(&payload)));
}

static gboolean
is_there(FwdMappingTable *self, const FwdMapping *mapping)
{
  for (guint i = 0; i < self->entries->len; i++) {
    FwdMapping *other = fwd_mapping_entry_get_mapping(self->entries->pdata[i]);
    if (g_str_equal(fwd_mapping_to_string(other), fwd_mapping_to_string(mapping)))
      return TRUE;
  }
  return FALSE;
}

static FwdForwarder *
start_forwarder(FwdMappingTable *self, FwdMapping *mapping, GError **error)
{
  g_autoptr(FwdForwarder) forwarder = fwd_plugin_registry_create(
      self->registry, FWD_INTERFACE_FORWARDER, fwd_mapping_get_forwarder(mapping), error);

  if (!forwarder || !fwd_forwarder_listen(forwarder, mapping, self->tunnel, error))
    return NULL;
  return g_steal_pointer(&forwarder);
}

static FwdMappingEntry *
make_entry(FwdMappingTable *self, FwdMapping *mapping, GError **error)
{
  g_autoptr(FwdForwarder) forwarder = NULL;

  if (is_there(self, mapping)) {
    g_set_error(error, FWD_SESSION_ERROR, FWD_ERROR_REFUSED, "%s is there already",
                fwd_mapping_to_string(mapping));
    return NULL;
  }
  if (self->local_reverse && !fwd_mapping_is_reverse(mapping)) {
    g_set_error(error, FWD_SESSION_ERROR, FWD_ERROR_INVALID,
                "%s: only a client can listen for it; a server listens for R: mappings",
                fwd_mapping_to_string(mapping));
    return NULL;
  }
  if (fwd_mapping_is_reverse(mapping) == self->local_reverse) {
    forwarder = start_forwarder(self, mapping, error);
    if (!forwarder)
      return NULL;
  }
  return fwd_mapping_entry_new(++self->last_id, mapping, forwarder);
}

static void
append(FwdMappingTable *self, FwdMappingEntry *entry)
{
  guint position = self->entries->len;

  g_ptr_array_add(self->entries, entry);
  g_list_model_items_changed(G_LIST_MODEL(self), position, 0, 1);
  publish(self, FWD_EVENT_MAPPING_ADDED, entry);
  if (fwd_mapping_entry_get_port(entry))
    publish(self, FWD_EVENT_FORWARDING_STARTED, entry);
}

/* All the mappings of one text, or none of them. */
static GPtrArray *
make_entries(FwdMappingTable *self, const char *text, GError **error)
{
  g_autoptr(GPtrArray) mappings = fwd_mapping_parse(text, error);
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(g_object_unref);

  if (!mappings)
    return NULL;
  if (self->entries->len + mappings->len > FWD_MAPPINGS_MAX) {
    g_set_error(error, FWD_SESSION_ERROR, FWD_ERROR_LIMIT, "%s: over %u mappings", text,
                FWD_MAPPINGS_MAX);
    return NULL;
  }
  for (guint i = 0; i < mappings->len; i++) {
    FwdMappingEntry *entry = make_entry(self, mappings->pdata[i], error);
    if (!entry)
      return NULL;
    g_ptr_array_add(entries, entry);
  }
  return g_steal_pointer(&entries);
}

static GArray *
add(FwdMappingTable *self, const char *text, GError **error)
{
  g_autoptr(GPtrArray) entries = make_entries(self, text, error);
  GArray *ids;

  if (!entries)
    return NULL;
  ids = g_array_new(FALSE, FALSE, sizeof(guint));
  for (guint i = 0; i < entries->len; i++) {
    guint id = fwd_mapping_entry_get_id(entries->pdata[i]);
    g_array_append_val(ids, id);
    append(self, g_object_ref(entries->pdata[i]));
  }
  return ids;
}

guint
fwd_mapping_table_add(FwdMappingTable *self, const char *text, GError **error)
{
  g_autoptr(GArray) ids = add(self, text, error);

  return ids ? g_array_index(ids, guint, 0) : 0;
}

static guint
find_position(FwdMappingTable *self, guint id)
{
  for (guint i = 0; i < self->entries->len; i++) {
    if (fwd_mapping_entry_get_id(self->entries->pdata[i]) == id)
      return i;
  }
  return G_MAXUINT;
}

gboolean
fwd_mapping_table_remove(FwdMappingTable *self, guint id, GError **error)
{
  guint position = find_position(self, id);
  g_autoptr(FwdMappingEntry) entry = NULL;

  if (position == G_MAXUINT) {
    g_set_error(error, FWD_SESSION_ERROR, FWD_ERROR_INVALID, "there is no mapping %u", id);
    return FALSE;
  }
  entry = g_object_ref(self->entries->pdata[position]);
  publish(self, FWD_EVENT_FORWARDING_STOPPED, entry);
  fwd_mapping_entry_close(entry);
  g_ptr_array_remove_index(self->entries, position);
  g_list_model_items_changed(G_LIST_MODEL(self), position, 1, 0);
  publish(self, FWD_EVENT_MAPPING_REMOVED, entry);
  return TRUE;
}

static void
remove_ids(FwdMappingTable *self, GArray *ids)
{
  for (guint i = 0; i < ids->len; i++)
    fwd_mapping_table_remove(self, g_array_index(ids, guint, i), NULL);
}

static void
drop_missing(FwdMappingTable *self, const char *const *texts)
{
  GHashTableIter iterator;
  gpointer text, ids;

  g_hash_table_iter_init(&iterator, self->followed);
  while (g_hash_table_iter_next(&iterator, &text, &ids)) {
    if (g_strv_contains(texts, text))
      continue;
    remove_ids(self, ids);
    g_hash_table_iter_remove(&iterator);
  }
}

static gboolean
follow_one(FwdMappingTable *self, const char *text, GError **error)
{
  GArray *ids;

  if (g_hash_table_contains(self->followed, text))
    return TRUE;
  ids = add(self, text, error);
  if (ids)
    g_hash_table_insert(self->followed, g_strdup(text), ids);
  return ids != NULL;
}

gboolean
fwd_mapping_table_begin(FwdMappingTable *self, const char *const *texts, GError **error)
{
  for (guint i = 0; texts[i]; i++) {
    if (!follow_one(self, texts[i], error)) {
      g_prefix_error(error, "mapping %s: ", texts[i]);
      return FALSE;
    }
  }
  return TRUE;
}

static void
note_failure(FwdMappingTable *self, const char *text, const GError *error)
{
  if (g_hash_table_add(self->failed, g_strdup(text)))
    fwd_log_warning("mapping %s: %s", text, error->message);
}

gboolean
fwd_mapping_table_follow(FwdMappingTable *self, const char *const *texts)
{
  gboolean all = TRUE;

  drop_missing(self, texts);
  for (guint i = 0; texts[i]; i++) {
    g_autoptr(GError) error = NULL;
    if (follow_one(self, texts[i], &error)) {
      g_hash_table_remove(self->failed, texts[i]);
      continue;
    }
    note_failure(self, texts[i], error);
    all = FALSE;
  }
  return all;
}

GStrv
fwd_mapping_table_list_requested(FwdMappingTable *self)
{
  g_autoptr(GStrvBuilder) texts = g_strv_builder_new();

  for (guint i = 0; i < self->entries->len; i++) {
    FwdMapping *mapping = fwd_mapping_entry_get_mapping(self->entries->pdata[i]);
    if (fwd_mapping_is_reverse(mapping))
      g_strv_builder_add(texts, fwd_mapping_to_string(mapping));
  }
  return g_strv_builder_end(texts);
}

/* The entry that a report begins with; *@outcome is what follows its text. */
static FwdMappingEntry *
find_reported(FwdMappingTable *self, const char *report, const char **outcome)
{
  for (guint i = 0; i < self->entries->len; i++) {
    FwdMappingEntry *entry = self->entries->pdata[i];
    const char *text = fwd_mapping_to_string(fwd_mapping_entry_get_mapping(entry));
    *outcome = report + strlen(text);
    if (g_str_has_prefix(report, text) && (**outcome == '=' || **outcome == '!'))
      return entry;
  }
  return NULL;
}

static void
take_report(FwdMappingEntry *entry, const char *outcome)
{
  const char *text = fwd_mapping_to_string(fwd_mapping_entry_get_mapping(entry));
  guint64 port = 0;

  if (*outcome == '!') {
    fwd_mapping_entry_report(entry, 0, outcome + 1);
    fwd_log_warning("the server does not open %s: %s", text, outcome + 1);
    return;
  }
  g_ascii_string_to_unsigned(outcome + 1, 10, 1, G_MAXUINT16, &port, NULL);
  fwd_mapping_entry_report(entry, (guint16)port, NULL);
  fwd_log_info("the server opened %s on port %u", text, (guint)port);
}

void
fwd_mapping_table_report(FwdMappingTable *self, const char *const *reports)
{
  for (guint i = 0; reports[i]; i++) {
    const char *outcome;
    FwdMappingEntry *entry = find_reported(self, reports[i], &outcome);
    if (entry)
      take_report(entry, outcome);
  }
}

void
fwd_mapping_table_clear(FwdMappingTable *self)
{
  g_hash_table_remove_all(self->followed);
  while (self->entries->len)
    fwd_mapping_table_remove(self, fwd_mapping_entry_get_id(self->entries->pdata[0]), NULL);
}

static GType
get_item_type(GListModel *model)
{
  return FWD_TYPE_MAPPING_ENTRY;
}

static guint
get_n_items(GListModel *model)
{
  return FWD_MAPPING_TABLE(model)->entries->len;
}

static gpointer
get_item(GListModel *model, guint position)
{
  FwdMappingTable *self = FWD_MAPPING_TABLE(model);

  return position < self->entries->len ? g_object_ref(self->entries->pdata[position]) : NULL;
}

static void
fwd_mapping_table_list_model_init(GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

static void
fwd_mapping_table_finalize(GObject *object)
{
  FwdMappingTable *self = FWD_MAPPING_TABLE(object);

  g_ptr_array_unref(self->entries);
  g_hash_table_unref(self->followed);
  g_hash_table_unref(self->failed);
  g_object_unref(self->tunnel);
  g_object_unref(self->bus);
  g_object_unref(self->registry);
  G_OBJECT_CLASS(fwd_mapping_table_parent_class)->finalize(object);
}

static void
fwd_mapping_table_class_init(FwdMappingTableClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = fwd_mapping_table_finalize;
}

static void
fwd_mapping_table_init(FwdMappingTable *self)
{
  self->entries = g_ptr_array_new_with_free_func(g_object_unref);
  self->failed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  self->followed =
      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
}

FwdMappingTable *
fwd_mapping_table_new(FwdPluginRegistry *registry, FwdEventBus *bus, FwdTunnel *tunnel,
                      gboolean local_reverse)
{
  FwdMappingTable *self = g_object_new(FWD_TYPE_MAPPING_TABLE, NULL);

  self->registry = g_object_ref(registry);
  self->bus = g_object_ref(bus);
  self->tunnel = g_object_ref(tunnel);
  self->local_reverse = local_reverse;
  return self;
}

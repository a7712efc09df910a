/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "plugins"

#include "core/plugin-registry.h"

#include "core/log.h"
#include "core/module.h"
#include <stunfwd/error.h>
#include <string.h>

#define ID_MAX 23

struct _FwdPluginRegistry {
  GObject parent;
  GHashTable *interfaces;     /* name → GType */
  GPtrArray *implementations; /* FwdImplementation, in the order registered */
  GPtrArray *modules;         /* FwdModuleInfo, in the order found */
  const FwdModuleInfo *loading;
};

G_DEFINE_FINAL_TYPE(FwdPluginRegistry, fwd_plugin_registry, G_TYPE_OBJECT)

static void
implementation_free(FwdImplementation *implementation)
{
  g_free((char *)implementation->interface);
  g_free((char *)implementation->id);
  g_free((char *)implementation->plugin);
  g_free((char *)implementation->meta.schemes);
  g_free((char *)implementation->meta.help);
  g_free(implementation);
}

static void
module_info_free(FwdModuleInfo *info)
{
  g_free((char *)info->file);
  g_free((char *)info->name);
  g_free((char *)info->version);
  g_free((char *)info->licence);
  g_free((char *)info->refused);
  g_free(info);
}

static void
finalize(GObject *object)
{
  FwdPluginRegistry *self = FWD_PLUGIN_REGISTRY(object);

  g_ptr_array_unref(self->implementations);
  g_ptr_array_unref(self->modules);
  g_hash_table_unref(self->interfaces);
  G_OBJECT_CLASS(fwd_plugin_registry_parent_class)->finalize(object);
}

static void
fwd_plugin_registry_class_init(FwdPluginRegistryClass *class)
{
  G_OBJECT_CLASS(class)->finalize = finalize;
}

static void
fwd_plugin_registry_init(FwdPluginRegistry *self)
{
  self->interfaces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  self->implementations = g_ptr_array_new_with_free_func((GDestroyNotify)implementation_free);
  self->modules = g_ptr_array_new_with_free_func((GDestroyNotify)module_info_free);
}

FwdPluginRegistry *
fwd_plugin_registry_new(void)
{
  return g_object_new(FWD_TYPE_PLUGIN_REGISTRY, NULL);
}

void
fwd_plugin_registry_define(FwdPluginRegistry *self, const char *interface, GType type)
{
  g_hash_table_insert(self->interfaces, g_strdup(interface), GSIZE_TO_POINTER(type));
}

static gboolean
is_id(const char *id)
{
  gsize length = id != NULL ? strlen(id) : 0;

  return length >= 1 && length <= ID_MAX &&
         strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static gboolean
check_type(FwdPluginRegistry *self, const char *interface, const char *id, GType type,
           GError **error)
{
  gpointer wanted;

  if (interface == NULL ||
      !g_hash_table_lookup_extended(self->interfaces, interface, NULL, &wanted)) {
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_INVALID,
                "\"%s\" is registered for the interface \"%s\", which is not known", id,
                interface != NULL ? interface : "");
    return FALSE;
  }
  if (!G_TYPE_IS_OBJECT(type) || G_TYPE_IS_ABSTRACT(type) ||
      !g_type_is_a(type, GPOINTER_TO_SIZE(wanted))) {
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_INVALID,
                "the type of \"%s\" does not implement %s", id, interface);
    return FALSE;
  }
  return TRUE;
}

static FwdImplementation *
implementation_new(const char *interface, const char *id, GType type, const FwdPluginMeta *meta,
                   const char *plugin)
{
  FwdImplementation *implementation = g_new0(FwdImplementation, 1);

  implementation->interface = g_strdup(interface);
  implementation->id = g_strdup(id);
  implementation->type = type;
  implementation->plugin = g_strdup(plugin);
  if (meta != NULL)
    implementation->meta = *meta;
  implementation->meta.schemes = g_strdup(implementation->meta.schemes);
  implementation->meta.help = g_strdup(implementation->meta.help);
  return implementation;
}

gboolean
fwd_plugin_registry_add(FwdPluginRegistry *self, const char *interface, const char *id,
                        GType type, const FwdPluginMeta *meta, GError **error)
{
  const FwdImplementation *holder;

  if (!is_id(id)) {
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_INVALID,
                "\"%s\" is no id: it takes 1 to %d characters of a-z, 0-9 and -",
                id != NULL ? id : "", ID_MAX);
    return FALSE;
  }
  if (!check_type(self, interface, id, type, error))
    return FALSE;
  holder = fwd_plugin_registry_find(self, interface, id);
  if (holder != NULL) {
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_REFUSED,
                "%s \"%s\" is already provided by plugin \"%s\"", interface, id,
                holder->plugin);
    return FALSE;
  }
  g_ptr_array_add(self->implementations,
                  implementation_new(interface, id, type, meta,
                                     self->loading != NULL ? self->loading->name : "stunfwd"));
  return TRUE;
}

static const FwdModuleInfo *
find_loaded(FwdPluginRegistry *self, const char *name)
{
  for (guint i = 0; i < self->modules->len; i++) {
    const FwdModuleInfo *info = self->modules->pdata[i];

    if (info->refused == NULL && g_strcmp0(info->name, name) == 0)
      return info;
  }
  return NULL;
}

/* What a plugin added before it failed goes again. */
static gboolean
run_register(FwdPluginRegistry *self, const FwdPlugin *plugin, FwdModuleInfo *info,
             GError **error)
{
  guint before = self->implementations->len;
  GError *problem = NULL;
  gboolean registered;

  self->loading = info;
  registered = plugin->register_types(self, &problem);
  self->loading = NULL;
  if (registered && problem == NULL)
    return TRUE;
  g_ptr_array_set_size(self->implementations, (gint)before);
  if (problem == NULL)
    g_set_error(&problem, FWD_PLUGIN_ERROR, FWD_ERROR_FAILED, "it gave no reason");
  g_propagate_prefixed_error(error, problem, "it did not register: ");
  return FALSE;
}

/* Types cannot be registered twice, so a second copy is stopped before it tries. */
static gboolean
use_plugin(FwdPluginRegistry *self, const FwdPlugin *plugin, FwdModuleInfo *info,
           GError **error)
{
  const FwdModuleInfo *holder;

  info->abi_major = plugin->abi_major;
  info->abi_minor = plugin->abi_minor;
  if (!fwd_module_check(plugin, error))
    return FALSE;
  holder = find_loaded(self, plugin->name);
  info->name = g_strdup(plugin->name);
  info->version = g_strdup(plugin->version);
  info->licence = g_strdup(plugin->licence);
  if (holder != NULL) {
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_REFUSED,
                "plugin \"%s\" is already loaded from %s", holder->name, holder->file);
    return FALSE;
  }
  return run_register(self, plugin, info, error);
}

static gboolean
is_known_file(FwdPluginRegistry *self, const char *file)
{
  for (guint i = 0; i < self->modules->len; i++) {
    if (strcmp(((const FwdModuleInfo *)self->modules->pdata[i])->file, file) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
load_module(FwdPluginRegistry *self, const char *file)
{
  FwdModuleInfo *info = NULL;
  const FwdPlugin *plugin;
  g_autoptr(GError) error = NULL;

  if (is_known_file(self, file))
    return;
  info = g_new0(FwdModuleInfo, 1);
  info->file = g_strdup(file);
  plugin = fwd_module_open(file, &error);
  if (plugin != NULL && use_plugin(self, plugin, info, &error)) {
    fwd_log_debug("%s: loaded plugin %s %s", file, info->name, info->version);
  } else {
    info->refused = g_strdup(error->message);
    /* A plugin that another directory replaces is nothing to worry about. */
    if (g_error_matches(error, FWD_PLUGIN_ERROR, FWD_ERROR_REFUSED))
      fwd_log_debug("%s: not used: %s", file, error->message);
    else
      fwd_log_warning("%s: not used: %s", file, error->message);
  }
  g_ptr_array_add(self->modules, info);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether a .la has its .so beside it: then that is what is loaded. */
static gboolean
has_better(const char *directory, const char *name)
{
  g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".la"));
  g_autofree char *object = g_strconcat(directory, G_DIR_SEPARATOR_S, stem, ".so", NULL);

  return g_file_test(object, G_FILE_TEST_EXISTS);
}

static GPtrArray *
list_files(const char *directory)
{
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GDir) handle = g_dir_open(directory, 0, NULL);
  const char *name;

  while (handle != NULL && (name = g_dir_read_name(handle)) != NULL) {
    if (g_str_has_suffix(name, ".so") ||
        (g_str_has_suffix(name, ".la") && !has_better(directory, name)))
      g_ptr_array_add(names, g_strdup(name));
  }
  g_ptr_array_sort(names, compare_names);
  return names;
}

void
fwd_plugin_registry_load_directory(FwdPluginRegistry *self, const char *directory)
{
  g_autofree char *absolute = g_canonicalize_filename(directory, NULL);
  g_autoptr(GPtrArray) names = list_files(absolute);

  for (guint i = 0; i < names->len; i++) {
    g_autofree char *file = g_build_filename(absolute, names->pdata[i], NULL);

    if (fwd_module_is_candidate(file))
      load_module(self, file);
  }
}

void
fwd_plugin_registry_load_all(FwdPluginRegistry *self, const char *const *directories)
{
  const char *path = g_getenv("STUNFWD_PLUGIN_PATH");
  g_auto(GStrv) more = g_strsplit(path != NULL ? path : "", ":", -1);

  for (gsize i = 0; directories != NULL && directories[i] != NULL; i++)
    fwd_plugin_registry_load_directory(self, directories[i]);
  for (gsize i = 0; more[i] != NULL; i++) {
    if (more[i][0] != '\0')
      fwd_plugin_registry_load_directory(self, more[i]);
  }
  fwd_plugin_registry_load_directory(self, FWD_PLUGIN_DIR);
}

static int
compare_priorities(gconstpointer a, gconstpointer b)
{
  const FwdImplementation *left = *(FwdImplementation *const *)a;
  const FwdImplementation *right = *(FwdImplementation *const *)b;

  return (left->meta.priority < right->meta.priority) -
         (left->meta.priority > right->meta.priority);
}

GPtrArray *
fwd_plugin_registry_list(FwdPluginRegistry *self, const char *interface)
{
  GPtrArray *list = g_ptr_array_new();

  for (guint i = 0; i < self->implementations->len; i++) {
    FwdImplementation *implementation = self->implementations->pdata[i];

    if (strcmp(implementation->interface, interface) == 0)
      g_ptr_array_add(list, implementation);
  }
  g_ptr_array_sort(list, compare_priorities);
  return list;
}

const FwdImplementation *
fwd_plugin_registry_find(FwdPluginRegistry *self, const char *interface, const char *id)
{
  for (guint i = 0; i < self->implementations->len; i++) {
    const FwdImplementation *implementation = self->implementations->pdata[i];

    if (strcmp(implementation->interface, interface) == 0 &&
        strcmp(implementation->id, id) == 0)
      return implementation;
  }
  return NULL;
}

static gboolean
has_scheme(const FwdImplementation *implementation, const char *scheme)
{
  g_auto(GStrv) schemes = NULL;

  if (implementation->meta.schemes == NULL)
    return FALSE;
  schemes = g_strsplit(implementation->meta.schemes, " ", -1);
  return g_strv_contains((const char *const *)schemes, scheme);
}

const FwdImplementation *
fwd_plugin_registry_find_scheme(FwdPluginRegistry *self, const char *scheme)
{
  g_autoptr(GPtrArray) list = fwd_plugin_registry_list(self, FWD_INTERFACE_SIGNALING);
  g_autofree char *wanted = g_ascii_strdown(scheme, -1);

  for (guint i = 0; wanted[0] != '\0' && i < list->len; i++) {
    if (has_scheme(list->pdata[i], wanted))
      return list->pdata[i];
  }
  return NULL;
}

gpointer
fwd_plugin_registry_create(FwdPluginRegistry *self, const char *interface, const char *id,
                           GError **error)
{
  const FwdImplementation *implementation = fwd_plugin_registry_find(self, interface, id);

  if (implementation == NULL) {
    g_set_error(error, FWD_PLUGIN_ERROR, FWD_ERROR_UNSUPPORTED, "no plugin provides %s \"%s\"",
                interface, id);
    return NULL;
  }
  return g_object_new(implementation->type, NULL);
}

GPtrArray *
fwd_plugin_registry_list_modules(FwdPluginRegistry *self)
{
  GPtrArray *list = g_ptr_array_new();

  for (guint i = 0; i < self->modules->len; i++)
    g_ptr_array_add(list, self->modules->pdata[i]);
  return list;
}

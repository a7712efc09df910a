/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "settings"

#include "core/settings.h"

#include "core/log.h"
#include "core/settings-reader.h"
#include <string.h>

/* An edit comes as several events: they are taken together. */
#define SETTLE_MS 20

struct _FwdSettings {
  GObject parent;
  char *file;
  char *log_level;
  char *control;
  char *http;
  GPtrArray *profiles; /* FwdProfile, in the order of the file */
  GFileMonitor *monitor;
  guint settle_timer;
};

G_DEFINE_FINAL_TYPE(FwdSettings, fwd_settings, G_TYPE_OBJECT)

static guint changed_signal;

static void
finalize(GObject *object)
{
  FwdSettings *self = FWD_SETTINGS(object);

  g_clear_handle_id(&self->settle_timer, g_source_remove);
  if (self->monitor != NULL)
    g_file_monitor_cancel(self->monitor);
  g_clear_object(&self->monitor);
  g_ptr_array_unref(self->profiles);
  g_free(self->log_level);
  g_free(self->control);
  g_free(self->http);
  g_free(self->file);
  G_OBJECT_CLASS(fwd_settings_parent_class)->finalize(object);
}

static void
fwd_settings_class_init(FwdSettingsClass *class)
{
  G_OBJECT_CLASS(class)->finalize = finalize;

  changed_signal = g_signal_new("changed", FWD_TYPE_SETTINGS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
fwd_settings_init(FwdSettings *self)
{
  self->profiles = g_ptr_array_new_with_free_func(g_object_unref);
}

static const char *
get_name(FwdProfile *profile)
{
  g_autofree char *name = NULL;

  g_object_get(profile, "name", &name, NULL);
  return g_intern_string(name);
}

static void
count_change(FwdProfile *profile, GParamSpec *spec, gpointer user_data)
{
  guint *changes = user_data;

  (*changes)++;
}

/* Every key of the schema is a property of the profile, under the same name. */
static gboolean
read_profile(FwdProfile *profile, GSettings *settings, GSettingsSchema *schema)
{
  g_auto(GStrv) keys = g_settings_schema_list_keys(schema);
  guint changes = 0;
  gulong handler = g_signal_connect(profile, "notify", G_CALLBACK(count_change), &changes);

  for (gsize i = 0; keys[i] != NULL; i++) {
    g_autoptr(GVariant) value = g_settings_get_value(settings, keys[i]);

    if (strcmp(keys[i], "role") == 0)
      g_object_set(profile, "role", g_settings_get_enum(settings, "role"), NULL);
    else if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
      g_object_set(profile, keys[i], g_variant_get_string(value, NULL), NULL);
    else {
      g_autofree const char **list = g_variant_get_strv(value, NULL);
      g_object_set(profile, keys[i], list, NULL);
    }
  }
  g_signal_handler_disconnect(profile, handler);
  return changes > 0;
}

static gboolean
read_string(GSettings *settings, const char *key, char **value)
{
  g_autofree char *text = g_settings_get_string(settings, key);

  if (g_strcmp0(text, *value) == 0)
    return FALSE;
  g_free(*value);
  *value = g_steal_pointer(&text);
  return TRUE;
}

static void
read_program(FwdSettings *self, const FwdSettingsReader *reader, GPtrArray *changed)
{
  g_autoptr(GSettings) settings = fwd_settings_reader_get_program(reader);
  gboolean differs = read_string(settings, "log-level", &self->log_level);

  differs |= read_string(settings, "control", &self->control);
  differs |= read_string(settings, "http", &self->http);
  if (differs)
    g_ptr_array_add(changed, g_strdup(""));
}

/* Objects that stay keep their identity; names that came, went or differ go to @changed. */
static void
read_profiles(FwdSettings *self, const FwdSettingsReader *reader, GPtrArray *changed)
{
  g_autoptr(GPtrArray) old = g_steal_pointer(&self->profiles);

  self->profiles = g_ptr_array_new_with_free_func(g_object_unref);
  for (gsize i = 0; reader->profiles[i] != NULL; i++) {
    const char *name = reader->profiles[i];
    g_autoptr(GSettings) settings = fwd_settings_reader_get_profile(reader, name);
    FwdProfile *profile = NULL;

    for (guint j = 0; j < old->len && profile == NULL; j++) {
      if (strcmp(get_name(old->pdata[j]), name) == 0)
        profile = g_ptr_array_steal_index(old, j);
    }
    if (profile == NULL) {
      profile = fwd_profile_new(name, FWD_ROLE_CLIENT);
      read_profile(profile, settings, reader->schemas.profile);
      g_ptr_array_add(changed, g_strdup(name));
    } else if (read_profile(profile, settings, reader->schemas.profile)) {
      g_ptr_array_add(changed, g_strdup(name));
    }
    g_ptr_array_add(self->profiles, profile);
  }
  for (guint i = 0; i < old->len; i++)
    g_ptr_array_add(changed, g_strdup(get_name(old->pdata[i])));
}

static gboolean
read_all(FwdSettings *self, GPtrArray *changed, GError **error)
{
  g_auto(FwdSettingsReader) reader = {.backend = NULL};

  if (!fwd_settings_reader_open(&reader, self->file, error))
    return FALSE;
  read_program(self, &reader, changed);
  read_profiles(self, &reader, changed);
  return TRUE;
}

gboolean
fwd_settings_reload(FwdSettings *self, GError **error)
{
  g_autoptr(GPtrArray) changed = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(FwdSettings) alive = g_object_ref(self);

  if (!read_all(self, changed, error))
    return FALSE;
  for (guint i = 0; i < changed->len; i++)
    g_signal_emit(self, changed_signal, 0, changed->pdata[i]);
  return TRUE;
}

static gboolean
on_settled(gpointer user_data)
{
  FwdSettings *self = user_data;
  g_autoptr(GError) error = NULL;

  self->settle_timer = 0;
  if (!fwd_settings_reload(self, &error))
    fwd_log_warning("%s; the last valid values stay", error->message);
  return G_SOURCE_REMOVE;
}

/*
 * Not CHANGED: an in-place write empties the file first, and half a file may
 * well be valid. Not DELETED: whoever replaces the file brings the next one.
 */
static void
on_file_event(FwdSettings *self, GFile *file, GFile *other, GFileMonitorEvent event)
{
  if (event != G_FILE_MONITOR_EVENT_CHANGES_DONE_HINT &&
      event != G_FILE_MONITOR_EVENT_RENAMED && event != G_FILE_MONITOR_EVENT_MOVED_IN)
    return;
  if (self->settle_timer == 0)
    self->settle_timer = g_timeout_add(SETTLE_MS, on_settled, self);
}

static void
watch(FwdSettings *self)
{
  g_autoptr(GFile) file = g_file_new_for_path(self->file);
  g_autoptr(GError) error = NULL;

  self->monitor = g_file_monitor_file(file, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);
  if (self->monitor == NULL) {
    fwd_log_warning("%s: changes will not be noticed: %s", self->file, error->message);
    return;
  }
  g_signal_connect_object(self->monitor, "changed", G_CALLBACK(on_file_event), self,
                          G_CONNECT_SWAPPED);
}

FwdSettings *
fwd_settings_new(const char *file, GError **error)
{
  g_autoptr(FwdSettings) self = g_object_new(FWD_TYPE_SETTINGS, NULL);
  g_autoptr(GPtrArray) changed = g_ptr_array_new_with_free_func(g_free);

  self->file = g_strdup(file);
  if (file != NULL)
    watch(self);
  if (!read_all(self, changed, error))
    return NULL;
  return g_steal_pointer(&self);
}

GStrv
fwd_settings_list_profiles(FwdSettings *self)
{
  GStrv names = g_new0(char *, self->profiles->len + 1);

  for (guint i = 0; i < self->profiles->len; i++)
    names[i] = g_strdup(get_name(self->profiles->pdata[i]));
  return names;
}

FwdProfile *
fwd_settings_get_profile(FwdSettings *self, const char *name)
{
  for (guint i = 0; i < self->profiles->len; i++) {
    if (strcmp(get_name(self->profiles->pdata[i]), name) == 0)
      return self->profiles->pdata[i];
  }
  return NULL;
}

const char *
fwd_settings_get_log_level(FwdSettings *self)
{
  return self->log_level;
}

const char *
fwd_settings_get_control(FwdSettings *self)
{
  return self->control;
}

const char *
fwd_settings_get_http(FwdSettings *self)
{
  return self->http;
}

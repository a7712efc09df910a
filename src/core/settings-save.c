/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settings-reader.h"

#include <stunfwd/error.h>
#include <string.h>

static GVariant *
get_value(FwdProfile *profile, const char *key, const GVariantType *type)
{
  g_autofree char *text = NULL;
  g_auto(GStrv) list = NULL;

  if (g_variant_type_equal(type, G_VARIANT_TYPE_STRING)) {
    g_object_get(profile, key, &text, NULL);
    return g_variant_ref_sink(g_variant_new_string(text));
  }
  g_object_get(profile, key, &list, NULL);
  return g_variant_ref_sink(g_variant_new_strv((const char *const *)list, -1));
}

static gboolean
write_key(GSettings *settings, GSettingsSchema *schema, FwdProfile *profile, const char *name)
{
  g_autoptr(GSettingsSchemaKey) key = g_settings_schema_get_key(schema, name);
  g_autoptr(GVariant) fallback = g_settings_schema_key_get_default_value(key);
  g_autoptr(GVariant) value = NULL;
  FwdRole role;

  /* Without its role a group might be left empty, and so be no profile at all. */
  if (strcmp(name, "role") == 0) {
    g_object_get(profile, "role", &role, NULL);
    return g_settings_set_enum(settings, "role", (gint)role);
  }
  value = get_value(profile, name, g_settings_schema_key_get_value_type(key));
  if (!g_variant_equal(value, fallback))
    return g_settings_set_value(settings, name, value);
  g_settings_reset(settings, name);
  return TRUE;
}

static gboolean
write_keys(const FwdSettingsReader *reader, FwdProfile *profile)
{
  g_auto(GStrv) keys = g_settings_schema_list_keys(reader->schemas.profile);
  g_autofree char *name = NULL;
  g_autoptr(GSettings) settings = NULL;

  g_object_get(profile, "name", &name, NULL);
  settings = fwd_settings_reader_get_profile(reader, name);
  for (gsize i = 0; keys[i] != NULL; i++) {
    if (!write_key(settings, reader->schemas.profile, profile, keys[i]))
      return FALSE;
  }
  g_settings_sync();
  return TRUE;
}

/* The group as it will stand in the file, so that it is checked as a file is. */
static gboolean
check_profile(const FwdSettingsSchemas *schemas, FwdProfile *profile, GError **error)
{
  g_autoptr(GKeyFile) file = g_key_file_new();
  g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *name = NULL;
  g_autofree char *group = NULL;
  g_autofree char *text = NULL;
  g_auto(GStrv) keys = g_settings_schema_list_keys(schemas->profile);
  g_auto(GStrv) names = NULL;

  g_object_get(profile, "name", &name, NULL);
  if (!fwd_settings_check_profile_name(name, error))
    return FALSE;
  group = g_strconcat(FWD_SETTINGS_PROFILE_PREFIX, name, NULL);
  for (gsize i = 0; keys[i] != NULL; i++) {
    g_autoptr(GSettingsSchemaKey) key = g_settings_schema_get_key(schemas->profile, keys[i]);
    g_autoptr(GVariant) value = NULL;
    g_autofree char *printed = NULL;

    if (strcmp(keys[i], "role") == 0)
      continue;
    value = get_value(profile, keys[i], g_settings_schema_key_get_value_type(key));
    printed = g_variant_print(value, FALSE);
    g_key_file_set_value(file, group, keys[i], printed);
  }
  text = g_key_file_to_data(file, NULL, NULL);
  return fwd_settings_validate(schemas, text, strlen(text), &names, warnings, error);
}

static gboolean
make_file(const char *file, GError **error)
{
  g_autoptr(GError) problem = NULL;

  if (g_file_test(file, G_FILE_TEST_EXISTS) ||
      g_file_set_contents_full(file, "", 0, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &problem))
    return TRUE;
  g_set_error_literal(error, FWD_SETTINGS_ERROR, FWD_ERROR_FAILED, problem->message);
  return FALSE;
}

/* The backend does not say whether a write failed: what the file holds does. */
static gboolean
check_written(const char *file, FwdProfile *profile, GError **error)
{
  g_auto(FwdSettingsReader) reader = {.backend = NULL};
  g_autofree char *name = NULL;

  if (!fwd_settings_reader_open(&reader, file, error))
    return FALSE;
  g_object_get(profile, "name", &name, NULL);
  if (g_strv_contains((const char *const *)reader.profiles, name))
    return TRUE;
  g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_FAILED, "%s: it could not be written", file);
  return FALSE;
}

gboolean
fwd_settings_save_profile(const char *file, FwdProfile *profile, GError **error)
{
  g_auto(FwdSettingsReader) reader = {.backend = NULL};

  if (!make_file(file, error) || !fwd_settings_reader_open(&reader, file, error) ||
      !check_profile(&reader.schemas, profile, error))
    return FALSE;
  if (!write_keys(&reader, profile)) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_DENIED, "%s: it may not be written", file);
    return FALSE;
  }
  return check_written(file, profile, error);
}

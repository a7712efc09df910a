/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settings-schema.h"

#include "core/spelling.h"
#include <stunfwd/error.h>
#include <stunfwd/mapping.h>
#include <string.h>

/* A name becomes a part of the path of a GSettings object and of file names. */
gboolean
fwd_settings_check_profile_name(const char *name, GError **error)
{
  static const char allowed[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  gsize length = strlen(name);

  if (length >= 1 && length <= 64 && strspn(name, allowed) == length)
    return TRUE;
  g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID,
              "\"%s\" is no name for a profile: 1 to 64 characters of A-Z, a-z, 0-9, . _ -",
              name);
  return FALSE;
}

static void
set_invalid(GError **error, const char *message)
{
  g_set_error_literal(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, message);
}

static void
warn(GPtrArray *warnings, const char *what, const char *guess)
{
  if (guess == NULL)
    g_ptr_array_add(warnings, g_strdup_printf("%s is not known", what));
  else
    g_ptr_array_add(warnings, g_strdup_printf("%s is not known; is it \"%s\"?", what, guess));
}

static void
warn_group(GPtrArray *warnings, const char *group)
{
  const char *const known[] = {FWD_SETTINGS_GROUP, NULL};
  g_autofree char *what = g_strdup_printf("[%s]", group);
  const char *guess = fwd_spelling_find(group, known);

  if (guess == NULL && strchr(group, '/') != NULL)
    guess = FWD_SETTINGS_PROFILE_PREFIX "NAME";
  warn(warnings, what, guess);
}

static void
warn_key(GPtrArray *warnings, const GSettingsSchema *schema, const char *group, const char *key)
{
  g_auto(GStrv) known = g_settings_schema_list_keys((GSettingsSchema *)schema);
  g_autofree char *what = g_strdup_printf("[%s] %s", group, key);

  warn(warnings, what, fwd_spelling_find(key, (const char *const *)known));
}

/* As the backend reads a value: a string may stand without its quotes. */
static GVariant *
parse_value(const GVariantType *type, const char *text, GError **error)
{
  GVariant *value = g_variant_parse(type, text, NULL, NULL, error);
  g_autofree char *quoted = NULL;

  if (value != NULL || !g_variant_type_equal(type, G_VARIANT_TYPE_STRING) || text[0] == '"')
    return value;
  quoted = g_strdup_printf("\"%s\"", text);
  value = g_variant_parse(type, quoted, NULL, NULL, NULL);
  if (value != NULL)
    g_clear_error(error);
  return value;
}

static const char *
describe_type(const GVariantType *type)
{
  return g_variant_type_equal(type, G_VARIANT_TYPE_STRING) ? "a text, like 'this'"
                                                           : "a list of texts, like ['a', 'b']";
}

static gboolean
check_range(GSettingsSchemaKey *key, GVariant *value, GError **error)
{
  g_autoptr(GVariant) range = NULL;
  g_autoptr(GVariant) choices = NULL;
  g_autofree char *names = NULL;
  g_autofree char *given = NULL;

  if (g_settings_schema_key_range_check(key, value))
    return TRUE;
  range = g_settings_schema_key_get_range(key);
  g_variant_get(range, "(sv)", NULL, &choices);
  names = g_variant_print(choices, FALSE);
  given = g_variant_print(value, FALSE);
  g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, "%s is not one of %s", given,
              names);
  return FALSE;
}

static gboolean
check_mappings(GVariant *value, GError **error)
{
  g_autofree const char **texts = g_variant_get_strv(value, NULL);
  guint count = 0;

  for (gsize i = 0; texts[i] != NULL; i++) {
    g_autoptr(GPtrArray) mappings = fwd_mapping_parse(texts[i], error);

    if (mappings == NULL)
      return FALSE;
    count += mappings->len;
    if (count > FWD_SETTINGS_MAPPINGS_MAX) {
      g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID,
                  "they are more than %d mappings", FWD_SETTINGS_MAPPINGS_MAX);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
check_url(GVariant *value, GError **error)
{
  const char *text = g_variant_get_string(value, NULL);
  g_autoptr(GUri) uri = NULL;

  if (text[0] == '\0')
    return TRUE;
  uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);
  if (uri != NULL && g_uri_get_host(uri) != NULL && g_uri_get_host(uri)[0] != '\0')
    return TRUE;
  g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, "\"%s\" is not a URL", text);
  return FALSE;
}

/* What a key must be beyond its type. */
static gboolean
check_meaning(const char *key, GVariant *value, GError **error)
{
  if (strcmp(key, "mappings") == 0)
    return check_mappings(value, error);
  if (strcmp(key, "signaling-url") == 0)
    return check_url(value, error);
  return TRUE;
}

static gboolean
check_value(GSettingsSchema *schema, const char *name, const char *text, GError **error)
{
  g_autoptr(GSettingsSchemaKey) key = g_settings_schema_get_key(schema, name);
  const GVariantType *type = g_settings_schema_key_get_value_type(key);
  g_autoptr(GError) problem = NULL;
  g_autoptr(GVariant) value = parse_value(type, text, &problem);

  if (value == NULL) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, "%s is not %s (%s)",
                text[0] != '\0' ? text : "nothing", describe_type(type), problem->message);
    return FALSE;
  }
  return check_range(key, value, error) && check_meaning(name, value, error);
}

static gboolean
check_group(GSettingsSchema *schema, GKeyFile *file, const char *group, GPtrArray *warnings,
            GError **error)
{
  g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

  for (gsize i = 0; keys != NULL && keys[i] != NULL; i++) {
    g_autofree char *text = g_key_file_get_value(file, group, keys[i], NULL);

    if (!g_settings_schema_has_key(schema, keys[i])) {
      warn_key(warnings, schema, group, keys[i]);
    } else if (text == NULL || !check_value(schema, keys[i], text, error)) {
      g_prefix_error(error, "[%s] %s: ", group, keys[i]);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
check_any_group(const FwdSettingsSchemas *schemas, GKeyFile *file, const char *group,
                GStrvBuilder *profiles, GPtrArray *warnings, GError **error)
{
  const char *name;

  if (strcmp(group, FWD_SETTINGS_GROUP) == 0)
    return check_group(schemas->program, file, group, warnings, error);
  if (!g_str_has_prefix(group, FWD_SETTINGS_PROFILE_PREFIX)) {
    warn_group(warnings, group);
    return TRUE;
  }
  name = group + strlen(FWD_SETTINGS_PROFILE_PREFIX);
  if (!fwd_settings_check_profile_name(name, error)) {
    g_prefix_error(error, "[%s]: ", group);
    return FALSE;
  }
  g_strv_builder_add(profiles, name);
  return check_group(schemas->profile, file, group, warnings, error);
}

static GKeyFile *
parse(const char *text, gsize length, GError **error)
{
  g_autoptr(GKeyFile) file = g_key_file_new();
  g_autoptr(GError) problem = NULL;

  if (length > FWD_SETTINGS_FILE_MAX) {
    set_invalid(error, "it is larger than 1 MiB");
    return NULL;
  }
  if (!g_utf8_validate(text, (gssize)length, NULL)) {
    set_invalid(error, "it is not UTF-8 text");
    return NULL;
  }
  if (!g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, &problem)) {
    set_invalid(error, problem->message);
    return NULL;
  }
  return g_steal_pointer(&file);
}

gboolean
fwd_settings_validate(const FwdSettingsSchemas *schemas, const char *text, gsize length,
                      GStrv *profiles, GPtrArray *warnings, GError **error)
{
  g_autoptr(GKeyFile) file = parse(text, length, error);
  g_autoptr(GStrvBuilder) names = g_strv_builder_new();
  g_auto(GStrv) groups = NULL;

  if (file == NULL)
    return FALSE;
  groups = g_key_file_get_groups(file, NULL);
  for (gsize i = 0; groups[i] != NULL; i++) {
    if (!check_any_group(schemas, file, groups[i], names, warnings, error))
      return FALSE;
  }
  *profiles = g_strv_builder_end(names);
  return TRUE;
}

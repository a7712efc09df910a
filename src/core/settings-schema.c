/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settings-schema.h"

#include <stunfwd/error.h>

static GSettingsSchema *
look_up(GSettingsSchemaSource *source, const char *id, GError **error)
{
  GSettingsSchema *schema = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup(source, id, TRUE);
  if (schema == NULL) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_FAILED,
                "the settings schema %s is not installed (looked in GSETTINGS_SCHEMA_DIR, "
                "XDG_DATA_DIRS and %s)",
                id, FWD_SCHEMA_DIR);
  }
  return schema;
}

/* The usual places, then the directory of this installation, which they may not hold. */
static GSettingsSchemaSource *
open_source(void)
{
  GSettingsSchemaSource *usual = g_settings_schema_source_get_default();
  GSettingsSchemaSource *source;

  source = g_settings_schema_source_new_from_directory(FWD_SCHEMA_DIR, usual, TRUE, NULL);
  if (source == NULL && usual != NULL)
    source = g_settings_schema_source_ref(usual);
  return source;
}

gboolean
fwd_settings_schemas_init(FwdSettingsSchemas *schemas, GError **error)
{
  GSettingsSchemaSource *source = open_source();

  schemas->program = look_up(source, "org.stunfwd", error);
  if (schemas->program != NULL)
    schemas->profile = look_up(source, "org.stunfwd.profile", error);
  g_clear_pointer(&source, g_settings_schema_source_unref);
  if (schemas->program != NULL && schemas->profile != NULL)
    return TRUE;
  fwd_settings_schemas_clear(schemas);
  return FALSE;
}

void
fwd_settings_schemas_clear(FwdSettingsSchemas *schemas)
{
  g_clear_pointer(&schemas->program, g_settings_schema_unref);
  g_clear_pointer(&schemas->profile, g_settings_schema_unref);
}

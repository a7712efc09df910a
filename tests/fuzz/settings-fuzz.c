/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settings-schema.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* The schemas come from GSETTINGS_SCHEMA_DIR, as in the tests. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  static FwdSettingsSchemas schemas;
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) profiles = NULL;
  gboolean valid;

  if (schemas.program == NULL)
    g_assert_true(fwd_settings_schemas_init(&schemas, NULL));
  valid = fwd_settings_validate(&schemas, text, size, &profiles, warnings, &error);
  g_assert_true(valid == (error == NULL));
  g_assert_true(valid == (profiles != NULL));
  return 0;
}

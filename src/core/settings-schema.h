/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The GSettings schemas of the program, and the check of a file against them.
 * Main thread only.
 */
#pragma once

#include <gio/gio.h>

#define FWD_SETTINGS_GROUP          "stunfwd"
#define FWD_SETTINGS_PROFILE_PREFIX FWD_SETTINGS_GROUP "/profiles/"

/** Largest file, in bytes. */
#define FWD_SETTINGS_FILE_MAX (1024 * 1024)
/** Most mappings of one profile, ranges counted port by port. */
#define FWD_SETTINGS_MAPPINGS_MAX 4096

typedef struct {
  GSettingsSchema *program;
  GSettingsSchema *profile;
} FwdSettingsSchemas;

/**
 * Looks both up before GSettings does, which ends the process when one is
 * missing. Errors: FWD_SETTINGS_ERROR with FAILED.
 */
gboolean fwd_settings_schemas_init(FwdSettingsSchemas *schemas, GError **error);
void fwd_settings_schemas_clear(FwdSettingsSchemas *schemas);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FwdSettingsSchemas, fwd_settings_schemas_clear)

/**
 * Whether the text of a file can be believed. *@profiles (transfer full): names
 * of its profiles, in its order. One line (char *) is added to @warnings for
 * each group or key that is not known. Errors: FWD_SETTINGS_ERROR with INVALID,
 * naming the line, or the group and key.
 */
gboolean
fwd_settings_validate(const FwdSettingsSchemas *schemas, const char *text, gsize length,
                      GStrv *profiles, GPtrArray *warnings, GError **error);

/** 1 to 64 characters of A-Z, a-z, 0-9, "." "_" "-". Errors: FWD_SETTINGS_ERROR with INVALID.
 */
gboolean fwd_settings_check_profile_name(const char *name, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * GSettings objects over one file. Each is a view of the file as it stood when
 * it was opened and checked. Main thread only.
 */
#pragma once

#include "core/settings-schema.h"
#include "core/settings.h"

typedef struct {
  FwdSettingsSchemas schemas;
  GSettingsBackend *backend;
  GStrv profiles; /**< names, in the order of the file */
} FwdSettingsReader;

/**
 * Opens @file (NULL: defaults alone), checks it, and logs a warning for what it
 * does not know. Errors: FWD_SETTINGS_ERROR; the message names the file.
 */
gboolean fwd_settings_reader_open(FwdSettingsReader *reader, const char *file, GError **error);
void fwd_settings_reader_close(FwdSettingsReader *reader);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FwdSettingsReader, fwd_settings_reader_close)

/** (transfer full) */
GSettings *fwd_settings_reader_get_program(const FwdSettingsReader *reader);
/** (transfer full) */
GSettings *fwd_settings_reader_get_profile(const FwdSettingsReader *reader, const char *name);

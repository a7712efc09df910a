/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "settings"
#define G_SETTINGS_ENABLE_BACKEND

#include "core/settings-reader.h"

#include "core/log.h"
#include "core/read-file.h"
#include <gio/gsettingsbackend.h>
#include <stunfwd/error.h>
#include <string.h>

/* A file that is edited at the very moment is read again. */
#define ATTEMPTS 3

typedef struct {
  char *text;
  gsize length;
} Snapshot;

static void
snapshot_clear(Snapshot *snapshot)
{
  g_clear_pointer(&snapshot->text, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Snapshot, snapshot_clear)

static gboolean
take_snapshot(const char *file, Snapshot *snapshot, GError **error)
{
  g_autoptr(GError) problem = NULL;

  snapshot->text = fwd_read_file(file, FWD_SETTINGS_FILE_MAX, &snapshot->length, &problem);
  if (snapshot->text != NULL)
    return TRUE;
  g_set_error_literal(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, problem->message);
  return FALSE;
}

static gboolean
validate(FwdSettingsReader *reader, const char *file, const Snapshot *snapshot, GError **error)
{
  g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

  if (!fwd_settings_validate(&reader->schemas, snapshot->text, snapshot->length,
                             &reader->profiles, warnings, error)) {
    g_prefix_error(error, "%s: ", file);
    return FALSE;
  }
  for (guint i = 0; i < warnings->len; i++)
    fwd_log_warning("%s: %s", file, (const char *)warnings->pdata[i]);
  return TRUE;
}

/* The path "/org/stunfwd/profiles/x/role" is the key "role" in the group [stunfwd/profiles/x].
 */
static GSettingsBackend *
open_backend(const char *file)
{
  return g_keyfile_settings_backend_new(file, "/org/", NULL);
}

/*
 * The backend reads the file itself. That it read what was checked is known
 * when the file was the same before and after.
 */
static gboolean
open_unchanged(FwdSettingsReader *reader, const char *file, GError **error)
{
  for (int i = 0; i < ATTEMPTS; i++) {
    g_auto(Snapshot) before = {NULL};
    g_auto(Snapshot) after = {NULL};

    g_clear_object(&reader->backend);
    if (!take_snapshot(file, &before, error))
      return FALSE;
    reader->backend = open_backend(file);
    if (!take_snapshot(file, &after, error))
      return FALSE;
    if (before.length == after.length && memcmp(before.text, after.text, after.length) == 0)
      return validate(reader, file, &after, error);
  }
  g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, "%s: it changes while it is read",
              file);
  return FALSE;
}

gboolean
fwd_settings_reader_open(FwdSettingsReader *reader, const char *file, GError **error)
{
  if (!fwd_settings_schemas_init(&reader->schemas, error))
    return FALSE;
  if (file != NULL)
    return open_unchanged(reader, file, error);
  reader->backend = g_memory_settings_backend_new();
  reader->profiles = g_new0(char *, 1);
  return TRUE;
}

void
fwd_settings_reader_close(FwdSettingsReader *reader)
{
  fwd_settings_schemas_clear(&reader->schemas);
  g_clear_object(&reader->backend);
  g_clear_pointer(&reader->profiles, g_strfreev);
}

GSettings *
fwd_settings_reader_get_program(const FwdSettingsReader *reader)
{
  return g_settings_new_full(reader->schemas.program, reader->backend, NULL);
}

GSettings *
fwd_settings_reader_get_profile(const FwdSettingsReader *reader, const char *name)
{
  g_autofree char *path = g_strdup_printf("/org/" FWD_SETTINGS_PROFILE_PREFIX "%s/", name);

  return g_settings_new_full(reader->schemas.profile, reader->backend, path);
}

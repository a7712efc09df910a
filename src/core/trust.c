/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/trust.h"

#include <gio/gio.h>
#include <stunfwd/error.h>

#define VARIABLE "SSL_CERT_FILE"

gboolean
fwd_trust_init(GError **error)
{
  const char *file = g_getenv(VARIABLE);
  g_autoptr(GTlsDatabase) database = NULL;
  g_autoptr(GError) problem = NULL;
  g_autofree char *path = NULL;

  if (file == NULL || *file == '\0')
    return TRUE;
  path = g_canonicalize_filename(file, NULL);
  database = g_tls_file_database_new(path, &problem);
  if (database == NULL) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, VARIABLE " %s: %s", file,
                problem->message);
    return FALSE;
  }
  g_tls_backend_set_default_database(g_tls_backend_get_default(), database);
  return TRUE;
}

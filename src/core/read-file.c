/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/read-file.h"

#include <errno.h>
#include <stdio.h>

static void
set_errno(GError **error, const char *file, int number)
{
  g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number), "%s: %s", file,
              g_strerror(number));
}

char *
fwd_read_file(const char *file, gsize limit, gsize *length, GError **error)
{
  FILE *stream = fopen(file, "re");
  g_autofree char *bytes = NULL;
  gsize size;
  int number = 0;

  if (stream == NULL) {
    set_errno(error, file, errno);
    return NULL;
  }
  bytes = g_malloc(limit + 1);
  size = fread(bytes, 1, limit + 1, stream);
  if (ferror(stream))
    number = errno;
  fclose(stream);
  if (number != 0) {
    set_errno(error, file, number);
    return NULL;
  }
  if (size > limit) {
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(EFBIG),
                "%s: it is larger than %" G_GSIZE_FORMAT " bytes", file, limit);
    return NULL;
  }
  bytes[size] = '\0';
  if (length != NULL)
    *length = size;
  return g_realloc(g_steal_pointer(&bytes), size + 1);
}

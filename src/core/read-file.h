/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Small files, read whole and never beyond a limit. Any thread; blocks. */
#pragma once

#include <glib.h>

/**
 * The bytes of @file and a zero after them (transfer full); @length may be
 * NULL. Errors: G_FILE_ERROR; G_FILE_ERROR_FBIG for more than @limit bytes.
 * The message names the file.
 */
char *fwd_read_file(const char *file, gsize limit, gsize *length, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Whether a file can be given to the loader, which crashes on one that was cut off. */
#pragma once

#include <glib.h>

/**
 * Whether all that the program headers of the shared object @file promise is
 * there. What is no such object at all passes: the loader refuses it in words.
 * Errors: FWD_PLUGIN_ERROR with FAILED. Any thread; blocks.
 */
gboolean fwd_module_file_check(const char *file, GError **error);

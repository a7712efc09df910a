/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A module file: opened, checked, and its descriptor read. What is wrong with
 * it is told in one line. Main thread only.
 */
#pragma once

#include <stunfwd/plugin.h>

/** Whether @file may be a plugin: not so for a .la that libtool did not make as a module. */
gboolean fwd_module_is_candidate(const char *file);

/**
 * Opens @file (.so or .la) for good and returns the descriptor that it exports
 * (transfer none). Errors: FWD_PLUGIN_ERROR with INVALID for what is no plugin,
 * FAILED where the loader refuses the file.
 */
const FwdPlugin *fwd_module_open(const char *file, GError **error);

/**
 * Whether the host can use @plugin. Errors: FWD_PLUGIN_ERROR with UNSUPPORTED
 * for another ABI, INVALID for a descriptor with something missing.
 */
gboolean fwd_module_check(const FwdPlugin *plugin, GError **error);

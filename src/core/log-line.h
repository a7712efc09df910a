/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One line of the log as text, for people or as JSON. Nothing here writes
 * anywhere. Any thread.
 */
#pragma once

#include <glib.h>

/** "error", "warning", "info" or "debug"; static. */
const char *fwd_log_level_to_string(GLogLevelFlags level);
/** G_LOG_LEVEL_CRITICAL, _WARNING, _INFO or _DEBUG. FALSE for another word. */
gboolean fwd_log_level_from_string(const char *text, GLogLevelFlags *level);

/**
 * Appends "PROGRAM: warning: COMPONENT: MESSAGE\n"; an info line has no level
 * in it. Control characters come out escaped, so that nothing from outside can
 * forge a line or reach the terminal.
 */
void fwd_log_line_append_text(GString *line, GLogLevelFlags level, const char *component,
                              const char *message, gboolean colour);

/** Appends one JSON object and a newline. @time_us: microseconds since the epoch. */
void fwd_log_line_append_json(GString *line, gint64 time_us, GLogLevelFlags level,
                              const char *component, const char *message);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What is logged to stderr between begin and end. One at a time. */
#pragma once

#include <glib.h>

void log_capture_begin(void);
/** (transfer full) */
char *log_capture_end(void);
/** How often @text stands in @log. */
guint log_capture_count(const char *log, const char *text);

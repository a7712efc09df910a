/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Logging on top of GLib's structured logging: a level, a component, a line
 * for people. Each .c file names its component before it includes this:
 *
 *   #define FWD_LOG_COMPONENT "tunnel"
 *
 * Any thread, never per packet.
 */
#pragma once

#include <glib.h>

typedef enum { FWD_LOG_TEXT, FWD_LOG_JSON, FWD_LOG_JOURNAL } FwdLogFormat;

/**
 * Takes over GLib's log writer: lines go to stderr (or the journal), those
 * below @level are dropped. "error", "warning", "info" or "debug"; FALSE for
 * another word. G_MESSAGES_DEBUG=all or =COMPONENT lets debug lines through.
 */
gboolean fwd_log_init(FwdLogFormat format, const char *level);
/** Changes the level while running. */
gboolean fwd_log_set_level(const char *level);
const char *fwd_log_get_level(void);

void fwd_log_write(GLogLevelFlags level, const char *component, const char *format, ...)
  G_GNUC_PRINTF(3, 4);

/** Something failed for good. Does not end the process. */
#define fwd_log_error(...)   fwd_log_write(G_LOG_LEVEL_CRITICAL, FWD_LOG_COMPONENT, __VA_ARGS__)
#define fwd_log_warning(...) fwd_log_write(G_LOG_LEVEL_WARNING, FWD_LOG_COMPONENT, __VA_ARGS__)
#define fwd_log_info(...)    fwd_log_write(G_LOG_LEVEL_INFO, FWD_LOG_COMPONENT, __VA_ARGS__)
#define fwd_log_debug(...)   fwd_log_write(G_LOG_LEVEL_DEBUG, FWD_LOG_COMPONENT, __VA_ARGS__)

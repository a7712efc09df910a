/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/log.h"

#include "core/log-line.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Set once by fwd_log_init, before other threads log. */
static FwdLogFormat log_format = FWD_LOG_TEXT;
static gboolean log_colour;
static gboolean log_installed;

/* The least important level that is written; any thread. */
static gint log_level = G_LOG_LEVEL_INFO;

static const char *
find_field(const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++) {
    if (fields[i].length < 0 && strcmp(fields[i].key, key) == 0)
      return fields[i].value;
  }
  return NULL;
}

/* G_MESSAGES_DEBUG is a list of names separated by spaces, or "all". */
static gboolean
is_debug_asked_for(const char *component)
{
  const char *names = g_getenv("G_MESSAGES_DEBUG");
  g_auto(GStrv) list = NULL;

  if (names == NULL)
    return FALSE;
  list = g_strsplit(names, " ", -1);
  return g_strv_contains((const char *const *)list, "all") ||
         g_strv_contains((const char *const *)list, component);
}

/* Levels of GLib are bits: the more important, the lower. */
static gboolean
is_wanted(GLogLevelFlags level, const char *component)
{
  if ((level & G_LOG_LEVEL_MASK) <= (GLogLevelFlags)g_atomic_int_get(&log_level))
    return TRUE;
  return (level & G_LOG_LEVEL_DEBUG) != 0 && is_debug_asked_for(component);
}

/* Other libraries' small talk is heard only where G_MESSAGES_DEBUG names them. */
static gboolean
is_foreign_wanted(GLogLevelFlags level, const char *domain)
{
  if ((level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG)) != 0)
    return is_debug_asked_for(domain);
  return is_wanted(level, domain);
}

static void
write_line(GLogLevelFlags level, const char *component, const char *message)
{
  g_autoptr(GString) line = g_string_sized_new(160);

  if (log_format == FWD_LOG_JSON)
    fwd_log_line_append_json(line, g_get_real_time(), level, component, message);
  else
    fwd_log_line_append_text(line, level, component, message, log_colour);
  fwrite(line->str, 1, line->len, stderr);
  fflush(stderr);
}

static GLogWriterOutput
write_fields(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  const char *message = find_field(fields, n_fields, "MESSAGE");
  const char *component = find_field(fields, n_fields, "FWD_COMPONENT");
  const char *domain = find_field(fields, n_fields, "GLIB_DOMAIN");

  if (domain == NULL)
    domain = "GLib";
  if (component == NULL && !is_foreign_wanted(level, domain))
    return G_LOG_WRITER_HANDLED;
  if (log_format == FWD_LOG_JOURNAL &&
      g_log_writer_journald(level, fields, n_fields, NULL) == G_LOG_WRITER_HANDLED)
    return G_LOG_WRITER_HANDLED;
  write_line(level, component != NULL ? component : domain, message != NULL ? message : "");
  return G_LOG_WRITER_HANDLED;
}

gboolean
fwd_log_init(FwdLogFormat format, const char *level)
{
  const char *no_colour = g_getenv("NO_COLOR");

  if (!fwd_log_set_level(level))
    return FALSE;
  log_format = format;
  log_colour = isatty(STDERR_FILENO) && (no_colour == NULL || no_colour[0] == '\0');
  if (!log_installed)
    g_log_set_writer_func(write_fields, NULL, NULL);
  log_installed = TRUE;
  return TRUE;
}

gboolean
fwd_log_set_level(const char *level)
{
  GLogLevelFlags flags;

  if (!fwd_log_level_from_string(level, &flags))
    return FALSE;
  g_atomic_int_set(&log_level, (gint)flags);
  return TRUE;
}

const char *
fwd_log_get_level(void)
{
  return fwd_log_level_to_string((GLogLevelFlags)g_atomic_int_get(&log_level));
}

/* The priorities of syslog, by which journald sorts. */
static const char *
get_priority(GLogLevelFlags level)
{
  switch (level & G_LOG_LEVEL_MASK) {
  case G_LOG_LEVEL_CRITICAL:
    return "3";
  case G_LOG_LEVEL_WARNING:
    return "4";
  case G_LOG_LEVEL_DEBUG:
    return "7";
  default:
    return "6";
  }
}

void
fwd_log_write(GLogLevelFlags level, const char *component, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  if (!is_wanted(level, component))
    return;
  va_start(arguments, format);
  message = g_strdup_vprintf(format, arguments);
  va_end(arguments);

  GLogField fields[] = {
      {"MESSAGE", message, -1},
      {"PRIORITY", get_priority(level), -1},
      {"FWD_COMPONENT", component, -1},
  };
  /* Not by way of g_log_structured(): a line of ours never ends the process, not
   * even where GLib was told that warnings are fatal. */
  write_fields(level, fields, G_N_ELEMENTS(fields), NULL);
}

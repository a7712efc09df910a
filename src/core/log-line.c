/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/log-line.h"

#include <string.h>

static const struct {
  GLogLevelFlags mask;
  GLogLevelFlags level;
  const char *name;
  const char *colour;
} levels[] = {
    {G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL, G_LOG_LEVEL_CRITICAL, "error", "\033[1;31m"},
    {G_LOG_LEVEL_WARNING, G_LOG_LEVEL_WARNING, "warning", "\033[1;33m"},
    {G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO, G_LOG_LEVEL_INFO, "info", ""},
    {G_LOG_LEVEL_DEBUG, G_LOG_LEVEL_DEBUG, "debug", "\033[2m"},
};

static gsize
find_level(GLogLevelFlags level)
{
  for (gsize i = 0; i < G_N_ELEMENTS(levels); i++) {
    if ((level & levels[i].mask) != 0)
      return i;
  }
  return G_N_ELEMENTS(levels) - 1;
}

const char *
fwd_log_level_to_string(GLogLevelFlags level)
{
  return levels[find_level(level)].name;
}

gboolean
fwd_log_level_from_string(const char *text, GLogLevelFlags *level)
{
  for (gsize i = 0; i < G_N_ELEMENTS(levels); i++) {
    if (g_strcmp0(text, levels[i].name) == 0) {
      *level = levels[i].level;
      return TRUE;
    }
  }
  return FALSE;
}

/* C0, DEL and the C1 controls, which some terminals obey as well. */
static gboolean
is_control(gunichar character)
{
  return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

static void
append_printable(GString *line, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid(text, -1);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
    gunichar character = g_utf8_get_char(p);

    if (is_control(character))
      g_string_append_printf(line, "\\x%02x", character);
    else
      g_string_append_unichar(line, character);
  }
}

void
fwd_log_line_append_text(GString *line, GLogLevelFlags level, const char *component,
                         const char *message, gboolean colour)
{
  gsize i = find_level(level);
  const char *path = g_get_prgname();
  g_autofree char *program = g_path_get_basename(path != NULL ? path : "stunfwd");
  gboolean coloured = colour && levels[i].colour[0] != '\0';

  g_string_append_printf(line, "%s: ", program);
  if (levels[i].level != G_LOG_LEVEL_INFO) {
    g_string_append_printf(line, "%s%s:%s ", coloured ? levels[i].colour : "", levels[i].name,
                           coloured ? "\033[0m" : "");
  }
  append_printable(line, component);
  g_string_append(line, ": ");
  append_printable(line, message);
  g_string_append_c(line, '\n');
}

static void
append_json_string(GString *line, const char *name, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid(text, -1);

  g_string_append_printf(line, "\"%s\":\"", name);
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
    gunichar character = g_utf8_get_char(p);

    if (character == '"' || character == '\\')
      g_string_append_printf(line, "\\%c", (char)character);
    else if (is_control(character))
      g_string_append_printf(line, "\\u%04x", character);
    else
      g_string_append_unichar(line, character);
  }
  g_string_append_c(line, '"');
}

void
fwd_log_line_append_json(GString *line, gint64 time_us, GLogLevelFlags level,
                         const char *component, const char *message)
{
  g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc(time_us / G_USEC_PER_SEC);
  g_autoptr(GDateTime) time = g_date_time_add(seconds, time_us % G_USEC_PER_SEC);
  g_autofree char *time_text = g_date_time_format_iso8601(time);

  g_string_append_c(line, '{');
  append_json_string(line, "time", time_text);
  g_string_append_c(line, ',');
  append_json_string(line, "level", fwd_log_level_to_string(level));
  g_string_append_c(line, ',');
  append_json_string(line, "component", component);
  g_string_append_c(line, ',');
  append_json_string(line, "message", message);
  g_string_append(line, "}\n");
}

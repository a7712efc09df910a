/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/log-line.h"

#include <json-glib/json-glib.h>

static void
assert_text(GLogLevelFlags level, const char *message, gboolean colour, const char *expected)
{
  g_autoptr(GString) line = g_string_new(NULL);

  fwd_log_line_append_text(line, level, "tunnel", message, colour);
  g_assert_cmpstr(line->str, ==, expected);
}

static void
test_text(void)
{
  assert_text(G_LOG_LEVEL_CRITICAL, "a", FALSE, "stunfwd: error: tunnel: a\n");
  assert_text(G_LOG_LEVEL_ERROR, "a", FALSE, "stunfwd: error: tunnel: a\n");
  assert_text(G_LOG_LEVEL_WARNING, "a", FALSE, "stunfwd: warning: tunnel: a\n");
  assert_text(G_LOG_LEVEL_INFO, "a", FALSE, "stunfwd: tunnel: a\n");
  assert_text(G_LOG_LEVEL_MESSAGE, "a", FALSE, "stunfwd: tunnel: a\n");
  assert_text(G_LOG_LEVEL_DEBUG, "a", FALSE, "stunfwd: debug: tunnel: a\n");
}

static void
test_colour(void)
{
  assert_text(G_LOG_LEVEL_WARNING, "a", TRUE, "stunfwd: \033[1;33mwarning:\033[0m tunnel: a\n");
  assert_text(G_LOG_LEVEL_INFO, "a", TRUE, "stunfwd: tunnel: a\n");
}

/* What comes from outside must not forge a line or reach the terminal. */
static void
test_text_is_escaped(void)
{
  assert_text(G_LOG_LEVEL_INFO, "a\nstunfwd: forged", FALSE,
              "stunfwd: tunnel: a\\x0astunfwd: forged\n");
  assert_text(G_LOG_LEVEL_INFO, "\033]0;title\a", FALSE,
              "stunfwd: tunnel: \\x1b]0;title\\x07\n");
  assert_text(G_LOG_LEVEL_INFO,
              "\xc2\x9b"
              "31m",
              FALSE, "stunfwd: tunnel: \\x9b31m\n");
  assert_text(G_LOG_LEVEL_INFO, "caf\xc3\xa9 \xff", FALSE,
              "stunfwd: tunnel: caf\xc3\xa9 \xef\xbf\xbd\n");
}

static void
assert_member(JsonObject *object, const char *name, const char *expected)
{
  g_assert_cmpstr(json_object_get_string_member(object, name), ==, expected);
}

static void
test_json(void)
{
  g_autoptr(GString) line = g_string_new(NULL);
  g_autoptr(JsonNode) node = NULL;
  g_autoptr(GError) error = NULL;
  JsonObject *object;

  fwd_log_line_append_json(line, G_GINT64_CONSTANT(1700000000000042), G_LOG_LEVEL_WARNING,
                           "net", "a \"b\"\\\n\033 \xc3\xa9");
  g_assert_true(g_str_has_suffix(line->str, "}\n"));
  node = json_from_string(line->str, &error);
  g_assert_no_error(error);
  object = json_node_get_object(node);
  g_assert_cmpuint(json_object_get_size(object), ==, 4);
  assert_member(object, "time", "2023-11-14T22:13:20.000042Z");
  assert_member(object, "level", "warning");
  assert_member(object, "component", "net");
  assert_member(object, "message", "a \"b\"\\\n\033 \xc3\xa9");
}

static void
test_json_is_one_valid_line(void)
{
  for (int byte = 1; byte < 256; byte++) {
    const char message[] = {'a', (char)byte, 'b', '\0'};
    g_autoptr(GString) line = g_string_new(NULL);
    g_autoptr(JsonNode) node = NULL;

    fwd_log_line_append_json(line, 0, G_LOG_LEVEL_INFO, message, message);
    g_assert_true(strchr(line->str, '\n') == line->str + line->len - 1);
    node = json_from_string(line->str, NULL);
    g_assert_nonnull(node);
  }
}

static void
test_levels(void)
{
  static const char *const names[] = {"error", "warning", "info", "debug"};
  GLogLevelFlags level;

  for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
    g_assert_true(fwd_log_level_from_string(names[i], &level));
    g_assert_cmpstr(fwd_log_level_to_string(level), ==, names[i]);
  }
  g_assert_false(fwd_log_level_from_string("loud", &level));
  g_assert_false(fwd_log_level_from_string("", &level));
  g_assert_false(fwd_log_level_from_string(NULL, &level));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_set_prgname("stunfwd");
  g_test_add_func("/core/log-line/text", test_text);
  g_test_add_func("/core/log-line/colour", test_colour);
  g_test_add_func("/core/log-line/text-is-escaped", test_text_is_escaped);
  g_test_add_func("/core/log-line/json", test_json);
  g_test_add_func("/core/log-line/json-is-one-valid-line", test_json_is_one_valid_line);
  g_test_add_func("/core/log-line/levels", test_levels);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "tunnel"

#include "core/log.h"

/* Each test runs the test program again and looks at what it wrote to stderr. */
static void
run(const char *scenario)
{
  g_autofree char *path = g_strconcat("/core/log/scenario/subprocess/", scenario, NULL);

  g_test_trap_subprocess(path, 0, 0);
  g_test_trap_assert_passed();
}

static void
log_all(FwdLogFormat format, const char *level)
{
  g_set_prgname("stunfwd");
  g_assert_true(fwd_log_init(format, level));
  fwd_log_error("e%d", 1);
  fwd_log_warning("w%d", 2);
  fwd_log_info("i%d", 3);
  fwd_log_debug("d%d", 4);
}

static void
scenario_warning(void)
{
  g_unsetenv("G_MESSAGES_DEBUG");
  log_all(FWD_LOG_TEXT, "warning");
}

static void
test_below_level_is_dropped(void)
{
  run("warning");
  g_test_trap_assert_stderr("stunfwd: error: tunnel: e1\nstunfwd: warning: tunnel: w2\n");
}

static void
scenario_debug(void)
{
  g_unsetenv("G_MESSAGES_DEBUG");
  log_all(FWD_LOG_TEXT, "debug");
}

static void
test_debug(void)
{
  run("debug");
  g_test_trap_assert_stderr("*stunfwd: tunnel: i3\nstunfwd: debug: tunnel: d4\n");
}

static void
scenario_messages_debug(void)
{
  g_setenv("G_MESSAGES_DEBUG", "net tunnel", TRUE);
  log_all(FWD_LOG_TEXT, "error");
  g_setenv("G_MESSAGES_DEBUG", "tunnels", TRUE);
  fwd_log_debug("hidden");
  g_setenv("G_MESSAGES_DEBUG", "all", TRUE);
  fwd_log_debug("all");
}

static void
test_messages_debug(void)
{
  run("messages-debug");
  g_test_trap_assert_stderr("stunfwd: error: tunnel: e1\nstunfwd: debug: tunnel: d4\n"
                            "stunfwd: debug: tunnel: all\n");
}

static void
scenario_json(void)
{
  log_all(FWD_LOG_JSON, "error");
}

static void
test_json(void)
{
  run("json");
  g_test_trap_assert_stderr(
      "{\"time\":\"*Z\",\"level\":\"error\",\"component\":\"tunnel\",\"message\":\"e1\"}\n");
}

static void
scenario_foreign(void)
{
  g_unsetenv("G_MESSAGES_DEBUG");
  g_log_set_always_fatal(G_LOG_FATAL_MASK);
  log_all(FWD_LOG_TEXT, "error");
  fwd_log_set_level("debug");
  g_log("Other", G_LOG_LEVEL_WARNING, "old way");
  g_log_structured("Other", G_LOG_LEVEL_WARNING, "MESSAGE", "new way");
  g_log_structured("Other", G_LOG_LEVEL_INFO, "MESSAGE", "small talk");
  g_log_structured("Other", G_LOG_LEVEL_DEBUG, "MESSAGE", "small talk");
  g_setenv("G_MESSAGES_DEBUG", "Other", TRUE);
  g_log_structured("Other", G_LOG_LEVEL_DEBUG, "MESSAGE", "asked for");
}

static void
test_foreign(void)
{
  run("foreign");
  g_test_trap_assert_stderr("stunfwd: error: tunnel: e1\nstunfwd: warning: Other: old way\n"
                            "stunfwd: warning: Other: new way\n"
                            "stunfwd: debug: Other: asked for\n");
}

/* Before anybody called init a line is written as well, and is never fatal. */
static void
scenario_early(void)
{
  g_set_prgname("stunfwd");
  g_log_set_always_fatal(G_LOG_LEVEL_MASK);
  fwd_log_warning("early");
}

static void
test_early(void)
{
  run("early");
  g_test_trap_assert_stderr("stunfwd: warning: tunnel: early\n");
}

static void
test_level_words(void)
{
  g_assert_true(fwd_log_set_level("debug"));
  g_assert_cmpstr(fwd_log_get_level(), ==, "debug");
  g_assert_false(fwd_log_set_level("verbose"));
  g_assert_false(fwd_log_init(FWD_LOG_TEXT, "verbose"));
  g_assert_cmpstr(fwd_log_get_level(), ==, "debug");
  g_assert_true(fwd_log_set_level("info"));
  g_assert_cmpstr(fwd_log_get_level(), ==, "info");
}

static gpointer
change_levels(gpointer data)
{
  for (int i = 0; i < 1000; i++)
    fwd_log_set_level(i % 2 == 0 ? "error" : "info");
  return NULL;
}

static void
scenario_threads(void)
{
  GThread *thread;

  g_set_prgname("stunfwd");
  fwd_log_init(FWD_LOG_TEXT, "info");
  thread = g_thread_new("levels", change_levels, NULL);
  for (int i = 0; i < 100; i++)
    fwd_log_warning("line");
  g_thread_join(thread);
  fwd_log_error("last");
}

static void
test_threads(void)
{
  run("threads");
  g_test_trap_assert_stderr("*stunfwd: error: tunnel: last\n");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/core/log/below-level-is-dropped", test_below_level_is_dropped);
  g_test_add_func("/core/log/debug", test_debug);
  g_test_add_func("/core/log/messages-debug", test_messages_debug);
  g_test_add_func("/core/log/json", test_json);
  g_test_add_func("/core/log/foreign", test_foreign);
  g_test_add_func("/core/log/early", test_early);
  g_test_add_func("/core/log/level-words", test_level_words);
  g_test_add_func("/core/log/threads", test_threads);
  g_test_add_func("/core/log/scenario/subprocess/warning", scenario_warning);
  g_test_add_func("/core/log/scenario/subprocess/debug", scenario_debug);
  g_test_add_func("/core/log/scenario/subprocess/messages-debug", scenario_messages_debug);
  g_test_add_func("/core/log/scenario/subprocess/json", scenario_json);
  g_test_add_func("/core/log/scenario/subprocess/foreign", scenario_foreign);
  g_test_add_func("/core/log/scenario/subprocess/early", scenario_early);
  g_test_add_func("/core/log/scenario/subprocess/threads", scenario_threads);
  return g_test_run();
}

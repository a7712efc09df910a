/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signald-process.h"

#include <gio/gio.h>
#include <signal.h>
#include <sys/prctl.h>

#define READY "stunfwd-signald: WebSocket on ws://127.0.0.1:"

struct SignalingServer {
  GSubprocess *process;
  guint16 port;
};

static void
die_with_parent(gpointer user_data)
{
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static GPtrArray *
command_line(guint16 port, const char *const *arguments)
{
  GPtrArray *command = g_ptr_array_new_with_free_func(g_free);

  g_ptr_array_add(command, g_test_build_filename(G_TEST_BUILT, "..", "stunfwd-signald", NULL));
  g_ptr_array_add(command, g_strdup("--listen"));
  g_ptr_array_add(command, g_strdup_printf("127.0.0.1:%u", port));
  for (; *arguments != NULL; arguments++)
    g_ptr_array_add(command, g_strdup(*arguments));
  g_ptr_array_add(command, NULL);
  return command;
}

/* The first line tells where it listens; it comes when all is open. */
static guint16
read_port(GSubprocess *process)
{
  g_autoptr(GDataInputStream) lines =
      g_data_input_stream_new(g_subprocess_get_stderr_pipe(process));
  g_autoptr(GError) error = NULL;
  g_autofree char *line = g_data_input_stream_read_line(lines, NULL, NULL, &error);

  g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(lines), FALSE);
  g_assert_no_error(error);
  g_assert_nonnull(line);
  if (!g_str_has_prefix(line, READY))
    g_error("signald said: %s", line);
  return (guint16)g_ascii_strtoull(line + strlen(READY), NULL, 10);
}

SignalingServer *
signald_process_start(guint16 port, const char *const *arguments)
{
  g_autoptr(GSubprocessLauncher) launcher =
      g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr(GPtrArray) command = command_line(port, arguments);
  SignalingServer *server = g_new0(SignalingServer, 1);
  g_autoptr(GError) error = NULL;

  /* What libsoup leaks is known by its frames (tests/lsan.supp): stacks must be whole. */
  g_subprocess_launcher_setenv(launcher, "ASAN_OPTIONS", "fast_unwind_on_malloc=0", TRUE);
  g_subprocess_launcher_set_child_setup(launcher, die_with_parent, NULL, NULL);
  server->process =
      g_subprocess_launcher_spawnv(launcher, (const char *const *)command->pdata, &error);
  g_assert_no_error(error);
  server->port = read_port(server->process);
  return server;
}

guint16
signald_process_get_port(const SignalingServer *server)
{
  return server->port;
}

void
signald_process_stop(SignalingServer *server, gboolean kill)
{
  g_autoptr(GError) error = NULL;

  g_subprocess_send_signal(server->process, kill ? SIGKILL : SIGTERM);
  g_subprocess_wait(server->process, NULL, &error);
  g_assert_no_error(error);
  if (!kill) {
    g_assert_true(g_subprocess_get_if_exited(server->process));
    g_assert_cmpint(g_subprocess_get_exit_status(server->process), ==, 0);
  }
  g_object_unref(server->process);
  g_free(server);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "server.h"
#include <glib-unix.h>
#include <signal.h>
#include <sys/resource.h>

#include "core/log.h"

#define PROGRAM "stunfwd-signald"

enum { EXIT_RUNTIME = 1, EXIT_USAGE = 2 };

typedef struct {
  GMainLoop *loop;
  FwdServer *server;
} Program;

static gboolean
on_stopped(gpointer user_data)
{
  Program *program = user_data;

  g_main_loop_quit(program->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
on_signal(gpointer user_data)
{
  Program *program = user_data;

  fwd_server_stop(program->server, on_stopped, program);
  return G_SOURCE_CONTINUE;
}

/* Each connection is a descriptor: the soft limit of 1024 is for programs that call select().
 */
static void
raise_descriptor_limit(void)
{
  struct rlimit limit;

  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void
print_endpoints(const FwdServer *server)
{
  g_auto(GStrv) endpoints = fwd_server_list_endpoints(server);

  for (guint i = 0; endpoints[i] != NULL; i++)
    g_printerr(PROGRAM ": %s\n", endpoints[i]);
}

static int
serve(const FwdOptions *options)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdServer) server = fwd_server_new(options, &error);
  Program program = {.loop = loop, .server = server};
  guint terminate, interrupt;

  if (server == NULL) {
    g_printerr(PROGRAM ": %s\n", error->message);
    return EXIT_RUNTIME;
  }
  terminate = g_unix_signal_add(SIGTERM, on_signal, &program);
  interrupt = g_unix_signal_add(SIGINT, on_signal, &program);
  print_endpoints(server);
  g_main_loop_run(loop);
  g_source_remove(terminate);
  g_source_remove(interrupt);
  return 0;
}

int
main(int argc, char **argv)
{
  g_auto(GStrv) arguments = g_strdupv(argv);
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdOptions) options = NULL;

  fwd_log_init(FWD_LOG_TEXT, "info");
  options = fwd_options_parse(&arguments, &error);
  if (options == NULL) {
    g_printerr(PROGRAM ": %s\n", error->message);
    return EXIT_USAGE;
  }
  if (options->version) {
    g_print(PROGRAM " " PACKAGE_VERSION "\n");
    return 0;
  }
  signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  return serve(options);
}

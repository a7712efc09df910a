/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server-fixture.h"

FwdServer *
server_new(const char *line)
{
  g_autofree char *text = g_strconcat("signald --listen 127.0.0.1:0 ", line, NULL);
  g_auto(GStrv) arguments = g_strsplit(text, " ", -1);
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdOptions) options = fwd_options_parse(&arguments, &error);
  FwdServer *server;

  g_assert_no_error(error);
  server = fwd_server_new(options, &error);
  g_assert_no_error(error);
  return server;
}

char *
server_url(const FwdServer *server)
{
  g_auto(GStrv) endpoints = fwd_server_list_endpoints(server);

  g_assert_true(g_str_has_prefix(endpoints[0], "WebSocket on ws://127.0.0.1:"));
  return g_strdup(endpoints[0] + strlen("WebSocket on "));
}

static gboolean
on_stopped(gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
  return G_SOURCE_REMOVE;
}

void
server_stop(FwdServer *server)
{
  gboolean stopped = FALSE;

  fwd_server_stop(server, on_stopped, &stopped);
  while (!stopped)
    g_main_context_iteration(NULL, TRUE);
  fwd_server_free(server);
}

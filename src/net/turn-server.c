/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/turn.h>

FwdTurnServer *
fwd_turn_server_new(const char *uri, const char *username, const char *password)
{
  FwdTurnServer *server = g_new(FwdTurnServer, 1);

  *server = (FwdTurnServer){
      .uri = g_strdup(uri), .username = g_strdup(username), .password = g_strdup(password)};
  return server;
}

void
fwd_turn_server_free(FwdTurnServer *server)
{
  g_free(server->uri);
  g_free(server->username);
  g_free(server->password);
  g_free(server);
}

GPtrArray *
fwd_turn_servers_new(void)
{
  return g_ptr_array_new_with_free_func((GDestroyNotify)fwd_turn_server_free);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manage/control-client.h"

#include "manage/control-service.h"
#include <stunfwd/error.h>

#define CALL_LIMIT_MS 5000

struct FwdControlClient {
  GDBusConnection *connection;
  char *socket;
};

FwdControlClient *
fwd_control_client_new(const char *socket, GError **error)
{
  g_autofree char *escaped = g_dbus_address_escape_value(socket);
  g_autofree char *address = g_strconcat("unix:path=", escaped, NULL);
  g_autoptr(GError) inner = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_sync(
      address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, &inner);
  FwdControlClient *client;

  if (!connection) {
    g_set_error(error, FWD_CONTROL_ERROR, FWD_ERROR_UNREACHABLE, "control socket %s: %s",
                socket, inner->message);
    return NULL;
  }
  client = g_new0(FwdControlClient, 1);
  client->connection = connection;
  client->socket = g_strdup(socket);
  return client;
}

void
fwd_control_client_free(FwdControlClient *client)
{
  g_object_unref(client->connection);
  g_free(client->socket);
  g_free(client);
}

GVariant *
fwd_control_client_call(FwdControlClient *client, const char *method, GVariant *parameters,
                        GError **error)
{
  g_autoptr(GError) inner = NULL;
  GVariant *reply = g_dbus_connection_call_sync(
      client->connection, NULL, FWD_CONTROL_PATH, FWD_CONTROL_INTERFACE, method, parameters,
      NULL, G_DBUS_CALL_FLAGS_NONE, CALL_LIMIT_MS, NULL, &inner);
  gboolean said;

  if (reply)
    return reply;
  said = g_dbus_error_is_remote_error(inner);
  g_dbus_error_strip_remote_error(inner);
  if (said)
    g_set_error_literal(error, FWD_CONTROL_ERROR, FWD_ERROR_REFUSED, inner->message);
  else
    g_set_error(error, FWD_CONTROL_ERROR, FWD_ERROR_UNREACHABLE, "control socket %s: %s",
                client->socket, inner->message);
  return NULL;
}

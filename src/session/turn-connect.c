/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/turn-connect.h"
#include "net/datagram-socket.h"
#include <stunfwd/error.h>

#define CONNECT_TIMEOUT_S 10

static void
return_link(GTask *task, FwdTurnLink *link)
{
  if (link != NULL)
    g_task_return_pointer(task, link, (GDestroyNotify)fwd_turn_link_free);
  else
    g_task_return_new_error(task, FWD_NET_ERROR, FWD_ERROR_FAILED,
                            "the connection is of no use");
}

static void
on_connected(GObject *client, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  GSocketConnection *connection =
      g_socket_client_connect_to_host_finish(G_SOCKET_CLIENT(client), result, &error);

  if (connection != NULL)
    return_link(task, fwd_turn_link_new_stream(G_IO_STREAM(connection)));
  else
    g_task_return_error(task, error);
}

static void
open_datagram(GTask *task, GSocketAddress *address)
{
  struct sockaddr_storage native;
  FwdEndpoint server, any;
  GError *error = NULL;
  int fd;

  if (!g_socket_address_to_native(address, &native, sizeof native, &error) ||
      !fwd_endpoint_from_sockaddr((struct sockaddr *)&native,
                                  (socklen_t)g_socket_address_get_native_size(address),
                                  &server)) {
    g_clear_error(&error);
    return_link(task, NULL);
    return;
  }
  fwd_endpoint_any(fwd_endpoint_family(&server), &any);
  fd = fwd_datagram_socket_open(&any, &error);
  if (fd >= 0)
    return_link(task, fwd_turn_link_new_datagram(fd, &server));
  else
    g_task_return_error(task, error);
}

static void
on_resolved(GObject *enumerator, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  g_autoptr(GSocketAddress) address = g_socket_address_enumerator_next_finish(
      G_SOCKET_ADDRESS_ENUMERATOR(enumerator), result, &error);

  if (address != NULL)
    open_datagram(task, address);
  else if (error != NULL)
    g_task_return_error(task, error);
  else
    g_task_return_new_error(task, FWD_NET_ERROR, FWD_ERROR_UNREACHABLE,
                            "the name has no address");
}

static void
connect_datagram(GTask *task, const FwdTurnWay *way)
{
  g_autoptr(GSocketConnectable) address = g_network_address_new(way->host, way->port);
  g_autoptr(GSocketAddressEnumerator) enumerator = g_socket_connectable_enumerate(address);

  g_socket_address_enumerator_next_async(enumerator, g_task_get_cancellable(task), on_resolved,
                                         g_object_ref(task));
}

static void
connect_stream(GTask *task, const FwdTurnWay *way)
{
  g_autoptr(GSocketClient) client = g_socket_client_new();

  g_socket_client_set_timeout(client, CONNECT_TIMEOUT_S);
  g_socket_client_set_tls(client, way->transport == FWD_TURN_OVER_TLS);
  g_socket_client_connect_to_host_async(client, way->host, way->port,
                                        g_task_get_cancellable(task), on_connected,
                                        g_object_ref(task));
}

void
fwd_turn_connect_async(const FwdTurnWay *way, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);

  g_task_set_source_tag(task, fwd_turn_connect_async);
  if (way->transport == FWD_TURN_OVER_UDP)
    connect_datagram(task, way);
  else
    connect_stream(task, way);
}

FwdTurnLink *
fwd_turn_connect_finish(GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/stream-socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* The innermost: proxies and TLS are wrapped around it. */
static GSocket *
find_socket(GIOStream *stream)
{
  g_autoptr(GIOStream) base = NULL;

  if (G_IS_SOCKET_CONNECTION(stream))
    return g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream));
  if (!G_IS_TLS_CONNECTION(stream))
    return NULL;
  g_object_get(stream, "base-io-stream", &base, NULL);
  return base != NULL ? find_socket(base) : NULL;
}

static gboolean
is_bare(GIOStream *stream)
{
  return G_IS_SOCKET_CONNECTION(stream) && !G_IS_TCP_WRAPPER_CONNECTION(stream);
}

static gboolean
find_streams(FwdStreamSocket *self)
{
  GInputStream *input = g_io_stream_get_input_stream(self->stream);
  GOutputStream *output = g_io_stream_get_output_stream(self->stream);

  if (is_bare(self->stream))
    return TRUE;
  if (!G_IS_POLLABLE_INPUT_STREAM(input) || !G_IS_POLLABLE_OUTPUT_STREAM(output))
    return FALSE;
  self->input = G_POLLABLE_INPUT_STREAM(input);
  self->output = G_POLLABLE_OUTPUT_STREAM(output);
  return TRUE;
}

gboolean
fwd_stream_socket_init(FwdStreamSocket *self, GIOStream *stream)
{
  GSocket *socket = find_socket(stream);

  *self = (FwdStreamSocket){.stream = stream};
  if (socket == NULL || !find_streams(self)) {
    g_clear_object(&self->stream);
    return FALSE;
  }
  self->socket = socket;
  self->fd = g_socket_get_fd(socket);
  g_socket_set_blocking(socket, FALSE);
  g_socket_set_timeout(socket, 0);
  return TRUE;
}

/*
 * TLS would say goodbye first, and wait until the other end takes it: with the
 * socket closed there is nothing to wait for. What was written is still sent.
 */
void
fwd_stream_socket_clear(FwdStreamSocket *self)
{
  shutdown(self->fd, SHUT_RDWR);
  g_socket_close(self->socket, NULL);
  g_clear_object(&self->stream);
}

static void
to_endpoint(GSocketAddress *address, FwdEndpoint *endpoint)
{
  struct sockaddr_storage native;

  if (address == NULL || !g_socket_address_to_native(address, &native, sizeof native, NULL) ||
      !fwd_endpoint_from_sockaddr((struct sockaddr *)&native,
                                  (socklen_t)g_socket_address_get_native_size(address),
                                  endpoint))
    fwd_endpoint_any(AF_INET, endpoint);
}

void
fwd_stream_socket_get_endpoints(const FwdStreamSocket *self, FwdEndpoint *local,
                                FwdEndpoint *remote)
{
  g_autoptr(GSocketAddress) local_address = g_socket_get_local_address(self->socket, NULL);
  g_autoptr(GSocketAddress) remote_address = g_socket_get_remote_address(self->socket, NULL);

  to_endpoint(local_address, local);
  to_endpoint(remote_address, remote);
}

void
fwd_stream_socket_hurry(const FwdStreamSocket *self, int unsent)
{
  static const int yes = 1;

  /* Both are refused by sockets that are not TCP, which need neither. */
  (void)setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  (void)setsockopt(self->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

static gssize
to_result(gssize moved, GError *error)
{
  gssize result = moved;

  if (error == NULL)
    return result;
  result = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? 0 : -EIO;
  g_error_free(error);
  return result;
}

static gssize
from_errno(gssize moved)
{
  if (moved >= 0)
    return moved;
  return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

gssize
fwd_stream_socket_read(const FwdStreamSocket *self, guint8 *buffer, gsize size)
{
  GError *error = NULL;
  gssize moved;

  if (self->input == NULL)
    moved = recv(self->fd, buffer, size, 0);
  else
    moved = g_pollable_input_stream_read_nonblocking(self->input, buffer, size, NULL, &error);
  if (moved == 0)
    return -EPIPE;
  return self->input == NULL ? from_errno(moved) : to_result(moved, error);
}

gssize
fwd_stream_socket_write(const FwdStreamSocket *self, const guint8 *data, gsize length)
{
  GError *error = NULL;
  gssize moved;

  if (self->output == NULL)
    return from_errno(send(self->fd, data, length, MSG_NOSIGNAL));
  moved = g_pollable_output_stream_write_nonblocking(self->output, data, length, NULL, &error);
  return to_result(moved, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sockets.h"

#include <errno.h>
#include <unistd.h>

/* Datagrams come in bursts, and the kernel's default holds a few hundred small ones. It
   counts about a KiB for each of them. */
#define DATAGRAM_BUFFER (4 * 1024 * 1024)

static gboolean
set_option(int fd, int level, int name, int value)
{
  return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

static void
set_bind_error(GError **error, const FwdEndpoint *endpoint, int errnum)
{
  char text[FWD_ENDPOINT_TEXT_MAX];

  fwd_endpoint_format(endpoint, text);
  if (errnum == EADDRINUSE)
    g_set_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_REFUSED,
                "%s is in use by another program", text);
  else if (errnum == EACCES)
    g_set_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_DENIED,
                "port %u takes more rights (CAP_NET_BIND_SERVICE)",
                fwd_endpoint_port(endpoint));
  else if (errnum == EADDRNOTAVAIL)
    g_set_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_INVALID,
                "%s: this machine has no such address", text);
  else
    g_set_error(error, FWD_FORWARDER_ERROR, forwarder_error_code(errnum), "%s: %s", text,
                g_strerror(errnum));
}

int
forwarder_bind(int type, const FwdMapping *mapping, GError **error)
{
  FwdEndpoint endpoint;
  const char *address = fwd_mapping_get_bind(mapping);

  if (!fwd_endpoint_from_address(address, fwd_mapping_get_port(mapping), &endpoint)) {
    g_set_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_INVALID,
                "%s is no numeric address to bind to", address);
    return -1;
  }

  int fd = socket(fwd_endpoint_family(&endpoint), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    set_bind_error(error, &endpoint, errno);
    return -1;
  }
  /* For datagrams it would let two programs share a port and steal from each other. */
  if (type == SOCK_STREAM)
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  else
    forwarder_tune_datagrams(fd);
  if (bind(fd, &endpoint.any, fwd_endpoint_length(&endpoint)) == 0)
    return fd;
  set_bind_error(error, &endpoint, errno);
  close(fd);
  return -1;
}

guint16
forwarder_local_port(int fd)
{
  FwdEndpoint endpoint;
  socklen_t length = sizeof(endpoint);

  if (getsockname(fd, &endpoint.any, &length) < 0)
    return 0;
  return fwd_endpoint_port(&endpoint);
}

void
forwarder_tune_datagrams(int fd)
{
  /* Beyond the system's limit with CAP_NET_ADMIN only. */
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, DATAGRAM_BUFFER))
    set_option(fd, SOL_SOCKET, SO_RCVBUF, DATAGRAM_BUFFER);
}

FwdErrorCode
forwarder_error_code(int errnum)
{
  switch (errnum) {
  case ECONNREFUSED:
  case ECONNRESET:
    return FWD_ERROR_REFUSED;
  case ENETUNREACH:
  case EHOSTUNREACH:
  case EHOSTDOWN:
  case ENETDOWN:
  case EADDRNOTAVAIL:
    return FWD_ERROR_UNREACHABLE;
  case ETIMEDOUT:
    return FWD_ERROR_TIMEOUT;
  case EACCES:
  case EPERM:
    return FWD_ERROR_DENIED;
  case EMFILE:
  case ENFILE:
  case ENOBUFS:
  case ENOMEM:
    return FWD_ERROR_LIMIT;
  case EAFNOSUPPORT:
    return FWD_ERROR_UNSUPPORTED;
  default:
    return FWD_ERROR_FAILED;
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tcp-socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

static int
create(int family)
{
  const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;

  if (fd < 0)
    return -errno;
  if (family == AF_INET6)
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static int
close_with(int fd, int error)
{
  close(fd);
  return -error;
}

/* All sockets of a port must say so that they share it, and before they are bound. */
static int
create_shared(const FwdEndpoint *local)
{
  const int fd = create(fwd_endpoint_family(local));
  const int on = 1;

  if (fd < 0)
    return fd;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0 ||
      bind(fd, &local->any, fwd_endpoint_length(local)) < 0)
    return close_with(fd, errno);
  return fd;
}

int
fwd_tcp_socket_listen(FwdEndpoint *local, int backlog)
{
  const int fd = create_shared(local);
  FwdEndpoint bound;
  socklen_t length = sizeof bound;

  if (fd < 0)
    return fd;
  if (listen(fd, backlog) < 0 || getsockname(fd, &bound.any, &length) < 0)
    return close_with(fd, errno);
  fwd_endpoint_set_port(local, fwd_endpoint_port(&bound));
  return fd;
}

int
fwd_tcp_socket_connect(const FwdEndpoint *local, const FwdEndpoint *remote)
{
  const int fd = create_shared(local);

  if (fd < 0)
    return fd;
  if (connect(fd, &remote->any, fwd_endpoint_length(remote)) < 0 && errno != EINPROGRESS)
    return close_with(fd, errno);
  return fd;
}

int
fwd_tcp_socket_accept(int listener, FwdEndpoint *remote)
{
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  const int fd =
      accept4(listener, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

  if (fd < 0)
    return -errno;
  if (!fwd_endpoint_from_sockaddr((struct sockaddr *)&address, length, remote))
    return close_with(fd, EAFNOSUPPORT);
  return fd;
}

int
fwd_tcp_socket_outcome(int fd)
{
  int error = 0;
  socklen_t length = sizeof error;

  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
    return -errno;
  return -error;
}

gboolean
fwd_tcp_socket_is_half_open(int fd)
{
  struct tcp_info info = {0};
  socklen_t length = sizeof info;

  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
         info.tcpi_state == TCP_SYN_RECV;
}

gboolean
fwd_tcp_socket_is_free(const FwdEndpoint *local)
{
  const int fd = create(fwd_endpoint_family(local));
  gboolean is_free;

  if (fd < 0)
    return FALSE;
  is_free = bind(fd, &local->any, fwd_endpoint_length(local)) == 0;
  close(fd);
  return is_free;
}

void
fwd_tcp_socket_abort(int fd)
{
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
}

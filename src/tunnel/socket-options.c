/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/tunnel.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define KEEP_ALIVE_SECONDS 60

static void
set_option(int fd, int level, int name, int value)
{
  setsockopt(fd, level, name, &value, sizeof value);
}

void
fwd_tunnel_tune_socket(int fd)
{
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_ALIVE_SECONDS);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_ALIVE_SECONDS / 4);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

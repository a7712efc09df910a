/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/accept.h"

#include <errno.h>
#include <sys/socket.h>

/* Connections in a row that were dead before they were taken. */
#define FAILURES_MAX 64

/** accept(2): an error that waited at the connection itself, which is gone with it. */
static gboolean
is_about_one_connection(int errnum)
{
  switch (errnum) {
  case EINTR:
  case ECONNABORTED:
  case EPROTO:
  case EPERM:
  case ENETDOWN:
  case ENETUNREACH:
  case ENOPROTOOPT:
  case EHOSTDOWN:
  case EHOSTUNREACH:
  case ENONET:
    return TRUE;
  default:
    return FALSE;
  }
}

int
fwd_accept(int fd)
{
  for (guint i = 0; i < FAILURES_MAX; i++) {
    const int connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (connection >= 0 || !is_about_one_connection(errno))
      return connection;
  }
  return -1;
}

gboolean
fwd_accept_is_shortage(int errnum)
{
  return errnum == EMFILE || errnum == ENFILE || errnum == ENOBUFS || errnum == ENOMEM;
}

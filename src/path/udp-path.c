/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/udp-path.h"
#include "net/datagram-socket.h"
#include <unistd.h>

static gssize
send_batch(FwdPath *path, const FwdPacketBatch *batch)
{
  return fwd_datagram_socket_send(path->fd, &path->remote, batch->data, batch->length,
                                  batch->segment);
}

static void
close_path(FwdPath *path)
{
  g_free(path);
}

static const FwdPathOps udp_path_ops = {
    .size = sizeof(FwdPathOps),
    .send_batch = send_batch,
    .close = close_path,
};

static FwdPath *
make(const FwdPathOps *ops, int fd, const FwdEndpoint *remote, FwdPathClass path_class,
     const char *strategy, guint32 rtt_us)
{
  FwdPath *path = g_new0(FwdPath, 1);

  path->ops = ops;
  path->path_class = path_class;
  g_strlcpy(path->strategy, strategy, sizeof path->strategy);
  path->fd = fd;
  path->mtu = fwd_endpoint_family(remote) == AF_INET ? FWD_UDP_MTU4 : FWD_UDP_MTU6;
  path->rtt_us = rtt_us;
  path->remote = *remote;
  return path;
}

FwdPath *
fwd_udp_path_new(int fd, const FwdEndpoint *local, const FwdEndpoint *remote,
                 FwdPathClass path_class, const char *strategy, guint32 rtt_us)
{
  FwdPath *path = make(&udp_path_ops, fd, remote, path_class, strategy, rtt_us);

  path->shared = TRUE;
  path->local = *local;
  return path;
}

/* The kernel drops what comes from anybody else: the socket is connected. */
static gssize
recv_batch(FwdPath *path, guint8 *buffer, gsize size, gsize *segment)
{
  FwdEndpoint from;

  return fwd_datagram_socket_receive(path->fd, buffer, size, &from, segment);
}

static void
close_own(FwdPath *path)
{
  close(path->fd);
  g_free(path);
}

static const FwdPathOps own_path_ops = {
    .size = sizeof(FwdPathOps),
    .send_batch = send_batch,
    .recv_batch = recv_batch,
    .close = close_own,
};

FwdPath *
fwd_udp_path_new_own(int fd, const FwdEndpoint *remote, FwdPathClass path_class,
                     const char *strategy, guint32 rtt_us)
{
  FwdPath *path;

  if (!fwd_datagram_socket_adopt(fd, remote)) {
    if (fd >= 0)
      close(fd);
    return NULL;
  }
  path = make(&own_path_ops, fd, remote, path_class, strategy, rtt_us);
  fwd_datagram_socket_get_local(fd, &path->local);
  return path;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/udp-path.h"
#include "net/datagram-socket.h"

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

FwdPath *
fwd_udp_path_new(int fd, const FwdEndpoint *local, const FwdEndpoint *remote,
                 FwdPathClass path_class, const char *strategy, guint32 rtt_us)
{
  FwdPath *path = g_new0(FwdPath, 1);

  path->ops = &udp_path_ops;
  path->path_class = path_class;
  g_strlcpy(path->strategy, strategy, sizeof path->strategy);
  path->fd = fd;
  path->shared = TRUE;
  path->mtu = fwd_endpoint_family(remote) == AF_INET ? FWD_UDP_MTU4 : FWD_UDP_MTU6;
  path->rtt_us = rtt_us;
  path->local = *local;
  path->remote = *remote;
  return path;
}

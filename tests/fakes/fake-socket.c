/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct FakeSocket {
  FakeSite *site;
  FwdEndpoint endpoint;
  int near; /* the strategy's */
  int far;
  FakeReceiver receiver; /* NULL while it is the strategy's */
  gpointer user_data;
};

typedef struct {
  FwdEndpoint from;
  guint8 data[FAKE_PACKET_MAX];
} Parcel;

/* One that is closed by now gets nothing. */
static void
deliver(const FakePacket *packet, const FwdEndpoint *host, gpointer user_data)
{
  FakeSocket *self = user_data;
  Parcel parcel = {.from = packet->from};

  if (self->receiver != NULL) {
    self->receiver(packet, host, self->user_data);
    return;
  }
  memcpy(parcel.data, packet->data, packet->length);
  send(self->far, &parcel, G_STRUCT_OFFSET(Parcel, data) + packet->length, MSG_NOSIGNAL);
}

FakeSocket *
fake_socket_new(FakeSite *site, const FwdEndpoint *endpoint)
{
  FakeSocket *self = g_new0(FakeSocket, 1);
  int ends[2];

  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
    g_error("no more sockets: raise ulimit -n");
  self->site = site;
  self->endpoint = *endpoint;
  self->near = ends[0];
  self->far = ends[1];
  fake_site_add_host(site, endpoint, deliver, self);
  return self;
}

void
fake_socket_free(FakeSocket *self)
{
  fake_site_remove_hosts(self->site, self);
  close(self->far);
  g_free(self);
}

int
fake_socket_get_fd(const FakeSocket *self)
{
  return self->near;
}

const FwdEndpoint *
fake_socket_get_endpoint(const FakeSocket *self)
{
  return &self->endpoint;
}

gboolean
fake_socket_is_open(const FakeSocket *self)
{
  guint8 byte;

  return recv(self->far, &byte, sizeof byte, MSG_PEEK) < 0 && errno == EAGAIN;
}

void
fake_socket_hand_over(FakeSocket *self, FakeReceiver receiver, gpointer user_data)
{
  self->receiver = receiver;
  self->user_data = user_data;
}

void
fake_socket_send(FakeSocket *self, const FwdEndpoint *to, const guint8 *data, gsize length)
{
  fake_site_send(self->site, &self->endpoint, to, data, length);
}

gssize
fake_socket_receive(int fd, guint8 *buffer, gsize size, FwdEndpoint *from)
{
  Parcel parcel;
  const gssize length =
      recv(fd, &parcel, sizeof parcel, 0) - (gssize)G_STRUCT_OFFSET(Parcel, data);

  if (length <= 0)
    return 0;
  *from = parcel.from;
  memcpy(buffer, parcel.data, MIN((gsize)length, size));
  return MIN(length, (gssize)size);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/turn-path.h"
#include "path/udp-path.h"
#include <errno.h>
#include <string.h>

typedef struct {
  FwdPath path; /* first */
  FwdTurnLink *link;
  FwdTurnClient *client;
  guint16 channel;
  gboolean bound;
  /* A packet of another size than those before it waits for the next batch. */
  const guint8 *held;
  gsize held_length;
} TurnPath;

static void
send_message(const guint8 *data, gsize length, gpointer user_data)
{
  fwd_turn_link_send(((TurnPath *)user_data)->link, data, length);
}

/* 0, or -errno when the server has taken back what the path lives on. */
static int
tend(TurnPath *self, gint64 now)
{
  FwdTurnGrant grant;

  fwd_turn_client_tick(self->client, now);
  if (fwd_turn_client_get_state(self->client) != FWD_TURN_ALLOCATED)
    return -ECONNRESET;
  grant = fwd_turn_client_get_channel(self->client, self->channel);
  self->bound = grant == FWD_TURN_GRANT_HELD;
  return grant == FWD_TURN_GRANT_REFUSED ? -EACCES : 0;
}

static gssize
send_batch(FwdPath *path, const FwdPacketBatch *batch)
{
  TurnPath *self = (TurnPath *)path;
  int dead = tend(self, g_get_monotonic_time());

  if (dead != 0)
    return dead;
  return fwd_turn_link_send_batch(self->link, self->bound ? self->channel : 0, &path->remote,
                                  batch);
}

static int
flush(FwdPath *path)
{
  return fwd_turn_link_flush(((TurnPath *)path)->link);
}

/* The next packet of the peer; what else the server says is dealt with on the way. */
static int
next_packet(TurnPath *self, gint64 now, FwdTurnPacket *packet)
{
  const guint8 *message;
  gsize length;
  int result;

  if (self->held != NULL) {
    packet->data = g_steal_pointer(&self->held);
    packet->length = self->held_length;
    return 1;
  }
  while ((result = fwd_turn_link_next(self->link, &message, &length)) > 0)
    if (fwd_turn_client_receive(self->client, message, length, now, packet) &&
        packet->length > 0 && fwd_endpoint_equal(&packet->peer, &self->path.remote))
      return 1;
  return result;
}

static void
hold(TurnPath *self, const FwdTurnPacket *packet)
{
  self->held = packet->data;
  self->held_length = packet->length;
}

/* Packets of one size into one batch, and a shorter one at its end. */
static gssize
recv_batch(FwdPath *path, guint8 *buffer, gsize size, gsize *segment)
{
  TurnPath *self = (TurnPath *)path;
  gint64 now = g_get_monotonic_time();
  FwdTurnPacket packet;
  gsize length = 0;
  int result;

  while ((result = next_packet(self, now, &packet)) > 0) {
    if (length == 0)
      *segment = packet.length;
    if (packet.length > *segment || packet.length > size - length) {
      hold(self, &packet);
      break;
    }
    memcpy(buffer + length, packet.data, packet.length);
    length += packet.length;
    if (packet.length < *segment)
      break;
  }
  if (length > 0 || result < 0)
    return length > 0 ? (gssize)length : result;
  return tend(self, now);
}

static void
close_path(FwdPath *path)
{
  TurnPath *self = (TurnPath *)path;

  fwd_turn_client_release(self->client, g_get_monotonic_time());
  fwd_turn_client_free(self->client);
  fwd_turn_link_free(self->link);
  g_free(self);
}

static const FwdPathOps turn_path_ops = {
    .size = sizeof(FwdPathOps),
    .send_batch = send_batch,
    .recv_batch = recv_batch,
    .close = close_path,
    .flush = flush,
};

static guint16
udp_mtu(const FwdEndpoint *endpoint)
{
  return fwd_endpoint_family(endpoint) == AF_INET ? FWD_UDP_MTU4 : FWD_UDP_MTU6;
}

/* Packets cross the relayed leg as they are, the leg to the server in a channel. */
static guint16
find_mtu(const FwdTurnLink *link, const FwdEndpoint *peer)
{
  guint16 server = udp_mtu(fwd_turn_link_get_server(link)) - FWD_TURN_CHANNEL_HEADER;
  guint16 relayed = udp_mtu(peer);

  return fwd_turn_link_is_stream(link) ? relayed : MIN(server, relayed);
}

FwdPath *
fwd_turn_path_new(FwdTurnLink *link, FwdTurnClient *client, const FwdEndpoint *peer,
                  const char *strategy, guint32 rtt_us)
{
  TurnPath *self = g_new0(TurnPath, 1);

  self->link = link;
  self->client = client;
  self->path.ops = &turn_path_ops;
  self->path.path_class = FWD_PATH_CLASS_RELAY;
  g_strlcpy(self->path.strategy, strategy, sizeof self->path.strategy);
  self->path.fd = fwd_turn_link_get_fd(link);
  self->path.mtu = find_mtu(link, peer);
  self->path.rtt_us = rtt_us;
  self->path.local = *fwd_turn_client_get_relayed(client);
  self->path.remote = *peer;
  fwd_turn_client_set_send(client, send_message, self);
  self->channel = fwd_turn_client_bind(client, peer, g_get_monotonic_time());
  return &self->path;
}

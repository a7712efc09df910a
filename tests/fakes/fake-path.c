/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/fake-path.h"
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct {
  gint64 arrival;
  gsize length;
  guint8 data[];
} Packet;

typedef struct {
  FwdPath path;
  FwdFakeLink *link;
  guint end;
} FakePath;

typedef struct {
  GQueue inbox; /* of Packet, in the order of sending */
  int fd;
  guint sent;
  gboolean cut, blocked, closed;
  int error;
} End;

struct FwdFakeLink {
  End ends[2];
  gint64 now, delay, retransmission;
  double loss;
  GRand *random;
};

FwdFakeLink *
fwd_fake_link_new(void)
{
  FwdFakeLink *link = g_new0(FwdFakeLink, 1);

  for (guint i = 0; i < 2; i++)
    link->ends[i].fd = -1;
  link->random = g_rand_new_with_seed(1);
  return link;
}

void
fwd_fake_link_free(FwdFakeLink *link)
{
  for (guint i = 0; i < 2; i++)
    g_queue_clear_full(&link->ends[i].inbox, g_free);
  g_rand_free(link->random);
  g_free(link);
}

static void
deliver(FwdFakeLink *link, guint to, const guint8 *data, gsize length)
{
  End *end = &link->ends[to];
  const gboolean lost = g_rand_double(link->random) < link->loss;
  const Packet *before = g_queue_peek_tail(&end->inbox);
  guint64 one = 1;
  Packet *packet;

  link->ends[1 - to].sent++;
  if (end->cut || end->closed || (lost && link->retransmission == 0))
    return;
  packet = g_malloc(sizeof *packet + length);
  packet->arrival = link->now + link->delay + (lost ? link->retransmission : 0);
  if (link->retransmission > 0 && before != NULL)
    packet->arrival = MAX(packet->arrival, before->arrival);
  packet->length = length;
  memcpy(packet->data, data, length);
  g_queue_push_tail(&end->inbox, packet);
  if (end->fd >= 0)
    g_assert_cmpint(write(end->fd, &one, sizeof one), ==, sizeof one);
}

static gssize
send_batch(FwdPath *path, const FwdPacketBatch *batch)
{
  FakePath *self = (FakePath *)path;
  End *end = &self->link->ends[self->end];

  g_assert_cmpuint(batch->segment, >, 0);
  if (end->error != 0)
    return -end->error;
  if (end->blocked)
    return 0;
  for (gsize offset = 0; offset < batch->length; offset += batch->segment)
    deliver(self->link, 1 - self->end, batch->data + offset,
            MIN(batch->segment, batch->length - offset));
  return (gssize)batch->length;
}

static gssize
recv_batch(FwdPath *path, guint8 *buffer, gsize size, gsize *segment)
{
  FakePath *self = (FakePath *)path;
  End *end = &self->link->ends[self->end];
  g_autofree Packet *packet = NULL;
  Packet *first = g_queue_peek_head(&end->inbox);
  guint64 count;

  if (first == NULL || first->arrival > self->link->now)
    return 0;
  packet = g_queue_pop_head(&end->inbox);
  g_assert_cmpuint(packet->length, <=, size);
  memcpy(buffer, packet->data, packet->length);
  *segment = packet->length;
  if (g_queue_is_empty(&end->inbox))
    g_assert_cmpint(read(end->fd, &count, sizeof count), ==, sizeof count);
  return (gssize)packet->length;
}

static void
close_path(FwdPath *path)
{
  FakePath *self = (FakePath *)path;
  End *end = &self->link->ends[self->end];

  g_queue_clear_full(&end->inbox, g_free);
  close(end->fd);
  end->fd = -1;
  end->closed = TRUE;
  g_free(self);
}

static const FwdPathOps fake_path_ops = {
    .size = sizeof(FwdPathOps),
    .send_batch = send_batch,
    .recv_batch = recv_batch,
    .close = close_path,
};

FwdPath *
fwd_fake_link_create_path(FwdFakeLink *link, guint end, FwdPathClass path_class,
                          const char *strategy)
{
  FakePath *self = g_new0(FakePath, 1);

  g_assert_cmpint(link->ends[end].fd, ==, -1);
  link->ends[end].closed = FALSE;
  link->ends[end].fd =
      eventfd(g_queue_get_length(&link->ends[end].inbox), EFD_NONBLOCK | EFD_CLOEXEC);
  self->path.ops = &fake_path_ops;
  self->path.path_class = path_class;
  g_strlcpy(self->path.strategy, strategy, sizeof self->path.strategy);
  self->path.fd = link->ends[end].fd;
  self->path.mtu = 1200;
  for (guint i = 0; i < 2; i++) {
    FwdEndpoint *endpoint = i == end ? &self->path.local : &self->path.remote;
    endpoint->in4.sin_family = AF_INET;
    endpoint->in4.sin_port = htons((guint16)(1000 + i));
    endpoint->in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  self->link = link;
  self->end = end;
  return &self->path;
}

void
fwd_fake_link_set_now(FwdFakeLink *link, gint64 now)
{
  link->now = now;
}

gint64
fwd_fake_link_deadline(const FwdFakeLink *link)
{
  gint64 deadline = G_MAXINT64;

  for (guint i = 0; i < 2; i++) {
    const Packet *first = link->ends[i].inbox.head ? link->ends[i].inbox.head->data : NULL;
    if (first != NULL)
      deadline = MIN(deadline, first->arrival);
  }
  return deadline;
}

void
fwd_fake_link_set_delay(FwdFakeLink *link, gint64 delay)
{
  link->delay = delay;
}

void
fwd_fake_link_set_loss(FwdFakeLink *link, double loss)
{
  link->loss = loss;
}

void
fwd_fake_link_set_retransmission(FwdFakeLink *link, gint64 delay)
{
  link->retransmission = delay;
}

void
fwd_fake_link_cut(FwdFakeLink *link, guint end, gboolean cut)
{
  link->ends[end].cut = cut;
}

void
fwd_fake_link_block(FwdFakeLink *link, guint end, gboolean blocked)
{
  link->ends[end].blocked = blocked;
}

void
fwd_fake_link_fail(FwdFakeLink *link, guint end, int error)
{
  link->ends[end].error = error;
}

guint
fwd_fake_link_sent(const FwdFakeLink *link, guint end)
{
  return link->ends[end].sent;
}

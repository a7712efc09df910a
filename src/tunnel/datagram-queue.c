/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/datagram-queue.h"

typedef struct {
  guint64 flow;
  guint64 length;
} Record;

static gsize
record_size(gsize length)
{
  return sizeof(Record) + ((length + 7) & ~(gsize)7);
}

guint8 *
fwd_datagram_queue_reserve(FwdDatagramQueue *queue)
{
  const gsize need = record_size(FWD_DATAGRAM_MAX);

  if (queue->ring == NULL)
    queue->ring = g_malloc(FWD_DATAGRAM_QUEUE_SIZE);
  if (queue->count == 0) {
    queue->read = queue->write = 0;
    queue->end = FWD_DATAGRAM_QUEUE_SIZE;
  }
  if (queue->write >= queue->read && FWD_DATAGRAM_QUEUE_SIZE - queue->write < need) {
    if (queue->read <= need)
      return NULL;
    queue->end = queue->write;
    queue->write = 0;
  } else if (queue->write < queue->read && queue->read - queue->write <= need) {
    return NULL;
  }
  return queue->ring + queue->write + sizeof(Record);
}

void
fwd_datagram_queue_commit(FwdDatagramQueue *queue, guint64 flow, gsize length)
{
  *(Record *)(queue->ring + queue->write) = (Record){flow, length};
  queue->write += record_size(length);
  queue->count++;
}

static gsize
read_position(const FwdDatagramQueue *queue)
{
  return queue->read == queue->end ? 0 : queue->read;
}

const guint8 *
fwd_datagram_queue_peek(const FwdDatagramQueue *queue, guint64 *flow, gsize *length)
{
  const Record *record;

  if (queue->count == 0)
    return NULL;
  record = (const Record *)(queue->ring + read_position(queue));
  *flow = record->flow;
  *length = record->length;
  return (const guint8 *)(record + 1);
}

void
fwd_datagram_queue_pop(FwdDatagramQueue *queue)
{
  const gsize position = read_position(queue);
  const Record *record = (const Record *)(queue->ring + position);

  if (position == 0)
    queue->end = FWD_DATAGRAM_QUEUE_SIZE;
  queue->read = position + record_size(record->length);
  queue->count--;
}

void
fwd_datagram_queue_clear(FwdDatagramQueue *queue)
{
  g_free(queue->ring);
  *queue = (FwdDatagramQueue){0};
}

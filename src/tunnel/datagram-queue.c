/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/datagram-queue.h"

#include <string.h>

typedef struct {
  guint64 flow;
  gint64 queued;
  guint64 length;
} Record;

static gsize
record_size(gsize length)
{
  return sizeof(Record) + ((length + 7) & ~(gsize)7);
}

static gboolean
has_room(FwdDatagramQueue *queue, gsize need)
{
  if (queue->count == 0) {
    queue->read = queue->write = 0;
    queue->end = FWD_DATAGRAM_QUEUE_SIZE;
  }
  if (queue->write < queue->read)
    return queue->read - queue->write > need;
  if (FWD_DATAGRAM_QUEUE_SIZE - queue->write >= need)
    return TRUE;
  if (queue->read <= need)
    return FALSE;
  queue->end = queue->write;
  queue->write = 0;
  return TRUE;
}

guint
fwd_datagram_queue_push(FwdDatagramQueue *queue, guint64 flow, const guint8 *data, gsize length,
                        gint64 now)
{
  const gsize need = record_size(length);
  guint dropped = 0;
  Record *record;

  g_return_val_if_fail(length <= FWD_DATAGRAM_MAX, 0);
  if (queue->ring == NULL)
    queue->ring = g_malloc(FWD_DATAGRAM_QUEUE_SIZE);
  for (; !has_room(queue, need); dropped++)
    fwd_datagram_queue_pop(queue);
  record = (Record *)(queue->ring + queue->write);
  *record = (Record){.flow = flow, .queued = now, .length = length};
  memcpy(record + 1, data, length);
  queue->write += need;
  queue->count++;
  return dropped;
}

static gsize
read_position(const FwdDatagramQueue *queue)
{
  return queue->read == queue->end ? 0 : queue->read;
}

static const Record *
first_record(const FwdDatagramQueue *queue)
{
  return (const Record *)(queue->ring + read_position(queue));
}

const guint8 *
fwd_datagram_queue_peek(const FwdDatagramQueue *queue, guint64 *flow, gsize *length)
{
  const Record *record;

  if (queue->count == 0)
    return NULL;
  record = first_record(queue);
  *flow = record->flow;
  *length = record->length;
  return (const guint8 *)(record + 1);
}

void
fwd_datagram_queue_pop(FwdDatagramQueue *queue)
{
  const gsize position = read_position(queue);
  const Record *record = first_record(queue);

  if (position == 0)
    queue->end = FWD_DATAGRAM_QUEUE_SIZE;
  queue->read = position + record_size(record->length);
  queue->count--;
}

guint
fwd_datagram_queue_expire(FwdDatagramQueue *queue, gint64 now)
{
  guint dropped = 0;

  for (; queue->count > FWD_DATAGRAM_KEPT &&
         now - first_record(queue)->queued > FWD_DATAGRAM_AGE_MAX;
       dropped++)
    fwd_datagram_queue_pop(queue);
  return dropped;
}

void
fwd_datagram_queue_clear(FwdDatagramQueue *queue)
{
  g_free(queue->ring);
  *queue = (FwdDatagramQueue){0};
}

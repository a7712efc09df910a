/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/chunk.h"

#include <string.h>

/* More than this is not worth keeping from the allocator. */
#define UNUSED_MAX 256

static FwdChunk *
take(FwdChunkPool *pool)
{
  FwdChunk *chunk = pool->unused;

  if (chunk != NULL) {
    pool->unused = chunk->next;
    pool->count--;
  } else {
    chunk = g_malloc(sizeof *chunk);
  }
  chunk->next = NULL;
  chunk->start = chunk->end = 0;
  pool->in_use++;
  return chunk;
}

static void
give_back(FwdChunkPool *pool, FwdChunk *chunk)
{
  pool->in_use--;
  if (pool->count >= UNUSED_MAX) {
    g_free(chunk);
    return;
  }
  chunk->next = pool->unused;
  pool->unused = chunk;
  pool->count++;
}

void
fwd_chunk_pool_trim(FwdChunkPool *pool, guint keep)
{
  while (pool->count > keep) {
    FwdChunk *chunk = pool->unused;

    pool->unused = chunk->next;
    pool->count--;
    g_free(chunk);
  }
}

void
fwd_chunk_queue_init(FwdChunkQueue *queue, FwdChunkPool *pool)
{
  *queue = (FwdChunkQueue){.pool = pool};
}

void
fwd_chunk_queue_clear(FwdChunkQueue *queue)
{
  queue->pool->length -= queue->length;
  while (queue->head != NULL) {
    FwdChunk *chunk = queue->head;

    queue->head = chunk->next;
    give_back(queue->pool, chunk);
  }
  fwd_chunk_queue_init(queue, queue->pool);
}

static guint32
room(const FwdChunk *chunk)
{
  return sizeof chunk->data - chunk->end;
}

static FwdChunk *
add_chunk(FwdChunkQueue *queue)
{
  FwdChunk *chunk = take(queue->pool);

  if (queue->tail != NULL)
    queue->tail->next = chunk;
  else
    queue->head = chunk;
  queue->tail = chunk;
  return chunk;
}

void
fwd_chunk_queue_append(FwdChunkQueue *queue, const void *data, gsize length)
{
  const guint8 *from = data;

  queue->pool->length += length;
  while (length > 0) {
    FwdChunk *chunk = queue->tail;
    guint32 part;

    if (chunk == NULL || room(chunk) == 0)
      chunk = add_chunk(queue);
    part = MIN(length, room(chunk));
    memcpy(chunk->data + chunk->end, from, part);
    chunk->end += part;
    from += part;
    length -= part;
    queue->length += part;
    queue->unmarked += part;
  }
}

guint
fwd_chunk_queue_reserve(FwdChunkQueue *queue, struct iovec *vectors, guint count)
{
  FwdChunk *chunk = queue->tail != NULL && room(queue->tail) > 0 ? queue->tail : NULL;
  FwdChunk *last = queue->tail;

  for (guint i = 0; i < count; i++) {
    if (chunk == NULL) {
      chunk = take(queue->pool);
      if (last != NULL)
        last->next = chunk;
      else
        queue->head = chunk;
      last = chunk;
    }
    vectors[i] = (struct iovec){chunk->data + chunk->end, room(chunk)};
    chunk = NULL;
  }
  return count;
}

static FwdChunk *
give_back_from(FwdChunkQueue *queue, FwdChunk *chunk)
{
  while (chunk != NULL) {
    FwdChunk *next = chunk->next;

    give_back(queue->pool, chunk);
    chunk = next;
  }
  return NULL;
}

void
fwd_chunk_queue_commit(FwdChunkQueue *queue, gsize length)
{
  FwdChunk *chunk = queue->tail != NULL ? queue->tail : queue->head;

  queue->pool->length += length;
  queue->length += length;
  queue->unmarked += length;
  while (length > 0) {
    guint32 part = MIN(length, room(chunk));

    chunk->end += part;
    length -= part;
    if (part > 0)
      queue->tail = chunk;
    chunk = chunk->next;
  }
  if (queue->tail != NULL)
    queue->tail->next = give_back_from(queue, queue->tail->next);
  else
    queue->head = give_back_from(queue, queue->head);
}

guint
fwd_chunk_queue_peek(const FwdChunkQueue *queue, struct iovec *vectors, guint count)
{
  guint filled = 0;

  for (FwdChunk *chunk = queue->head; chunk != NULL && filled < count; chunk = chunk->next)
    vectors[filled++] = (struct iovec){chunk->data + chunk->start, chunk->end - chunk->start};
  return filled;
}

void
fwd_chunk_queue_copy(const FwdChunkQueue *queue, void *data, gsize length)
{
  guint8 *to = data;

  for (FwdChunk *chunk = queue->head; length > 0; chunk = chunk->next) {
    gsize part = MIN(length, chunk->end - chunk->start);

    memcpy(to, chunk->data + chunk->start, part);
    to += part;
    length -= part;
  }
}

void
fwd_chunk_queue_consume(FwdChunkQueue *queue, gsize length)
{
  queue->pool->length -= length;
  queue->length -= length;
  queue->unmarked = MIN(queue->unmarked, queue->length);
  while (queue->head != NULL) {
    FwdChunk *chunk = queue->head;
    guint32 part = MIN(length, chunk->end - chunk->start);

    chunk->start += part;
    length -= part;
    if (chunk->start < chunk->end)
      return;
    queue->head = chunk->next;
    if (queue->mark == chunk)
      queue->mark = NULL;
    give_back(queue->pool, chunk);
  }
  queue->tail = NULL;
}

static void
settle_mark(FwdChunkQueue *queue)
{
  if (queue->mark == NULL) {
    queue->mark = queue->head;
    queue->mark_offset = queue->head != NULL ? queue->head->start : 0;
  }
  while (queue->mark != NULL && queue->mark_offset == queue->mark->end &&
         queue->mark->next != NULL) {
    queue->mark = queue->mark->next;
    queue->mark_offset = queue->mark->start;
  }
}

guint
fwd_chunk_queue_peek_unmarked(FwdChunkQueue *queue, struct iovec *vectors, guint count,
                              gsize limit)
{
  guint filled = 0;
  guint32 offset;

  settle_mark(queue);
  offset = queue->mark_offset;
  for (FwdChunk *chunk = queue->mark; chunk != NULL && filled < count && limit > 0;
       chunk = chunk->next) {
    gsize part = MIN(chunk->end - offset, limit);

    if (part > 0)
      vectors[filled++] = (struct iovec){chunk->data + offset, part};
    limit -= part;
    offset = 0;
  }
  return filled;
}

void
fwd_chunk_queue_advance(FwdChunkQueue *queue, gsize length)
{
  queue->unmarked -= length;
  while (length > 0) {
    guint32 part;

    settle_mark(queue);
    part = MIN(length, queue->mark->end - queue->mark_offset);
    queue->mark_offset += part;
    length -= part;
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Bytes in chunks of 16 KiB that come from a pool: what waits in a stream in
 * either direction. A chunk never moves, so QUIC may point into it until the
 * peer has acknowledged its bytes. Loop thread only.
 */
#pragma once

#include <glib.h>
#include <sys/uio.h>

#define FWD_CHUNK_SIZE 16384

typedef struct FwdChunk {
  struct FwdChunk *next;
  guint32 start, end; /**< what of @data is filled and not consumed */
  guint8 data[FWD_CHUNK_SIZE - 16];
} FwdChunk;

typedef struct {
  FwdChunk *unused;
  guint count;  /**< of unused chunks */
  guint in_use; /**< chunks that queues hold */
  gsize length; /**< bytes in these queues */
} FwdChunkPool;

/** Gives all unused chunks but @keep back to the system. */
void fwd_chunk_pool_trim(FwdChunkPool *pool, guint keep);

/**
 * A first-in, first-out queue of bytes with a mark: what is before the mark was
 * sent and waits for its acknowledgement, what is after it was not sent yet.
 * A queue for received bytes has no use for the mark.
 */
typedef struct {
  FwdChunkPool *pool;
  FwdChunk *head, *tail;
  FwdChunk *mark; /**< NULL: the mark is at the head */
  guint32 mark_offset;
  gsize length;   /**< bytes in the queue */
  gsize unmarked; /**< of these after the mark */
} FwdChunkQueue;

void fwd_chunk_queue_init(FwdChunkQueue *queue, FwdChunkPool *pool);
void fwd_chunk_queue_clear(FwdChunkQueue *queue);

void fwd_chunk_queue_append(FwdChunkQueue *queue, const void *data, gsize length);

/**
 * Room for reading into: the rest of the last chunk, then new ones. Returns how
 * many of @vectors were set; fwd_chunk_queue_commit() must follow.
 */
guint fwd_chunk_queue_reserve(FwdChunkQueue *queue, struct iovec *vectors, guint count);
/** @length bytes of the room were filled; the rest of it goes back to the pool. */
void fwd_chunk_queue_commit(FwdChunkQueue *queue, gsize length);

/** The bytes from the head on; returns how many of @vectors were set. */
guint fwd_chunk_queue_peek(const FwdChunkQueue *queue, struct iovec *vectors, guint count);
/** Copies the first @length bytes, which the queue must hold. */
void fwd_chunk_queue_copy(const FwdChunkQueue *queue, void *data, gsize length);
/** Drops @length bytes at the head. */
void fwd_chunk_queue_consume(FwdChunkQueue *queue, gsize length);

/** The bytes after the mark, at least up to @limit if they are there. */
guint fwd_chunk_queue_peek_unmarked(FwdChunkQueue *queue, struct iovec *vectors, guint count,
                                    gsize limit);
/** Moves the mark on by @length bytes. */
void fwd_chunk_queue_advance(FwdChunkQueue *queue, gsize length);

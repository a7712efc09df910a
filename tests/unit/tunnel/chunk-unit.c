/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/chunk.h"

#include <string.h>

static void
pattern(guint8 *data, gsize length, gsize offset)
{
  for (gsize i = 0; i < length; i++)
    data[i] = (offset + i) * 31 >> 3;
}

static void
test_append_copy_consume(void)
{
  FwdChunkPool pool = {0};
  FwdChunkQueue queue;
  guint8 data[50000], got[50000];

  fwd_chunk_queue_init(&queue, &pool);
  pattern(data, sizeof data, 0);
  fwd_chunk_queue_append(&queue, data, 10);
  fwd_chunk_queue_append(&queue, data + 10, sizeof data - 10);
  g_assert_cmpuint(queue.length, ==, sizeof data);
  fwd_chunk_queue_copy(&queue, got, sizeof got);
  g_assert_cmpmem(got, sizeof got, data, sizeof data);
  fwd_chunk_queue_consume(&queue, 20001);
  g_assert_cmpuint(pool.length, ==, sizeof data - 20001);
  fwd_chunk_queue_copy(&queue, got, queue.length);
  g_assert_cmpmem(got, queue.length, data + 20001, sizeof data - 20001);
  fwd_chunk_queue_consume(&queue, queue.length);
  g_assert_cmpuint(pool.in_use, ==, 0);
  g_assert_null(queue.head);
  g_assert_null(queue.tail);
  fwd_chunk_pool_trim(&pool, 0);
  g_assert_null(pool.unused);
}

static void
test_reserve_and_commit(void)
{
  FwdChunkPool pool = {0};
  FwdChunkQueue queue;
  struct iovec vectors[4];

  fwd_chunk_queue_init(&queue, &pool);
  g_assert_cmpuint(fwd_chunk_queue_reserve(&queue, vectors, 4), ==, 4);
  fwd_chunk_queue_commit(&queue, 0);
  g_assert_null(queue.head);
  g_assert_cmpuint(pool.in_use, ==, 0);
  fwd_chunk_queue_reserve(&queue, vectors, 4);
  memset(vectors[0].iov_base, 1, vectors[0].iov_len);
  memset(vectors[1].iov_base, 2, 5);
  fwd_chunk_queue_commit(&queue, vectors[0].iov_len + 5);
  g_assert_cmpuint(pool.in_use, ==, 2);
  fwd_chunk_queue_reserve(&queue, vectors, 2);
  g_assert_cmpuint(vectors[0].iov_len, ==, sizeof((FwdChunk *)0)->data - 5);
  fwd_chunk_queue_commit(&queue, 1);
  g_assert_cmpuint(pool.in_use, ==, 2);
  g_assert_cmpuint(pool.length, ==, queue.length);
  fwd_chunk_queue_clear(&queue);
  g_assert_cmpuint(pool.length, ==, 0);
  fwd_chunk_pool_trim(&pool, 0);
}

/* Sends, acknowledges and appends in steps that share no divisor with the chunks. */
static void
test_mark(void)
{
  FwdChunkPool pool = {0};
  FwdChunkQueue queue;
  gsize appended = 0, sent = 0, acknowledged = 0;

  fwd_chunk_queue_init(&queue, &pool);
  for (guint round = 0; round < 2000; round++) {
    guint8 data[997], expected[1500];
    struct iovec vectors[4];
    gsize offered = 0, taken;
    guint count;

    pattern(data, sizeof data, appended);
    fwd_chunk_queue_append(&queue, data, sizeof data);
    appended += sizeof data;
    count = fwd_chunk_queue_peek_unmarked(&queue, vectors, 4, round % 3 == 0 ? 1472 : 700);
    pattern(expected, sizeof expected, sent);
    for (guint i = 0; i < count; i++) {
      g_assert_cmpmem(vectors[i].iov_base, vectors[i].iov_len, expected + offered,
                      vectors[i].iov_len);
      offered += vectors[i].iov_len;
    }
    taken = offered - (round % 5 == 0 ? offered / 2 : 0);
    fwd_chunk_queue_advance(&queue, taken);
    sent += taken;
    g_assert_cmpuint(queue.unmarked, ==, appended - sent);
    if (round % 7 == 0) {
      fwd_chunk_queue_consume(&queue, sent - acknowledged);
      acknowledged = sent;
    }
    g_assert_cmpuint(queue.length, ==, appended - acknowledged);
  }
  fwd_chunk_queue_clear(&queue);
  g_assert_cmpuint(pool.in_use, ==, 0);
  fwd_chunk_pool_trim(&pool, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/chunk/append", test_append_copy_consume);
  g_test_add_func("/chunk/reserve", test_reserve_and_commit);
  g_test_add_func("/chunk/mark", test_mark);
  return g_test_run();
}

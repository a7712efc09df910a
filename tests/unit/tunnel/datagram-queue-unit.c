/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/datagram-queue.h"
#include "tunnel/path-mtu.h"
#include "tunnel/varint.h"

#include <string.h>

/** Returns how many were dropped. */
static guint
put_at(FwdDatagramQueue *queue, guint64 flow, gsize length, gint64 now)
{
  g_autofree guint8 *data = g_malloc(length + 1);

  memset(data, (int)(flow & 0xff), length);
  return fwd_datagram_queue_push(queue, flow, data, length, now);
}

static guint
put(FwdDatagramQueue *queue, guint64 flow, gsize length)
{
  return put_at(queue, flow, length, 0);
}

static void
take(FwdDatagramQueue *queue, guint64 expected_flow, gsize expected_length)
{
  guint64 flow;
  gsize length;
  const guint8 *data = fwd_datagram_queue_peek(queue, &flow, &length);

  g_assert_nonnull(data);
  g_assert_cmpuint(flow, ==, expected_flow);
  g_assert_cmpuint(length, ==, expected_length);
  for (gsize i = 0; i < length; i++)
    g_assert_cmpuint(data[i], ==, flow & 0xff);
  fwd_datagram_queue_pop(queue);
}

static gsize
length_of(guint64 number)
{
  return number * 7919 % (FWD_DATAGRAM_MAX + 1);
}

static void
test_order_and_wrap(void)
{
  FwdDatagramQueue queue = {0};
  guint64 in = 0, out = 0;

  for (guint round = 0; round < 500; round++) {
    for (; in - out < 5; in++)
      g_assert_cmpuint(put(&queue, in, length_of(in)), ==, 0);
    for (guint i = 0; i < 1 + round % 4 && out < in; i++, out++)
      take(&queue, out, length_of(out));
  }
  g_assert_cmpuint(out, >, 400);
  fwd_datagram_queue_clear(&queue);
}

/** Whatever the sizes: those that are left are the newest, whole and in order. */
static void
test_oldest_make_room(void)
{
  FwdDatagramQueue queue = {0};
  guint64 in = 0, out = 0;

  for (guint round = 0; round < 2000; round++) {
    out += put(&queue, in, length_of(in));
    in++;
    g_assert_cmpuint(queue.count, ==, in - out);
    if (round % 7 == 0 && queue.count > 1) {
      take(&queue, out, length_of(out));
      out++;
    }
  }
  g_assert_cmpuint(queue.count, >=, 7);
  for (; out < in; out++)
    take(&queue, out, length_of(out));
  g_assert_cmpuint(queue.count, ==, 0);
  fwd_datagram_queue_clear(&queue);
}

static void
test_full(void)
{
  FwdDatagramQueue queue = {0};
  guint count = 0, dropped;

  while ((dropped = put(&queue, count, 60000)) == 0)
    count++;
  g_assert_cmpuint(count, >=, 7);
  g_assert_cmpuint(count, <=, FWD_DATAGRAM_QUEUE_SIZE / 60000);
  g_assert_cmpuint(dropped, <=, 2);
  for (guint i = dropped; i <= count; i++)
    take(&queue, i, 60000);
  g_assert_cmpuint(queue.count, ==, 0);
  fwd_datagram_queue_clear(&queue);
}

/** Of those that are too old a few are kept, the newest. */
static void
test_age(void)
{
  FwdDatagramQueue queue = {0};
  guint i;

  for (i = 0; i < FWD_DATAGRAM_KEPT; i++)
    put_at(&queue, i, 200, 1000);
  g_assert_cmpuint(fwd_datagram_queue_expire(&queue, G_MAXINT64), ==, 0);
  for (; i < 100; i++)
    put_at(&queue, i, 200, 2000);
  g_assert_cmpuint(fwd_datagram_queue_expire(&queue, 1000 + FWD_DATAGRAM_AGE_MAX), ==, 0);
  g_assert_cmpuint(fwd_datagram_queue_expire(&queue, 1001 + FWD_DATAGRAM_AGE_MAX), ==,
                   FWD_DATAGRAM_KEPT);
  take(&queue, FWD_DATAGRAM_KEPT, 200);
  g_assert_cmpuint(fwd_datagram_queue_expire(&queue, 2001 + FWD_DATAGRAM_AGE_MAX), ==,
                   99 - 2 * FWD_DATAGRAM_KEPT);
  take(&queue, 100 - FWD_DATAGRAM_KEPT, 200);
  fwd_datagram_queue_clear(&queue);
}

/* RFC 9000, A.1. */
static void
test_varint(void)
{
  static const struct {
    guint64 value;
    gsize length;
    guint8 bytes[8];
  } cases[] = {
      {G_GUINT64_CONSTANT(151288809941952652),
       8,
       {0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c}},
      {494878333, 4, {0x9d, 0x7f, 0x3e, 0x7d}},
      {15293, 2, {0x7b, 0xbd}},
      {37, 1, {0x25}},
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    guint8 bytes[FWD_VARINT_MAX];
    guint64 value;

    g_assert_cmpmem(bytes, fwd_varint_write(bytes, cases[i].value), cases[i].bytes,
                    cases[i].length);
    g_assert_cmpuint(fwd_varint_read(bytes, sizeof bytes, &value), ==, cases[i].length);
    g_assert_cmpuint(value, ==, cases[i].value);
    g_assert_cmpuint(fwd_varint_read(bytes, cases[i].length - 1, &value), ==, 0);
  }
}

static void
settle(FwdPathMtu *mtu, gboolean lost)
{
  const guint16 size = fwd_path_mtu_next(mtu);

  fwd_path_mtu_sent(mtu, size, size - 1);
  g_assert_cmpuint(fwd_path_mtu_next(mtu), ==, 0);
  fwd_path_mtu_settle(mtu, fwd_path_mtu_tag(mtu), lost);
}

static void
test_path_mtu(void)
{
  FwdPathMtu mtu;

  fwd_path_mtu_reset(&mtu, 1, 1472);
  g_assert_cmpuint(mtu.size, ==, 1200);
  settle(&mtu, FALSE);
  g_assert_cmpuint(mtu.size, ==, 1471);
  g_assert_cmpuint(fwd_path_mtu_next(&mtu), ==, 0);

  fwd_path_mtu_reset(&mtu, 2, 1472);
  settle(&mtu, TRUE);
  g_assert_cmpuint(fwd_path_mtu_next(&mtu), ==, 1472);
  settle(&mtu, TRUE);
  g_assert_cmpuint(fwd_path_mtu_next(&mtu), ==, 1452);
  settle(&mtu, FALSE);
  g_assert_cmpuint(mtu.size, ==, 1451);

  fwd_path_mtu_reset(&mtu, 3, 1200);
  g_assert_cmpuint(fwd_path_mtu_next(&mtu), ==, 0);

  fwd_path_mtu_reset(&mtu, 4, 4096);
  settle(&mtu, TRUE);
  settle(&mtu, TRUE);
  g_assert_cmpuint(fwd_path_mtu_next(&mtu), ==, 1472);
  settle(&mtu, FALSE);
  g_assert_cmpuint(mtu.size, ==, 1471);
}

static void
test_path_mtu_gives_up(void)
{
  FwdPathMtu mtu;
  guint probes = 0;

  fwd_path_mtu_reset(&mtu, 1, 1472);
  for (; fwd_path_mtu_next(&mtu) != 0; probes++)
    settle(&mtu, TRUE);
  g_assert_cmpuint(probes, ==, 14);
  g_assert_cmpuint(mtu.size, ==, 1200);
}

static void
test_path_mtu_ignores_other_paths(void)
{
  FwdPathMtu mtu;
  guint64 tag;

  fwd_path_mtu_reset(&mtu, 1, 1472);
  tag = fwd_path_mtu_tag(&mtu);
  fwd_path_mtu_reset(&mtu, 2, 1472);
  fwd_path_mtu_sent(&mtu, 1472, 1472);
  fwd_path_mtu_settle(&mtu, tag, FALSE);
  g_assert_cmpuint(mtu.size, ==, 1200);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/datagram-queue/order", test_order_and_wrap);
  g_test_add_func("/datagram-queue/full", test_full);
  g_test_add_func("/datagram-queue/oldest-make-room", test_oldest_make_room);
  g_test_add_func("/datagram-queue/age", test_age);
  g_test_add_func("/varint/rfc", test_varint);
  g_test_add_func("/path-mtu/steps", test_path_mtu);
  g_test_add_func("/path-mtu/gives-up", test_path_mtu_gives_up);
  g_test_add_func("/path-mtu/other-path", test_path_mtu_ignores_other_paths);
  return g_test_run();
}

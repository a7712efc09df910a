/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/stun-stream.h"

#include <string.h>

static void
test_request(void)
{
  guint8 request[FWD_STUN_HEADER_SIZE], id[FWD_STUN_TRANSACTION_SIZE];
  FwdStunMessage message;

  fwd_stun_stream_ask(request, id);
  g_assert_true(fwd_stun_message_parse(request, sizeof request, &message));
  g_assert_cmpint(fwd_stun_message_class(&message), ==, FWD_STUN_REQUEST);
  g_assert_cmpmem(fwd_stun_message_transaction(&message), sizeof id, id, sizeof id);
}

/* However the stream is cut, the message is seen when it is whole, and not before. */
static void
test_cuts(void)
{
  guint8 data[2 * FWD_STUN_HEADER_SIZE], id[FWD_STUN_TRANSACTION_SIZE];

  fwd_stun_stream_ask(data, id);
  fwd_stun_stream_ask(data + FWD_STUN_HEADER_SIZE, id);
  for (gsize length = 0; length < FWD_STUN_HEADER_SIZE; length++)
    g_assert_cmpint(fwd_stun_stream_next(data, length), ==, 0);
  for (gsize length = FWD_STUN_HEADER_SIZE; length <= sizeof data; length++)
    g_assert_cmpint(fwd_stun_stream_next(data, length), ==, FWD_STUN_HEADER_SIZE);
}

static void
test_no_stun(void)
{
  guint8 data[FWD_STUN_HEADER_SIZE], id[FWD_STUN_TRANSACTION_SIZE];

  fwd_stun_stream_ask(data, id);
  data[0] = 0x80;
  g_assert_cmpint(fwd_stun_stream_next(data, 1), ==, -1);
  fwd_stun_stream_ask(data, id);
  data[5] ^= 1;
  g_assert_cmpint(fwd_stun_stream_next(data, 5), ==, 0);
  g_assert_cmpint(fwd_stun_stream_next(data, 6), ==, -1);
  fwd_stun_stream_ask(data, id);
  data[3] = 2;
  g_assert_cmpint(fwd_stun_stream_next(data, sizeof data), ==, -1);
  data[2] = 0xff;
  data[3] = 0xfc;
  g_assert_cmpint(fwd_stun_stream_next(data, sizeof data), ==, -1);
  g_assert_cmpint(fwd_stun_stream_next((const guint8 *)"GET / HTTP/1.1\r\n", 16), ==, -1);
}

static gsize
write_answer(guint8 *buffer, gsize size, const guint8 *id, FwdStunClass kind)
{
  FwdEndpoint mapped;
  FwdStunWriter writer;

  g_assert_true(fwd_endpoint_parse("203.0.113.7:7000", &mapped, NULL));
  fwd_stun_writer_begin(&writer, buffer, size, kind, FWD_STUN_BINDING, id);
  fwd_stun_writer_add_endpoint(&writer, FWD_STUN_XOR_MAPPED_ADDRESS, &mapped);
  return writer.length;
}

static void
test_answer(void)
{
  static const guint8 id[FWD_STUN_TRANSACTION_SIZE] = "abcdefghijkl";
  static const guint8 other[FWD_STUN_TRANSACTION_SIZE] = "mnopqrstuvwx";
  guint8 buffer[64];
  char text[FWD_ENDPOINT_TEXT_MAX];
  FwdEndpoint mapped;
  gsize length = write_answer(buffer, sizeof buffer, id, FWD_STUN_SUCCESS);

  g_assert_true(fwd_stun_stream_read_answer(buffer, length, id, &mapped));
  g_assert_cmpstr(fwd_endpoint_format(&mapped, text), ==, "203.0.113.7:7000");
  g_assert_false(fwd_stun_stream_read_answer(buffer, length, other, &mapped));
  g_assert_false(fwd_stun_stream_read_answer(buffer, length - 4, id, &mapped));
  length = write_answer(buffer, sizeof buffer, id, FWD_STUN_REQUEST);
  g_assert_false(fwd_stun_stream_read_answer(buffer, length, id, &mapped));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stun-stream/request", test_request);
  g_test_add_func("/stun-stream/cuts", test_cuts);
  g_test_add_func("/stun-stream/no-stun", test_no_stun);
  g_test_add_func("/stun-stream/answer", test_answer);
  return g_test_run();
}

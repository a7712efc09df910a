/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/stun-binding.h"

#include <string.h>

static const guint8 transaction[FWD_STUN_TRANSACTION_SIZE] = "twelve bytes";

static gsize
write_answer(guint8 *buffer, gsize size, FwdStunClass message_class, guint16 attribute)
{
  FwdStunWriter writer;
  FwdEndpoint seen;

  g_assert_true(fwd_endpoint_parse("192.0.2.7:4711", &seen, NULL));
  fwd_stun_writer_begin(&writer, buffer, size, message_class, FWD_STUN_BINDING, transaction);
  fwd_stun_writer_add_endpoint(&writer, attribute, &seen);
  return writer.length;
}

static void
test_request(void)
{
  guint8 buffer[64], first[FWD_STUN_TRANSACTION_SIZE], second[FWD_STUN_TRANSACTION_SIZE];
  FwdStunMessage message;
  FwdEndpoint mapped;
  gsize length = fwd_stun_binding_write(buffer, sizeof buffer, first);

  g_assert_true(fwd_stun_message_parse(buffer, length, &message));
  g_assert_cmpint(fwd_stun_message_class(&message), ==, FWD_STUN_REQUEST);
  g_assert_cmpmem(fwd_stun_message_transaction(&message), sizeof first, first, sizeof first);
  g_assert_false(fwd_stun_binding_read(buffer, length, second, &mapped));
  fwd_stun_binding_write(buffer, sizeof buffer, second);
  g_assert_cmpint(memcmp(first, second, sizeof first), !=, 0);
  g_assert_cmpuint(fwd_stun_binding_write(buffer, 20, second), ==, 0);
}

static void
assert_read(guint16 attribute)
{
  guint8 buffer[64], read[FWD_STUN_TRANSACTION_SIZE];
  FwdEndpoint mapped;
  const gsize length = write_answer(buffer, sizeof buffer, FWD_STUN_SUCCESS, attribute);

  g_assert_true(fwd_stun_binding_read(buffer, length, read, &mapped));
  g_assert_cmpmem(read, sizeof read, transaction, sizeof transaction);
  g_assert_cmpuint(fwd_endpoint_port(&mapped), ==, 4711);
}

static void
test_answer(void)
{
  assert_read(FWD_STUN_XOR_MAPPED_ADDRESS);
  assert_read(FWD_STUN_MAPPED_ADDRESS);
}

static void
assert_refused(FwdStunClass message_class, guint16 attribute, gsize cut)
{
  guint8 buffer[64], read[FWD_STUN_TRANSACTION_SIZE];
  FwdEndpoint mapped;
  const gsize length = write_answer(buffer, sizeof buffer, message_class, attribute);

  g_assert_false(fwd_stun_binding_read(buffer, length - cut, read, &mapped));
}

static void
test_no_answer(void)
{
  assert_refused(FWD_STUN_FAILURE, FWD_STUN_XOR_MAPPED_ADDRESS, 0);
  assert_refused(FWD_STUN_INDICATION, FWD_STUN_XOR_MAPPED_ADDRESS, 0);
  assert_refused(FWD_STUN_SUCCESS, FWD_STUN_OTHER_ADDRESS, 0);
  assert_refused(FWD_STUN_SUCCESS, FWD_STUN_XOR_MAPPED_ADDRESS, 1);
}

static void
test_too_long(void)
{
  g_autofree guint8 *buffer = g_malloc0(FWD_STUN_MESSAGE_MAX + 4);
  guint8 read[FWD_STUN_TRANSACTION_SIZE];
  FwdEndpoint mapped;

  write_answer(buffer, 64, FWD_STUN_SUCCESS, FWD_STUN_XOR_MAPPED_ADDRESS);
  g_assert_false(fwd_stun_binding_read(buffer, FWD_STUN_MESSAGE_MAX + 4, read, &mapped));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stun-binding/request", test_request);
  g_test_add_func("/stun-binding/answer", test_answer);
  g_test_add_func("/stun-binding/no-answer", test_no_answer);
  g_test_add_func("/stun-binding/too-long", test_too_long);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/stun-message.h"
#include "stun-vectors.h"

#include <string.h>

static void
write_sample_response(FwdStunWriter *writer, guint8 *buffer, gsize size, const guint8 *sample,
                      const char *mapped)
{
  FwdEndpoint endpoint;

  g_assert_true(fwd_endpoint_parse(mapped, &endpoint, NULL));
  fwd_stun_writer_begin(writer, buffer, size, FWD_STUN_SUCCESS, FWD_STUN_BINDING, sample + 8);
  /* The sample pads with a space, this writer with zeros as RFC 8489 asks. */
  fwd_stun_writer_add(writer, FWD_STUN_SOFTWARE, "test vector ", 12);
  fwd_stun_writer_add_endpoint(writer, FWD_STUN_XOR_MAPPED_ADDRESS, &endpoint);
}

static void
assert_like_sample(const guint8 *sample, gsize sample_length, const char *mapped)
{
  gsize covered = sample_length - 32;
  guint8 buffer[128];
  FwdStunWriter writer;

  write_sample_response(&writer, buffer, sizeof buffer, sample, mapped);
  buffer[23] = 11;
  g_assert_cmpmem(buffer + 4, writer.length - 4, sample + 4, covered - 4);
  fwd_stun_writer_add_integrity(&writer, SHORT_TERM_KEY, SHORT_TERM_KEY_LENGTH);
  fwd_stun_writer_add_fingerprint(&writer);
  g_assert_cmpmem(buffer, writer.length, sample, sample_length);
}

static void
test_samples(void)
{
  assert_like_sample(sample_ipv4_response, sizeof sample_ipv4_response, "192.0.2.1:32853");
  assert_like_sample(sample_ipv6_response, sizeof sample_ipv6_response,
                     "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
}

static void
test_types(void)
{
  static const guint16 methods[] = {0x000, 0x001, 0x003, 0x00f, 0x010, 0x07f, 0x080, 0xfff};

  for (gsize i = 0; i < G_N_ELEMENTS(methods); i++)
    for (guint kind = FWD_STUN_REQUEST; kind <= FWD_STUN_FAILURE; kind++) {
      guint8 buffer[FWD_STUN_HEADER_SIZE];
      FwdStunWriter writer;
      FwdStunMessage message;

      fwd_stun_writer_begin(&writer, buffer, sizeof buffer, kind, methods[i],
                            sample_request + 8);
      g_assert_true(fwd_stun_message_parse(buffer, writer.length, &message));
      g_assert_cmpuint(fwd_stun_message_class(&message), ==, kind);
      g_assert_cmpuint(fwd_stun_message_method(&message), ==, methods[i]);
    }
}

static gsize
write_all(guint8 *buffer, gsize size)
{
  FwdStunWriter writer;

  write_sample_response(&writer, buffer, size, sample_ipv4_response, "192.0.2.1:1");
  fwd_stun_writer_add_uint32(&writer, FWD_STUN_PRIORITY, 0x01020304);
  fwd_stun_writer_add_error(&writer, 420, "Unknown");
  fwd_stun_writer_add_integrity(&writer, SHORT_TERM_KEY, SHORT_TERM_KEY_LENGTH);
  fwd_stun_writer_add_integrity_sha256(&writer, SHORT_TERM_KEY, SHORT_TERM_KEY_LENGTH);
  fwd_stun_writer_add_fingerprint(&writer);
  return writer.length;
}

/* A buffer is filled to its last byte, or not at all; never beyond. */
static void
test_small_buffers(void)
{
  guint8 enough[512];
  gsize needed = write_all(enough, sizeof enough);

  g_assert_cmpuint(needed, >, FWD_STUN_HEADER_SIZE);
  for (gsize size = 0; size < needed + 4; size++) {
    g_autofree guint8 *buffer = g_malloc(size);

    g_assert_cmpuint(write_all(buffer, size), ==, size < needed ? 0 : needed);
  }
}

static void
test_reading_back(void)
{
  guint8 buffer[512];
  FwdStunMessage message;
  FwdEndpoint endpoint;
  guint32 priority;
  gsize length;

  g_assert_true(fwd_stun_message_parse(buffer, write_all(buffer, sizeof buffer), &message));
  g_assert_true(fwd_stun_message_get_uint32(&message, FWD_STUN_PRIORITY, &priority));
  g_assert_cmphex(priority, ==, 0x01020304);
  g_assert_cmpuint(fwd_stun_message_get_error_code(&message), ==, 420);
  g_assert_true(
      fwd_stun_message_get_endpoint(&message, FWD_STUN_XOR_MAPPED_ADDRESS, &endpoint));
  g_assert_cmpuint(fwd_endpoint_port(&endpoint), ==, 1);
  g_assert_true(fwd_stun_message_verify(&message, SHORT_TERM_KEY, SHORT_TERM_KEY_LENGTH));
  g_assert_nonnull(fwd_stun_message_find(&message, FWD_STUN_FINGERPRINT, &length));
}

static void
test_plain_address(void)
{
  static const guint8 expected[] = {0, 1, 0x12, 0x34, 192, 0, 2, 7};
  guint8 buffer[64];
  FwdStunWriter writer;
  FwdStunMessage message;
  FwdEndpoint endpoint;
  const guint8 *value;
  gsize length;

  g_assert_true(fwd_endpoint_from_address("192.0.2.7", 0x1234, &endpoint));
  fwd_stun_writer_begin(&writer, buffer, sizeof buffer, FWD_STUN_SUCCESS, FWD_STUN_BINDING,
                        sample_request + 8);
  fwd_stun_writer_add_endpoint(&writer, FWD_STUN_OTHER_ADDRESS, &endpoint);
  g_assert_true(fwd_stun_message_parse(buffer, writer.length, &message));
  value = fwd_stun_message_find(&message, FWD_STUN_OTHER_ADDRESS, &length);
  g_assert_cmpmem(value, length, expected, sizeof expected);
}

static void
test_padding(void)
{
  guint8 buffer[64];
  FwdStunWriter writer;

  memset(buffer, 0xff, sizeof buffer);
  fwd_stun_writer_begin(&writer, buffer, sizeof buffer, FWD_STUN_REQUEST, FWD_STUN_BINDING,
                        sample_request + 8);
  fwd_stun_writer_add(&writer, FWD_STUN_USERNAME, "a", 1);
  g_assert_cmpmem(buffer + 20, writer.length - 20, "\0\6\0\1a\0\0\0", 8);
  g_assert_cmpuint(buffer[3], ==, 8);
}

static void
test_long_values(void)
{
  g_autofree guint8 *buffer = g_malloc(200000);
  g_autofree char *reason = g_strnfill(5000, 'x');
  FwdStunWriter writer;
  FwdStunMessage message;
  gsize length;

  fwd_stun_writer_begin(&writer, buffer, 100000, FWD_STUN_FAILURE, FWD_STUN_BINDING,
                        sample_request + 8);
  fwd_stun_writer_add_error(&writer, 500, reason);
  g_assert_true(fwd_stun_message_parse(buffer, writer.length, &message));
  g_assert_nonnull(fwd_stun_message_find(&message, FWD_STUN_ERROR_CODE, &length));
  g_assert_cmpuint(length, ==, 4 + 763);
  fwd_stun_writer_add(&writer, FWD_STUN_PADDING, buffer + 100000, 65536);
  g_assert_cmpuint(writer.length, ==, 0);
  fwd_stun_writer_add(&writer, FWD_STUN_PADDING, NULL, 0);
  g_assert_cmpuint(writer.length, ==, 0);
}

static void
test_transactions_differ(void)
{
  guint8 a[FWD_STUN_TRANSACTION_SIZE] = {0}, b[FWD_STUN_TRANSACTION_SIZE] = {0};

  fwd_stun_new_transaction(a);
  fwd_stun_new_transaction(b);
  g_assert_cmpint(memcmp(a, b, sizeof a), !=, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stun-writer/samples", test_samples);
  g_test_add_func("/stun-writer/types", test_types);
  g_test_add_func("/stun-writer/small-buffers", test_small_buffers);
  g_test_add_func("/stun-writer/reading-back", test_reading_back);
  g_test_add_func("/stun-writer/plain-address", test_plain_address);
  g_test_add_func("/stun-writer/padding", test_padding);
  g_test_add_func("/stun-writer/long-values", test_long_values);
  g_test_add_func("/stun-writer/transactions", test_transactions_differ);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/stun-message.h"
#include "net/stun-digest.h"
#include "stun-vectors.h"

#include <string.h>

#define BUFFER_SIZE 512

static const guint8 transaction[FWD_STUN_TRANSACTION_SIZE] = "transaction";
static const guint8 key[] = {1, 2, 3, 4, 5, 6};

typedef struct {
  guint8 data[BUFFER_SIZE];
  FwdStunWriter writer;
} Draft;

static void
draft_begin(Draft *draft)
{
  fwd_stun_writer_begin(&draft->writer, draft->data, sizeof draft->data, FWD_STUN_REQUEST,
                        FWD_STUN_BINDING, transaction);
}

static FwdStunMessage
parsed(const guint8 *data, gsize length)
{
  FwdStunMessage message;

  g_assert_true(fwd_stun_message_parse(data, length, &message));
  g_assert_true(message.data == data);
  g_assert_cmpuint(message.length, ==, length);
  return message;
}

static FwdStunMessage
draft_parsed(const Draft *draft)
{
  return parsed(draft->data, draft->writer.length);
}

static void
assert_text(const FwdStunMessage *message, guint16 attribute, const char *text)
{
  gsize length;
  const guint8 *value = fwd_stun_message_find(message, attribute, &length);

  g_assert_nonnull(value);
  g_assert_cmpmem(value, length, text, strlen(text));
}

static void
assert_mapped(const FwdStunMessage *message, const char *expected)
{
  FwdEndpoint endpoint;
  char text[FWD_ENDPOINT_TEXT_MAX];

  g_assert_true(fwd_stun_message_get_endpoint(message, FWD_STUN_XOR_MAPPED_ADDRESS, &endpoint));
  g_assert_cmpstr(fwd_endpoint_format(&endpoint, text), ==, expected);
}

static void
test_sample_request(void)
{
  FwdStunMessage message = parsed(sample_request, sizeof sample_request);
  guint32 priority;

  g_assert_cmpuint(fwd_stun_message_class(&message), ==, FWD_STUN_REQUEST);
  g_assert_cmpuint(fwd_stun_message_method(&message), ==, FWD_STUN_BINDING);
  g_assert_cmpmem(fwd_stun_message_transaction(&message), FWD_STUN_TRANSACTION_SIZE,
                  sample_request + 8, 12);
  assert_text(&message, FWD_STUN_SOFTWARE, "STUN test client");
  assert_text(&message, FWD_STUN_USERNAME, "evtj:h6vY");
  g_assert_true(fwd_stun_message_get_uint32(&message, FWD_STUN_PRIORITY, &priority));
  g_assert_cmphex(priority, ==, 0x6e0001ff);
  g_assert_true(fwd_stun_message_verify(&message, SHORT_TERM_KEY, SHORT_TERM_KEY_LENGTH));
  g_assert_false(fwd_stun_message_verify(&message, SHORT_TERM_KEY, SHORT_TERM_KEY_LENGTH - 1));
  g_assert_cmpuint(fwd_stun_message_first_unknown(&message), ==, 0);
}

static void
test_sample_responses(void)
{
  FwdStunMessage ipv4 = parsed(sample_ipv4_response, sizeof sample_ipv4_response);
  FwdStunMessage ipv6 = parsed(sample_ipv6_response, sizeof sample_ipv6_response);

  g_assert_cmpuint(fwd_stun_message_class(&ipv4), ==, FWD_STUN_SUCCESS);
  assert_text(&ipv4, FWD_STUN_SOFTWARE, "test vector");
  assert_mapped(&ipv4, "192.0.2.1:32853");
  g_assert_true(fwd_stun_message_verify(&ipv4, SHORT_TERM_KEY, SHORT_TERM_KEY_LENGTH));
  assert_mapped(&ipv6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
  g_assert_true(fwd_stun_message_verify(&ipv6, SHORT_TERM_KEY, SHORT_TERM_KEY_LENGTH));
}

static void
test_sample_long_term(void)
{
  static const char credentials[] = "マトリックス:example.org:TheMatrIX";
  FwdStunMessage message = parsed(sample_long_term_request, sizeof sample_long_term_request);
  guint8 long_term_key[16];

  gnutls_hash_fast(GNUTLS_DIG_MD5, credentials, strlen(credentials), long_term_key);
  assert_text(&message, FWD_STUN_USERNAME, "マトリックス");
  assert_text(&message, FWD_STUN_REALM, "example.org");
  assert_text(&message, FWD_STUN_NONCE, "f//499k954d6OL34oL9FSTvy64sA");
  g_assert_true(fwd_stun_message_verify(&message, long_term_key, sizeof long_term_key));
}

static void
test_sample_sha256(void)
{
  static const char credentials[] = "マトリックス:example.org:TheMatrIX";
  gsize covered = sizeof sample_sha256_request - 36;
  guint8 long_term_key[32], digest[FWD_STUN_SHA256_SIZE];
  guint8 corrected[sizeof sample_sha256_request];
  FwdStunMessage message;

  gnutls_hash_fast(GNUTLS_DIG_SHA256, credentials, strlen(credentials), long_term_key);
  g_assert_true(fwd_stun_hmac(GNUTLS_MAC_SHA256, long_term_key, sizeof long_term_key,
                              sample_sha256_request, covered, digest));
  g_assert_cmpmem(digest, sizeof digest, sample_sha256_request + covered + 4, 32);
  g_assert_false(
      fwd_stun_message_parse(sample_sha256_request, sizeof sample_sha256_request, &message));

  memcpy(corrected, sample_sha256_request, sizeof corrected);
  fwd_stun_write16(corrected + 2, sizeof corrected - FWD_STUN_HEADER_SIZE);
  message = parsed(corrected, sizeof corrected);
  g_assert_cmphex(fwd_stun_message_first_unknown(&message), ==, 0x001e);
}

/* Every byte of a message under integrity and fingerprint counts, but for what padding hides.
 */
static void
test_each_byte_counts(void)
{
  guint8 changed[sizeof sample_request];
  FwdStunMessage message;

  for (gsize i = 0; i < sizeof changed; i++) {
    memcpy(changed, sample_request, sizeof changed);
    changed[i] ^= 0x10;
    if (i != sizeof changed - 8 && i != sizeof changed - 7)
      g_assert_false(fwd_stun_message_parse(changed, sizeof changed, &message));
    message = (FwdStunMessage){changed, sizeof changed};
    if (i >= 4 && i < sizeof changed - 32)
      g_assert_false(fwd_stun_message_verify(&message, SHORT_TERM_KEY, SHORT_TERM_KEY_LENGTH));
  }
}

static void
test_each_truncation(void)
{
  FwdStunMessage message;

  for (gsize length = 0; length < sizeof sample_request; length++) {
    g_autofree guint8 *cut = g_memdup2(sample_request, length);

    g_assert_false(fwd_stun_message_is_likely(cut, length));
    g_assert_false(fwd_stun_message_parse(cut, length, &message));
  }
}

static void
test_likely(void)
{
  guint8 data[24] = {0x00, 0x01, 0x00, 0x04, 0x21, 0x12, 0xa4, 0x42};

  g_assert_true(fwd_stun_message_is_likely(data, 24));
  g_assert_false(fwd_stun_message_is_likely(data, 20));
  data[0] = 0x40;
  g_assert_false(fwd_stun_message_is_likely(data, 24));
  data[0] = 0x80;
  g_assert_false(fwd_stun_message_is_likely(data, 24));
  data[0] = 0x3f;
  g_assert_true(fwd_stun_message_is_likely(data, 24));
  data[7] = 0x43;
  g_assert_false(fwd_stun_message_is_likely(data, 24));
}

static void
test_length_not_multiple_of_four(void)
{
  guint8 data[22] = {0x00, 0x01, 0x00, 0x02, 0x21, 0x12, 0xa4, 0x42};
  FwdStunMessage message;

  g_assert_false(fwd_stun_message_parse(data, sizeof data, &message));
}

static void
test_attribute_overrun(void)
{
  Draft draft;
  FwdStunMessage message;

  draft_begin(&draft);
  fwd_stun_writer_add(&draft.writer, FWD_STUN_USERNAME, "name", 4);
  for (guint length = 0; length <= 0xffff; length++) {
    fwd_stun_write16(draft.data + FWD_STUN_HEADER_SIZE + 2, (guint16)length);
    g_assert_cmpint(fwd_stun_message_parse(draft.data, draft.writer.length, &message), ==,
                    length == 0 ? FALSE : length <= 4);
  }
}

static void
test_zero_attribute(void)
{
  Draft draft;
  FwdStunMessage message;

  draft_begin(&draft);
  fwd_stun_writer_add(&draft.writer, 0, NULL, 0);
  g_assert_false(fwd_stun_message_parse(draft.data, draft.writer.length, &message));
}

/* The largest message a header can declare, full of the smallest attributes. */
static void
test_largest(void)
{
  gsize length = FWD_STUN_HEADER_SIZE + 0xfffc;
  g_autofree guint8 *data = g_malloc0(length + 4);
  FwdStunMessage message;
  FwdStunWriter writer;
  gsize found;

  fwd_stun_writer_begin(&writer, data, length + 4, FWD_STUN_INDICATION, 0xfff, transaction);
  while (writer.length < length)
    fwd_stun_writer_add(&writer, 0x8000, NULL, 0);
  message = parsed(data, length);
  g_assert_cmphex(fwd_stun_message_method(&message), ==, 0xfff);
  g_assert_null(fwd_stun_message_find(&message, FWD_STUN_USERNAME, &found));
  g_assert_false(fwd_stun_message_verify(&message, key, sizeof key));
  g_assert_cmpuint(fwd_stun_message_first_unknown(&message), ==, 0);

  fwd_stun_writer_add(&writer, 0x8000, NULL, 0);
  g_assert_cmpuint(writer.length, ==, 0);
}

/* Integrity over more than a path carries is not worth the work. */
static void
test_integrity_over_too_much(void)
{
  g_autofree guint8 *data = g_malloc0(4096);
  FwdStunWriter writer;
  FwdStunMessage message;

  for (gsize padding = FWD_STUN_MESSAGE_MAX - 24; padding < FWD_STUN_MESSAGE_MAX;
       padding += 4) {
    fwd_stun_writer_begin(&writer, data, 4096, FWD_STUN_REQUEST, FWD_STUN_BINDING, transaction);
    fwd_stun_writer_add(&writer, FWD_STUN_PADDING, data + 2048, padding);
    fwd_stun_writer_add_integrity(&writer, key, sizeof key);
    message = parsed(data, writer.length);
    g_assert_cmpint(fwd_stun_message_verify(&message, key, sizeof key), ==,
                    padding == FWD_STUN_MESSAGE_MAX - 24);
  }
}

static void
test_after_integrity(void)
{
  Draft draft;
  FwdStunMessage message;
  gsize length;

  draft_begin(&draft);
  fwd_stun_writer_add_integrity(&draft.writer, key, sizeof key);
  fwd_stun_writer_add(&draft.writer, FWD_STUN_USERNAME, "hidden", 6);
  fwd_stun_writer_add(&draft.writer, 0x7fff, NULL, 0);
  fwd_stun_writer_add_integrity(&draft.writer, key, 1);
  fwd_stun_writer_add_integrity_sha256(&draft.writer, key, sizeof key);
  fwd_stun_writer_add(&draft.writer, FWD_STUN_REALM, "hidden", 6);
  fwd_stun_writer_add_fingerprint(&draft.writer);
  message = draft_parsed(&draft);

  g_assert_null(fwd_stun_message_find(&message, FWD_STUN_USERNAME, &length));
  g_assert_null(fwd_stun_message_find(&message, FWD_STUN_REALM, &length));
  g_assert_cmpuint(fwd_stun_message_first_unknown(&message), ==, 0);
  g_assert_nonnull(fwd_stun_message_find(&message, FWD_STUN_FINGERPRINT, &length));
  g_assert_true(fwd_stun_message_verify(&message, key, sizeof key));
}

static void
test_integrity_of_wrong_length(void)
{
  static const guint8 zeros[40];

  for (gsize length = 0; length <= sizeof zeros; length++) {
    Draft draft;
    FwdStunMessage message;

    draft_begin(&draft);
    fwd_stun_writer_add(&draft.writer, FWD_STUN_MESSAGE_INTEGRITY, zeros, length);
    message = draft_parsed(&draft);
    g_assert_false(fwd_stun_message_verify(&message, key, sizeof key));
  }
}

/* RFC 8489, 14.6: at least 16 bytes, in steps of four. The header's length differs for each. */
static void
test_truncated_sha256(void)
{
  for (gsize length = 0; length <= FWD_STUN_SHA256_SIZE + 4; length++) {
    guint8 digest[FWD_STUN_SHA256_SIZE + 4] = {0};
    Draft draft;
    FwdStunMessage message;

    draft_begin(&draft);
    fwd_stun_writer_add(&draft.writer, FWD_STUN_MESSAGE_INTEGRITY_SHA256, digest, length);
    fwd_stun_hmac(GNUTLS_MAC_SHA256, key, sizeof key, draft.data, FWD_STUN_HEADER_SIZE, digest);
    memcpy(draft.data + FWD_STUN_HEADER_SIZE + 4, digest, length);
    message = draft_parsed(&draft);
    g_assert_cmpint(fwd_stun_message_verify(&message, key, sizeof key), ==,
                    length >= 16 && length <= 32 && length % 4 == 0);
  }
}

/* A right SHA-1 sum does not make up for a wrong SHA-256 one. */
static void
test_sha256_is_preferred(void)
{
  Draft draft;
  FwdStunMessage message;

  draft_begin(&draft);
  fwd_stun_writer_add_integrity(&draft.writer, key, sizeof key);
  fwd_stun_writer_add_integrity_sha256(&draft.writer, key, sizeof key - 1);
  message = draft_parsed(&draft);
  g_assert_false(fwd_stun_message_verify(&message, key, sizeof key));
}

static void
test_fingerprint_not_last(void)
{
  Draft draft;
  FwdStunMessage message;

  draft_begin(&draft);
  fwd_stun_writer_add_fingerprint(&draft.writer);
  draft_parsed(&draft);
  fwd_stun_writer_add(&draft.writer, FWD_STUN_USERNAME, NULL, 0);
  g_assert_false(fwd_stun_message_parse(draft.data, draft.writer.length, &message));

  draft_begin(&draft);
  fwd_stun_writer_add(&draft.writer, FWD_STUN_FINGERPRINT, "12345678", 8);
  g_assert_false(fwd_stun_message_parse(draft.data, draft.writer.length, &message));
}

static void
test_bad_addresses(void)
{
  static const guint8 value[24] = {0, 1, 0, 80, 192, 0, 2, 1};

  for (guint family = 0; family < 256; family++)
    for (gsize length = 0; length <= sizeof value; length++) {
      guint8 changed[sizeof value];
      Draft draft;
      FwdStunMessage message;
      FwdEndpoint endpoint;

      memcpy(changed, value, sizeof changed);
      changed[1] = (guint8)family;
      draft_begin(&draft);
      fwd_stun_writer_add(&draft.writer, FWD_STUN_MAPPED_ADDRESS, changed, length);
      message = draft_parsed(&draft);
      g_assert_cmpint(
          fwd_stun_message_get_endpoint(&message, FWD_STUN_MAPPED_ADDRESS, &endpoint), ==,
          (family == 1 && length == 8) || (family == 2 && length == 20));
    }
}

static guint
error_code_of(const guint8 *value, gsize length)
{
  Draft draft;
  FwdStunMessage message;

  draft_begin(&draft);
  fwd_stun_writer_add(&draft.writer, FWD_STUN_ERROR_CODE, value, length);
  message = draft_parsed(&draft);
  return fwd_stun_message_get_error_code(&message);
}

static void
test_error_codes(void)
{
  FwdStunMessage without = parsed(sample_request, sizeof sample_request);

  g_assert_cmpuint(error_code_of((const guint8 *)"\0\0\4\24reason", 10), ==, 420);
  g_assert_cmpuint(error_code_of((const guint8 *)"\0\0\3\0", 4), ==, 300);
  g_assert_cmpuint(error_code_of((const guint8 *)"\0\0\6\143", 4), ==, 699);
  g_assert_cmpuint(error_code_of((const guint8 *)"\0\0\377\0", 4), ==, 0);
  g_assert_cmpuint(error_code_of((const guint8 *)"\0\0\2\0", 4), ==, 0);
  g_assert_cmpuint(error_code_of((const guint8 *)"\0\0\4\144", 4), ==, 0);
  g_assert_cmpuint(error_code_of((const guint8 *)"\0\0\4", 3), ==, 0);
  g_assert_cmpuint(fwd_stun_message_get_error_code(&without), ==, 0);
}

static void
test_uint32_of_wrong_length(void)
{
  for (gsize length = 0; length < 9; length++) {
    Draft draft;
    FwdStunMessage message;
    guint32 value;

    draft_begin(&draft);
    fwd_stun_writer_add(&draft.writer, FWD_STUN_PRIORITY, "\1\2\3\4\5\6\7\10", length);
    message = draft_parsed(&draft);
    g_assert_cmpint(fwd_stun_message_get_uint32(&message, FWD_STUN_PRIORITY, &value), ==,
                    length == 4);
    g_assert_false(fwd_stun_message_get_uint32(&message, FWD_STUN_CHANGE_REQUEST, &value));
  }
}

static void
test_first_unknown(void)
{
  Draft draft;
  FwdStunMessage message;

  draft_begin(&draft);
  fwd_stun_writer_add(&draft.writer, 0xffff, NULL, 0);
  fwd_stun_writer_add(&draft.writer, FWD_STUN_SOURCE_ADDRESS, NULL, 0);
  fwd_stun_writer_add(&draft.writer, 0x0018, NULL, 0);
  fwd_stun_writer_add(&draft.writer, 0x7fff, NULL, 0);
  message = draft_parsed(&draft);
  g_assert_cmphex(fwd_stun_message_first_unknown(&message), ==, 0x0018);
}

static void
test_find_first_of_two(void)
{
  Draft draft;
  FwdStunMessage message;

  draft_begin(&draft);
  fwd_stun_writer_add(&draft.writer, FWD_STUN_USERNAME, "one", 3);
  fwd_stun_writer_add(&draft.writer, FWD_STUN_USERNAME, "two", 3);
  message = draft_parsed(&draft);
  assert_text(&message, FWD_STUN_USERNAME, "one");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stun-message/rfc5769/request", test_sample_request);
  g_test_add_func("/stun-message/rfc5769/responses", test_sample_responses);
  g_test_add_func("/stun-message/rfc5769/long-term", test_sample_long_term);
  g_test_add_func("/stun-message/rfc8489/sha256", test_sample_sha256);
  g_test_add_func("/stun-message/hostile/each-byte", test_each_byte_counts);
  g_test_add_func("/stun-message/hostile/truncated", test_each_truncation);
  g_test_add_func("/stun-message/hostile/length", test_length_not_multiple_of_four);
  g_test_add_func("/stun-message/hostile/overrun", test_attribute_overrun);
  g_test_add_func("/stun-message/hostile/zero-attribute", test_zero_attribute);
  g_test_add_func("/stun-message/hostile/largest", test_largest);
  g_test_add_func("/stun-message/hostile/addresses", test_bad_addresses);
  g_test_add_func("/stun-message/hostile/uint32", test_uint32_of_wrong_length);
  g_test_add_func("/stun-message/likely", test_likely);
  g_test_add_func("/stun-message/integrity/limit", test_integrity_over_too_much);
  g_test_add_func("/stun-message/integrity/after", test_after_integrity);
  g_test_add_func("/stun-message/integrity/wrong-length", test_integrity_of_wrong_length);
  g_test_add_func("/stun-message/integrity/truncated", test_truncated_sha256);
  g_test_add_func("/stun-message/integrity/preference", test_sha256_is_preferred);
  g_test_add_func("/stun-message/fingerprint/last", test_fingerprint_not_last);
  g_test_add_func("/stun-message/error-code", test_error_codes);
  g_test_add_func("/stun-message/first-unknown", test_first_unknown);
  g_test_add_func("/stun-message/first-of-two", test_find_first_of_two);
  return g_test_run();
}

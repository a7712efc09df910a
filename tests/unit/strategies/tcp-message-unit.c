/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the peer and STUN servers may tell the strategy "tcp-punch". */
#include "tcp-message.h"
#include "tcp-stun.h"
#include <string.h>

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint parsed;

  g_assert_true(fwd_endpoint_parse(text, &parsed, NULL));
  return parsed;
}

static gboolean
read_variant(GVariant *floating, FwdTcpMessage *message)
{
  g_autoptr(GVariant) variant = g_variant_ref_sink(floating);

  return fwd_tcp_message_read(variant, message);
}

static void
test_both_ways(void)
{
  const FwdEndpoint first = endpoint("198.51.100.2:443"), second = endpoint("[2001:db8::1]:9");
  FwdTcpMessage message = {.web_only = TRUE}, back;

  g_assert_true(fwd_tcp_message_add(&message, &first));
  g_assert_true(fwd_tcp_message_add(&message, &second));
  g_assert_false(fwd_tcp_message_add(&message, &first));
  g_assert_true(read_variant(fwd_tcp_message_write(&message), &back));
  g_assert_cmpuint(back.count, ==, 2);
  g_assert_true(back.web_only);
  g_assert_true(fwd_endpoint_equal(&back.endpoints[0], &first));
  g_assert_true(fwd_endpoint_equal(&back.endpoints[1], &second));
}

static void
test_nothing_to_tell(void)
{
  FwdTcpMessage message = {0}, back;

  g_assert_true(read_variant(fwd_tcp_message_write(&message), &back));
  g_assert_cmpuint(back.count, ==, 0);
  g_assert_false(back.web_only);
}

static void
test_too_many(void)
{
  g_autoptr(GString) list = g_string_new("192.0.2.1:1");
  FwdTcpMessage message;

  for (guint i = 2; i < 30; i++)
    g_string_append_printf(list, " 192.0.2.1:%u", i);
  g_assert_true(read_variant(g_variant_new_parsed("{'endpoints': <%s>}", list->str), &message));
  g_assert_cmpuint(message.count, ==, FWD_TCP_MESSAGE_ENDPOINTS_MAX);
  g_assert_cmpuint(fwd_endpoint_port(&message.endpoints[message.count - 1]), ==, 8);
}

static void
test_what_is_no_endpoint(void)
{
  FwdTcpMessage message;

  g_assert_true(read_variant(
      g_variant_new_parsed("{'endpoints': <' x example.org:1 192.0.2.1:2 '>}"), &message));
  g_assert_cmpuint(message.count, ==, 1);
}

static void
test_no_message(void)
{
  g_autofree char *huge = g_strnfill(10000, ' ');
  FwdTcpMessage message;

  g_assert_false(read_variant(g_variant_new_string("192.0.2.1:1"), &message));
  g_assert_false(read_variant(g_variant_new_parsed("@a{sv} {}"), &message));
  g_assert_false(
      read_variant(g_variant_new_parsed("{'endpoints': <['192.0.2.1:1']>}"), &message));
  g_assert_false(read_variant(g_variant_new_parsed("{'endpoints': <%s>}", huge), &message));
}

/* A binding success response with XOR-MAPPED-ADDRESS, after another attribute. */
static const guint8 answer[] = {
    0x01, 0x01, 0x00, 0x14, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    /* SOFTWARE, 1 byte and its padding */
    0x80, 0x22, 0x00, 0x01, 'x', 0, 0, 0,
    /* 198.51.100.2:443 */
    0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0x20, 0xa9, 0xe7, 0x21, 0xc0, 0x40};

static void
request_for(guint8 *request)
{
  fwd_tcp_stun_write_request(request);
  memcpy(request + 8, answer + 8, 12);
}

static void
test_answer(void)
{
  guint8 request[FWD_TCP_STUN_REQUEST_SIZE];
  FwdEndpoint seen;
  char text[FWD_ENDPOINT_TEXT_MAX];

  request_for(request);
  for (gsize length = 0; length < sizeof answer; length++)
    g_assert_cmpint(fwd_tcp_stun_read_answer(answer, length, request, &seen), ==, 0);
  g_assert_cmpint(fwd_tcp_stun_read_answer(answer, sizeof answer, request, &seen), ==, 1);
  g_assert_cmpstr(fwd_endpoint_format(&seen, text), ==, "198.51.100.2:443");
}

/* One byte changed: in the type, the length, the cookie, the id, an attribute's length, the
 * family. */
static void
test_wrong_answers(void)
{
  static const struct {
    gsize at;
    guint8 value;
  } changes[] = {{0, 0x00}, {1, 0x11},  {2, 0x03},  {4, 0x22},
                 {19, 13},  {23, 0xff}, {31, 0x07}, {33, 0x02}};
  guint8 request[FWD_TCP_STUN_REQUEST_SIZE], changed[sizeof answer];
  FwdEndpoint seen;

  request_for(request);
  for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
    memcpy(changed, answer, sizeof answer);
    changed[changes[i].at] = changes[i].value;
    g_assert_cmpint(fwd_tcp_stun_read_answer(changed, sizeof changed, request, &seen), ==, -1);
  }
}

static void
test_requests_differ(void)
{
  guint8 first[FWD_TCP_STUN_REQUEST_SIZE], second[FWD_TCP_STUN_REQUEST_SIZE];

  fwd_tcp_stun_write_request(first);
  fwd_tcp_stun_write_request(second);
  g_assert_cmpmem(first, 8, second, 8);
  g_assert_cmpint(memcmp(first + 8, second + 8, 12), !=, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tcp-message/both-ways", test_both_ways);
  g_test_add_func("/tcp-message/nothing-to-tell", test_nothing_to_tell);
  g_test_add_func("/tcp-message/too-many", test_too_many);
  g_test_add_func("/tcp-message/what-is-no-endpoint", test_what_is_no_endpoint);
  g_test_add_func("/tcp-message/no-message", test_no_message);
  g_test_add_func("/tcp-stun/answer", test_answer);
  g_test_add_func("/tcp-stun/wrong-answers", test_wrong_answers);
  g_test_add_func("/tcp-stun/requests-differ", test_requests_differ);
  return g_test_run();
}

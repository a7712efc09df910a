/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stun-answer.h"

#define IP4_UDP_HEADERS 28
#define IP6_UDP_HEADERS 48

static const guint8 transaction[FWD_STUN_TRANSACTION_SIZE] = "abcdefghijkl";

typedef struct {
  FwdStunSite site;
  FwdEndpoint from;
  guint8 request[FWD_STUN_MESSAGE_MAX];
  FwdStunWriter writer;
  FwdStunAnswer answer;
  FwdStunMessage message;
} Fixture;

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint result;

  g_assert_true(fwd_endpoint_parse(text, &result, NULL));
  return result;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  const char *const *locals = data;

  for (fixture->site.count = 0; locals[fixture->site.count] != NULL; fixture->site.count++)
    fixture->site.local[fixture->site.count] = endpoint(locals[fixture->site.count]);
  fixture->from =
      endpoint(strchr(locals[0], '[') != NULL ? "[2001:db8::7]:7000" : "198.51.100.7:7000");
  fwd_stun_writer_begin(&fixture->writer, fixture->request, sizeof fixture->request,
                        FWD_STUN_REQUEST, FWD_STUN_BINDING, transaction);
}

static gboolean
ask(Fixture *fixture, guint socket)
{
  return fwd_stun_answer(&fixture->site, socket, &fixture->from, fixture->request,
                         fixture->writer.length, &fixture->answer);
}

static void
assert_answer(Fixture *fixture, guint socket)
{
  gboolean ip6 = fwd_endpoint_family(&fixture->from) == AF_INET6;
  gsize headers = ip6 ? IP6_UDP_HEADERS : IP4_UDP_HEADERS;
  gsize length;

  g_assert_true(ask(fixture, socket));
  g_assert_true(
      fwd_stun_message_parse(fixture->answer.data, fixture->answer.length, &fixture->message));
  g_assert_cmpmem(fwd_stun_message_transaction(&fixture->message), 12, transaction, 12);
  g_assert_nonnull(fwd_stun_message_find(&fixture->message, FWD_STUN_FINGERPRINT, &length));
  g_assert_nonnull(fwd_stun_message_find(&fixture->message, FWD_STUN_SOFTWARE, &length));
  g_assert_cmpuint(fixture->answer.length + headers, <, 3 * (fixture->writer.length + headers));
}

static void
assert_endpoint(Fixture *fixture, guint16 attribute, const FwdEndpoint *expected)
{
  FwdEndpoint found;

  g_assert_true(fwd_stun_message_get_endpoint(&fixture->message, attribute, &found));
  g_assert_true(fwd_endpoint_equal(&found, expected));
}

static void
assert_absent(Fixture *fixture, guint16 attribute)
{
  gsize length;

  g_assert_null(fwd_stun_message_find(&fixture->message, attribute, &length));
}

static void
test_binding(Fixture *fixture, gconstpointer data)
{
  assert_answer(fixture, 0);
  g_assert_cmpint(fwd_stun_message_class(&fixture->message), ==, FWD_STUN_SUCCESS);
  assert_endpoint(fixture, FWD_STUN_XOR_MAPPED_ADDRESS, &fixture->from);
  assert_endpoint(fixture, FWD_STUN_RESPONSE_ORIGIN, &fixture->site.local[0]);
  if (fixture->site.count == 4)
    assert_endpoint(fixture, FWD_STUN_OTHER_ADDRESS, &fixture->site.local[3]);
  else
    assert_absent(fixture, FWD_STUN_OTHER_ADDRESS);
}

static void
test_wildcard(Fixture *fixture, gconstpointer data)
{
  assert_answer(fixture, 0);
  assert_endpoint(fixture, FWD_STUN_XOR_MAPPED_ADDRESS, &fixture->from);
  assert_absent(fixture, FWD_STUN_RESPONSE_ORIGIN);
}

static void
test_change_request(Fixture *fixture, gconstpointer data)
{
  static const struct {
    guint32 flags;
    guint arrived, leaves;
  } cases[] = {{0, 0, 0}, {2, 0, 1}, {4, 0, 2}, {6, 0, 3}, {2, 3, 2}, {4, 1, 3}, {6, 2, 1}};

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    set_up(fixture, data);
    fwd_stun_writer_add_uint32(&fixture->writer, FWD_STUN_CHANGE_REQUEST, cases[i].flags);
    assert_answer(fixture, cases[i].arrived);
    g_assert_cmpuint(fixture->answer.socket, ==, cases[i].leaves);
    assert_endpoint(fixture, FWD_STUN_RESPONSE_ORIGIN, &fixture->site.local[cases[i].leaves]);
    assert_endpoint(fixture, FWD_STUN_OTHER_ADDRESS,
                    &fixture->site.local[cases[i].arrived ^ 3]);
  }
}

static void
assert_refused(Fixture *fixture, guint code)
{
  assert_answer(fixture, 0);
  g_assert_cmpint(fwd_stun_message_class(&fixture->message), ==, FWD_STUN_FAILURE);
  g_assert_cmpuint(fwd_stun_message_get_error_code(&fixture->message), ==, code);
  g_assert_cmpuint(fixture->answer.socket, ==, 0);
  assert_absent(fixture, FWD_STUN_XOR_MAPPED_ADDRESS);
}

static void
assert_unknown(Fixture *fixture, const guint8 *types, gsize length)
{
  const guint8 *found;
  gsize found_length;

  found = fwd_stun_message_find(&fixture->message, FWD_STUN_UNKNOWN_ATTRIBUTES, &found_length);
  g_assert_cmpmem(found, found_length, types, length);
}

static void
test_no_alternate_to_change_to(Fixture *fixture, gconstpointer data)
{
  const guint8 unknown[] = {0x00, 0x03};

  fwd_stun_writer_add_uint32(&fixture->writer, FWD_STUN_CHANGE_REQUEST, 6);
  assert_refused(fixture, 420);
  assert_unknown(fixture, unknown, sizeof unknown);
}

static void
test_unknown_attributes(Fixture *fixture, gconstpointer data)
{
  const guint8 unknown[] = {0x7f, 0x00, 0x00, 0x26};

  fwd_stun_writer_add(&fixture->writer, 0x7f00, "abcde", 5);
  fwd_stun_writer_add(&fixture->writer, 0xff00, "ignored", 7);
  fwd_stun_writer_add(&fixture->writer, FWD_STUN_PADDING, "padding", 7);
  assert_refused(fixture, 420);
  assert_unknown(fixture, unknown, sizeof unknown);
}

static void
test_many_unknown_attributes(Fixture *fixture, gconstpointer data)
{
  gsize length;

  for (guint i = 0; i < 300; i++)
    fwd_stun_writer_add(&fixture->writer, (guint16)(0x7000 + i), NULL, 0);
  assert_refused(fixture, 420);
  g_assert_nonnull(
      fwd_stun_message_find(&fixture->message, FWD_STUN_UNKNOWN_ATTRIBUTES, &length));
  g_assert_cmpuint(length, ==, 16);
}

static void
test_bad_change_request(Fixture *fixture, gconstpointer data)
{
  fwd_stun_writer_add(&fixture->writer, FWD_STUN_CHANGE_REQUEST, "123456", 6);
  assert_refused(fixture, 400);
}

/* The answer goes to another port of the one who asked, and never to another address. */
static void
test_response_port(Fixture *fixture, gconstpointer data)
{
  assert_answer(fixture, 0);
  g_assert_true(fwd_endpoint_equal(&fixture->answer.to, &fixture->from));
  fwd_stun_writer_add_uint32(&fixture->writer, FWD_STUN_RESPONSE_PORT, 0x12340000);
  assert_answer(fixture, 0);
  g_assert_cmpuint(fwd_endpoint_port(&fixture->answer.to), ==, 0x1234);
  g_assert_true(fwd_endpoint_same_address(&fixture->answer.to, &fixture->from));
  assert_endpoint(fixture, FWD_STUN_XOR_MAPPED_ADDRESS, &fixture->from);
}

static void
test_bad_response_port(Fixture *fixture, gconstpointer data)
{
  fwd_stun_writer_add(&fixture->writer, FWD_STUN_RESPONSE_PORT, "12", 2);
  assert_refused(fixture, 400);
}

/* Over TCP there is one way back. */
static void
test_stream(Fixture *fixture, gconstpointer data)
{
  const guint8 unknown[] = {0x00, 0x27, 0x00, 0x03};

  fixture->site.is_stream = TRUE;
  assert_answer(fixture, 0);
  g_assert_cmpint(fwd_stun_message_class(&fixture->message), ==, FWD_STUN_SUCCESS);
  fwd_stun_writer_add_uint32(&fixture->writer, FWD_STUN_RESPONSE_PORT, 0x12340000);
  fwd_stun_writer_add_uint32(&fixture->writer, FWD_STUN_CHANGE_REQUEST, 6);
  assert_refused(fixture, 420);
  assert_unknown(fixture, unknown, sizeof unknown);
}

static void
test_credentials_are_ignored(Fixture *fixture, gconstpointer data)
{
  fwd_stun_writer_add(&fixture->writer, FWD_STUN_USERNAME, "user", 4);
  fwd_stun_writer_add_integrity(&fixture->writer, (const guint8 *)"key", 3);
  assert_answer(fixture, 0);
  g_assert_cmpint(fwd_stun_message_class(&fixture->message), ==, FWD_STUN_SUCCESS);
}

static void
test_no_request(Fixture *fixture, gconstpointer data)
{
  const FwdStunClass classes[] = {FWD_STUN_INDICATION, FWD_STUN_SUCCESS, FWD_STUN_FAILURE};

  for (guint i = 0; i < G_N_ELEMENTS(classes); i++) {
    fwd_stun_writer_begin(&fixture->writer, fixture->request, sizeof fixture->request,
                          classes[i], FWD_STUN_BINDING, transaction);
    g_assert_false(ask(fixture, 0));
  }
  fwd_stun_writer_begin(&fixture->writer, fixture->request, sizeof fixture->request,
                        FWD_STUN_REQUEST, 0x003, transaction);
  g_assert_false(ask(fixture, 0));
}

static void
test_malformed(Fixture *fixture, gconstpointer data)
{
  fwd_stun_writer_add(&fixture->writer, FWD_STUN_SOFTWARE, "abc", 3);
  fwd_stun_writer_add_fingerprint(&fixture->writer);
  for (gsize length = 0; length < fixture->writer.length; length++)
    g_assert_false(fwd_stun_answer(&fixture->site, 0, &fixture->from, fixture->request, length,
                                   &fixture->answer));
  fixture->request[fixture->writer.length - 1] ^= 1;
  g_assert_false(ask(fixture, 0));
}

static const char *const one[] = {"192.0.2.1:3478", NULL};
static const char *const any[] = {"0.0.0.0:3478", NULL};
static const char *const four[] = {"192.0.2.1:3478", "192.0.2.1:3479", "192.0.2.2:3478",
                                   "192.0.2.2:3479", NULL};
static const char *const one6[] = {"[2001:db8::1]:3478", NULL};
static const char *const four6[] = {"[2001:db8::1]:3478", "[2001:db8::1]:3479",
                                    "[2001:db8::2]:3478", "[2001:db8::2]:3479", NULL};

#define ADD(path, locals, test) g_test_add(path, Fixture, locals, set_up, test, NULL)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("/stun-answer/binding/ipv4", one, test_binding);
  ADD("/stun-answer/binding/ipv4-alternate", four, test_binding);
  ADD("/stun-answer/binding/ipv6", one6, test_binding);
  ADD("/stun-answer/binding/ipv6-alternate", four6, test_binding);
  ADD("/stun-answer/wildcard", any, test_wildcard);
  ADD("/stun-answer/change-request", four, test_change_request);
  ADD("/stun-answer/no-alternate-to-change-to", one, test_no_alternate_to_change_to);
  ADD("/stun-answer/unknown-attributes", one, test_unknown_attributes);
  ADD("/stun-answer/many-unknown-attributes", four, test_many_unknown_attributes);
  ADD("/stun-answer/bad-change-request", four, test_bad_change_request);
  ADD("/stun-answer/response-port", one, test_response_port);
  ADD("/stun-answer/bad-response-port", one, test_bad_response_port);
  ADD("/stun-answer/stream", one, test_stream);
  ADD("/stun-answer/credentials-are-ignored", one, test_credentials_are_ignored);
  ADD("/stun-answer/no-request", one, test_no_request);
  ADD("/stun-answer/malformed", one, test_malformed);
  return g_test_run();
}

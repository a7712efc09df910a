/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/stun-client.h"

#include <string.h>

#define RTO_MS 100
#define TRIES  3
#define MS     1000

/* What the client sent last, and what it told of the transactions that ended. */
typedef struct {
  FwdStunClient *client;
  guint sent;
  FwdEndpoint to;
  guint8 request[64];
  gsize request_length;
  guint ended;
  guint answered;
  guint error_code;
  guint32 rtt;
  FwdEndpoint from;
} Fixture;

static void
on_send(const FwdEndpoint *to, const guint8 *data, gsize length, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_cmpuint(length, <=, sizeof fixture->request);
  fixture->sent++;
  fixture->to = *to;
  memcpy(fixture->request, data, length);
  fixture->request_length = length;
}

static void
on_done(const FwdStunMessage *response, const FwdEndpoint *from, guint32 rtt_us,
        gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->ended++;
  fixture->rtt = rtt_us;
  g_assert_true((response == NULL) == (from == NULL));
  if (response == NULL)
    return;
  fixture->answered++;
  fixture->from = *from;
  fixture->error_code = fwd_stun_message_get_error_code(response);
}

static void
set_up(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->client = fwd_stun_client_new(RTO_MS, TRIES, on_send, fixture);
}

static void
tear_down(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fwd_stun_client_free(fixture->client);
}

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint endpoint;

  g_assert_true(fwd_endpoint_parse(text, &endpoint, NULL));
  return endpoint;
}

static void
start(Fixture *fixture, guint32 change_request, gint64 now)
{
  FwdEndpoint server = endpoint("192.0.2.1:3478");

  g_assert_true(
      fwd_stun_client_start(fixture->client, &server, change_request, now, on_done, fixture));
}

/* Answers the last request, from @from; @attribute is added empty if not 0. */
static gboolean
answer(Fixture *fixture, const char *from, FwdStunClass kind, guint16 method, guint16 attribute,
       gint64 now)
{
  FwdEndpoint source = endpoint(from);
  guint8 data[128];
  FwdStunWriter writer;

  fwd_stun_writer_begin(&writer, data, sizeof data, kind, method, fixture->request + 8);
  if (kind == FWD_STUN_FAILURE)
    fwd_stun_writer_add_error(&writer, 400, "Bad Request");
  if (attribute != 0)
    fwd_stun_writer_add(&writer, attribute, NULL, 0);
  return fwd_stun_client_receive(fixture->client, &source, data, writer.length, now);
}

static gboolean
answer_success(Fixture *fixture, const char *from, gint64 now)
{
  return answer(fixture, from, FWD_STUN_SUCCESS, FWD_STUN_BINDING, 0, now);
}

static void
test_request(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  FwdStunMessage message;
  guint32 change_request;

  start(fixture, 0x6, 1000);
  g_assert_cmpuint(fixture->sent, ==, 1);
  g_assert_true(fwd_stun_message_parse(fixture->request, fixture->request_length, &message));
  g_assert_cmpuint(fwd_stun_message_class(&message), ==, FWD_STUN_REQUEST);
  g_assert_cmpuint(fwd_stun_message_method(&message), ==, FWD_STUN_BINDING);
  g_assert_true(
      fwd_stun_message_get_uint32(&message, FWD_STUN_CHANGE_REQUEST, &change_request));
  g_assert_cmphex(change_request, ==, 0x6);
  g_assert_cmpuint(fwd_endpoint_port(&fixture->to), ==, 3478);

  start(fixture, 0, 1000);
  g_assert_cmpuint(fixture->request_length, ==, FWD_STUN_HEADER_SIZE);
}

static void
test_retransmission(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint8 first[FWD_STUN_HEADER_SIZE];

  g_assert_cmpint(fwd_stun_client_deadline(fixture->client), ==, G_MAXINT64);
  start(fixture, 0, 1000 * MS);
  memcpy(first, fixture->request, sizeof first);
  g_assert_cmpint(fwd_stun_client_deadline(fixture->client), ==, 1100 * MS);
  fwd_stun_client_tick(fixture->client, 1100 * MS - 1);
  g_assert_cmpuint(fixture->sent, ==, 1);
  fwd_stun_client_tick(fixture->client, 1100 * MS);
  g_assert_cmpuint(fixture->sent, ==, 2);
  g_assert_cmpmem(first, sizeof first, fixture->request, fixture->request_length);
  g_assert_cmpint(fwd_stun_client_deadline(fixture->client), ==, 1300 * MS);
  fwd_stun_client_tick(fixture->client, 1300 * MS);
  g_assert_cmpuint(fixture->sent, ==, 3);
  g_assert_cmpint(fwd_stun_client_deadline(fixture->client), ==, 1700 * MS);
  g_assert_cmpuint(fixture->ended, ==, 0);
  fwd_stun_client_tick(fixture->client, 1700 * MS);
  g_assert_cmpuint(fixture->sent, ==, 3);
  g_assert_cmpuint(fixture->ended, ==, 1);
  g_assert_cmpuint(fixture->answered, ==, 0);
  g_assert_cmpint(fwd_stun_client_deadline(fixture->client), ==, G_MAXINT64);
  g_assert_false(answer_success(fixture, "192.0.2.1:3478", 1701 * MS));
}

static void
test_answer(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  start(fixture, 0, 1000);
  g_assert_true(answer_success(fixture, "192.0.2.1:3478", 1777));
  g_assert_cmpuint(fixture->answered, ==, 1);
  g_assert_cmpuint(fixture->rtt, ==, 777);
  g_assert_false(answer_success(fixture, "192.0.2.1:3478", 1778));
  g_assert_cmpuint(fixture->ended, ==, 1);
  g_assert_cmpint(fwd_stun_client_deadline(fixture->client), ==, G_MAXINT64);
}

static void
test_error_answer(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  start(fixture, 0, 1000);
  g_assert_true(answer(fixture, "192.0.2.1:3478", FWD_STUN_FAILURE, FWD_STUN_BINDING, 0, 1001));
  g_assert_cmpuint(fixture->error_code, ==, 400);
  g_assert_cmpuint(fixture->ended, ==, 1);
}

static void
test_strangers(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  start(fixture, 0, 1000);
  g_assert_false(answer_success(fixture, "192.0.2.1:3479", 1001));
  g_assert_false(answer_success(fixture, "192.0.2.2:3478", 1001));
  g_assert_false(answer_success(fixture, "[2001:db8::1]:3478", 1001));
  g_assert_false(answer(fixture, "192.0.2.1:3478", FWD_STUN_SUCCESS, 3, 0, 1001));
  g_assert_false(
      answer(fixture, "192.0.2.1:3478", FWD_STUN_REQUEST, FWD_STUN_BINDING, 0, 1001));
  g_assert_false(
      answer(fixture, "192.0.2.1:3478", FWD_STUN_INDICATION, FWD_STUN_BINDING, 0, 1001));
  for (guint i = 8; i < FWD_STUN_HEADER_SIZE; i++) {
    fixture->request[i] ^= 1;
    g_assert_false(answer_success(fixture, "192.0.2.1:3478", 1001));
    fixture->request[i] ^= 1;
  }
  g_assert_false(fwd_stun_client_receive(fixture->client, &fixture->to, NULL, 0, 1001));
  g_assert_cmpuint(fixture->ended, ==, 0);
  g_assert_true(answer_success(fixture, "192.0.2.1:3478", 1002));
}

static void
test_changed_source(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  start(fixture, 0x6, 1000);
  g_assert_false(answer_success(fixture, "[2001:db8::1]:3479", 1001));
  g_assert_true(answer_success(fixture, "192.0.2.99:3479", 1001));
  g_assert_cmpuint(fwd_endpoint_port(&fixture->from), ==, 3479);
}

static void
test_not_understood(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  start(fixture, 0, 1000);
  g_assert_true(
      answer(fixture, "192.0.2.1:3478", FWD_STUN_SUCCESS, FWD_STUN_BINDING, 0x7fff, 1001));
  g_assert_cmpuint(fixture->ended, ==, 1);
  g_assert_cmpuint(fixture->answered, ==, 0);
}

static void
test_at_most_64(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  FwdEndpoint server = endpoint("192.0.2.1:3478");

  for (guint i = 0; i < 64; i++)
    start(fixture, 0, 1000);
  g_assert_false(fwd_stun_client_start(fixture->client, &server, 0, 1000, on_done, fixture));
  g_assert_cmpuint(fixture->sent, ==, 64);
  g_assert_true(answer_success(fixture, "192.0.2.1:3478", 1001));
  start(fixture, 0, 1002);
  g_assert_cmpuint(fixture->sent, ==, 65);
  for (guint i = 0; i < TRIES; i++)
    fwd_stun_client_tick(fixture->client, fwd_stun_client_deadline(fixture->client) + 2);
  g_assert_cmpuint(fixture->ended, ==, 65);
}

static void
start_another(const FwdStunMessage *response, const FwdEndpoint *from, guint32 rtt_us,
              gpointer user_data)
{
  on_done(response, from, rtt_us, user_data);
  start(user_data, 0, 5000 * MS);
}

static void
test_start_when_done(Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  FwdEndpoint server = endpoint("192.0.2.1:3478");

  g_assert_true(fwd_stun_client_start(fixture->client, &server, 0, 0, start_another, fixture));
  for (guint i = 0; i < TRIES; i++)
    fwd_stun_client_tick(fixture->client, fwd_stun_client_deadline(fixture->client));
  g_assert_cmpuint(fixture->ended, ==, 1);
  g_assert_cmpuint(fixture->sent, ==, TRIES + 1);
  g_assert_cmpint(fwd_stun_client_deadline(fixture->client), ==, 5100 * MS);
  g_assert_true(answer_success(fixture, "192.0.2.1:3478", 5001 * MS));
  g_assert_cmpuint(fixture->ended, ==, 2);
}

static void
add(const char *path, void (*test)(Fixture *, gconstpointer))
{
  g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  add("/stun-client/request", test_request);
  add("/stun-client/retransmission", test_retransmission);
  add("/stun-client/answer", test_answer);
  add("/stun-client/error-answer", test_error_answer);
  add("/stun-client/strangers", test_strangers);
  add("/stun-client/changed-source", test_changed_source);
  add("/stun-client/not-understood", test_not_understood);
  add("/stun-client/at-most-64", test_at_most_64);
  add("/stun-client/start-when-done", test_start_when_done);
  return g_test_run();
}

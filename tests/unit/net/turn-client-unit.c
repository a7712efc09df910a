/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/turn-client.h"
#include "fakes/fake-turn-server.h"

#include <string.h>

#define S ((gint64)1000000)

typedef struct {
  FakeTurnServer server;
  FwdTurnClient *client;
  guint sent;
  guint8 request[FWD_STUN_MESSAGE_MAX]; /* the last one */
  gsize request_length;
} Fixture;

static void
on_send(const guint8 *data, gsize length, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_cmpuint(length, <=, sizeof fixture->request);
  memcpy(fixture->request, data, length);
  fixture->request_length = length;
  fixture->sent++;
}

static void
make(Fixture *fixture, const FwdTurnClientConfig *config)
{
  g_clear_pointer(&fixture->client, fwd_turn_client_free);
  fixture->client = fwd_turn_client_new(config, on_send, fixture);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fake_turn_server_init(&fixture->server);
  make(fixture,
       &(FwdTurnClientConfig){.username = "user", .password = "secret", .redirects = TRUE});
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  fwd_turn_client_free(fixture->client);
}

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint endpoint;

  g_assert_true(fwd_endpoint_parse(text, &endpoint, NULL));
  return endpoint;
}

/* Lets the server answer the last request, and what that leads to, until all is quiet. */
static void
converse(Fixture *fixture, gint64 now)
{
  guint8 response[FWD_STUN_MESSAGE_MAX];
  FwdTurnPacket packet;
  guint sent;

  do {
    gsize length = fake_turn_server_answer(&fixture->server, fixture->request,
                                           fixture->request_length, response, sizeof response);
    sent = fixture->sent;
    g_assert_cmpuint(length, >, 0);
    g_assert_false(fwd_turn_client_receive(fixture->client, response, length, now, &packet));
    g_assert_cmpuint(fixture->sent, <, 50);
  } while (fixture->sent != sent);
}

static void
allocate(Fixture *fixture)
{
  fwd_turn_client_start(fixture->client, 0);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_ALLOCATING);
  converse(fixture, 0);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_ALLOCATED);
}

static void
test_allocates(Fixture *fixture, gconstpointer data)
{
  allocate(fixture);
  g_assert_cmpuint(fixture->server.requests, ==, 2);
  g_assert_true(fwd_endpoint_equal(fwd_turn_client_get_relayed(fixture->client),
                                   &fixture->server.relayed));
  g_assert_true(
      fwd_endpoint_equal(fwd_turn_client_get_mapped(fixture->client), &fixture->server.mapped));
}

static void
test_refreshes_in_time(Fixture *fixture, gconstpointer data)
{
  allocate(fixture);
  g_assert_cmpint(fwd_turn_client_deadline(fixture->client), ==, 540 * S);
  fwd_turn_client_tick(fixture->client, 540 * S - 1);
  g_assert_cmpuint(fixture->sent, ==, 2);
  fwd_turn_client_tick(fixture->client, 540 * S);
  converse(fixture, 540 * S);
  g_assert_cmpuint(fixture->server.method, ==, FWD_STUN_REFRESH);
  g_assert_cmpint(fwd_turn_client_deadline(fixture->client), ==, 1080 * S);
}

static void
test_short_lifetime(Fixture *fixture, gconstpointer data)
{
  fixture->server.lifetime = 10;
  allocate(fixture);
  g_assert_cmpint(fwd_turn_client_deadline(fixture->client), ==, 5 * S);
}

static void
test_stale_nonce(Fixture *fixture, gconstpointer data)
{
  allocate(fixture);
  g_strlcpy(fixture->server.nonce, "nonce-2", sizeof fixture->server.nonce);
  fwd_turn_client_tick(fixture->client, 540 * S);
  converse(fixture, 540 * S);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_ALLOCATED);
  g_assert_cmpint(fwd_turn_client_deadline(fixture->client), ==, 1080 * S);
}

static void
test_nonce_always_stale(Fixture *fixture, gconstpointer data)
{
  allocate(fixture);
  fixture->server.refusal = 438;
  fwd_turn_client_tick(fixture->client, 540 * S);
  converse(fixture, 540 * S);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_FAILED);
  g_assert_cmpuint(fwd_turn_client_get_error(fixture->client), ==, 438);
}

static void
test_wrong_password(Fixture *fixture, gconstpointer data)
{
  fixture->server.password = "another";
  fwd_turn_client_start(fixture->client, 0);
  converse(fixture, 0);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_FAILED);
  g_assert_cmpuint(fwd_turn_client_get_error(fixture->client), ==, 401);
  g_assert_cmpuint(fixture->server.requests, ==, 2);
  g_assert_cmpint(fwd_turn_client_deadline(fixture->client), ==, G_MAXINT64);
}

static void
test_no_answer(Fixture *fixture, gconstpointer data)
{
  gint64 now = 0;

  fwd_turn_client_start(fixture->client, now);
  while ((now = fwd_turn_client_deadline(fixture->client)) != G_MAXINT64)
    fwd_turn_client_tick(fixture->client, now);
  g_assert_cmpuint(fixture->sent, ==, 5);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_FAILED);
  g_assert_cmpuint(fwd_turn_client_get_error(fixture->client), ==, 0);
}

static void
test_reliable_sends_once(Fixture *fixture, gconstpointer data)
{
  make(fixture,
       &(FwdTurnClientConfig){.username = "user", .password = "secret", .reliable = TRUE});
  fwd_turn_client_start(fixture->client, 0);
  fwd_turn_client_tick(fixture->client, fwd_turn_client_deadline(fixture->client));
  g_assert_cmpuint(fixture->sent, ==, 1);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_FAILED);
}

static void
test_quota(Fixture *fixture, gconstpointer data)
{
  fixture->server.refusal = 486;
  fwd_turn_client_start(fixture->client, 0);
  converse(fixture, 0);
  g_assert_cmpuint(fwd_turn_client_get_error(fixture->client), ==, 486);
}

static void
test_redirection(Fixture *fixture, gconstpointer data)
{
  fixture->server.refusal = 300;
  fixture->server.alternate = endpoint("192.0.2.99:3479");
  fwd_turn_client_start(fixture->client, 0);
  converse(fixture, 0);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_REDIRECTED);
  g_assert_true(fwd_endpoint_equal(fwd_turn_client_get_alternate(fixture->client),
                                   &fixture->server.alternate));
}

static void
test_second_redirection(Fixture *fixture, gconstpointer data)
{
  make(fixture, &(FwdTurnClientConfig){.username = "user", .password = "secret"});
  fixture->server.refusal = 300;
  fixture->server.alternate = endpoint("192.0.2.99:3479");
  fwd_turn_client_start(fixture->client, 0);
  converse(fixture, 0);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_FAILED);
  g_assert_cmpuint(fwd_turn_client_get_error(fixture->client), ==, 300);
}

/* Once credentials were proven to the server, it must prove that it knows them, too. */
static void
test_forged_answers(Fixture *fixture, gconstpointer data)
{
  guint8 response[FWD_STUN_MESSAGE_MAX];
  FwdTurnPacket packet;
  gsize length;

  fwd_turn_client_start(fixture->client, 0);
  length = fake_turn_server_answer(&fixture->server, fixture->request, fixture->request_length,
                                   response, sizeof response);
  fwd_turn_client_receive(fixture->client, response, length, 0, &packet);
  length = fake_turn_server_answer(&fixture->server, fixture->request, fixture->request_length,
                                   response, sizeof response);
  response[length - 1] ^= 1;
  fwd_turn_client_receive(fixture->client, response, length, 0, &packet);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_ALLOCATING);
  response[length - 1] ^= 1;
  fwd_turn_client_receive(fixture->client, response, length, 0, &packet);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_ALLOCATED);
}

static void
test_other_transaction(Fixture *fixture, gconstpointer data)
{
  guint8 response[FWD_STUN_MESSAGE_MAX];
  FwdTurnPacket packet;
  gsize length;

  fwd_turn_client_start(fixture->client, 0);
  length = fake_turn_server_answer(&fixture->server, fixture->request, fixture->request_length,
                                   response, sizeof response);
  response[FWD_STUN_HEADER_SIZE - 1] ^= 1;
  fwd_turn_client_receive(fixture->client, response, length, 0, &packet);
  g_assert_cmpuint(fixture->sent, ==, 1);
}

static void
test_relayed_of_nowhere(Fixture *fixture, gconstpointer data)
{
  fixture->server.relayed = endpoint("0.0.0.0:49152");
  fwd_turn_client_start(fixture->client, 0);
  converse(fixture, 0);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_FAILED);
}

static void
test_permission(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint peer = endpoint("203.0.113.5:1000"), same = endpoint("203.0.113.5:2000");
  FwdEndpoint other = endpoint("[2001:db8::1]:1000");

  g_assert_false(fwd_turn_client_permit(fixture->client, &peer, 0));
  allocate(fixture);
  g_assert_false(fwd_turn_client_permit(fixture->client, &other, 0));
  g_assert_true(fwd_turn_client_permit(fixture->client, &peer, 0));
  g_assert_cmpint(fwd_turn_client_get_permission(fixture->client, &peer), ==,
                  FWD_TURN_GRANT_ASKED);
  converse(fixture, 0);
  g_assert_cmpint(fwd_turn_client_get_permission(fixture->client, &same), ==,
                  FWD_TURN_GRANT_HELD);
  g_assert_true(fwd_endpoint_same_address(&fixture->server.peer, &peer));
  g_assert_true(fwd_turn_client_permit(fixture->client, &same, 0));
  g_assert_cmpuint(fixture->server.requests, ==, 3);
  g_assert_cmpint(fwd_turn_client_deadline(fixture->client), ==, 240 * S);
  fwd_turn_client_tick(fixture->client, 240 * S);
  converse(fixture, 240 * S);
  g_assert_cmpuint(fixture->server.method, ==, FWD_STUN_CREATE_PERMISSION);
}

static void
test_forbidden(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint peer = endpoint("203.0.113.5:1000");

  allocate(fixture);
  fixture->server.refusal = 403;
  fwd_turn_client_permit(fixture->client, &peer, 0);
  converse(fixture, 0);
  g_assert_cmpint(fwd_turn_client_get_permission(fixture->client, &peer), ==,
                  FWD_TURN_GRANT_REFUSED);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_ALLOCATED);
}

static void
test_grants_are_limited(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint peer = endpoint("203.0.113.5:1000");

  allocate(fixture);
  for (guint i = 0; i < FWD_TURN_GRANTS_MAX; i++) {
    fwd_endpoint_set_port(&peer, (guint16)(1 + i));
    g_assert_cmpuint(fwd_turn_client_bind(fixture->client, &peer, 0), !=, 0);
  }
  fwd_endpoint_set_port(&peer, 9999);
  g_assert_cmpuint(fwd_turn_client_bind(fixture->client, &peer, 0), ==, 0);
}

static void
test_channel(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint peer = endpoint("203.0.113.5:1000");
  guint8 message[12] = {0, 0, 0, 0, 'h', 'e', 'l', 'l', 'o'};
  FwdTurnPacket packet;
  guint16 channel;

  allocate(fixture);
  channel = fwd_turn_client_bind(fixture->client, &peer, 0);
  g_assert_cmphex(channel, ==, FWD_TURN_CHANNEL_MIN);
  converse(fixture, 0);
  g_assert_cmphex(fixture->server.channel, ==, channel);
  g_assert_true(fwd_endpoint_equal(&fixture->server.peer, &peer));
  g_assert_cmpint(fwd_turn_client_get_channel(fixture->client, channel), ==,
                  FWD_TURN_GRANT_HELD);
  fwd_turn_channel_write(message, channel, 5);
  g_assert_true(fwd_turn_client_receive(fixture->client, message, sizeof message, 0, &packet));
  g_assert_cmpmem(packet.data, packet.length, "hello", 5);
  g_assert_true(fwd_endpoint_equal(&packet.peer, &peer));
  fwd_turn_channel_write(message, channel + 1, 5);
  g_assert_false(fwd_turn_client_receive(fixture->client, message, sizeof message, 0, &packet));
}

static void
test_data_indication(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint peer = endpoint("203.0.113.5:1000");
  guint8 message[100];
  gsize length = fake_turn_server_data(&peer, "hello", 5, message, sizeof message);
  FwdTurnPacket packet;

  g_assert_false(fwd_turn_client_receive(fixture->client, message, length, 0, &packet));
  allocate(fixture);
  g_assert_true(fwd_turn_client_receive(fixture->client, message, length, 0, &packet));
  g_assert_cmpmem(packet.data, packet.length, "hello", 5);
  g_assert_true(fwd_endpoint_equal(&packet.peer, &peer));
}

static void
test_lost_allocation(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint peer = endpoint("203.0.113.5:1000");

  allocate(fixture);
  fwd_turn_client_bind(fixture->client, &peer, 0);
  converse(fixture, 0);
  fixture->server.refusal = 437;
  fwd_turn_client_tick(fixture->client, 240 * S);
  converse(fixture, 240 * S);
  fwd_turn_client_tick(fixture->client, 540 * S);
  converse(fixture, 540 * S);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_FAILED);
  g_assert_cmpint(fwd_turn_client_deadline(fixture->client), ==, G_MAXINT64);
}

static void
test_release(Fixture *fixture, gconstpointer data)
{
  allocate(fixture);
  fwd_turn_client_release(fixture->client, S);
  converse(fixture, S);
  g_assert_false(fixture->server.allocated);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_RELEASED);
  g_assert_cmpint(fwd_turn_client_deadline(fixture->client), ==, G_MAXINT64);
}

static void
test_release_of_nothing(Fixture *fixture, gconstpointer data)
{
  fwd_turn_client_release(fixture->client, S);
  g_assert_cmpuint(fixture->sent, ==, 0);
}

static void
test_long_credentials(Fixture *fixture, gconstpointer data)
{
  g_autofree char *username = g_strnfill(FWD_TURN_USERNAME_MAX + 1, 'u');

  make(fixture, &(FwdTurnClientConfig){.username = username, .password = "secret"});
  fwd_turn_client_start(fixture->client, 0);
  g_assert_cmpuint(fixture->sent, ==, 0);
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_FAILED);
  username[FWD_TURN_USERNAME_MAX] = '\0';
  fixture->server.username = username;
  make(fixture, &(FwdTurnClientConfig){.username = username, .password = "secret"});
  allocate(fixture);
}

static void
test_relayed_family(Fixture *fixture, gconstpointer data)
{
  FwdStunMessage request;
  guint32 family;

  make(fixture,
       &(FwdTurnClientConfig){.username = "user", .password = "secret", .family = AF_INET6});
  fixture->server.relayed = endpoint("[2001:db8::15]:49152");
  allocate(fixture);
  g_assert_true(fwd_stun_message_parse(fixture->request, fixture->request_length, &request));
  g_assert_true(
      fwd_stun_message_get_uint32(&request, FWD_STUN_REQUESTED_ADDRESS_FAMILY, &family));
  g_assert_cmphex(family, ==, 0x02000000);
  g_assert_true(fwd_endpoint_equal(fwd_turn_client_get_relayed(fixture->client),
                                   &fixture->server.relayed));
}

static void
add(const char *name, void (*test)(Fixture *, gconstpointer))
{
  g_autofree char *path = g_strconcat("/turn-client/", name, NULL);

  g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  add("allocates", test_allocates);
  add("refreshes-in-time", test_refreshes_in_time);
  add("short-lifetime", test_short_lifetime);
  add("stale-nonce", test_stale_nonce);
  add("nonce-always-stale", test_nonce_always_stale);
  add("wrong-password", test_wrong_password);
  add("no-answer", test_no_answer);
  add("reliable-sends-once", test_reliable_sends_once);
  add("quota", test_quota);
  add("redirection", test_redirection);
  add("second-redirection", test_second_redirection);
  add("forged-answers", test_forged_answers);
  add("other-transaction", test_other_transaction);
  add("relayed-of-nowhere", test_relayed_of_nowhere);
  add("permission", test_permission);
  add("forbidden", test_forbidden);
  add("grants-are-limited", test_grants_are_limited);
  add("channel", test_channel);
  add("data-indication", test_data_indication);
  add("lost-allocation", test_lost_allocation);
  add("release", test_release);
  add("release-of-nothing", test_release_of_nothing);
  add("long-credentials", test_long_credentials);
  add("relayed-family", test_relayed_family);
  return g_test_run();
}

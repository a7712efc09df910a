/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/turn-path.h"
#include "fakes/fake-turn-server.h"
#include "net/datagram-socket.h"
#include "path/udp-path.h"
#include <errno.h>
#include <gio/gio.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define BUFFER   65536
#define LIMIT_US ((gint64)20 * 1000 * 1000)

enum { OVER_UDP, OVER_TCP };

/* A path at one end, a server that the test plays at the other, on loopback. */
typedef struct {
  FakeTurnServer server;
  GSocket *socket; /* the server's end */
  GSocketConnection *accepted;
  gboolean stream;
  guint8 pending[BUFFER]; /* of a stream, not handed out yet */
  gsize pending_length;
  FwdEndpoint peer;
  FwdTurnLink *link;
  FwdTurnClient *client;
  FwdPath *path;
  guint8 buffer[BUFFER];
} Fixture;

static void
wait_input(int fd)
{
  struct pollfd item = {.fd = fd, .events = POLLIN};

  g_assert_cmpint(poll(&item, 1, 20000), ==, 1);
}

/* The server. */

static void
connect_datagrams(Fixture *fixture)
{
  g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
  FwdEndpoint server, client_any;
  struct sockaddr_storage native;
  int fd;

  fixture->socket =
      g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_assert_true(g_socket_bind(fixture->socket, any, FALSE, NULL));
  g_autoptr(GSocketAddress) bound = g_socket_get_local_address(fixture->socket, NULL);
  g_assert_true(g_socket_address_to_native(bound, &native, sizeof native, NULL));
  g_assert_true(fwd_endpoint_from_sockaddr((struct sockaddr *)&native,
                                           sizeof(struct sockaddr_in), &server));
  fwd_endpoint_any(AF_INET, &client_any);
  fd = fwd_datagram_socket_open(&client_any, NULL);
  fixture->link = fwd_turn_link_new_datagram(fd, &server);
}

static void
connect_stream(Fixture *fixture)
{
  g_autoptr(GSocketListener) listener = g_socket_listener_new();
  g_autoptr(GSocketClient) client = g_socket_client_new();
  guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);
  GSocketConnection *connection;

  g_socket_client_set_enable_proxy(client, FALSE);
  connection = g_socket_client_connect_to_host(client, "127.0.0.1", port, NULL, NULL);
  g_assert_nonnull(connection);
  fixture->accepted = g_socket_listener_accept(listener, NULL, NULL, NULL);
  fixture->socket = g_object_ref(g_socket_connection_get_socket(fixture->accepted));
  fixture->link = fwd_turn_link_new_stream(G_IO_STREAM(connection));
}

/* The next message that came to the server. */
static gsize
take(Fixture *fixture, guint8 *message)
{
  for (;;) {
    gssize length =
        fixture->stream ? fwd_turn_frame_length(fixture->pending, fixture->pending_length) : 0;
    GSocketAddress *from = NULL;

    if (length > 0 && (gsize)length <= fixture->pending_length) {
      memcpy(message, fixture->pending, (gsize)length);
      fixture->pending_length -= (gsize)length;
      memmove(fixture->pending, fixture->pending + length, fixture->pending_length);
      return (gsize)length;
    }
    g_assert_cmpint(length, >=, 0);
    wait_input(g_socket_get_fd(fixture->socket));
    length = g_socket_receive_from(fixture->socket, &from,
                                   (char *)fixture->pending + fixture->pending_length,
                                   BUFFER - fixture->pending_length, NULL, NULL);
    g_assert_cmpint(length, >, 0);
    if (fixture->stream) {
      fixture->pending_length += (gsize)length;
      g_clear_object(&from);
      continue;
    }
    g_assert_true(g_socket_connect(fixture->socket, from, NULL, NULL));
    g_object_unref(from);
    memcpy(message, fixture->pending, (gsize)length);
    return (gsize)length;
  }
}

static void
say(Fixture *fixture, const guint8 *message, gsize length)
{
  g_assert_cmpint(g_socket_send(fixture->socket, (const char *)message, length, NULL, NULL), ==,
                  (gssize)length);
}

/* Answers the next request. */
static void
answer(Fixture *fixture)
{
  guint8 request[BUFFER], response[FWD_STUN_MESSAGE_MAX];
  gsize length = take(fixture, request);

  length =
      fake_turn_server_answer(&fixture->server, request, length, response, sizeof response);
  g_assert_cmpuint(length, >, 0);
  say(fixture, response, length);
}

static void
say_channel(Fixture *fixture, guint16 channel, const char *data)
{
  guint8 message[100] = {0};
  gsize length = strlen(data);

  fwd_turn_channel_write(message, channel, length);
  memcpy(message + FWD_TURN_CHANNEL_HEADER, data, length);
  length += FWD_TURN_CHANNEL_HEADER;
  say(fixture, message, fixture->stream ? (length + 3) & ~(gsize)3 : length);
}

/* Making the path. */

static void
send_message(const guint8 *data, gsize length, gpointer user_data)
{
  fwd_turn_link_send(((Fixture *)user_data)->link, data, length);
}

static void
receive_message(Fixture *fixture)
{
  const guint8 *message;
  FwdTurnPacket packet;
  gsize length;

  wait_input(fwd_turn_link_get_fd(fixture->link));
  g_assert_cmpint(fwd_turn_link_next(fixture->link, &message, &length), ==, 1);
  fwd_turn_client_receive(fixture->client, message, length, g_get_monotonic_time(), &packet);
}

static void
set_up(Fixture *fixture, gconstpointer transport)
{
  FwdTurnClientConfig config = {.username = "user", .password = "secret"};

  fake_turn_server_init(&fixture->server);
  g_assert_true(fwd_endpoint_parse("203.0.113.5:1000", &fixture->peer, NULL));
  fixture->stream = GPOINTER_TO_INT(transport) == OVER_TCP;
  config.reliable = fixture->stream;
  if (fixture->stream)
    connect_stream(fixture);
  else
    connect_datagrams(fixture);
  g_assert_nonnull(fixture->link);
  fixture->client = fwd_turn_client_new(&config, send_message, fixture);
  fwd_turn_client_start(fixture->client, g_get_monotonic_time());
}

static void
allocate(Fixture *fixture)
{
  for (guint i = 0; i < 2; i++) {
    answer(fixture);
    receive_message(fixture);
  }
  g_assert_cmpint(fwd_turn_client_get_state(fixture->client), ==, FWD_TURN_ALLOCATED);
  fixture->path =
      fwd_turn_path_new(g_steal_pointer(&fixture->link), g_steal_pointer(&fixture->client),
                        &fixture->peer, "turn", 7);
}

static gssize
receive(Fixture *fixture, gsize *segment)
{
  wait_input(fixture->path->fd);
  return fixture->path->ops->recv_batch(fixture->path, fixture->buffer, BUFFER, segment);
}

/* The server grants the channel. */
static void
bind_channel(Fixture *fixture)
{
  gsize segment;

  answer(fixture);
  g_assert_cmpint(receive(fixture, &segment), ==, 0);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_clear_pointer(&fixture->path, fwd_path_close);
  g_clear_pointer(&fixture->client, fwd_turn_client_free);
  g_clear_pointer(&fixture->link, fwd_turn_link_free);
  g_clear_object(&fixture->socket);
  g_clear_object(&fixture->accepted);
}

static gssize
send_packets(Fixture *fixture, const char *data, gsize segment)
{
  FwdPacketBatch batch = {(const guint8 *)data, strlen(data), segment};

  return fixture->path->ops->send_batch(fixture->path, &batch);
}

/* Tests. */

static void
test_description(Fixture *fixture, gconstpointer data)
{
  allocate(fixture);
  g_assert_cmpint(fixture->path->path_class, ==, FWD_PATH_CLASS_RELAY);
  g_assert_cmpstr(fixture->path->strategy, ==, "turn");
  g_assert_false(fixture->path->shared);
  g_assert_cmpuint(fixture->path->mtu, ==, FWD_UDP_MTU4 - (fixture->stream ? 0 : 4));
  g_assert_true(fwd_endpoint_equal(&fixture->path->local, &fixture->server.relayed));
  g_assert_true(fwd_endpoint_equal(&fixture->path->remote, &fixture->peer));
}

static void
assert_indication(Fixture *fixture, const char *expected)
{
  guint8 bytes[BUFFER];
  gsize length = take(fixture, bytes);
  FwdStunMessage message;
  FwdEndpoint peer;
  const guint8 *value;

  g_assert_true(fwd_stun_message_parse(bytes, length, &message));
  g_assert_cmpint(fwd_stun_message_method(&message), ==, FWD_STUN_SEND);
  g_assert_true(fwd_stun_message_get_endpoint(&message, FWD_STUN_XOR_PEER_ADDRESS, &peer));
  g_assert_true(fwd_endpoint_equal(&peer, &fixture->peer));
  value = fwd_stun_message_find(&message, FWD_STUN_DATA_VALUE, &length);
  g_assert_cmpmem(value, length, expected, strlen(expected));
}

static void
test_before_the_channel(Fixture *fixture, gconstpointer data)
{
  guint8 request[BUFFER];

  allocate(fixture);
  take(fixture, request); /* ChannelBind: not answered */
  g_assert_cmpint(send_packets(fixture, "abcdefghi", 4), ==, 9);
  assert_indication(fixture, "abcd");
  assert_indication(fixture, "efgh");
  assert_indication(fixture, "i");
}

static void
assert_channel(Fixture *fixture, const char *expected)
{
  guint8 bytes[BUFFER];
  gsize length = take(fixture, bytes);
  FwdTurnPacket packet;
  guint16 channel;

  g_assert_true(fwd_turn_channel_read(bytes, length, &channel, &packet));
  g_assert_cmphex(channel, ==, fixture->server.channel);
  g_assert_cmpmem(packet.data, packet.length, expected, strlen(expected));
}

static void
test_sends_in_the_channel(Fixture *fixture, gconstpointer data)
{
  allocate(fixture);
  bind_channel(fixture);
  g_assert_cmpint(send_packets(fixture, "abcdefghijklm", 5), ==, 13);
  assert_channel(fixture, "abcde");
  assert_channel(fixture, "fghij");
  assert_channel(fixture, "klm");
}

static void
test_sends_many(Fixture *fixture, gconstpointer data)
{
  g_autofree char *many = g_strnfill(80 * 1000, 'x');
  guint8 bytes[BUFFER];
  gsize taken = 0, seen = 0;

  allocate(fixture);
  bind_channel(fixture);
  while (seen < 80) {
    if (taken < 80 * 1000)
      taken += (gsize)send_packets(fixture, many + taken, 1000);
    else
      g_assert_cmpint(fwd_path_flush(fixture->path), >=, 0);
    g_assert_cmpuint(taken % 1000, ==, 0);
    g_assert_cmpuint(take(fixture, bytes), ==, 1004);
    seen++;
  }
  g_assert_cmpint(fwd_path_flush(fixture->path), ==, 0);
}

static void
assert_batch(Fixture *fixture, const char *expected, gsize expected_segment)
{
  gsize segment = 0;
  gssize length =
      fixture->path->ops->recv_batch(fixture->path, fixture->buffer, BUFFER, &segment);

  g_assert_cmpint(length, ==, (gssize)strlen(expected));
  g_assert_cmpmem(fixture->buffer, (gsize)length, expected, strlen(expected));
  g_assert_cmpuint(segment, ==, expected_segment);
}

/* Packets of one size are one batch; a shorter one ends it, a longer one begins the next. */
static void
test_receives_batches(Fixture *fixture, gconstpointer data)
{
  static const char *const packets[] = {"abcd", "efgh", "ij", "klmno", "pqrstuv"};
  guint16 channel;
  gsize segment;

  allocate(fixture);
  bind_channel(fixture);
  channel = fixture->server.channel;
  for (guint i = 0; i < G_N_ELEMENTS(packets); i++)
    say_channel(fixture, channel, packets[i]);
  wait_input(fixture->path->fd);
  assert_batch(fixture, "abcdefghij", 4);
  assert_batch(fixture, "klmno", 5);
  assert_batch(fixture, "pqrstuv", 7);
  g_assert_cmpint(
      fixture->path->ops->recv_batch(fixture->path, fixture->buffer, BUFFER, &segment), ==, 0);
}

static void
test_ignores_others(Fixture *fixture, gconstpointer data)
{
  guint8 message[200];
  FwdEndpoint stranger = fixture->peer;
  gsize segment;

  allocate(fixture);
  bind_channel(fixture);
  fwd_endpoint_set_port(&stranger, 1001);
  say_channel(fixture, fixture->server.channel + 1, "another channel");
  say(fixture, message,
      fake_turn_server_data(&stranger, "stranger", 8, message, sizeof message));
  say_channel(fixture, fixture->server.channel, "");
  say(fixture, message,
      fake_turn_server_data(&fixture->peer, "peer", 4, message, sizeof message));
  g_assert_cmpint(receive(fixture, &segment), ==, 4);
  g_assert_cmpmem(fixture->buffer, 4, "peer", 4);
}

static void
test_channel_refused(Fixture *fixture, gconstpointer data)
{
  gsize segment;

  allocate(fixture);
  fixture->server.refusal = 403;
  answer(fixture);
  g_assert_cmpint(receive(fixture, &segment), ==, -EACCES);
  g_assert_cmpint(send_packets(fixture, "late", 4), ==, -EACCES);
}

static void
test_refreshed_by_traffic(Fixture *fixture, gconstpointer data)
{
  const gint64 started = g_get_monotonic_time();
  guint requests;
  gsize segment;

  fixture->server.lifetime = 1;
  allocate(fixture);
  bind_channel(fixture);
  requests = fixture->server.requests;
  while (fixture->server.requests == requests) {
    guint8 message[BUFFER], response[FWD_STUN_MESSAGE_MAX];
    gsize length;

    g_assert_cmpint(g_get_monotonic_time() - started, <, LIMIT_US);
    g_assert_cmpint(send_packets(fixture, "tick", 4), ==, 4);
    length = fake_turn_server_answer(&fixture->server, message, take(fixture, message),
                                     response, sizeof response);
    if (length > 0)
      say(fixture, response, length);
  }
  g_assert_cmpint(fixture->server.method, ==, FWD_STUN_REFRESH);
  g_assert_cmpint(receive(fixture, &segment), ==, 0);
  g_assert_cmpint(send_packets(fixture, "more", 4), ==, 4);
}

static void
test_allocation_taken_back(Fixture *fixture, gconstpointer data)
{
  const gint64 started = g_get_monotonic_time();
  gssize sent = 4;

  fixture->server.lifetime = 1;
  allocate(fixture);
  bind_channel(fixture);
  fixture->server.refusal = 437;
  while (sent == 4) {
    guint8 message[BUFFER], response[FWD_STUN_MESSAGE_MAX];
    gsize length, segment;

    g_assert_cmpint(g_get_monotonic_time() - started, <, LIMIT_US);
    sent = send_packets(fixture, "tick", 4);
    length = take(fixture, message);
    length =
        fake_turn_server_answer(&fixture->server, message, length, response, sizeof response);
    if (length == 0)
      continue;
    say(fixture, response, length);
    g_assert_cmpint(receive(fixture, &segment), ==, -ECONNRESET);
    sent = send_packets(fixture, "late", 4);
  }
  g_assert_cmpint(sent, ==, -ECONNRESET);
}

static void
test_released_at_the_end(Fixture *fixture, gconstpointer data)
{
  guint8 request[BUFFER], response[FWD_STUN_MESSAGE_MAX];

  allocate(fixture);
  bind_channel(fixture);
  g_clear_pointer(&fixture->path, fwd_path_close);
  g_assert_cmpuint(fake_turn_server_answer(&fixture->server, request, take(fixture, request),
                                           response, sizeof response),
                   >, 0);
  g_assert_false(fixture->server.allocated);
}

static void
test_stream_of_garbage(Fixture *fixture, gconstpointer data)
{
  gsize segment;

  allocate(fixture);
  bind_channel(fixture);
  say_channel(fixture, fixture->server.channel, "last words");
  say(fixture, (const guint8 *)"\xff\xff\xff\xff", 4);
  g_assert_cmpint(receive(fixture, &segment), ==, 10);
  g_assert_cmpint(
      fixture->path->ops->recv_batch(fixture->path, fixture->buffer, BUFFER, &segment), ==,
      -EPROTO);
}

static void
test_stream_in_pieces(Fixture *fixture, gconstpointer data)
{
  guint8 message[] = {0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0};
  gsize segment;

  allocate(fixture);
  bind_channel(fixture);
  fwd_turn_channel_write(message, fixture->server.channel, 5);
  for (gsize i = 0; i + 1 < sizeof message; i++) {
    say(fixture, message + i, 1);
    g_assert_cmpint(receive(fixture, &segment), ==, 0);
  }
  say(fixture, message + sizeof message - 1, 1);
  g_assert_cmpint(receive(fixture, &segment), ==, 5);
  g_assert_cmpmem(fixture->buffer, 5, "hello", 5);
}

/* Nobody reads: what was taken is kept, the rest is refused, and checks still find room. */
static void
test_stream_that_is_full(Fixture *fixture, gconstpointer data)
{
  g_autofree char *many = g_strnfill(60 * 1000, 'x');
  guint8 bytes[BUFFER];
  gsize taken = 0, seen = 0;
  gssize sent;

  allocate(fixture);
  bind_channel(fixture);
  while ((sent = send_packets(fixture, many, 1000)) == 60 * 1000)
    taken += (gsize)sent;
  taken += (gsize)sent;
  g_assert_cmpint(sent, >=, 0);
  g_assert_cmpint(fwd_path_flush(fixture->path), ==, 1);
  g_assert_cmpint(send_packets(fixture, "check", 5), ==, 5);
  for (; seen < taken; seen += 1000) {
    g_assert_cmpuint(take(fixture, bytes), ==, 1004);
    g_assert_cmpint(fwd_path_flush(fixture->path), >=, 0);
  }
  g_assert_cmpint(fwd_path_flush(fixture->path), ==, 0);
  assert_channel(fixture, "check");
}

static void
test_stream_that_ends(Fixture *fixture, gconstpointer data)
{
  gsize segment;

  allocate(fixture);
  bind_channel(fixture);
  g_socket_close(fixture->socket, NULL);
  g_assert_cmpint(receive(fixture, &segment), <, 0);
  g_assert_cmpint(send_packets(fixture, "late", 4), <, 0);
}

static void
add(const char *name, void (*test)(Fixture *, gconstpointer), int transport)
{
  g_autofree char *path =
      g_strconcat("/turn-path/", transport == OVER_UDP ? "udp/" : "tcp/", name, NULL);

  g_test_add(path, Fixture, GINT_TO_POINTER(transport), set_up, test, tear_down);
}

static void
test_no_socket(void)
{
  FwdEndpoint server;

  g_assert_true(fwd_endpoint_parse("127.0.0.1:3478", &server, NULL));
  g_assert_null(fwd_turn_link_new_datagram(-1, &server));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/turn-path/no-socket", test_no_socket);
  for (int transport = OVER_UDP; transport <= OVER_TCP; transport++) {
    add("description", test_description, transport);
    add("before-the-channel", test_before_the_channel, transport);
    add("sends-in-the-channel", test_sends_in_the_channel, transport);
    add("sends-many", test_sends_many, transport);
    add("receives-batches", test_receives_batches, transport);
    add("ignores-others", test_ignores_others, transport);
    add("channel-refused", test_channel_refused, transport);
    add("refreshed-by-traffic", test_refreshed_by_traffic, transport);
    add("allocation-taken-back", test_allocation_taken_back, transport);
    add("released-at-the-end", test_released_at_the_end, transport);
  }
  add("stream-of-garbage", test_stream_of_garbage, OVER_TCP);
  add("stream-in-pieces", test_stream_in_pieces, OVER_TCP);
  add("stream-that-is-full", test_stream_that_is_full, OVER_TCP);
  add("stream-that-ends", test_stream_that_ends, OVER_TCP);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/framed-path.h"
#include "fakes/test-certificate.h"
#include "net/websocket-frame.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define BUFFER 65536

#define TLS 0x100

/** A path at one end of a connection on loopback, the stream of a peer at the other. */
typedef struct {
  FwdPath *path;
  FwdFraming framing;
  GIOStream *peer;
  guint8 *buffer;
} Fixture;

static GIOStream *
connect_loopback(GIOStream **peer)
{
  g_autoptr(GSocketListener) listener = g_socket_listener_new();
  g_autoptr(GSocketClient) client = g_socket_client_new();
  GSocketConnection *connection;
  GError *error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, &error);

  g_assert_no_error(error);
  g_socket_client_set_enable_proxy(client, FALSE);
  connection = g_socket_client_connect_to_host(client, "127.0.0.1", port, NULL, &error);
  g_assert_no_error(error);
  *peer = G_IO_STREAM(g_socket_listener_accept(listener, NULL, NULL, &error));
  g_assert_no_error(error);
  return G_IO_STREAM(connection);
}

static gboolean
accept_any(GTlsConnection *connection G_GNUC_UNUSED, GTlsCertificate *certificate G_GNUC_UNUSED,
           GTlsCertificateFlags flags G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  return TRUE;
}

static void
on_handshake(GObject *source, GAsyncResult *result, gpointer done)
{
  GError *error = NULL;

  g_tls_connection_handshake_finish(G_TLS_CONNECTION(source), result, &error);
  g_assert_no_error(error);
  ++*(guint *)done;
}

/** Puts TLS over both ends. */
static void
encrypt(GIOStream **client, GIOStream **server)
{
  g_autoptr(GIOStream) plain_client = *client, plain_server = *server;
  g_autoptr(GTlsCertificate) certificate =
      g_tls_certificate_new_from_pem(TEST_CERTIFICATE TEST_KEY, -1, NULL);
  guint done = 0;

  *client = g_tls_client_connection_new(plain_client, NULL, NULL);
  *server = g_tls_server_connection_new(plain_server, certificate, NULL);
  g_assert_true(G_IS_TLS_CONNECTION(*client) && G_IS_TLS_CONNECTION(*server));
  g_signal_connect(*client, "accept-certificate", G_CALLBACK(accept_any), NULL);
  g_tls_connection_handshake_async(G_TLS_CONNECTION(*client), 0, NULL, on_handshake, &done);
  g_tls_connection_handshake_async(G_TLS_CONNECTION(*server), 0, NULL, on_handshake, &done);
  while (done < 2)
    g_main_context_iteration(NULL, TRUE);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  const int kind = GPOINTER_TO_INT(data);
  GIOStream *stream = connect_loopback(&fixture->peer);

  if ((kind & TLS) != 0)
    encrypt(&stream, &fixture->peer);
  fixture->framing = (FwdFraming)(kind & ~TLS);
  fixture->buffer = g_malloc(BUFFER);
  fixture->path =
      fwd_framed_path_new(stream, fixture->framing, FWD_PATH_CLASS_RELAY, "relay", 1234);
  g_assert_nonnull(fixture->path);
}

static void
close_peer(Fixture *fixture)
{
  if (fixture->peer == NULL)
    return;
  g_io_stream_close(fixture->peer, NULL, NULL);
  g_clear_object(&fixture->peer);
}

static void
tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_clear_pointer(&fixture->path, fwd_path_close);
  close_peer(fixture);
  g_free(fixture->buffer);
}

/* The peer. */

static void
peer_send(Fixture *fixture, const guint8 *data, gsize length)
{
  GError *error = NULL;

  g_output_stream_write_all(g_io_stream_get_output_stream(fixture->peer), data, length, NULL,
                            NULL, &error);
  g_assert_no_error(error);
}

static void
peer_read(Fixture *fixture, guint8 *data, gsize length)
{
  GError *error = NULL;
  gsize got;

  g_input_stream_read_all(g_io_stream_get_input_stream(fixture->peer), data, length, &got, NULL,
                          &error);
  g_assert_no_error(error);
  g_assert_cmpuint(got, ==, length);
}

static guint64
peer_read_header(Fixture *fixture, FwdWebsocketHeader *header)
{
  guint8 bytes[FWD_WEBSOCKET_HEADER_MAX];
  gsize size = 0;

  do
    peer_read(fixture, bytes + size, 1);
  while (fwd_websocket_header_read(bytes, ++size, header) == 0);
  g_assert_cmpint(fwd_websocket_header_read(bytes, size, header), ==, (gssize)size);
  g_assert_true(header->masked && header->final);
  return header->length;
}

/** The payload of the next message, or as much of the stream as @expected. */
static GByteArray *
peer_read_message(Fixture *fixture, guint expected)
{
  GByteArray *bytes = g_byte_array_new();
  FwdWebsocketHeader header = {0};

  if (fixture->framing == FWD_FRAMING_WEBSOCKET)
    expected = (guint)peer_read_header(fixture, &header);
  g_byte_array_set_size(bytes, expected);
  peer_read(fixture, bytes->data, expected);
  fwd_websocket_mask(bytes->data, expected, header.mask, 0);
  return bytes;
}

static void
peer_send_frame(Fixture *fixture, FwdWebsocketOpcode opcode, const guint8 *data, gsize length)
{
  const FwdWebsocketHeader header = {.opcode = opcode, .final = TRUE, .length = length};
  guint8 bytes[FWD_WEBSOCKET_HEADER_MAX];

  if (fixture->framing == FWD_FRAMING_WEBSOCKET)
    peer_send(fixture, bytes, fwd_websocket_header_write(bytes, &header));
  peer_send(fixture, data, length);
}

/* The path. */

static void
wait_for(const Fixture *fixture, short events)
{
  struct pollfd pollfd = {.fd = fixture->path->fd, .events = events};

  g_assert_cmpint(poll(&pollfd, 1, -1), ==, 1);
}

static gssize
receive(Fixture *fixture, gsize *segment)
{
  gssize length;

  while ((length = fixture->path->ops->recv_batch(fixture->path, fixture->buffer, BUFFER,
                                                  segment)) == 0)
    wait_for(fixture, POLLIN);
  return length;
}

static gssize
send_packets(Fixture *fixture, const guint8 *data, gsize length, gsize segment)
{
  const FwdPacketBatch batch = {.data = data, .length = length, .segment = segment};

  return fixture->path->ops->send_batch(fixture->path, &batch);
}

static void
test_properties(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  const FwdPath *path = fixture->path;

  g_assert_cmpint(path->path_class, ==, FWD_PATH_CLASS_RELAY);
  g_assert_cmpstr(path->strategy, ==, "relay");
  g_assert_cmpuint(path->rtt_us, ==, 1234);
  g_assert_cmpuint(path->mtu, >=, 1200);
  g_assert_false(path->shared);
  g_assert_true(fwd_endpoint_is_loopback(&path->local));
  g_assert_true(fwd_endpoint_is_loopback(&path->remote));
  g_assert_cmpuint(fwd_endpoint_port(&path->remote), !=, 0);
  g_assert_cmpint(fwd_path_flush(fixture->path), ==, 0);
}

static void
test_send(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const guint8 framed[] = {0, 3, 'a', 'b', 'c', 0, 3, 'd', 'e', 'f', 0, 1, 'g'};
  g_autoptr(GByteArray) message = NULL;

  g_assert_cmpint(send_packets(fixture, (const guint8 *)"abcdefg", 7, 3), ==, 7);
  message = peer_read_message(fixture, sizeof framed);
  g_assert_cmpmem(message->data, message->len, framed, sizeof framed);
}

static void
test_receive(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const guint8 framed[] = {0, 3, 'a', 'b', 'c', 0, 3, 'd', 'e', 'f', 0, 1, 'g'};
  gsize segment = 0, got = 0;

  g_assert_cmpint(
      fixture->path->ops->recv_batch(fixture->path, fixture->buffer, BUFFER, &segment), ==, 0);
  peer_send_frame(fixture, FWD_WEBSOCKET_BINARY, framed, sizeof framed);
  while (got < 7) {
    const gssize length = receive(fixture, &segment);
    g_assert_cmpint(length, >, 0);
    g_assert_cmpuint(segment, <=, 3);
    g_assert_cmpmem(fixture->buffer, (gsize)length, "abcdefg" + got, (gsize)length);
    got += (gsize)length;
  }
}

/* A batch of very small packets is more than one message, and each byte of it arrives. */
static void
test_large_batch(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree guint8 *bytes = g_malloc(60000);
  gsize taken = 0, got = 0;

  for (gsize i = 0; i < 60000; i++)
    bytes[i] = (guint8)(i * 31);
  while (got < 60000) {
    g_autoptr(GByteArray) message = NULL;

    if (taken < 60000)
      taken += (gsize)send_packets(fixture, bytes + taken, 60000 - taken, 4);
    else
      g_assert_cmpint(fwd_path_flush(fixture->path), >=, 0);
    message = peer_read_message(fixture, 6);
    for (gsize at = 0; at < message->len; at += 6, got += 4) {
      g_assert_cmpint(message->data[at] << 8 | message->data[at + 1], ==, 4);
      g_assert_cmpmem(message->data + at + 2, 4, bytes + got, 4);
    }
  }
  g_assert_cmpuint(taken, ==, 60000);
}

static void
test_oversize(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree guint8 *bytes = g_malloc0(70000);
  g_autoptr(GByteArray) message = NULL;

  /* It cannot be carried: lost, as any network would lose it. */
  g_assert_cmpint(send_packets(fixture, bytes, 70000, 70000), ==, 70000);
  g_assert_cmpint(send_packets(fixture, (const guint8 *)"x", 1, 1), ==, 1);
  message = peer_read_message(fixture, 3);
  g_assert_cmpmem(message->data, message->len, "\0\1x", 3);
}

/** Until nothing more is taken; returns how many packets of 1,400 bytes were. */
static guint
fill_up(Fixture *fixture)
{
  g_autofree guint8 *bytes = g_malloc0(14000);
  guint packets = 0;

  for (;;) {
    const gssize taken = send_packets(fixture, bytes, 14000, 1400);
    g_assert_cmpint(taken, >=, 0);
    g_assert_cmpint(taken % 1400, ==, 0);
    packets += (guint)taken / 1400;
    if (taken == 0)
      return packets;
  }
}

static guint
count_packets(const GByteArray *message)
{
  guint packets = 0;

  for (gsize at = 0; at < message->len; packets++)
    at += 2 + (gsize)(message->data[at] << 8 | message->data[at + 1]);
  return packets;
}

/* What was taken arrives in whole, though nothing is sent after it; a check still finds room.
 */
static void
test_blocked(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  const guint packets = fill_up(fixture) + 1;
  guint arrived = 0;

  g_assert_cmpint(fwd_path_flush(fixture->path), ==, 1);
  g_assert_cmpint(send_packets(fixture, fixture->buffer, 100, 100), ==, 100);
  while (arrived < packets) {
    g_autoptr(GByteArray) message = NULL;

    g_assert_cmpint(fwd_path_flush(fixture->path), >=, 0);
    message = peer_read_message(fixture, arrived + 1 < packets ? 1402 : 102);
    arrived += count_packets(message);
  }
  g_assert_cmpuint(arrived, ==, packets);
  g_assert_cmpint(fwd_path_flush(fixture->path), ==, 0);
}

/* Small packets are taken while there is room, and no longer. */
static void
test_blocked_small(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint small = 0;

  fill_up(fixture);
  while (send_packets(fixture, fixture->buffer, 100, 100) == 100)
    g_assert_cmpuint(++small, <, 1000);
  g_assert_cmpuint(small, >=, 10);
  g_assert_cmpint(fwd_path_flush(fixture->path), ==, 1);
}

static void
test_closed_peer(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  gsize segment = 0;
  gssize result;

  close_peer(fixture);
  g_assert_cmpint(receive(fixture, &segment), ==, -EPIPE);
  do
    result = send_packets(fixture, (const guint8 *)"abc", 3, 3);
  while (result == 3);
  g_assert_cmpint(result, <, 0);
  g_assert_cmpint(send_packets(fixture, (const guint8 *)"abc", 3, 3), ==, result);
  g_assert_cmpint(fwd_path_flush(fixture->path), ==, result);
}

/* What came before the end is not lost with it. */
static void
test_last_words(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  gsize segment = 0;

  peer_send_frame(fixture, FWD_WEBSOCKET_BINARY, (const guint8 *)"\0\1x", 3);
  close_peer(fixture);
  g_assert_cmpint(receive(fixture, &segment), ==, 1);
  g_assert_cmpint(receive(fixture, &segment), ==, -EPIPE);
}

static void
test_ping(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  FwdWebsocketHeader header;
  guint8 payload[5];
  gsize segment = 0;

  peer_send_frame(fixture, FWD_WEBSOCKET_PING, (const guint8 *)"hello", 5);
  peer_send_frame(fixture, FWD_WEBSOCKET_BINARY, (const guint8 *)"\0\1x", 3);
  g_assert_cmpint(receive(fixture, &segment), ==, 1);
  g_assert_cmpuint(peer_read_header(fixture, &header), ==, 5);
  g_assert_cmpint(header.opcode, ==, FWD_WEBSOCKET_PONG);
  peer_read(fixture, payload, 5);
  fwd_websocket_mask(payload, 5, header.mask, 0);
  g_assert_cmpmem(payload, 5, "hello", 5);
}

/* The pong waits behind what is being sent, and then leaves without another packet. */
static void
test_ping_while_blocked(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  FwdWebsocketHeader header;
  gsize segment = 0;

  fill_up(fixture);
  peer_send_frame(fixture, FWD_WEBSOCKET_PING, (const guint8 *)"hello", 5);
  peer_send_frame(fixture, FWD_WEBSOCKET_BINARY, (const guint8 *)"\0\1x", 3);
  g_assert_cmpint(receive(fixture, &segment), ==, 1);
  do {
    g_autofree guint8 *payload = NULL;
    g_assert_cmpint(fwd_path_flush(fixture->path), >=, 0);
    payload = g_malloc(peer_read_header(fixture, &header) + 1);
    peer_read(fixture, payload, (gsize)header.length);
  } while (header.opcode == FWD_WEBSOCKET_BINARY);
  g_assert_cmpint(header.opcode, ==, FWD_WEBSOCKET_PONG);
  g_assert_cmpint(fwd_path_flush(fixture->path), ==, 0);
}

static void
test_goodbyes(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  FwdWebsocketHeader header;
  gsize segment = 0;

  peer_send_frame(fixture, FWD_WEBSOCKET_CLOSE, (const guint8 *)"\x03\xe9", 2);
  g_assert_cmpint(receive(fixture, &segment), ==, -EPIPE);
  g_clear_pointer(&fixture->path, fwd_path_close);
  g_assert_cmpuint(peer_read_header(fixture, &header), ==, 2);
  g_assert_cmpint(header.opcode, ==, FWD_WEBSOCKET_CLOSE);
}

static void
test_garbage(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const guint8 garbage[] = "HTTP/1.1 502 Bad Gateway\r\n\r\n";
  gsize segment = 0;

  peer_send(fixture, garbage, sizeof garbage - 1);
  g_assert_cmpint(receive(fixture, &segment), ==, -EPROTO);
}

static void
test_not_a_socket(void)
{
  g_autoptr(GInputStream) input = g_memory_input_stream_new();
  g_autoptr(GOutputStream) output = g_memory_output_stream_new_resizable();

  g_assert_null(fwd_framed_path_new(g_simple_io_stream_new(input, output), FWD_FRAMING_LENGTH,
                                    FWD_PATH_CLASS_P2P, "tcp-punch", 0));
}

#define ADD(name, framing, function)                                                           \
  g_test_add("/path/framed-path/" name, Fixture, GINT_TO_POINTER(framing), set_up, function,   \
             tear_down)
#define ADD_BOTH(name, function)                                                               \
  ADD("length/" name, FWD_FRAMING_LENGTH, function);                                           \
  ADD("websocket/" name, FWD_FRAMING_WEBSOCKET, function)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD_BOTH("properties", test_properties);
  ADD_BOTH("send", test_send);
  ADD_BOTH("receive", test_receive);
  ADD_BOTH("large-batch", test_large_batch);
  ADD_BOTH("oversize", test_oversize);
  ADD_BOTH("blocked", test_blocked);
  ADD_BOTH("blocked-small", test_blocked_small);
  ADD_BOTH("closed-peer", test_closed_peer);
  ADD_BOTH("last-words", test_last_words);
  ADD("tls/send", FWD_FRAMING_WEBSOCKET | TLS, test_send);
  ADD("tls/receive", FWD_FRAMING_WEBSOCKET | TLS, test_receive);
  ADD("tls/large-batch", FWD_FRAMING_WEBSOCKET | TLS, test_large_batch);
  ADD("tls/blocked", FWD_FRAMING_WEBSOCKET | TLS, test_blocked);
  ADD("tls/closed-peer", FWD_FRAMING_WEBSOCKET | TLS, test_closed_peer);
  ADD("tls/ping", FWD_FRAMING_WEBSOCKET | TLS, test_ping);
  ADD("tls/goodbyes", FWD_FRAMING_WEBSOCKET | TLS, test_goodbyes);
  ADD("websocket/ping", FWD_FRAMING_WEBSOCKET, test_ping);
  ADD("websocket/ping-while-blocked", FWD_FRAMING_WEBSOCKET, test_ping_while_blocked);
  ADD("websocket/goodbyes", FWD_FRAMING_WEBSOCKET, test_goodbyes);
  ADD("websocket/garbage", FWD_FRAMING_WEBSOCKET, test_garbage);
  g_test_add_func("/path/framed-path/not-a-socket", test_not_a_socket);
  return g_test_run();
}

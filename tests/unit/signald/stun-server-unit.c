/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stun-server.h"

#include "net/datagram-socket.h"
#include <stunfwd/error.h>
#include <unistd.h>

static const guint8 transaction[FWD_STUN_TRANSACTION_SIZE] = "abcdefghijkl";

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint result;

  g_assert_true(fwd_endpoint_parse(text, &result, NULL));
  return result;
}

static int
open_client(void)
{
  FwdEndpoint local = endpoint("127.0.0.1:0");
  g_autoptr(GError) error = NULL;
  int fd = fwd_datagram_socket_open(&local, &error);

  g_assert_no_error(error);
  return fd;
}

static void
send_request(int fd, const FwdEndpoint *to, guint32 change)
{
  guint8 buffer[64];
  FwdStunWriter writer;

  fwd_stun_writer_begin(&writer, buffer, sizeof buffer, FWD_STUN_REQUEST, FWD_STUN_BINDING,
                        transaction);
  if (change != 0)
    fwd_stun_writer_add_uint32(&writer, FWD_STUN_CHANGE_REQUEST, change);
  g_assert_cmpint(fwd_datagram_socket_send_one(fd, to, 0, buffer, writer.length), ==, 0);
}

/* Turns the main loop until something has come. */
static gssize
receive(int fd, guint8 *buffer, FwdEndpoint *from)
{
  gsize segment;
  gssize length;

  while ((length = fwd_datagram_socket_receive(fd, buffer, FWD_DATAGRAM_BUFFER_SIZE, from,
                                               &segment)) == 0)
    g_main_context_iteration(NULL, FALSE);
  g_assert_cmpint(length, >, 0);
  return (gssize)segment;
}

static void
assert_answered(int fd, const FwdEndpoint *asked, guint32 change, const FwdEndpoint *by)
{
  g_autofree guint8 *buffer = g_malloc(FWD_DATAGRAM_BUFFER_SIZE);
  FwdEndpoint from, mapped, local;
  FwdStunMessage message;
  gssize length;

  send_request(fd, asked, change);
  length = receive(fd, buffer, &from);
  g_assert_true(fwd_stun_message_parse(buffer, (gsize)length, &message));
  g_assert_true(fwd_endpoint_equal(&from, by));
  g_assert_true(fwd_stun_message_get_endpoint(&message, FWD_STUN_XOR_MAPPED_ADDRESS, &mapped));
  g_assert_true(fwd_datagram_socket_get_local(fd, &local));
  g_assert_true(fwd_endpoint_equal(&mapped, &local));
}

static void
test_one(void)
{
  FwdEndpoint address = endpoint("127.0.0.1:0");
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdStunServer) server = fwd_stun_server_new(&address, NULL, &error);
  const FwdStunSite *site;
  int fd = open_client();

  g_assert_no_error(error);
  site = fwd_stun_server_get_site(server);
  g_assert_cmpuint(site->count, ==, 1);
  g_assert_cmpuint(fwd_endpoint_port(&site->local[0]), !=, 0);
  assert_answered(fd, &site->local[0], 0, &site->local[0]);
  close(fd);
}

/* A port that was free at the one address may be taken at the other. */
static FwdStunServer *
open_four(void)
{
  FwdEndpoint address = endpoint("127.0.0.1:0");
  FwdEndpoint alternate = endpoint("127.0.0.2:0");
  FwdStunServer *server = NULL;

  for (guint i = 0; server == NULL && i < 20; i++)
    server = fwd_stun_server_new(&address, &alternate, NULL);
  g_assert_nonnull(server);
  return server;
}

static void
test_four(void)
{
  g_autoptr(FwdStunServer) server = open_four();
  const FwdStunSite *site = fwd_stun_server_get_site(server);
  int fd = open_client();

  g_assert_true(fwd_endpoint_same_address(&site->local[0], &site->local[1]));
  g_assert_true(fwd_endpoint_same_address(&site->local[2], &site->local[3]));
  g_assert_cmpuint(fwd_endpoint_port(&site->local[0]), ==, fwd_endpoint_port(&site->local[2]));
  g_assert_cmpuint(fwd_endpoint_port(&site->local[1]), ==, fwd_endpoint_port(&site->local[3]));
  for (guint i = 0; i < site->count; i++) {
    assert_answered(fd, &site->local[i], 0, &site->local[i]);
    assert_answered(fd, &site->local[i], 2, &site->local[i ^ 1]);
    assert_answered(fd, &site->local[i], 4, &site->local[i ^ 2]);
    assert_answered(fd, &site->local[i], 6, &site->local[i ^ 3]);
  }
  close(fd);
}

static void
test_garbage_then_request(void)
{
  FwdEndpoint address = endpoint("127.0.0.1:0");
  g_autoptr(FwdStunServer) server = fwd_stun_server_new(&address, NULL, NULL);
  const FwdEndpoint *local = &fwd_stun_server_get_site(server)->local[0];
  g_autofree guint8 *garbage = g_malloc0(1400);
  int fd = open_client();

  for (gsize length = 1; length <= 1400; length += 101)
    fwd_datagram_socket_send_one(fd, local, 0, garbage, length);
  assert_answered(fd, local, 0, local);
  close(fd);
}

static void
test_rate(void)
{
  FwdEndpoint address = endpoint("127.0.0.1:0");
  g_autoptr(FwdStunServer) server = fwd_stun_server_new(&address, NULL, NULL);
  const FwdEndpoint *local = &fwd_stun_server_get_site(server)->local[0];
  g_autofree guint8 *buffer = g_malloc(FWD_DATAGRAM_BUFFER_SIZE);
  gint64 before = g_get_monotonic_time();
  guint allowed, answers = 0;
  int fd = open_client();
  FwdEndpoint from;
  gssize length;
  gsize segment;

  for (guint i = 0; i < 4 * FWD_STUN_BURST; i++) {
    send_request(fd, local, 0);
    while (g_main_context_iteration(NULL, FALSE))
      ;
    while ((length = fwd_datagram_socket_receive(fd, buffer, FWD_DATAGRAM_BUFFER_SIZE, &from,
                                                 &segment)) > 0)
      answers += (guint)(length / (gssize)segment);
  }
  allowed = FWD_STUN_BURST + 1 +
            (guint)((g_get_monotonic_time() - before) * FWD_STUN_RATE / G_USEC_PER_SEC);
  g_assert_cmpuint(answers, >=, FWD_STUN_BURST / 2);
  g_assert_cmpuint(answers, <=, allowed);
  close(fd);
}

static void
assert_refused(const char *address_text, const char *alternate_text, FwdErrorCode code)
{
  FwdEndpoint address = endpoint(address_text);
  FwdEndpoint alternate = endpoint(alternate_text);
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_stun_server_new(&address, &alternate, &error));
  g_assert_error(error, FWD_NET_ERROR, (int)code);
}

static void
test_bad_pairs(void)
{
  assert_refused("127.0.0.1:0", "127.0.0.1:3479", FWD_ERROR_INVALID);
  assert_refused("127.0.0.1:3478", "127.0.0.2:3478", FWD_ERROR_INVALID);
  assert_refused("0.0.0.0:3478", "127.0.0.2:3479", FWD_ERROR_INVALID);
  assert_refused("127.0.0.1:3478", "[::1]:3479", FWD_ERROR_INVALID);
}

static void
test_port_in_use(void)
{
  FwdEndpoint address = endpoint("127.0.0.1:0");
  g_autoptr(FwdStunServer) server = fwd_stun_server_new(&address, NULL, NULL);
  g_autoptr(GError) error = NULL;

  address = fwd_stun_server_get_site(server)->local[0];
  g_assert_null(fwd_stun_server_new(&address, NULL, &error));
  g_assert_error(error, FWD_NET_ERROR, FWD_ERROR_REFUSED);
  g_assert_true(g_str_has_prefix(error->message, "STUN on 127.0.0.1:"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stun-server/one", test_one);
  g_test_add_func("/stun-server/four", test_four);
  g_test_add_func("/stun-server/garbage-then-request", test_garbage_then_request);
  g_test_add_func("/stun-server/rate", test_rate);
  g_test_add_func("/stun-server/bad-pairs", test_bad_pairs);
  g_test_add_func("/stun-server/port-in-use", test_port_in_use);
  return g_test_run();
}

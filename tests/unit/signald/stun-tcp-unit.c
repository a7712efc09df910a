/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real connections on loopback, to a server in the same main loop. */
#include "stun-tcp.h"

#include "net/stun-stream.h"
#include <errno.h>
#include <stunfwd/error.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  FwdRateLimit *limits;
  FwdStunTcp *tcp;
  FwdEndpoint address;
} Fixture;

/* A port that is free: one that the system gave, and that nobody has any more. */
static void
set_up(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  socklen_t length = sizeof fixture->address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  g_assert_true(fwd_endpoint_parse("127.0.0.1:0", &fixture->address, NULL));
  g_assert_cmpint(bind(fd, &fixture->address.any, length), ==, 0);
  g_assert_cmpint(getsockname(fd, &fixture->address.any, &length), ==, 0);
  close(fd);
  fixture->limits = fwd_rate_limit_new(1, 20);
  fixture->tcp = fwd_stun_tcp_new(&fixture->address, fixture->limits, &error);
  g_assert_no_error(error);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  fwd_stun_tcp_free(fixture->tcp);
  fwd_rate_limit_free(fixture->limits);
}

static int
open_client(Fixture *fixture)
{
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint(connect(fd, &fixture->address.any, fwd_endpoint_length(&fixture->address)),
                  ==, 0);
  return fd;
}

static void
say(int fd, const void *data, gsize length)
{
  g_assert_cmpint(send(fd, data, length, MSG_NOSIGNAL), ==, (gssize)length);
}

/* Turns the main loop until something has come; 0 when the server has closed. */
static gssize
hear(int fd, guint8 *buffer, gsize size)
{
  gssize length;

  while ((length = recv(fd, buffer, size, MSG_DONTWAIT)) < 0 && errno == EAGAIN)
    g_main_context_iteration(NULL, FALSE);
  return MAX(length, 0); /* a reset is an end as well */
}

static void
assert_closed(int fd)
{
  guint8 buffer[512];

  g_assert_cmpint(hear(fd, buffer, sizeof buffer), ==, 0);
  close(fd);
}

static void
assert_answered(int fd, const guint8 *id)
{
  guint8 buffer[512];
  gsize have = 0;
  FwdEndpoint mapped, local;
  socklen_t length = sizeof local;

  while (fwd_stun_stream_next(buffer, have) == 0) {
    gssize more = hear(fd, buffer + have, 1);

    g_assert_cmpint(more, >, 0);
    have += (gsize)more;
  }
  g_assert_true(fwd_stun_stream_read_answer(buffer, have, id, &mapped));
  g_assert_cmpint(getsockname(fd, &local.any, &length), ==, 0);
  g_assert_true(fwd_endpoint_equal(&mapped, &local));
}

static void
test_answer(Fixture *fixture, gconstpointer data)
{
  int fd = open_client(fixture);

  for (guint i = 0; i < 3; i++) {
    guint8 request[FWD_STUN_HEADER_SIZE], id[FWD_STUN_TRANSACTION_SIZE];

    fwd_stun_stream_ask(request, id);
    say(fd, request, sizeof request);
    assert_answered(fd, id);
  }
  g_assert_cmpuint(fwd_stun_tcp_count(fixture->tcp), ==, 1);
  close(fd);
  while (fwd_stun_tcp_count(fixture->tcp) > 0)
    g_main_context_iteration(NULL, TRUE);
}

/* Byte by byte, and two at once. */
static void
test_cuts(Fixture *fixture, gconstpointer data)
{
  guint8 request[2 * FWD_STUN_HEADER_SIZE];
  guint8 first[FWD_STUN_TRANSACTION_SIZE], second[FWD_STUN_TRANSACTION_SIZE];
  int fd = open_client(fixture);

  fwd_stun_stream_ask(request, first);
  for (guint i = 0; i < FWD_STUN_HEADER_SIZE; i++) {
    say(fd, request + i, 1);
    g_main_context_iteration(NULL, FALSE);
  }
  assert_answered(fd, first);
  fwd_stun_stream_ask(request, first);
  fwd_stun_stream_ask(request + FWD_STUN_HEADER_SIZE, second);
  say(fd, request, sizeof request);
  assert_answered(fd, first);
  assert_answered(fd, second);
  close(fd);
}

static void
test_hostile(Fixture *fixture, gconstpointer data)
{
  static const guint8 long_message[] = {0, 1, 0xff, 0xfc, 0x21, 0x12, 0xa4, 0x42};
  static const guint8 indication[20] = {0, 0x11, 0, 0, 0x21, 0x12, 0xa4, 0x42};
  int fd;

  fd = open_client(fixture);
  say(fd, "GET / HTTP/1.1\r\n\r\n", 18);
  assert_closed(fd);
  fd = open_client(fixture);
  say(fd, long_message, sizeof long_message);
  assert_closed(fd);
  fd = open_client(fixture);
  say(fd, indication, sizeof indication);
  assert_closed(fd);
  g_assert_cmpuint(fwd_stun_tcp_count(fixture->tcp), ==, 0);
}

static void
test_one_client_takes_a_part(Fixture *fixture, gconstpointer data)
{
  int held[FWD_STUN_TCP_PER_CLIENT];

  for (guint i = 0; i < G_N_ELEMENTS(held); i++)
    held[i] = open_client(fixture);
  assert_closed(open_client(fixture));
  g_assert_cmpuint(fwd_stun_tcp_count(fixture->tcp), ==, FWD_STUN_TCP_PER_CLIENT);
  for (guint i = 0; i < G_N_ELEMENTS(held); i++)
    close(held[i]);
}

static void
test_rate(Fixture *fixture, gconstpointer data)
{
  guint8 request[FWD_STUN_HEADER_SIZE], id[FWD_STUN_TRANSACTION_SIZE];
  int fd = open_client(fixture);

  for (guint i = 0; i < 20; i++) {
    fwd_stun_stream_ask(request, id);
    say(fd, request, sizeof request);
    assert_answered(fd, id);
  }
  for (guint i = 0; i < 20; i++)
    (void)!send(fd, request, sizeof request, MSG_NOSIGNAL);
  while (hear(fd, request, sizeof request) > 0)
    ;
  close(fd);
}

static void
test_idle(Fixture *fixture, gconstpointer data)
{
  int fd = open_client(fixture);
  gint64 now;

  while (fwd_stun_tcp_count(fixture->tcp) == 0)
    g_main_context_iteration(NULL, TRUE);
  now = g_get_monotonic_time();
  fwd_stun_tcp_expire(fixture->tcp, now);
  g_assert_cmpuint(fwd_stun_tcp_count(fixture->tcp), ==, 1);
  fwd_stun_tcp_expire(fixture->tcp, now + (FWD_STUN_TCP_IDLE_S + 1) * G_USEC_PER_SEC);
  g_assert_cmpuint(fwd_stun_tcp_count(fixture->tcp), ==, 0);
  assert_closed(fd);
}

static void
test_taken(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_stun_tcp_new(&fixture->address, fixture->limits, &error));
  g_assert_error(error, FWD_NET_ERROR, FWD_ERROR_REFUSED);
}

#define ADD(path, test) g_test_add("/stun-tcp/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("answer", test_answer);
  ADD("cuts", test_cuts);
  ADD("hostile", test_hostile);
  ADD("one-client-takes-a-part", test_one_client_takes_a_part);
  ADD("rate", test_rate);
  ADD("idle", test_idle);
  ADD("taken", test_taken);
  return g_test_run();
}

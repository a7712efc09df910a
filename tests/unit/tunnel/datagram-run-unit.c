/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Datagrams as they come from and go to local sockets, many at a time. */
#include "net/datagram-socket.h"
#include "tunnel/datagram-queue.h"
#include "tunnel/datagram-reader.h"
#include "tunnel/datagram-run.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  int from, to;
  FwdEndpoint address[2]; /* of either */
  FwdDatagramRun run;
  FwdDatagramReader *reader;
} Pair;

static int
open_socket_at(FwdEndpoint *address)
{
  const struct timeval limit = {.tv_sec = 20};
  socklen_t length = sizeof *address;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint(bind(fd, &address->any, fwd_endpoint_length(address)), ==, 0);
  g_assert_cmpint(getsockname(fd, &address->any, &length), ==, 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

static int
open_socket(FwdEndpoint *address)
{
  g_assert_true(fwd_endpoint_from_address("127.0.0.1", 0, address));
  return open_socket_at(address);
}

static void
set_up(Pair *pair, gconstpointer data)
{
  (void)data;
  pair->from = open_socket(&pair->address[0]);
  pair->to = open_socket(&pair->address[1]);
  pair->reader = fwd_datagram_reader_new();
}

static void
tear_down(Pair *pair, gconstpointer data)
{
  (void)data;
  close(pair->from);
  close(pair->to);
  fwd_datagram_run_clear(&pair->run);
  fwd_datagram_reader_free(pair->reader);
}

static gboolean
add(Pair *pair, guint number, gsize length)
{
  g_autofree guint8 *data = g_malloc(length + 1);

  memset(data, (int)(number & 0xff), length);
  return fwd_datagram_run_add(&pair->run, data, length);
}

static void
expect(Pair *pair, guint number, gsize length)
{
  g_autofree guint8 *got = g_malloc(FWD_DATAGRAM_BUFFER_SIZE);
  const gssize size = recv(pair->to, got, FWD_DATAGRAM_BUFFER_SIZE, 0);

  g_assert_cmpint(size, ==, length);
  for (gsize i = 0; i < length; i++)
    g_assert_cmpuint(got[i], ==, number & 0xff);
}

static void
expect_nothing(Pair *pair)
{
  char byte;

  g_assert_cmpint(recv(pair->to, &byte, 1, MSG_DONTWAIT), ==, -1);
  g_assert_cmpint(errno, ==, EAGAIN);
}

static void
test_equal_sizes_and_a_shorter_one(Pair *pair, gconstpointer data)
{
  (void)data;
  for (guint i = 0; i < 10; i++)
    g_assert_true(add(pair, i, 200));
  g_assert_false(add(pair, 99, 201));
  g_assert_false(add(pair, 99, 0));
  g_assert_true(add(pair, 10, 3));
  g_assert_false(add(pair, 99, 3));
  g_assert_false(add(pair, 99, 200));
  g_assert_cmpuint(fwd_datagram_run_send(&pair->run, pair->from, &pair->address[1]), ==, 2003);
  for (guint i = 0; i < 10; i++)
    expect(pair, i, 200);
  expect(pair, 10, 3);
  expect_nothing(pair);
}

static void
test_limits(Pair *pair, gconstpointer data)
{
  static const gsize alone[] = {0, 1, 65000, FWD_DATAGRAM_MAX};
  guint count = 0;

  (void)data;
  while (add(pair, count, 1))
    count++;
  g_assert_cmpuint(count, ==, FWD_DATAGRAM_BATCH_MAX);
  g_assert_cmpuint(fwd_datagram_run_send(&pair->run, pair->from, &pair->address[1]), ==, count);
  for (guint i = 0; i < count; i++)
    expect(pair, i, 1);
  for (count = 0; add(pair, count, 1400); count++)
    g_assert_cmpuint(pair->run.length, <=, 65000);
  g_assert_cmpuint(fwd_datagram_run_send(&pair->run, pair->from, &pair->address[1]), ==,
                   count * 1400);
  for (guint i = 0; i < count; i++)
    expect(pair, i, 1400);
  for (guint i = 0; i < G_N_ELEMENTS(alone); i++) {
    g_assert_true(add(pair, i, alone[i]));
    g_assert_cmpuint(fwd_datagram_run_send(&pair->run, pair->from, &pair->address[1]), ==,
                     alone[i]);
    expect(pair, i, alone[i]);
  }
  expect_nothing(pair);
}

/** Nobody listens, then somebody does: what was refused does not take the next one along. */
static void
test_refused_before(Pair *pair, gconstpointer data)
{
  FwdEndpoint gone, *to = &pair->address[1];

  (void)data;
  close(open_socket(&gone));
  g_assert_cmpint(connect(pair->from, &gone.any, fwd_endpoint_length(&gone)), ==, 0);
  g_assert_true(add(pair, 1, 20));
  fwd_datagram_run_send(&pair->run, pair->from, NULL);
  /* The refusal waits now, for loopback is synchronous. */
  g_assert_true(add(pair, 2, 20));
  g_assert_true(add(pair, 2, 20));
  g_assert_cmpuint(fwd_datagram_run_send(&pair->run, pair->from, to), ==, 40);
  expect(pair, 2, 20);
  expect(pair, 2, 20);
}

static void
test_broken_socket(Pair *pair, gconstpointer data)
{
  (void)data;
  g_assert_true(add(pair, 1, 20));
  g_assert_cmpuint(fwd_datagram_run_send(&pair->run, -1, NULL), ==, 0);
  g_assert_cmpuint(fwd_datagram_run_send(&pair->run, pair->from, &pair->address[1]), ==, 0);
  g_assert_cmpuint(fwd_datagram_reader_read(pair->reader, -1), ==, 0);
  expect_nothing(pair);
}

static void
send_from(int fd, const FwdEndpoint *to, guint number, gsize length)
{
  g_autofree guint8 *data = g_malloc(length + 1);

  memset(data, (int)(number & 0xff), length);
  g_assert_cmpint(fwd_datagram_socket_send_one(fd, to, 0, data, length), ==, 0);
}

static void
check_read(Pair *pair, guint index, gsize length, const FwdEndpoint *from, gboolean same)
{
  const FwdDatagramRead read = fwd_datagram_reader_get(pair->reader, index);
  FwdEndpoint sender;

  g_assert_cmpuint(read.length, ==, length);
  for (gsize i = 0; i < length; i++)
    g_assert_cmpuint(read.data[i], ==, index);
  g_assert_true(fwd_endpoint_from_sockaddr(read.from, read.from_length, &sender));
  g_assert_true(fwd_endpoint_equal(&sender, from));
  g_assert_cmpint(read.same_sender, ==, same);
}

static void
test_read_sizes_and_senders(Pair *pair, gconstpointer data)
{
  const FwdEndpoint *to = &pair->address[1];
  FwdEndpoint other_address;
  int other = open_socket(&other_address);

  (void)data;
  send_from(pair->from, to, 0, 0);
  send_from(pair->from, to, 1, FWD_DATAGRAM_MAX);
  send_from(other, to, 2, 200);
  send_from(other, to, 3, 200);
  send_from(pair->from, to, 4, 1);
  g_assert_cmpuint(fwd_datagram_reader_read(pair->reader, pair->to), ==, 5);
  check_read(pair, 0, 0, &pair->address[0], FALSE);
  check_read(pair, 1, FWD_DATAGRAM_MAX, &pair->address[0], TRUE);
  check_read(pair, 2, 200, &other_address, FALSE);
  check_read(pair, 3, 200, &other_address, TRUE);
  check_read(pair, 4, 1, &pair->address[0], FALSE);
  g_assert_cmpuint(fwd_datagram_reader_read(pair->reader, pair->to), ==, 0);
  close(other);
}

static void
test_read_many(Pair *pair, gconstpointer data)
{
  (void)data;
  for (guint i = 0; i < FWD_DATAGRAM_READS + 3; i++)
    send_from(pair->from, &pair->address[1], i, 10);
  g_assert_cmpuint(fwd_datagram_reader_read(pair->reader, pair->to), ==, FWD_DATAGRAM_READS);
  g_assert_cmpuint(fwd_datagram_reader_read(pair->reader, pair->to), ==, 3);
}

/** An error of an earlier send does not hide what has come meanwhile. */
static void
test_read_past_an_error(Pair *pair, gconstpointer data)
{
  FwdEndpoint gone;
  int back;

  (void)data;
  close(open_socket(&gone));
  g_assert_cmpint(connect(pair->to, &gone.any, fwd_endpoint_length(&gone)), ==, 0);
  g_assert_cmpint(send(pair->to, "x", 1, 0), ==, 1);
  back = open_socket_at(&gone);
  send_from(back, &pair->address[1], 0, 5);
  g_assert_cmpuint(fwd_datagram_reader_read(pair->reader, pair->to), ==, 1);
  check_read(pair, 0, 5, &gone, FALSE);
  close(back);
}

#define ADD(path, test) g_test_add("/datagram-" path, Pair, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("run/sizes", test_equal_sizes_and_a_shorter_one);
  ADD("run/limits", test_limits);
  ADD("run/refused-before", test_refused_before);
  ADD("run/broken-socket", test_broken_socket);
  ADD("reader/sizes-and-senders", test_read_sizes_and_senders);
  ADD("reader/many", test_read_many);
  ADD("reader/past-an-error", test_read_past_an_error);
  return g_test_run();
}

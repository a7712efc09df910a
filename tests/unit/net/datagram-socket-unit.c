/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/datagram-socket.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stunfwd/error.h>
#include <unistd.h>

typedef struct {
  int fds[2];
  FwdEndpoint endpoints[2];
  guint8 *buffer;
} Pair;

static void
set_up(Pair *pair, gconstpointer data)
{
  const char *address = data;
  FwdEndpoint any;

  g_assert_true(fwd_endpoint_from_address(address, 0, &any));
  for (guint i = 0; i < 2; i++) {
    g_autoptr(GError) error = NULL;
    pair->fds[i] = fwd_datagram_socket_open(&any, &error);
    g_assert_no_error(error);
    g_assert_true(fwd_datagram_socket_get_local(pair->fds[i], &pair->endpoints[i]));
    g_assert_cmpuint(fwd_endpoint_port(&pair->endpoints[i]), !=, 0);
  }
  pair->buffer = g_malloc(FWD_DATAGRAM_BUFFER_SIZE);
}

static void
tear_down(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  close(pair->fds[0]);
  close(pair->fds[1]);
  g_free(pair->buffer);
}

static gssize
receive(Pair *pair, gsize *segment)
{
  FwdEndpoint from;
  gssize length = fwd_datagram_socket_receive(pair->fds[1], pair->buffer,
                                              FWD_DATAGRAM_BUFFER_SIZE, &from, segment);

  if (length > 0)
    g_assert_true(fwd_endpoint_equal(&from, &pair->endpoints[0]));
  return length;
}

static void
test_descriptor(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  g_assert_true(fcntl(pair->fds[0], F_GETFL) & O_NONBLOCK);
  g_assert_true(fcntl(pair->fds[0], F_GETFD) & FD_CLOEXEC);
}

static void
test_one(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  gsize segment = 0;

  g_assert_cmpint(receive(pair, &segment), ==, 0);
  g_assert_cmpint(fwd_datagram_socket_send_one(pair->fds[0], &pair->endpoints[1], 0,
                                               (const guint8 *)"hello", 5),
                  ==, 0);
  g_assert_cmpint(receive(pair, &segment), ==, 5);
  g_assert_cmpuint(segment, ==, 5);
  g_assert_cmpmem(pair->buffer, 5, "hello", 5);
}

static void
test_ttl(Pair *pair, gconstpointer data)
{
  gboolean is_ipv4 = strchr(data, ':') == NULL;
  guint8 byte, control[64];
  struct iovec vector = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
  struct cmsghdr *header;
  int on = 1, ttl;

  g_assert_cmpint(setsockopt(pair->fds[1], is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
                             is_ipv4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT, &on, sizeof on),
                  ==, 0);
  g_assert_cmpint(fwd_datagram_socket_send_one(pair->fds[0], &pair->endpoints[1], 7,
                                               (const guint8 *)"x", 1),
                  ==, 0);
  g_assert_cmpint(recvmsg(pair->fds[1], &message, 0), ==, 1);
  header = CMSG_FIRSTHDR(&message);
  g_assert_nonnull(header);
  memcpy(&ttl, CMSG_DATA(header), sizeof ttl);
  g_assert_cmpint(ttl, ==, 7);
}

/* More than one segmented send takes, and a short one at the end. */
static void
test_batch(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  const gsize length = 100 * 1000 + 1;
  g_autofree guint8 *sent = g_malloc(length);
  g_autofree guint8 *received = g_malloc(length);
  gsize got = 0, segment;
  gssize part;

  for (gsize i = 0; i < length; i++)
    sent[i] = (guint8)(i / 1000 + i);
  g_assert_cmpint(
      fwd_datagram_socket_send(pair->fds[0], &pair->endpoints[1], sent, length, 1000), ==,
      length);
  while ((part = receive(pair, &segment)) > 0) {
    g_assert_cmpuint(segment, ==, got == length - 1 ? 1 : 1000);
    g_assert_cmpuint(got + (gsize)part, <=, length);
    memcpy(received + got, pair->buffer, (gsize)part);
    got += (gsize)part;
  }
  g_assert_cmpmem(received, got, sent, length);
}

static void
test_no_such_place_is_a_loss(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  FwdEndpoint nowhere = pair->endpoints[1];
  guint8 packet[100] = {0};

  /* Port 0 is no place: the packets are lost, the socket is well. */
  fwd_endpoint_set_port(&nowhere, 0);
  g_assert_cmpint(fwd_datagram_socket_send(pair->fds[0], &nowhere, packet, 100, 100), ==, 100);
  g_assert_cmpint(fwd_datagram_socket_send(pair->fds[0], &nowhere, packet, 100, 10), ==, 100);
  g_assert_cmpint(fwd_datagram_socket_send_one(pair->fds[0], &nowhere, 0, packet, 1), <, 0);
}

static void
test_empty_datagrams_are_skipped(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  gsize segment;

  for (guint i = 0; i < 5; i++)
    g_assert_cmpint(
        fwd_datagram_socket_send_one(pair->fds[0], &pair->endpoints[1], 0, pair->buffer, 0), ==,
        0);
  g_assert_cmpint(fwd_datagram_socket_send_one(pair->fds[0], &pair->endpoints[1], 0,
                                               (const guint8 *)"x", 1),
                  ==, 0);
  g_assert_cmpint(receive(pair, &segment), ==, 1);
}

static void
test_bad_descriptor(void)
{
  guint8 byte = 0;
  FwdEndpoint to;
  gsize segment;

  g_assert_true(fwd_endpoint_from_address("127.0.0.1", 9, &to));
  g_assert_cmpint(fwd_datagram_socket_send(-1, &to, &byte, 1, 1), ==, -EBADF);
  g_assert_cmpint(fwd_datagram_socket_receive(-1, &byte, 1, &to, &segment), ==, -EBADF);
}

static void
test_open_errors(void)
{
  g_autoptr(GError) error = NULL;
  FwdEndpoint bind_to;
  int fd;

  g_assert_true(fwd_endpoint_from_address("127.0.0.1", 0, &bind_to));
  fd = fwd_datagram_socket_open(&bind_to, NULL);
  g_assert_true(fwd_datagram_socket_get_local(fd, &bind_to));
  g_assert_cmpint(fwd_datagram_socket_open(&bind_to, &error), ==, -1);
  g_assert_error(error, FWD_NET_ERROR, FWD_ERROR_REFUSED);
  g_clear_error(&error);
  close(fd);
  g_assert_true(fwd_endpoint_from_address("192.0.2.1", 0, &bind_to));
  g_assert_cmpint(fwd_datagram_socket_open(&bind_to, &error), ==, -1);
  g_assert_error(error, FWD_NET_ERROR, FWD_ERROR_UNSUPPORTED);
}

static void
test_source(void)
{
  FwdEndpoint remote, local;

  g_assert_true(fwd_endpoint_from_address("127.0.0.9", 9, &remote));
  g_assert_true(fwd_datagram_socket_find_source(&remote, &local));
  g_assert_true(fwd_endpoint_is_loopback(&local));
  g_assert_cmpuint(fwd_endpoint_port(&local), ==, 0);
  remote.any.sa_family = AF_UNIX;
  g_assert_false(fwd_datagram_socket_find_source(&remote, &local));
}

static void
add(const char *path, void (*test)(Pair *, gconstpointer))
{
  static const char *const addresses[] = {"127.0.0.1", "::1"};
  static const char *const families[] = {"ipv4", "ipv6"};

  for (guint i = 0; i < 2; i++) {
    g_autofree char *name = g_strdup_printf("/datagram-socket/%s/%s", families[i], path);
    g_test_add(name, Pair, addresses[i], set_up, test, tear_down);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  add("descriptor", test_descriptor);
  add("one", test_one);
  add("ttl", test_ttl);
  add("batch", test_batch);
  add("lost", test_no_such_place_is_a_loss);
  add("empty", test_empty_datagrams_are_skipped);
  g_test_add_func("/datagram-socket/bad-descriptor", test_bad_descriptor);
  g_test_add_func("/datagram-socket/open-errors", test_open_errors);
  g_test_add_func("/datagram-socket/source", test_source);
  return g_test_run();
}

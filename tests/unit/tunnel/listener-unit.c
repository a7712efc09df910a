/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listening sockets that a tunnel takes connections from by itself. */
#include "fakes/few-descriptors.h"
#include "fakes/tunnel-pair.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BURST 200

static int
make_listener(struct sockaddr_in *address)
{
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  socklen_t length = sizeof *address;

  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  g_assert_cmpint(bind(fd, (struct sockaddr *)address, length), ==, 0);
  g_assert_cmpint(listen(fd, BURST), ==, 0);
  g_assert_cmpint(getsockname(fd, (struct sockaddr *)address, &length), ==, 0);
  return fd;
}

static int
connect_to(const struct sockaddr_in *address)
{
  const struct timeval limit = {.tv_sec = 30};
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  g_assert_cmpint(connect(fd, (const struct sockaddr *)address, sizeof *address), ==, 0);
  return fd;
}

static void
open_listener(FwdTunnelPair *pair, int fd, FwdTraffic *traffic)
{
  fwd_tunnel_open(FWD_TUNNEL(pair->tunnel[FWD_PAIR_CLIENT]), FWD_CHANNEL_LISTENER, "tcp",
                  "127.0.0.1:80", fd, traffic);
}

static void
expect_text(int from, int to, const char *text)
{
  char buffer[64] = "";

  g_assert_cmpint(send(from, text, strlen(text), MSG_NOSIGNAL), ==, (gssize)strlen(text));
  g_assert_cmpint(recv(to, buffer, strlen(text), MSG_WAITALL), ==, (gssize)strlen(text));
  g_assert_cmpstr(buffer, ==, text);
}

static void
expect_end(int fd)
{
  char byte;

  g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 0);
}

static gboolean
is_gone(int fd)
{
  return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

static void
wait_until_over(FwdTraffic *traffic)
{
  const gint64 limit = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;

  while (fwd_traffic_get(traffic, connections) > 0) {
    g_assert_cmpint(g_get_monotonic_time(), <, limit);
    g_usleep(1000);
  }
}

static void
test_forwards(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  g_autoptr(FwdTraffic) traffic = fwd_traffic_new();
  struct sockaddr_in address;
  char buffer[6] = "";
  int near_fd, far_fd;

  fwd_tunnel_pair_connect(pair);
  open_listener(pair, make_listener(&address), traffic);
  near_fd = connect_to(&address);
  g_assert_cmpint(send(near_fd, "hello", 5, 0), ==, 5);
  far_fd = fwd_tunnel_pair_next_served(pair);
  g_assert_cmpstr(pair->forwarder, ==, "tcp");
  g_assert_cmpint(recv(far_fd, buffer, 5, MSG_WAITALL), ==, 5);
  g_assert_cmpstr(buffer, ==, "hello");
  expect_text(far_fd, near_fd, "back");
  g_assert_cmpuint(fwd_traffic_get(traffic, total), ==, 1);
  g_assert_cmpuint(fwd_traffic_get(traffic, connections), ==, 1);

  /* Half-close either way, and then it is over. */
  shutdown(near_fd, SHUT_WR);
  expect_end(far_fd);
  expect_text(far_fd, near_fd, "after the end");
  shutdown(far_fd, SHUT_WR);
  expect_end(near_fd);
  wait_until_over(traffic);
  g_assert_cmpuint(fwd_traffic_get(traffic, errors), ==, 0);
  close(near_fd);
  close(far_fd);
}

/* Who comes before there is a connection waits for it. */
static void
test_before_connected(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  struct sockaddr_in address;
  int near_fd, far_fd;

  open_listener(pair, make_listener(&address), NULL);
  near_fd = connect_to(&address);
  fwd_tunnel_pair_connect(pair);
  far_fd = fwd_tunnel_pair_next_served(pair);
  expect_text(near_fd, far_fd, "early");
  close(near_fd);
  close(far_fd);
}

static void
test_burst(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  struct sockaddr_in address;
  int near_fds[BURST];

  fwd_tunnel_pair_connect(pair);
  open_listener(pair, make_listener(&address), NULL);
  for (guint i = 0; i < BURST; i++)
    near_fds[i] = connect_to(&address);
  for (guint i = 0; i < BURST; i++)
    g_assert_cmpint(send(near_fds[i], &i, sizeof i, 0), ==, sizeof i);
  for (guint i = 0; i < BURST; i++) {
    const int far_fd = fwd_tunnel_pair_next_served(pair);
    guint number;

    g_assert_cmpint(recv(far_fd, &number, sizeof number, MSG_WAITALL), ==, sizeof number);
    g_assert_cmpuint(number, ==, i);
    close(far_fd);
  }
  for (guint i = 0; i < BURST; i++) {
    expect_end(near_fds[i]);
    close(near_fds[i]);
  }
}

static void
wait_until_gone(int fd)
{
  const gint64 limit = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;

  while (!is_gone(fd)) {
    g_assert_cmpint(g_get_monotonic_time(), <, limit);
    g_usleep(1000);
  }
}

/* Nobody is let in any more; who is in stays. */
static void
test_release(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  struct sockaddr_in address;
  const int fd = make_listener(&address);
  int near_fd, far_fd, late;

  fwd_tunnel_pair_connect(pair);
  open_listener(pair, fd, NULL);
  near_fd = connect_to(&address);
  far_fd = fwd_tunnel_pair_next_served(pair);
  fwd_tunnel_release(FWD_TUNNEL(pair->tunnel[FWD_PAIR_CLIENT]), fd);
  wait_until_gone(fd);
  late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint(connect(late, (struct sockaddr *)&address, sizeof address), ==, -1);
  g_assert_cmpint(errno, ==, ECONNREFUSED);
  expect_text(near_fd, far_fd, "still here");
  close(late);
  close(near_fd);
  close(far_fd);
}

/* A tunnel that is over closes its copy, and leaves the socket itself as it was. */
static void
test_closed_tunnel(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  struct sockaddr_in address;
  const int fd = make_listener(&address);
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3), connection, accepted;
  struct linger linger = {.l_onoff = 1};
  socklen_t length = sizeof linger;

  fwd_tunnel_pair_connect(pair);
  fwd_tunnel_close(FWD_TUNNEL(pair->tunnel[FWD_PAIR_CLIENT]));
  open_listener(pair, copy, NULL);
  wait_until_gone(copy);
  connection = connect_to(&address);
  accepted = accept(fd, NULL, NULL);
  g_assert_cmpint(accepted, >=, 0);
  g_assert_cmpint(getsockopt(accepted, SOL_SOCKET, SO_LINGER, &linger, &length), ==, 0);
  g_assert_cmpint(linger.l_onoff, ==, 0);
  close(accepted);
  close(connection);
  close(fd);
}

static void
do_nothing(gpointer data)
{
  (void)data;
}

/** What was there for the loop before has been dealt with. */
static void
run_a_round(FwdTunnelPair *pair)
{
  for (guint i = 0; i < 2; i++)
    fwd_data_loop_post_and_wait(fwd_data_plane_get_loop(pair->plane[FWD_PAIR_CLIENT]),
                                do_nothing, NULL);
}

/* Says so once, and goes on when there are descriptors again. */
static void
exhaust_descriptors(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  struct sockaddr_in address;
  guint before;
  int near_fd, far_fd;

  fwd_tunnel_pair_connect(pair);
  open_listener(pair, make_listener(&address), NULL);
  near_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  before = fwd_few_descriptors_begin();
  g_assert_cmpint(connect(near_fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  run_a_round(pair);
  fwd_few_descriptors_end(before);
  far_fd = fwd_tunnel_pair_next_served(pair);
  expect_text(near_fd, far_fd, "at last");
  close(near_fd);
  close(far_fd);
}

static void
test_out_of_descriptors(void)
{
  fwd_few_descriptors_run(exhaust_descriptors);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/listener/forwards", test_forwards);
  g_test_add_func("/listener/before-connected", test_before_connected);
  g_test_add_func("/listener/burst", test_burst);
  g_test_add_func("/listener/release", test_release);
  g_test_add_func("/listener/closed-tunnel", test_closed_tunnel);
  g_test_add_func("/listener/out-of-descriptors", test_out_of_descriptors);
  return g_test_run();
}

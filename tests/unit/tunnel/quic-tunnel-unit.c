/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/tunnel-pair.h"

#include <errno.h>
#include <string.h>
#include <stunfwd/error.h>
#include <unistd.h>

#define MIB (1024 * 1024)

/* Bytes. */

typedef struct {
  int fd;
  gsize length;
  guint32 seed;
  gboolean then_shut;
} Sender;

static void
fill(guint8 *data, gsize length, guint32 *seed)
{
  for (gsize i = 0; i < length; i++) {
    *seed = *seed * 1664525u + 1013904223u;
    data[i] = *seed >> 24;
  }
}

static gpointer
send_all(gpointer data)
{
  Sender *sender = data;
  guint8 buffer[32768];

  for (gsize done = 0; done < sender->length;) {
    const gsize part = MIN(sizeof buffer, sender->length - done);
    gsize sent = 0;

    fill(buffer, part, &sender->seed);
    while (sent < part) {
      const gssize length = send(sender->fd, buffer + sent, part - sent, MSG_NOSIGNAL);

      g_assert_cmpint(length, >, 0);
      sent += length;
    }
    done += part;
  }
  if (sender->then_shut)
    shutdown(sender->fd, SHUT_WR);
  return NULL;
}

static void
receive_all(int fd, gsize length, guint32 seed)
{
  guint8 buffer[65536], expected[65536];

  for (gsize done = 0; done < length;) {
    const gssize part = recv(fd, buffer, MIN(sizeof buffer, length - done), 0);

    g_assert_cmpint(part, >, 0);
    fill(expected, part, &seed);
    g_assert_cmpmem(buffer, part, expected, part);
    done += part;
  }
}

static void
expect_end(int fd)
{
  char byte;

  g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 0);
}

static void
expect_reset(int fd)
{
  char buffer[4096];
  gssize length;

  while ((length = recv(fd, buffer, sizeof buffer, 0)) > 0)
    continue;
  g_assert_cmpint(length, ==, -1);
  g_assert_cmpint(errno, ==, ECONNRESET);
}

static void
transfer(int from, int to, gsize length)
{
  Sender sender = {from, length, 7, FALSE};
  GThread *thread = g_thread_new("sender", send_all, &sender);

  receive_all(to, length, 7);
  g_thread_join(thread);
}

/* The connection. */

static void
test_handshake(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);

  g_assert_cmpint(fwd_tunnel_get_state(FWD_TUNNEL(pair->tunnel[0])), ==, FWD_TUNNEL_CONNECTING);
  fwd_tunnel_pair_connect(pair);
  g_assert_cmpstr(fwd_tunnel_get_id(FWD_TUNNEL(pair->tunnel[0])), ==,
                  fwd_identity_get_peer_id(pair->identity[1]));
  g_assert_cmpint(fwd_tunnel_get_path_class(FWD_TUNNEL(pair->tunnel[0])), ==,
                  FWD_PATH_CLASS_LAN);
}

static gboolean
both_closed(FwdTunnelPair *pair)
{
  return pair->closed[0] != NULL && pair->closed[1] != NULL;
}

static void
check_wrong_key(gconstpointer data)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(data);

  fwd_tunnel_pair_add_path(pair, AF_INET, FWD_PATH_CLASS_LAN, 0);
  fwd_tunnel_pair_wait(pair, both_closed);
  g_assert_error(pair->closed[0], FWD_TUNNEL_ERROR, FWD_ERROR_DENIED);
  g_assert_error(pair->closed[1], FWD_TUNNEL_ERROR, FWD_ERROR_DENIED);
  g_assert_cmpint(fwd_tunnel_get_state(FWD_TUNNEL(pair->tunnel[0])), ==, FWD_TUNNEL_CLOSED);
}

static void
check_close(gconstpointer data)
{
  const guint end = GPOINTER_TO_UINT(data);
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int near_fd, far_fd;

  fwd_tunnel_pair_connect(pair);
  fwd_tunnel_pair_connection(pair, 0, &near_fd, &far_fd);
  fwd_tunnel_close(FWD_TUNNEL(pair->tunnel[end]));
  fwd_tunnel_pair_wait(pair, both_closed);
  g_assert_error(pair->closed[0], FWD_TUNNEL_ERROR, FWD_ERROR_CLOSED);
  g_assert_error(pair->closed[1], FWD_TUNNEL_ERROR, FWD_ERROR_CLOSED);
  expect_reset(near_fd);
  expect_reset(far_fd);
  close(near_fd);
  close(far_fd);
}

static void
test_close_before_connected(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  const int fd = fwd_tunnel_pair_open(pair, 0, "x");

  fwd_tunnel_pair_add_path(pair, AF_INET, FWD_PATH_CLASS_LAN, 0);
  fwd_tunnel_close(FWD_TUNNEL(pair->tunnel[0]));
  expect_reset(fd);
  close(fd);
}

static void
test_open_after_close(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int fd;

  fwd_tunnel_close(FWD_TUNNEL(pair->tunnel[0]));
  fd = fwd_tunnel_pair_open(pair, 0, "x");
  expect_reset(fd);
  close(fd);
}

/* Streams. */

static void
test_bytes_each_way(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int near_fd, far_fd;

  fwd_tunnel_pair_connect(pair);
  for (guint from = 0; from < 2; from++) {
    fwd_tunnel_pair_connection(pair, from, &near_fd, &far_fd);
    transfer(near_fd, far_fd, 1);
    transfer(far_fd, near_fd, 1);
    close(near_fd);
    expect_end(far_fd);
    close(far_fd);
  }
  g_assert_cmpstr(pair->forwarder, ==, "tcp");
}

static void
test_waits_for_the_connection(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  const int near_fd = fwd_tunnel_pair_open(pair, 0, "x");
  int far_fd;

  fwd_tunnel_pair_connect(pair);
  far_fd = fwd_tunnel_pair_next_served(pair);
  transfer(near_fd, far_fd, 100000);
  close(near_fd);
  close(far_fd);
}

static void
check_bulk(FwdTunnelPair *pair, gsize length)
{
  int near_fd, far_fd;
  Sender there, back;
  GThread *threads[2];

  fwd_tunnel_pair_connection(pair, 0, &near_fd, &far_fd);
  there = (Sender){near_fd, length, 1, TRUE};
  back = (Sender){far_fd, length, 2, TRUE};
  threads[0] = g_thread_new("there", send_all, &there);
  threads[1] = g_thread_new("back", send_all, &back);
  receive_all(far_fd, length, 1);
  expect_end(far_fd);
  receive_all(near_fd, length, 2);
  expect_end(near_fd);
  g_thread_join(threads[0]);
  g_thread_join(threads[1]);
  close(near_fd);
  close(far_fd);
}

static void
test_bulk_both_ways(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);

  fwd_tunnel_pair_connect(pair);
  check_bulk(pair, 1 * MIB);
}

static void
test_one_way_then_the_other(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int near_fd, far_fd;

  fwd_tunnel_pair_connect(pair);
  fwd_tunnel_pair_connection(pair, 0, &near_fd, &far_fd);
  transfer(near_fd, far_fd, 8 * MIB);
  transfer(far_fd, near_fd, 8 * MIB);
  close(near_fd);
  close(far_fd);
}

static void
check_half_close(gconstpointer data)
{
  const guint end = GPOINTER_TO_UINT(data);
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int fds[2];

  fwd_tunnel_pair_connect(pair);
  fwd_tunnel_pair_connection(pair, 0, &fds[0], &fds[1]);
  transfer(fds[end], fds[!end], 1000);
  shutdown(fds[end], SHUT_WR);
  expect_end(fds[!end]);
  transfer(fds[!end], fds[end], 100000);
  shutdown(fds[!end], SHUT_WR);
  expect_end(fds[end]);
  close(fds[0]);
  close(fds[1]);
}

static void
check_reset(gconstpointer data)
{
  const guint end = GPOINTER_TO_UINT(data);
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  int fds[2];

  fwd_tunnel_pair_connect(pair);
  fwd_tunnel_pair_connection(pair, 0, &fds[0], &fds[1]);
  transfer(fds[end], fds[!end], 1000);
  setsockopt(fds[end], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fds[end]);
  expect_reset(fds[!end]);
  close(fds[!end]);
}

static void
test_refused(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int fd;

  fwd_tunnel_pair_connect(pair);
  fd = fwd_tunnel_pair_open(pair, 0, FWD_PAIR_REFUSE);
  while (pair->forwarder == NULL)
    g_main_context_iteration(NULL, TRUE);
  expect_reset(fd);
  close(fd);
}

static gboolean
is_held(FwdTunnelPair *pair)
{
  return pair->held.length > 0;
}

static void
test_forgotten_channel_is_refused(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int fd;

  fwd_tunnel_pair_connect(pair);
  fd = fwd_tunnel_pair_open(pair, 0, FWD_PAIR_IGNORE);
  fwd_tunnel_pair_wait(pair, is_held);
  g_object_unref(g_queue_pop_head(&pair->held));
  expect_reset(fd);
  close(fd);
}

static gboolean
has_held(FwdTunnelPair *pair)
{
  return pair->held.length > 0;
}

static void
check_late_answer(gconstpointer data)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  g_autoptr(FwdChannel) channel = NULL;
  int near_fd, fds[2];

  fwd_tunnel_pair_connect(pair);
  near_fd = fwd_tunnel_pair_open(pair, 0, FWD_PAIR_IGNORE);
  fwd_tunnel_pair_wait(pair, has_held);
  channel = g_queue_pop_head(&pair->held);
  for (guint end = 0; end < 2; end++) {
    fwd_tunnel_close(FWD_TUNNEL(pair->tunnel[end]));
    fwd_data_plane_shutdown(pair->plane[end]);
  }
  if (data != NULL) {
    fwd_pair_make_tcp(fds);
    fwd_channel_accept(channel, fds[0]);
    expect_reset(fds[1]);
    close(fds[1]);
  }
  close(near_fd);
}

static void
test_many_streams(void)
{
  enum { COUNT = 200 };
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int near_fds[COUNT], far_fds[COUNT];

  fwd_tunnel_pair_connect(pair);
  for (guint i = 0; i < COUNT; i++)
    fwd_tunnel_pair_connection(pair, 0, &near_fds[i], &far_fds[i]);
  for (guint i = 0; i < COUNT; i++) {
    Sender sender = {near_fds[i], 20000, i, TRUE};

    send_all(&sender);
  }
  for (guint i = 0; i < COUNT; i++) {
    receive_all(far_fds[i], 20000, i);
    expect_end(far_fds[i]);
    close(far_fds[i]);
    expect_end(near_fds[i]);
    close(near_fds[i]);
  }
}

static void
test_stalled_reader(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  static const guint8 block[65536];
  const struct timeval soon = {.tv_usec = 300000};
  int stalled[2], lively[2];
  gsize total = 0;
  gssize length;

  fwd_tunnel_pair_connect(pair);
  fwd_tunnel_pair_connection(pair, 0, &stalled[0], &stalled[1]);
  fwd_tunnel_pair_connection(pair, 0, &lively[0], &lively[1]);
  setsockopt(stalled[0], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
  while ((length = send(stalled[0], block, sizeof block, MSG_NOSIGNAL)) > 0)
    total += length;
  /* The windows and the kernel's buffers of two TCP connections, and no more. */
  g_assert_cmpuint(total, <, 40 * MIB);
  transfer(lively[0], lively[1], 4 * MIB);
  transfer(lively[1], lively[0], 4 * MIB);
  for (guint i = 0; i < 2; i++) {
    close(stalled[i]);
    close(lively[i]);
  }
}

/* Paths. */

static void
check_loss(gconstpointer data)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  FwdPairLink *link;

  fwd_tunnel_pair_connect(pair);
  link = g_ptr_array_index(pair->links, 0);
  fwd_pair_link_set_loss(link, GPOINTER_TO_INT(data));
  check_bulk(pair, 1 * MIB);
}

static gboolean
client_moved(FwdTunnelPair *pair)
{
  return fwd_tunnel_get_path_class(FWD_TUNNEL(pair->tunnel[0])) == FWD_PATH_CLASS_LAN &&
         fwd_tunnel_get_path_class(FWD_TUNNEL(pair->tunnel[1])) == FWD_PATH_CLASS_LAN;
}

static void
test_migration(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int near_fd, far_fd;
  Sender sender;
  GThread *thread;

  fwd_tunnel_pair_add_path(pair, AF_INET, FWD_PATH_CLASS_RELAY, 0);
  fwd_tunnel_pair_connection(pair, 0, &near_fd, &far_fd);
  sender = (Sender){near_fd, 8 * MIB, 3, TRUE};
  thread = g_thread_new("sender", send_all, &sender);
  fwd_tunnel_pair_add_path(pair, AF_INET6, FWD_PATH_CLASS_LAN, 0);
  fwd_tunnel_pair_wait(pair, client_moved);
  receive_all(far_fd, 8 * MIB, 3);
  expect_end(far_fd);
  g_thread_join(thread);
  transfer(far_fd, near_fd, 1 * MIB);
  close(near_fd);
  close(far_fd);
}

static gboolean
client_lost(FwdTunnelPair *pair)
{
  return pair->lost[0] > 0;
}

static void
test_all_paths_dead_then_a_new_one(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int near_fd, far_fd;

  fwd_tunnel_pair_connect(pair);
  fwd_tunnel_pair_connection(pair, 0, &near_fd, &far_fd);
  transfer(near_fd, far_fd, 100000);
  fwd_pair_link_set_loss(g_ptr_array_index(pair->links, 0), 1000);
  fwd_tunnel_pair_wait(pair, client_lost);
  fwd_tunnel_pair_add_path(pair, AF_INET6, FWD_PATH_CLASS_P2P, 0);
  transfer(near_fd, far_fd, 1 * MIB);
  transfer(far_fd, near_fd, 1 * MIB);
  close(near_fd);
  close(far_fd);
}

/* Draining. */

static void
test_drain_lets_streams_finish(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int near_fd, far_fd, late_fd;

  fwd_tunnel_pair_connect(pair);
  fwd_tunnel_pair_connection(pair, 0, &near_fd, &far_fd);
  fwd_quic_tunnel_drain(pair->tunnel[0], 20000);
  late_fd = fwd_tunnel_pair_open(pair, 0, "x");
  expect_reset(late_fd);
  transfer(near_fd, far_fd, 1 * MIB);
  transfer(far_fd, near_fd, 1 * MIB);
  g_assert_null(pair->closed[0]);
  shutdown(near_fd, SHUT_WR);
  expect_end(far_fd);
  close(far_fd);
  expect_end(near_fd);
  fwd_tunnel_pair_wait(pair, both_closed);
  g_assert_error(pair->closed[0], FWD_TUNNEL_ERROR, FWD_ERROR_CLOSED);
  g_assert_error(pair->closed[1], FWD_TUNNEL_ERROR, FWD_ERROR_CLOSED);
  close(near_fd);
  close(late_fd);
}

static void
test_drain_has_a_limit(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int near_fd, far_fd;

  fwd_tunnel_pair_connect(pair);
  fwd_tunnel_pair_connection(pair, 0, &near_fd, &far_fd);
  fwd_quic_tunnel_drain(pair->tunnel[1], 1);
  fwd_tunnel_pair_wait(pair, both_closed);
  expect_reset(near_fd);
  expect_reset(far_fd);
  close(near_fd);
  close(far_fd);
}

static gboolean
client_closed(FwdTunnelPair *pair)
{
  return pair->closed[0] != NULL;
}

static void
test_drain_before_connected(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  const int fd = fwd_tunnel_pair_open(pair, 0, "x");

  fwd_quic_tunnel_drain(pair->tunnel[0], 20000);
  fwd_tunnel_pair_wait(pair, client_closed);
  expect_reset(fd);
  close(fd);
}

int
main(int argc, char **argv)
{
  static const FwdTunnelPairOptions client_other = {.client_expects_other = TRUE};
  static const FwdTunnelPairOptions server_other = {.server_expects_other = TRUE};

  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/quic-tunnel/handshake", test_handshake);
  g_test_add_data_func("/quic-tunnel/wrong-key/server", &client_other, check_wrong_key);
  g_test_add_data_func("/quic-tunnel/wrong-key/client", &server_other, check_wrong_key);
  g_test_add_data_func("/quic-tunnel/close/client", GUINT_TO_POINTER(0), check_close);
  g_test_add_data_func("/quic-tunnel/close/server", GUINT_TO_POINTER(1), check_close);
  g_test_add_func("/quic-tunnel/close/before-connected", test_close_before_connected);
  g_test_add_func("/quic-tunnel/drain/streams", test_drain_lets_streams_finish);
  g_test_add_func("/quic-tunnel/drain/limit", test_drain_has_a_limit);
  g_test_add_func("/quic-tunnel/drain/before-connected", test_drain_before_connected);
  g_test_add_func("/quic-tunnel/open/after-close", test_open_after_close);
  g_test_add_func("/quic-tunnel/open/waits", test_waits_for_the_connection);
  g_test_add_func("/quic-tunnel/stream/byte", test_bytes_each_way);
  g_test_add_func("/quic-tunnel/stream/bulk", test_one_way_then_the_other);
  g_test_add_func("/quic-tunnel/stream/both-ways", test_bulk_both_ways);
  g_test_add_data_func("/quic-tunnel/stream/half-close/near", GUINT_TO_POINTER(0),
                       check_half_close);
  g_test_add_data_func("/quic-tunnel/stream/half-close/far", GUINT_TO_POINTER(1),
                       check_half_close);
  g_test_add_data_func("/quic-tunnel/stream/reset/near", GUINT_TO_POINTER(0), check_reset);
  g_test_add_data_func("/quic-tunnel/stream/reset/far", GUINT_TO_POINTER(1), check_reset);
  g_test_add_func("/quic-tunnel/stream/refused", test_refused);
  g_test_add_func("/quic-tunnel/stream/forgotten", test_forgotten_channel_is_refused);
  g_test_add_data_func("/quic-tunnel/stream/late/forgotten", NULL, check_late_answer);
  g_test_add_data_func("/quic-tunnel/stream/late/accepted", GUINT_TO_POINTER(1),
                       check_late_answer);
  g_test_add_func("/quic-tunnel/stream/many", test_many_streams);
  g_test_add_func("/quic-tunnel/stream/stalled", test_stalled_reader);
  g_test_add_data_func("/quic-tunnel/path/loss-1", GINT_TO_POINTER(10), check_loss);
  g_test_add_data_func("/quic-tunnel/path/loss-5", GINT_TO_POINTER(50), check_loss);
  g_test_add_func("/quic-tunnel/path/migration", test_migration);
  g_test_add_func("/quic-tunnel/path/dead-then-new", test_all_paths_dead_then_a_new_one);
  return g_test_run();
}

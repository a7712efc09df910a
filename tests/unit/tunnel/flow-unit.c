/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/flow-listener.h"

#include <string.h>
#include <unistd.h>

static void
exchange(int from, int to, gsize size)
{
  g_autofree guint8 *data = g_malloc(70000), *got = g_malloc(70000);

  memset(data, (int)(size & 0xff), size);
  g_assert_cmpint(send(from, data, size, 0), ==, size);
  g_assert_cmpint(recv(to, got, 70000, 0), ==, size);
  g_assert_cmpmem(data, size, got, size);
}

static void
test_sizes(void)
{
  static const gsize sizes[] = {0, 1, 1200, 1300, 1472, 9000, 65507};
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  FwdFlowListener listener;
  int far_fd;

  fwd_tunnel_pair_connect(pair);
  listener = fwd_flow_listener_new(pair);
  far_fd = fwd_flow_listener_open_flow(&listener, listener.application);
  for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
    exchange(listener.application, far_fd, sizes[i]);
    exchange(far_fd, listener.application, sizes[i]);
  }
  g_assert_cmpstr(pair->forwarder, ==, "udp");
  close(listener.application);
  close(far_fd);
}

static void
test_one_flow_a_source(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  FwdFlowListener listener;
  int second, far_fds[2];
  char got[16];

  fwd_tunnel_pair_connect(pair);
  listener = fwd_flow_listener_new(pair);
  second = fwd_flow_listener_add_application(&listener);
  g_assert_cmpint(send(listener.application, "a", 1, 0), ==, 1);
  far_fds[0] = fwd_tunnel_pair_next_served(pair);
  g_assert_cmpint(send(second, "bb", 2, 0), ==, 2);
  far_fds[1] = fwd_tunnel_pair_next_served(pair);
  g_assert_cmpint(recv(far_fds[0], got, sizeof got, 0), ==, 1);
  g_assert_cmpint(recv(far_fds[1], got, sizeof got, 0), ==, 2);
  exchange(far_fds[1], second, 20);
  exchange(far_fds[0], listener.application, 10);
  close(listener.application);
  close(second);
  close(far_fds[0]);
  close(far_fds[1]);
}

static gboolean
no_flows(FwdTunnelPair *pair)
{
  return fwd_quic_tunnel_get_statistics(pair->tunnel[0])->flows == 0 &&
         fwd_quic_tunnel_get_statistics(pair->tunnel[1])->flows == 0;
}

static gboolean
both_have_a_flow(FwdTunnelPair *pair)
{
  return fwd_quic_tunnel_get_statistics(pair->tunnel[0])->flows == 1 &&
         fwd_quic_tunnel_get_statistics(pair->tunnel[1])->flows == 1;
}

static void
test_idle_flows_end(void)
{
  static const FwdTunnelPairOptions options = {.flow_idle_ms = 2500};
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(&options);
  FwdFlowListener listener;
  int far_fd;

  fwd_tunnel_pair_connect(pair);
  listener = fwd_flow_listener_new(pair);
  g_assert_cmpint(send(listener.application, "x", 1, 0), ==, 1);
  far_fd = fwd_tunnel_pair_next_served(pair);
  fwd_tunnel_pair_wait(pair, both_have_a_flow);
  fwd_tunnel_pair_wait(pair, no_flows);
  close(far_fd);
  g_assert_cmpint(send(listener.application, "y", 1, 0), ==, 1);
  far_fd = fwd_tunnel_pair_next_served(pair);
  close(far_fd);
  close(listener.application);
}

static void
test_release_ends_flows(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  FwdFlowListener listener;
  int far_fd;

  fwd_tunnel_pair_connect(pair);
  listener = fwd_flow_listener_new(pair);
  g_assert_cmpint(send(listener.application, "x", 1, 0), ==, 1);
  far_fd = fwd_tunnel_pair_next_served(pair);
  fwd_tunnel_pair_wait(pair, both_have_a_flow);
  fwd_tunnel_release(FWD_TUNNEL(pair->tunnel[0]), listener.bound);
  fwd_tunnel_pair_wait(pair, no_flows);
  close(far_fd);
  close(listener.application);
}

/** Datagrams alone, on a path that loses: some arrive up to the very end. */
static void
check_no_stall(gconstpointer data)
{
  enum { ROUNDS = 150, BURST = 32, SIZE = 1100 };
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  const struct timeval short_limit = {.tv_usec = 50000};
  guint8 block[SIZE] = {0};
  FwdFlowListener listener;
  guint arrived = 0, late = 0;
  int far_fd;

  fwd_tunnel_pair_connect(pair);
  listener = fwd_flow_listener_new(pair);
  g_assert_cmpint(send(listener.application, block, 1, 0), ==, 1);
  far_fd = fwd_tunnel_pair_next_served(pair);
  setsockopt(far_fd, SOL_SOCKET, SO_RCVTIMEO, &short_limit, sizeof short_limit);
  fwd_pair_link_set_loss(g_ptr_array_index(pair->links, 0), GPOINTER_TO_INT(data));
  for (guint round = 0; round < ROUNDS; round++) {
    for (guint i = 0; i < BURST; i++)
      g_assert_cmpint(send(listener.application, block, sizeof block, 0), ==, SIZE);
    for (guint i = 0; i < BURST && recv(far_fd, block, sizeof block, 0) > 0; i++) {
      arrived++;
      late += round >= ROUNDS * 9 / 10;
    }
  }
  g_test_message("%u of %u arrived", arrived, ROUNDS * BURST);
  g_assert_cmpuint(late, >, ROUNDS * BURST / 20);
  close(far_fd);
  close(listener.application);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/flow/sizes", test_sizes);
  g_test_add_func("/flow/sources", test_one_flow_a_source);
  g_test_add_func("/flow/idle", test_idle_flows_end);
  g_test_add_func("/flow/release", test_release_ends_flows);
  g_test_add_data_func("/flow/loss-1", GINT_TO_POINTER(10), check_no_stall);
  g_test_add_data_func("/flow/loss-5", GINT_TO_POINTER(50), check_no_stall);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many datagrams at once: how they travel, in which order, and what else gets through. */
#include "fakes/flow-listener.h"

#include "tunnel/datagram-queue.h"
#include <string.h>
#include <unistd.h>

#define MIB (1024 * 1024)

/** What the client's statistics say, no older than this call. */
static const FwdTunnelStatistics *
sample(FwdTunnelPair *pair)
{
  fwd_tunnel_pair_sample(pair);
  return fwd_quic_tunnel_get_statistics(pair->tunnel[FWD_PAIR_CLIENT]);
}

static void
test_many_a_packet(void)
{
  enum { COUNT = 60, SIZE = 200 };
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  FwdFlowListener listener;
  gsize sizes[COUNT];
  guint64 before;
  int far_fd;

  fwd_tunnel_pair_connect(pair);
  listener = fwd_flow_listener_new(pair);
  far_fd = fwd_flow_listener_open_flow(&listener, listener.application);
  before = sample(pair)->packets_out;
  for (guint i = 0; i < COUNT; i++)
    sizes[i] = SIZE;
  fwd_flow_listener_burst(&listener, listener.application, sizes, COUNT);
  for (guint i = 0; i < COUNT; i++)
    fwd_flow_expect(far_fd, i, SIZE);
  g_assert_cmpuint(sample(pair)->packets_out - before, <, COUNT / 2);
  close(listener.application);
  close(far_fd);
}

/** Those that fit a packet arrive in order, whatever is between them; the others arrive too. */
static void
test_mixed_sizes(void)
{
  static const gsize sizes[] = {0,    200, 200, 199, 1100, 20, 1460, 1472,
                                1500, 0,   0,   1,   9000, 1,  1300, 200};
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  g_autofree guint8 *got = g_malloc(FWD_DATAGRAM_MAX);
  gboolean seen[G_N_ELEMENTS(sizes)] = {FALSE};
  FwdFlowListener listener;
  int far_fd;

  fwd_tunnel_pair_connect(pair);
  listener = fwd_flow_listener_new(pair);
  far_fd = fwd_flow_listener_open_flow(&listener, listener.application);
  sample(pair); /* the path's size is known then */
  fwd_flow_listener_burst(&listener, listener.application, sizes, G_N_ELEMENTS(sizes));
  for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
    const gssize length = recv(far_fd, got, FWD_DATAGRAM_MAX, 0);
    guint which = 0;

    while (which < G_N_ELEMENTS(sizes) &&
           (seen[which] || sizes[which] != (gsize)length || (length > 0 && got[0] != which)))
      which++;
    g_assert_cmpuint(which, <, G_N_ELEMENTS(sizes));
    seen[which] = TRUE;
    for (guint later = which + 1; length <= 1300 && later < G_N_ELEMENTS(sizes); later++)
      g_assert_true(!seen[later] || sizes[later] > 1300);
  }
  close(listener.application);
  close(far_fd);
}

static void
test_many_flows(void)
{
  enum { FLOWS = 40, ROUNDS = 5 };
  static const gsize sizes[] = {100, 100, 50};
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  int applications[FLOWS], far_fds[FLOWS];
  FwdFlowListener listener;

  fwd_tunnel_pair_connect(pair);
  listener = fwd_flow_listener_new(pair);
  for (guint i = 0; i < FLOWS; i++) {
    applications[i] = fwd_flow_listener_add_application(&listener);
    far_fds[i] = fwd_flow_listener_open_flow(&listener, applications[i]);
  }
  for (guint round = 0; round < ROUNDS; round++)
    for (guint i = 0; i < FLOWS; i++)
      fwd_flow_listener_burst(&listener, applications[i], sizes, 1 + (round + i) % 3);
  for (guint i = 0; i < FLOWS; i++) {
    guint8 answer[2] = {i, 0}, got[2];

    for (guint round = 0; round < ROUNDS; round++)
      for (guint j = 0; j < 1 + (round + i) % 3; j++)
        fwd_flow_expect(far_fds[i], j, sizes[j]);
    g_assert_cmpint(send(far_fds[i], answer, sizeof answer, 0), ==, sizeof answer);
    g_assert_cmpint(recv(applications[i], got, sizeof got, 0), ==, sizeof got);
    g_assert_cmpuint(got[0], ==, i);
    close(applications[i]);
    close(far_fds[i]);
  }
  close(listener.application);
}

/** While the path carries nothing more waits than there is room for: the newest get through. */
static void
test_fresh_ones_get_through(void)
{
  enum { BURST = 50, ROUNDS = 60, OLD = 1100, FRESH = 1000 };
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  FwdPairLink *link;
  FwdFlowListener listener;
  gsize sizes[BURST];
  gssize length;
  guint fresh = 0;
  guint8 got[OLD];
  int far_fd;

  fwd_tunnel_pair_connect(pair);
  listener = fwd_flow_listener_new(pair);
  far_fd = fwd_flow_listener_open_flow(&listener, listener.application);
  link = g_ptr_array_index(pair->links, 0);
  fwd_pair_link_set_loss(link, 1000);
  for (guint round = 0; round <= ROUNDS; round++) {
    for (guint i = 0; i < BURST; i++)
      sizes[i] = round < ROUNDS ? OLD : FRESH;
    fwd_flow_listener_burst(&listener, listener.application, sizes, BURST);
    /* It has been read when the next round has begun. */
    fwd_flow_listener_burst(&listener, listener.application, sizes, 0);
  }
  fwd_pair_link_set_loss(link, 0);
  do {
    length = recv(far_fd, got, sizeof got, 0);
    g_assert_cmpint(length, >, 0);
    fresh += length == FRESH;
  } while (length != FRESH || got[0] != BURST - 1);
  g_assert_cmpuint(fresh, >=, FWD_DATAGRAM_KEPT);
  g_assert_cmpuint(sample(pair)->datagrams_lost, >, BURST);
  close(listener.application);
  close(far_fd);
}

/* Beside a stream. */

typedef struct {
  int fd;
  gboolean is_stream;
  gint stop;
} Flood;

static gpointer
flood(gpointer data)
{
  static const guint8 bytes[32768];
  Flood *flood = data;

  while (!g_atomic_int_get(&flood->stop))
    if (send(flood->fd, bytes, flood->is_stream ? sizeof bytes : 1000, MSG_NOSIGNAL) <= 0)
      break;
  return NULL;
}

static gpointer
drain(gpointer data)
{
  guint8 bytes[32768];

  while (recv(GPOINTER_TO_INT(data), bytes, sizeof bytes, 0) > 0)
    continue;
  return NULL;
}

static void
test_datagrams_beside_a_stream(void)
{
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  Flood bulk = {.is_stream = TRUE};
  FwdFlowListener listener;
  GThread *sender, *receiver;
  int far_fd, far_stream;

  fwd_tunnel_pair_connect(pair);
  listener = fwd_flow_listener_new(pair);
  far_fd = fwd_flow_listener_open_flow(&listener, listener.application);
  fwd_tunnel_pair_connection(pair, FWD_PAIR_CLIENT, &bulk.fd, &far_stream);
  sender = g_thread_new("bulk", flood, &bulk);
  receiver = g_thread_new("drain", drain, GINT_TO_POINTER(far_stream));
  for (guint i = 0; i < 200; i++) {
    g_assert_cmpint(send(listener.application, &i, sizeof i, 0), ==, sizeof i);
    g_assert_cmpint(recv(far_fd, &(guint){0}, sizeof i, 0), ==, sizeof i);
  }
  g_atomic_int_set(&bulk.stop, TRUE);
  g_thread_join(sender);
  close(bulk.fd);
  g_thread_join(receiver);
  close(far_stream);
  close(listener.application);
  close(far_fd);
}

static void
test_stream_beside_datagrams(void)
{
  enum { SIZE = 4 * MIB };
  g_autoptr(FwdTunnelPair) pair = fwd_tunnel_pair_new(NULL);
  g_autofree guint8 *bytes = g_malloc0(SIZE);
  Flood many = {.is_stream = FALSE}, bulk = {.is_stream = TRUE};
  FwdFlowListener listener;
  GThread *sender, *stream;
  int far_fd, far_stream;

  fwd_tunnel_pair_connect(pair);
  listener = fwd_flow_listener_new(pair);
  far_fd = fwd_flow_listener_open_flow(&listener, listener.application);
  fwd_tunnel_pair_connection(pair, FWD_PAIR_CLIENT, &bulk.fd, &far_stream);
  many.fd = listener.application;
  sender = g_thread_new("datagrams", flood, &many);
  stream = g_thread_new("bulk", flood, &bulk);
  g_assert_cmpint(recv(far_stream, bytes, SIZE, MSG_WAITALL), ==, SIZE);
  g_atomic_int_set(&many.stop, TRUE);
  g_thread_join(sender);
  g_atomic_int_set(&bulk.stop, TRUE);
  close(far_stream);
  g_thread_join(stream);
  close(bulk.fd);
  close(listener.application);
  close(far_fd);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/flow-burst/many-a-packet", test_many_a_packet);
  g_test_add_func("/flow-burst/mixed-sizes", test_mixed_sizes);
  g_test_add_func("/flow-burst/many-flows", test_many_flows);
  g_test_add_func("/flow-burst/fresh", test_fresh_ones_get_through);
  g_test_add_func("/flow-burst/datagrams-beside-a-stream", test_datagrams_beside_a_stream);
  g_test_add_func("/flow-burst/stream-beside-datagrams", test_stream_beside_datagrams);
  return g_test_run();
}

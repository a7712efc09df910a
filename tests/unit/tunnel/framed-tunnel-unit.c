/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tunnel over a byte stream: packets larger than UDP's, and smaller ones again after it. */
#include "fakes/tunnel-pair.h"

#include "path/framed-path.h"
#include "path/udp-path.h"
#include <string.h>
#include <unistd.h>

#define LENGTH (4 * 1024 * 1024)

typedef struct {
  FwdTunnelPair *pair;
  int near_fd, far_fd;
  guint8 *bytes, *received;
} Fixture;

/* The paths. */

static FwdPath *
new_framed_path(int fd)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, &error);

  g_assert_no_error(error);
  return fwd_framed_path_new(G_IO_STREAM(g_socket_connection_factory_create_connection(socket)),
                             FWD_FRAMING_LENGTH, FWD_PATH_CLASS_RELAY, "relay", 0);
}

static void
add_framed(FwdTunnelPair *pair)
{
  int fds[2];

  fwd_pair_make_tcp(fds);
  for (guint i = 0; i < 2; i++)
    fwd_quic_tunnel_add_path(pair->tunnel[i], new_framed_path(fds[i]));
}

static void
open_connection(Fixture *fixture)
{
  fwd_tunnel_pair_connection(fixture->pair, 0, &fixture->near_fd, &fixture->far_fd);
}

static void
set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  fixture->pair = fwd_tunnel_pair_new(NULL);
  fixture->near_fd = fixture->far_fd = -1;
  fixture->bytes = g_malloc(LENGTH);
  fixture->received = g_malloc0(LENGTH);
  for (gsize i = 0; i < LENGTH; i++)
    fixture->bytes[i] = (guint8)(i * 31 + i / 251);
}

static void
tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  close(fixture->near_fd);
  close(fixture->far_fd);
  fwd_tunnel_pair_free(fixture->pair);
  g_free(fixture->bytes);
  g_free(fixture->received);
}

/* Bytes. */

static gpointer
send_all(gpointer data)
{
  const Fixture *fixture = data;

  for (gsize done = 0; done < LENGTH;) {
    const gssize sent =
        send(fixture->near_fd, fixture->bytes + done, LENGTH - done, MSG_NOSIGNAL);

    g_assert_cmpint(sent, >, 0);
    done += (gsize)sent;
  }
  return NULL;
}

static void
transfer(Fixture *fixture)
{
  GThread *thread = g_thread_new("sender", send_all, fixture);

  memset(fixture->received, 0, LENGTH);
  g_assert_cmpint(recv(fixture->far_fd, fixture->received, LENGTH, MSG_WAITALL), ==, LENGTH);
  g_thread_join(thread);
  g_assert_cmpmem(fixture->received, LENGTH, fixture->bytes, LENGTH);
}

static gboolean
server_has_counted(FwdTunnelPair *pair)
{
  return fwd_quic_tunnel_get_statistics(pair->tunnel[FWD_PAIR_SERVER])->bytes_in >= LENGTH;
}

static guint64
average_packet(FwdTunnelPair *pair)
{
  const FwdTunnelStatistics *statistics =
      fwd_quic_tunnel_get_statistics(pair->tunnel[FWD_PAIR_SERVER]);

  fwd_tunnel_pair_wait(pair, server_has_counted);
  return statistics->bytes_in / statistics->packets_in;
}

static void
test_large_packets(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  add_framed(fixture->pair);
  open_connection(fixture);
  transfer(fixture);
  g_assert_cmpuint(average_packet(fixture->pair), >, FWD_UDP_MTU4);
}

static gboolean
both_direct(FwdTunnelPair *pair)
{
  return fwd_tunnel_get_path_class(FWD_TUNNEL(pair->tunnel[0])) == FWD_PATH_CLASS_P2P &&
         fwd_tunnel_get_path_class(FWD_TUNNEL(pair->tunnel[1])) == FWD_PATH_CLASS_P2P;
}

/* What was learnt on the stream is not believed of the path after it. */
static void
test_direct_after_framed(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  add_framed(fixture->pair);
  open_connection(fixture);
  transfer(fixture);
  fwd_tunnel_pair_add_path(fixture->pair, AF_INET, FWD_PATH_CLASS_P2P, 0);
  fwd_tunnel_pair_wait(fixture->pair, both_direct);
  transfer(fixture);
}

static gboolean
both_relayed(FwdTunnelPair *pair)
{
  return fwd_tunnel_get_path_class(FWD_TUNNEL(pair->tunnel[0])) == FWD_PATH_CLASS_RELAY &&
         fwd_tunnel_get_path_class(FWD_TUNNEL(pair->tunnel[1])) == FWD_PATH_CLASS_RELAY;
}

static void
test_framed_after_direct(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  FwdPairLink *link = fwd_tunnel_pair_add_path(fixture->pair, AF_INET, FWD_PATH_CLASS_P2P, 0);

  open_connection(fixture);
  transfer(fixture);
  add_framed(fixture->pair);
  fwd_pair_link_set_loss(link, 1000);
  fwd_tunnel_pair_wait(fixture->pair, both_relayed);
  transfer(fixture);
}

#define ADD(name, function)                                                                    \
  g_test_add("/tunnel/framed/" name, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("large-packets", test_large_packets);
  ADD("direct-after-framed", test_direct_after_framed);
  ADD("framed-after-direct", test_framed_after_direct);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/persistent-tunnel.h"

#include <errno.h>
#include <fakes/fake-tunnel.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static void
make_pair(int ends[2])
{
  g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), ==,
                  0);
}

/* Whether the other end of a stream has gone. */
static gboolean
is_closed(int fd)
{
  char byte;

  return read(fd, &byte, 1) == 0;
}

static void
test_passes_on(void)
{
  g_autoptr(FwdPersistentTunnel) tunnel = fwd_persistent_tunnel_new();
  g_autoptr(FakeTunnel) fake = fake_tunnel_new(NULL);
  int ends[2];

  make_pair(ends);
  fwd_persistent_tunnel_set(tunnel, FWD_TUNNEL(fake));
  fwd_tunnel_open(FWD_TUNNEL(tunnel), FWD_CHANNEL_STREAM, "tcp", "localhost:1", ends[0], NULL);
  g_assert_cmpuint(fake->opened, ==, 1);
  g_assert_cmpstr(fake->forwarder, ==, "tcp");
  g_assert_cmpstr(fake->target, ==, "localhost:1");
  close(ends[1]);
}

static void
test_streams_wait(void)
{
  g_autoptr(FwdPersistentTunnel) tunnel = fwd_persistent_tunnel_new();
  g_autoptr(FakeTunnel) fake = fake_tunnel_new(NULL);
  g_autoptr(FwdTraffic) traffic = fwd_traffic_new();
  int ends[2];

  make_pair(ends);
  g_assert_cmpint(fwd_tunnel_get_state(FWD_TUNNEL(tunnel)), ==, FWD_TUNNEL_CONNECTING);
  fwd_tunnel_open(FWD_TUNNEL(tunnel), FWD_CHANNEL_STREAM, "tcp", "localhost:1", ends[0], traffic);
  g_assert_false(is_closed(ends[1]));
  g_assert_cmpint(errno, ==, EAGAIN);
  fwd_persistent_tunnel_set(tunnel, FWD_TUNNEL(fake));
  g_assert_cmpuint(fake->opened, ==, 1);
  g_assert_true(fake->traffic == traffic);
  close(ends[1]);
}

static void
test_close_turns_waiting_away(void)
{
  g_autoptr(FwdPersistentTunnel) tunnel = fwd_persistent_tunnel_new();
  g_autoptr(FwdTraffic) traffic = fwd_traffic_new();
  int ends[2], late[2];

  make_pair(ends);
  make_pair(late);
  fwd_tunnel_open(FWD_TUNNEL(tunnel), FWD_CHANNEL_STREAM, "tcp", "localhost:1", ends[0], traffic);
  fwd_tunnel_close(FWD_TUNNEL(tunnel));
  g_assert_cmpint(fwd_tunnel_get_state(FWD_TUNNEL(tunnel)), ==, FWD_TUNNEL_CLOSED);
  g_assert_true(is_closed(ends[1]));
  fwd_tunnel_open(FWD_TUNNEL(tunnel), FWD_CHANNEL_STREAM, "tcp", "localhost:1", late[0], traffic);
  g_assert_true(is_closed(late[1]));
  g_assert_cmpuint(fwd_traffic_get(traffic, errors), ==, 2);
  close(ends[1]);
  close(late[1]);
}

/* A datagram socket outlives the tunnels that it is lent to. */
static void
test_lends_datagram_sockets(void)
{
  g_autoptr(FwdPersistentTunnel) tunnel = fwd_persistent_tunnel_new();
  g_autoptr(FakeTunnel) first = fake_tunnel_new(NULL), second = fake_tunnel_new(NULL);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  fwd_tunnel_open(FWD_TUNNEL(tunnel), FWD_CHANNEL_FLOW, "udp", "localhost:53", fd, NULL);
  fwd_persistent_tunnel_set(tunnel, FWD_TUNNEL(first));
  g_assert_cmpuint(first->opened, ==, 1);
  fwd_persistent_tunnel_set(tunnel, NULL);
  g_assert_cmpint(fcntl(fd, F_GETFD), !=, -1);
  fwd_persistent_tunnel_set(tunnel, FWD_TUNNEL(second));
  g_assert_cmpuint(second->opened, ==, 1);
  g_assert_cmpint(second->kind, ==, FWD_CHANNEL_FLOW);
  fwd_tunnel_release(FWD_TUNNEL(tunnel), fd);
  g_assert_cmpuint(second->released, ==, 1);
  g_assert_cmpint(fcntl(fd, F_GETFD), ==, -1);
  g_assert_cmpint(errno, ==, EBADF);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/persistent-tunnel/passes-on", test_passes_on);
  g_test_add_func("/persistent-tunnel/streams-wait", test_streams_wait);
  g_test_add_func("/persistent-tunnel/close", test_close_turns_waiting_away);
  g_test_add_func("/persistent-tunnel/lends", test_lends_datagram_sockets);
  return g_test_run();
}

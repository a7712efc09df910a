/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/persistent-tunnel.h"

#include <errno.h>
#include <fakes/fake-tunnel.h>
#include <fakes/few-descriptors.h>
#include <fcntl.h>
#include <netinet/in.h>
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
  fwd_tunnel_open(FWD_TUNNEL(tunnel), FWD_CHANNEL_STREAM, "tcp", "localhost:1", ends[0],
                  traffic);
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
  fwd_tunnel_open(FWD_TUNNEL(tunnel), FWD_CHANNEL_STREAM, "tcp", "localhost:1", ends[0],
                  traffic);
  fwd_tunnel_close(FWD_TUNNEL(tunnel));
  g_assert_cmpint(fwd_tunnel_get_state(FWD_TUNNEL(tunnel)), ==, FWD_TUNNEL_CLOSED);
  g_assert_true(is_closed(ends[1]));
  fwd_tunnel_open(FWD_TUNNEL(tunnel), FWD_CHANNEL_STREAM, "tcp", "localhost:1", late[0],
                  traffic);
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

/* A listening socket and where it is. */

static int
make_listener(struct sockaddr_in *address)
{
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  socklen_t length = sizeof *address;

  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  g_assert_cmpint(bind(fd, (struct sockaddr *)address, length), ==, 0);
  g_assert_cmpint(listen(fd, 16), ==, 0);
  g_assert_cmpint(getsockname(fd, (struct sockaddr *)address, &length), ==, 0);
  return fd;
}

static int
connect_to(const struct sockaddr_in *address)
{
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint(connect(fd, (const struct sockaddr *)address, sizeof *address), ==, 0);
  return fd;
}

static gboolean
on_patience_over(gpointer data)
{
  g_assert_not_reached();
}

static void
wait_until(const guint *counter, guint value)
{
  const guint patience = g_timeout_add_seconds(10, on_patience_over, NULL);

  while (*counter < value)
    g_main_context_iteration(NULL, TRUE);
  g_source_remove(patience);
  g_assert_cmpuint(*counter, ==, value);
}

/* Connections are taken by whichever tunnel is there, and without one they wait. */
static void
test_lends_listening_sockets(void)
{
  g_autoptr(FwdPersistentTunnel) tunnel = fwd_persistent_tunnel_new();
  g_autoptr(FakeTunnel) first = fake_tunnel_new(NULL), second = fake_tunnel_new(NULL);
  struct sockaddr_in address;
  const int fd = make_listener(&address);
  int early, late;

  fwd_persistent_tunnel_set(tunnel, FWD_TUNNEL(first));
  fwd_tunnel_open(FWD_TUNNEL(tunnel), FWD_CHANNEL_LISTENER, "tcp", "localhost:1", fd, NULL);
  g_assert_cmpint(first->kind, ==, FWD_CHANNEL_LISTENER);
  early = connect_to(&address);
  wait_until(&first->connections, 1);
  fwd_persistent_tunnel_set(tunnel, NULL);
  g_assert_cmpuint(first->released, ==, 1);

  late = connect_to(&address);
  while (g_main_context_iteration(NULL, FALSE))
    continue;
  fwd_persistent_tunnel_set(tunnel, FWD_TUNNEL(second));
  /* The socket, and the connection that was taken meanwhile. */
  g_assert_cmpuint(second->opened, ==, 2);
  g_assert_cmpint(second->kind, ==, FWD_CHANNEL_STREAM);
  g_assert_cmpstr(second->target, ==, "localhost:1");
  fwd_tunnel_release(FWD_TUNNEL(tunnel), fd);
  g_assert_cmpuint(second->released, ==, 1);
  close(early);
  close(late);
}

/* From one tunnel to the next: the former one must not take any more. */
static void
test_takes_back_first(void)
{
  g_autoptr(FwdPersistentTunnel) tunnel = fwd_persistent_tunnel_new();
  g_autoptr(FakeTunnel) first = fake_tunnel_new(NULL), second = fake_tunnel_new(NULL);
  struct sockaddr_in address;

  fwd_tunnel_open(FWD_TUNNEL(tunnel), FWD_CHANNEL_LISTENER, "tcp", "localhost:1",
                  make_listener(&address), NULL);
  fwd_persistent_tunnel_set(tunnel, FWD_TUNNEL(first));
  fwd_persistent_tunnel_set(tunnel, FWD_TUNNEL(second));
  g_assert_cmpuint(first->released, ==, 1);
  g_assert_cmpuint(second->opened, ==, 1);
  close(connect_to(&address));
  wait_until(&second->connections, 1);
  g_assert_cmpuint(first->connections, ==, 0);
}

/* A port is free for the next mapping even while a tunnel still has its copy. */
static void
test_release_frees_the_port(void)
{
  g_autoptr(FwdPersistentTunnel) tunnel = fwd_persistent_tunnel_new();
  struct sockaddr_in address;
  const int on = 1, fd = make_listener(&address), copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  const int next = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  fwd_tunnel_open(FWD_TUNNEL(tunnel), FWD_CHANNEL_LISTENER, "tcp", "localhost:1", fd, NULL);
  fwd_tunnel_release(FWD_TUNNEL(tunnel), fd);
  setsockopt(next, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  g_assert_cmpint(bind(next, (struct sockaddr *)&address, sizeof address), ==, 0);
  g_assert_cmpint(listen(next, 1), ==, 0);
  close(next);
  close(copy);
}

static gboolean
on_tick(gpointer user_data)
{
  (*(guint *)user_data)++;
  return G_SOURCE_CONTINUE;
}

/* Without descriptors it neither spins nor gives up, and says so once. */
static void
exhaust_descriptors(void)
{
  g_autoptr(FwdPersistentTunnel) tunnel = fwd_persistent_tunnel_new();
  g_autoptr(FakeTunnel) fake = fake_tunnel_new(NULL);
  struct sockaddr_in address;
  guint before, ticks = 0, turns = 0, source;
  int fd;

  fwd_tunnel_open(FWD_TUNNEL(tunnel), FWD_CHANNEL_LISTENER, "tcp", "localhost:1",
                  make_listener(&address), NULL);
  fd = connect_to(&address);
  before = fwd_few_descriptors_begin();
  /* The socket cannot be lent either: it goes on by itself. */
  fwd_persistent_tunnel_set(tunnel, FWD_TUNNEL(fake));
  source = g_timeout_add(250, on_tick, &ticks);
  for (; ticks == 0; turns++)
    g_main_context_iteration(NULL, TRUE);
  g_assert_cmpuint(turns, <, 20);
  g_assert_cmpuint(fake->opened, ==, 0);
  fwd_few_descriptors_end(before);
  wait_until(&fake->opened, 1);
  g_assert_cmpint(fake->kind, ==, FWD_CHANNEL_STREAM);
  g_source_remove(source);
  close(fd);
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
  g_test_add_func("/persistent-tunnel/passes-on", test_passes_on);
  g_test_add_func("/persistent-tunnel/streams-wait", test_streams_wait);
  g_test_add_func("/persistent-tunnel/close", test_close_turns_waiting_away);
  g_test_add_func("/persistent-tunnel/lends", test_lends_datagram_sockets);
  g_test_add_func("/persistent-tunnel/lends-listeners", test_lends_listening_sockets);
  g_test_add_func("/persistent-tunnel/takes-back", test_takes_back_first);
  g_test_add_func("/persistent-tunnel/port-is-free", test_release_frees_the_port);
  g_test_add_func("/persistent-tunnel/out-of-descriptors", test_out_of_descriptors);
  return g_test_run();
}

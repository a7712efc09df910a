/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the forwarder "tcp" does beyond what every forwarder does. */
#include "forwarder-scene.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

static int
get_option(int fd, int level, int name)
{
  int value = 0;
  socklen_t length = sizeof(value);

  g_assert_cmpint(getsockopt(fd, level, name, &value, &length), ==, 0);
  return value;
}

static void
test_refused(Scene *scene, gconstpointer data)
{
  guint16 port;
  const int taken = scene_bind("127.0.0.1", &port);
  g_autofree char *target = g_strdup_printf("127.0.0.1:%u", port);
  g_autofree char *message = g_strdup_printf("%s: Connection refused", target);

  scene_serve(scene, target);
  g_assert_error(scene->channel->why, FWD_FORWARDER_ERROR, FWD_ERROR_REFUSED);
  g_assert_cmpstr(scene->channel->why->message, ==, message);
  g_assert_cmpuint(scene->channel->answers, ==, 1);
  close(taken);
}

static void
test_refused_resets(Scene *scene, gconstpointer data)
{
  char byte;

  scene->service = scene_bind("127.0.0.1", &scene->service_port);
  g_assert_true(scene_listen(scene, "127.0.0.1", 0, "127.0.0.1", NULL));
  const int fd = scene_connect(scene, "127.0.0.1");
  scene_wait_readable(fd);
  g_assert_cmpint(recv(fd, &byte, 1, 0), ==, -1);
  g_assert_cmpint(errno, ==, ECONNRESET);
  g_assert_cmpuint(scene->tunnel->refused, ==, 1);
  close(fd);
}

static void
test_unreachable(Scene *scene, gconstpointer data)
{
  scene_serve(scene, "255.255.255.255:80");
  g_assert_true(scene->channel->why->domain == FWD_FORWARDER_ERROR);
  g_assert_cmpint(scene->accepted, ==, -1);
}

/* The first address refuses, the second serves. */
static void
test_next_address(Scene *scene, gconstpointer data)
{
  static const char *const addresses[] = {"127.0.0.2", "127.0.0.1", NULL};
  scene_name_service(scene, addresses);
  scene_start_service(scene, "127.0.0.1");
  scene_serve_service(scene, "service.example");
  g_assert_no_error(scene->channel->why);
  scene_assert_echo(scene->accepted, "second");
}

static void
assert_tuned(int fd)
{
  g_assert_cmpint(get_option(fd, SOL_SOCKET, SO_KEEPALIVE), ==, 1);
  g_assert_cmpint(get_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), ==, 60);
  g_assert_cmpint(get_option(fd, IPPROTO_TCP, TCP_NODELAY), !=, 0);
}

static void
test_socket_options(Scene *scene, gconstpointer data)
{
  scene_start_service(scene, "127.0.0.1");
  scene_serve_service(scene, "127.0.0.1");
  assert_tuned(scene->accepted);
  g_assert_true(fcntl(scene->accepted, F_GETFD) & FD_CLOEXEC);
}

/* What it listens with is what the tunnel's connections have. */
static void
test_inherited_options(Scene *scene, gconstpointer data)
{
  g_clear_object(&scene->tunnel);
  scene->tunnel = fake_tunnel_new(NULL);
  scene->tunnel->keep = TRUE;
  g_assert_true(scene_listen(scene, "127.0.0.1", 0, "127.0.0.1", NULL));
  const int fd = scene_connect(scene, "127.0.0.1");
  scene_wait_for(&scene->tunnel->connections, 1);
  g_assert_cmpint(scene->tunnel->kind, ==, FWD_CHANNEL_LISTENER);
  assert_tuned(scene->tunnel->kept);
  close(scene->tunnel->kept);
  close(fd);
}

/* Half-close: the service's answer arrives after our end of stream. */
static void
test_half_close(Scene *scene, gconstpointer data)
{
  char buffer[16] = "";

  scene_start_service(scene, "127.0.0.1");
  g_assert_true(scene_listen(scene, "127.0.0.1", 0, "127.0.0.1", NULL));
  const int fd = scene_connect(scene, "127.0.0.1");
  g_assert_cmpint(send(fd, "last", 4, 0), ==, 4);
  shutdown(fd, SHUT_WR);
  scene_wait_readable(fd);
  g_assert_cmpint(recv(fd, buffer, sizeof(buffer) - 1, 0), ==, 4);
  g_assert_cmpstr(buffer, ==, "last");
  scene_wait_readable(fd);
  g_assert_cmpint(recv(fd, buffer, sizeof(buffer), 0), ==, 0);
  close(fd);
}

static void
test_open_connections_go_on(Scene *scene, gconstpointer data)
{
  scene_start_service(scene, "127.0.0.1");
  g_assert_true(scene_listen(scene, "127.0.0.1", 0, "127.0.0.1", NULL));
  const int fd = scene_connect(scene, "127.0.0.1");
  scene_assert_echo(fd, "before");
  fwd_forwarder_close(scene->opener);
  g_clear_object(&scene->opener);
  scene_assert_echo(fd, "after");
  close(fd);
}

/* A whole burst finds room in the backlog. */
static void
test_burst(Scene *scene, gconstpointer data)
{
  int fds[200];

  g_clear_object(&scene->tunnel);
  scene->tunnel = fake_tunnel_new(NULL);
  g_assert_true(scene_listen(scene, "127.0.0.1", 0, "127.0.0.1", NULL));
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    fds[i] = scene_connect(scene, "127.0.0.1");
  scene_wait_for(&scene->tunnel->connections, G_N_ELEMENTS(fds));
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    close(fds[i]);
}

/* Where a number leads, the tunnel may lead others by itself... */
static void
test_repeatable(Scene *scene, gconstpointer data)
{
  scene_start_service(scene, "127.0.0.1");
  scene_serve_service(scene, "127.0.0.1");
  g_assert_cmpint(fwd_endpoint_family(&scene->channel->endpoint), ==, AF_INET);
  g_assert_cmpuint(fwd_endpoint_port(&scene->channel->endpoint), ==, scene->service_port);
  close(scene->accepted);
  scene_serve_service(scene, "localhost");
  g_assert_true(fwd_endpoint_is_loopback(&scene->channel->endpoint));
}

/* ...but a name may mean something else next time. */
static void
test_names_are_asked_again(Scene *scene, gconstpointer data)
{
  static const char *const addresses[] = {"127.0.0.1", NULL};
  scene_name_service(scene, addresses);
  scene_start_service(scene, "127.0.0.1");
  scene_serve_service(scene, "service.example");
  g_assert_cmpint(scene->accepted, >=, 0);
  g_assert_cmpint(fwd_endpoint_family(&scene->channel->endpoint), ==, AF_UNSPEC);
}

void
forwarder_add_tests(void)
{
  SCENE_TEST("refused", test_refused);
  SCENE_TEST("refused-resets", test_refused_resets);
  SCENE_TEST("unreachable", test_unreachable);
  SCENE_TEST("next-address", test_next_address);
  SCENE_TEST("socket-options", test_socket_options);
  SCENE_TEST("inherited-options", test_inherited_options);
  SCENE_TEST("repeatable", test_repeatable);
  SCENE_TEST("names-are-asked-again", test_names_are_asked_again);
  SCENE_TEST("half-close", test_half_close);
  SCENE_TEST("open-connections-go-on", test_open_connections_go_on);
  SCENE_TEST("burst", test_burst);
}

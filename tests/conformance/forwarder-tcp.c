/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the forwarder "tcp" does beyond what every forwarder does. */
#include "forwarder-scene.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
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
  g_autofree char *target = NULL;

  scene->resolver->name = "service.example";
  scene->resolver->addresses = addresses;
  scene_start_service(scene, "127.0.0.1");
  target = g_strdup_printf("service.example:%u", scene->service_port);
  scene_serve(scene, target);
  g_assert_no_error(scene->channel->why);
  scene_assert_echo(scene->accepted, "second");
}

static void
test_socket_options(Scene *scene, gconstpointer data)
{
  g_autofree char *target = NULL;

  scene_start_service(scene, "127.0.0.1");
  target = g_strdup_printf("127.0.0.1:%u", scene->service_port);
  scene_serve(scene, target);
  g_assert_cmpint(get_option(scene->accepted, SOL_SOCKET, SO_KEEPALIVE), ==, 1);
  g_assert_cmpint(get_option(scene->accepted, IPPROTO_TCP, TCP_KEEPIDLE), ==, 60);
  g_assert_cmpint(get_option(scene->accepted, IPPROTO_TCP, TCP_NODELAY), !=, 0);
  g_assert_true(fcntl(scene->accepted, F_GETFD) & FD_CLOEXEC);
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

/* More than one turn accepts, in one burst. */
static void
test_burst(Scene *scene, gconstpointer data)
{
  int fds[200];

  g_clear_object(&scene->tunnel);
  scene->tunnel = fake_tunnel_new(NULL);
  g_assert_true(scene_listen(scene, "127.0.0.1", 0, "127.0.0.1", NULL));
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    fds[i] = scene_connect(scene, "127.0.0.1");
  scene_wait_for(&scene->tunnel->opened, G_N_ELEMENTS(fds));
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    close(fds[i]);
}

static guint warnings;

static GLogWriterOutput
count_warnings(GLogLevelFlags level, const GLogField *fields, gsize count, gpointer data)
{
  warnings += (level & G_LOG_LEVEL_WARNING) != 0;
  return G_LOG_WRITER_HANDLED;
}

static void
set_limit(rlim_t descriptors)
{
  struct rlimit limit;

  g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = descriptors;
  g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
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
  Scene scene = {0};
  guint ticks = 0;
  struct rlimit before;

  scene_set_up(&scene, NULL);
  g_log_set_writer_func(count_warnings, NULL, NULL);
  g_clear_object(&scene.tunnel);
  scene.tunnel = fake_tunnel_new(NULL);
  g_assert_true(scene_listen(&scene, "127.0.0.1", 0, "127.0.0.1", NULL));
  const int fd = scene_connect(&scene, "127.0.0.1");
  getrlimit(RLIMIT_NOFILE, &before);
  set_limit(3);
  const guint source = g_timeout_add(250, on_tick, &ticks);
  guint turns = 0;
  for (; ticks == 0; turns++)
    g_main_context_iteration(NULL, TRUE);
  g_assert_cmpuint(turns, <, 20);
  g_assert_cmpuint(warnings, ==, 1);
  g_assert_cmpuint(scene.tunnel->opened, ==, 0);
  set_limit(before.rlim_cur);
  scene_wait_for(&scene.tunnel->opened, 1);
  g_source_remove(source);
  close(fd);
  scene_tear_down(&scene, NULL);
}

/* GLib's log writer is set once a process: in a process of its own. */
static void
test_out_of_descriptors(void)
{
  if (g_test_subprocess()) {
    exhaust_descriptors();
    return;
  }
  g_test_trap_subprocess(NULL, 0, 0);
  g_test_trap_assert_passed();
}

void
forwarder_add_tests(void)
{
  SCENE_TEST("refused", test_refused);
  SCENE_TEST("refused-resets", test_refused_resets);
  SCENE_TEST("unreachable", test_unreachable);
  SCENE_TEST("next-address", test_next_address);
  SCENE_TEST("socket-options", test_socket_options);
  SCENE_TEST("half-close", test_half_close);
  SCENE_TEST("open-connections-go-on", test_open_connections_go_on);
  SCENE_TEST("burst", test_burst);
  g_test_add_func("/forwarder/tcp/out-of-descriptors", test_out_of_descriptors);
}

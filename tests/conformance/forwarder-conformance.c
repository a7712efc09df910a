/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every forwarder over IP sockets must do. FORWARDER names the one under test. */
#include "forwarder-scene.h"

#include <string.h>
#include <unistd.h>

#define NOBODY 65534

static void
test_port_zero(Scene *scene, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  g_assert_cmpuint(fwd_forwarder_get_port(scene->opener), ==, 0);
  g_assert_true(scene_listen(scene, "127.0.0.1", 0, "127.0.0.1", &error));
  g_assert_no_error(error);
  g_assert_cmpuint(fwd_forwarder_get_port(scene->opener), !=, 0);
}

static void
test_close(Scene *scene, gconstpointer data)
{
  fwd_forwarder_close(scene->opener);
  g_assert_true(scene_listen(scene, "127.0.0.1", 0, "127.0.0.1", NULL));
  const guint16 port = fwd_forwarder_get_port(scene->opener);
  fwd_forwarder_close(scene->opener);
  fwd_forwarder_close(scene->opener);
  g_assert_cmpuint(fwd_forwarder_get_port(scene->opener), ==, 0);

  /* The port is free again at once. */
  g_clear_object(&scene->opener);
  scene->opener = scene_create();
  g_assert_true(scene_listen(scene, "127.0.0.1", port, "127.0.0.1", NULL));
}

static void
test_port_in_use(Scene *scene, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  guint16 port;
  const int other = scene_bind("127.0.0.1", &port);
  const guint descriptors = scene_count_descriptors();

  if (SOCKET_TYPE == SOCK_STREAM)
    g_assert_cmpint(listen(other, 1), ==, 0);
  g_assert_false(scene_listen(scene, "127.0.0.1", port, "127.0.0.1", &error));
  g_assert_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_REFUSED);
  g_autofree char *text = g_strdup_printf("127.0.0.1:%u is in use by another program", port);
  g_assert_cmpstr(error->message, ==, text);
  g_assert_cmpuint(scene->tunnel->opened, ==, 0);
  g_assert_cmpuint(scene_count_descriptors(), ==, descriptors);
  close(other);
}

static void
test_privileged_port(Scene *scene, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *start = NULL;

  if (g_file_get_contents("/proc/sys/net/ipv4/ip_unprivileged_port_start", &start, NULL,
                          NULL) &&
      g_ascii_strtoull(start, NULL, 10) <= 80) {
    g_test_skip("port 80 takes no rights here");
    return;
  }
  /* Root puts its rights off for the moment. */
  const gboolean root = geteuid() == 0;
  if (root)
    g_assert_cmpint(seteuid(NOBODY), ==, 0);
  g_assert_false(scene_listen(scene, "127.0.0.1", 80, "127.0.0.1", &error));
  if (root)
    g_assert_cmpint(seteuid(0), ==, 0);
  g_assert_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_DENIED);
  g_assert_cmpstr(error->message, ==, "port 80 takes more rights (CAP_NET_BIND_SERVICE)");
}

static void
test_foreign_address(Scene *scene, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  g_assert_false(scene_listen(scene, "192.0.2.99", 4000, "127.0.0.1", &error));
  g_assert_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_INVALID);
  g_assert_cmpstr(error->message, ==, "192.0.2.99:4000: this machine has no such address");
}

static void
test_forwards(Scene *scene, gconstpointer data)
{
  scene_start_service(scene, "127.0.0.1");
  g_assert_true(scene_listen(scene, "127.0.0.1", 0, "127.0.0.1", NULL));
  const int fd = scene_connect(scene, "127.0.0.1");
  scene_assert_echo(fd, "ping");
  scene_assert_echo(fd, "pong");
  g_assert_cmpstr(scene->tunnel->forwarder, ==, FORWARDER);
  g_assert_cmpstr(scene->tunnel->target, ==, fwd_mapping_get_target(scene->mapping));
  g_assert_true(scene->tunnel->traffic == fwd_mapping_get_traffic(scene->mapping));
  g_assert_cmpuint(scene->tunnel->opened, ==, 1);
  g_assert_cmpuint(scene->tunnel->accepted, ==, 1);
  close(fd);
}

static void
test_v6(Scene *scene, gconstpointer data)
{
  guint16 port;
  const int probe = socket(AF_INET6, SOCKET_TYPE, 0);
  const struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
                                        .sin6_addr = IN6ADDR_LOOPBACK_INIT};

  if (probe < 0 || bind(probe, (const struct sockaddr *)&loopback, sizeof(loopback)) < 0) {
    g_test_skip("no IPv6 here");
    if (probe >= 0)
      close(probe);
    return;
  }
  close(probe);
  scene_start_service(scene, "::1");
  g_assert_true(scene_listen(scene, "[::1]", 0, "[::1]", NULL));
  port = fwd_forwarder_get_port(scene->opener);
  g_assert_cmpuint(port, !=, 0);
  const int fd = scene_connect(scene, "::1");
  scene_assert_echo(fd, "over six");
  close(fd);
}

static void
test_localhost(Scene *scene, gconstpointer data)
{
  scene_start_service(scene, "127.0.0.1");
  scene_serve_service(scene, "localhost");
  g_assert_cmpint(scene->accepted, >=, 0);
  scene_assert_echo(scene->accepted, "hello");
  g_assert_cmpuint(scene->resolver->lookups, ==, 0);
}

static void
test_name(Scene *scene, gconstpointer data)
{
  static const char *const addresses[] = {"127.0.0.1", NULL};
  scene_name_service(scene, addresses);
  scene_start_service(scene, "127.0.0.1");
  scene_serve_service(scene, "service.example");
  g_assert_cmpint(scene->accepted, >=, 0);
  scene_assert_echo(scene->accepted, "hello");
  g_assert_cmpuint(scene->resolver->lookups, ==, 1);
}

static void
test_unknown_name(Scene *scene, gconstpointer data)
{
  scene_serve(scene, "nowhere.example:80");
  g_assert_error(scene->channel->why, FWD_FORWARDER_ERROR, FWD_ERROR_UNREACHABLE);
  g_assert_cmpstr(scene->channel->why->message, ==,
                  "nowhere.example: the name cannot be looked up: no such name");
}

static void
test_wrong_targets(Scene *scene, gconstpointer data)
{
  static const char *const wrong[] = {
      "",           ":",           ":80",     "host",        "host:", "host:0",
      "host:65536", "host:-1",     "host:8x", "::1:80",      "[::1]", "[::1]:0",
      "127.0.0.1",  "127.0.0.1:0", "a:b:80",  "/run/a.sock",
  };

  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
    scene_serve(scene, wrong[i]);
    g_assert_error(scene->channel->why, FWD_FORWARDER_ERROR, FWD_ERROR_INVALID);
    g_assert_cmpint(scene->accepted, ==, -1);
  }
  g_assert_cmpuint(scene->resolver->lookups, ==, 0);
}

static void
test_long_name(Scene *scene, gconstpointer data)
{
  g_autofree char *name = g_strnfill(1000, 'a');
  g_autofree char *target = g_strdup_printf("%s:80", name);

  scene_serve(scene, target);
  g_assert_error(scene->channel->why, FWD_FORWARDER_ERROR, FWD_ERROR_INVALID);
}

static void
test_other_kind(Scene *scene, gconstpointer data)
{
  scene_serve_start(scene, SOCKET_TYPE == SOCK_STREAM ? FWD_CHANNEL_FLOW : FWD_CHANNEL_STREAM,
                    "127.0.0.1:80");
  scene_wait_for_answer(scene);
  g_assert_error(scene->channel->why, FWD_FORWARDER_ERROR, FWD_ERROR_UNSUPPORTED);
}

/* The forwarder goes while a name is being looked up: the channel still has its one answer. */
static void
test_dispose_while_serving(Scene *scene, gconstpointer data)
{
  const guint descriptors = scene_count_descriptors();
  FwdForwarder *lone = scene_create();

  scene->resolver->silent = TRUE;
  g_autoptr(FwdForwarder) kept = g_steal_pointer(&scene->server);
  scene->server = lone;
  scene_serve_start(scene, SOCKET_TYPE == SOCK_STREAM ? FWD_CHANNEL_STREAM : FWD_CHANNEL_FLOW,
                    "slow.example:80");
  g_assert_cmpuint(scene->channel->answers, ==, 0);
  scene->server = g_steal_pointer(&kept);
  g_assert_finalize_object(lone);
  g_assert_cmpuint(scene->channel->answers, ==, 1);
  g_assert_error(scene->channel->why, FWD_FORWARDER_ERROR, FWD_ERROR_CLOSED);
  scene_settle();
  g_assert_cmpuint(scene->channel->answers, ==, 1);
  g_assert_cmpuint(scene_count_descriptors(), ==, descriptors);
}

static void
test_many(Scene *scene, gconstpointer data)
{
  int fds[100];

  scene_start_service(scene, "127.0.0.1");
  g_assert_true(scene_listen(scene, "127.0.0.1", 0, "127.0.0.1", NULL));
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    fds[i] = scene_connect(scene, "127.0.0.1");
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++) {
    g_autofree char *text = g_strdup_printf("connection %u", i);
    scene_assert_echo(fds[i], text);
  }
  g_assert_cmpuint(scene->tunnel->accepted, ==, G_N_ELEMENTS(fds));
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    close(fds[i]);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  scene_load(FORWARDER);
  SCENE_TEST("port-zero", test_port_zero);
  SCENE_TEST("close", test_close);
  SCENE_TEST("port-in-use", test_port_in_use);
  SCENE_TEST("privileged-port", test_privileged_port);
  SCENE_TEST("foreign-address", test_foreign_address);
  SCENE_TEST("forwards", test_forwards);
  SCENE_TEST("v6", test_v6);
  SCENE_TEST("localhost", test_localhost);
  SCENE_TEST("name", test_name);
  SCENE_TEST("unknown-name", test_unknown_name);
  SCENE_TEST("wrong-targets", test_wrong_targets);
  SCENE_TEST("long-name", test_long_name);
  SCENE_TEST("other-kind", test_other_kind);
  SCENE_TEST("dispose-while-serving", test_dispose_while_serving);
  SCENE_TEST("many", test_many);
  forwarder_add_tests();
  return g_test_run();
}

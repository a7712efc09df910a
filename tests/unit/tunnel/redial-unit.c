/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Channels that the data-loop leads to where the main thread led one before. */
#include "fakes/tunnel-pair.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <stunfwd/error.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  FwdTunnelPair *pair;
  int service; /* listens; -1 while it is down */
  FwdEndpoint endpoint;
  guint asked;        /* channels that the main thread was asked about */
  gboolean forbidden; /* refuse them */
  gboolean late;      /* the rules change between the question and the answer */
} Scene;

static int
dial(const Scene *scene)
{
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (connect(fd, &scene->endpoint.any, fwd_endpoint_length(&scene->endpoint)) == 0)
    return fd;
  close(fd);
  return -1;
}

/* As a forwarder does that knows the endpoint for sure. */
static void
on_channel(FwdQuicTunnel *tunnel, FwdChannel *channel, Scene *scene)
{
  int fd = scene->forbidden ? -1 : dial(scene);

  scene->asked++;
  if (scene->late)
    fwd_quic_tunnel_forget_targets(tunnel);
  if (fd >= 0) {
    fwd_channel_accept_endpoint(channel, fd, &scene->endpoint);
  } else {
    g_autoptr(GError) why = g_error_new(FWD_FORWARDER_ERROR, FWD_ERROR_REFUSED, "not today");

    fwd_channel_refuse(channel, why);
  }
}

static void
start_service(Scene *scene)
{
  const int on = 1;
  const struct timeval limit = {.tv_sec = 30};
  socklen_t length = sizeof scene->endpoint;

  scene->service = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(scene->service, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(scene->service, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  g_assert_cmpint(
      bind(scene->service, &scene->endpoint.any, fwd_endpoint_length(&scene->endpoint)), ==, 0);
  g_assert_cmpint(listen(scene->service, 64), ==, 0);
  g_assert_cmpint(getsockname(scene->service, &scene->endpoint.any, &length), ==, 0);
}

static void
set_up(Scene *scene, gconstpointer data)
{
  (void)data;
  g_assert_true(fwd_endpoint_from_address("127.0.0.1", 0, &scene->endpoint));
  start_service(scene);
  scene->pair = fwd_tunnel_pair_new(NULL);
  g_signal_handlers_disconnect_by_data(scene->pair->tunnel[FWD_PAIR_SERVER], scene->pair);
  g_signal_connect(scene->pair->tunnel[FWD_PAIR_SERVER], "channel", G_CALLBACK(on_channel),
                   scene);
  fwd_tunnel_pair_connect(scene->pair);
}

static void
tear_down(Scene *scene, gconstpointer data)
{
  (void)data;
  fwd_tunnel_pair_free(scene->pair);
  if (scene->service >= 0)
    close(scene->service);
}

/** Runs the main context until @fd can be read, at most 30 s. */
static void
wait_readable(int fd)
{
  const gint64 limit = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
  GPollFD readable = {.fd = fd, .events = G_IO_IN};

  while (g_poll(&readable, 1, 1) == 0) {
    g_assert_cmpint(g_get_monotonic_time(), <, limit);
    g_main_context_iteration(NULL, FALSE);
  }
}

/** The service answers with what it was sent: one whole connection. */
static void
use(Scene *scene, const char *target)
{
  const int near_fd = fwd_tunnel_pair_open(scene->pair, FWD_PAIR_CLIENT, target);
  const struct timeval moment = {.tv_usec = 1000};
  const gint64 limit = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
  char buffer[8] = "";
  int far_fd = -1;

  setsockopt(scene->service, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
  g_assert_cmpint(send(near_fd, "ping", 4, 0), ==, 4);
  while ((far_fd = accept(scene->service, NULL, NULL)) < 0) {
    g_assert_cmpint(g_get_monotonic_time(), <, limit);
    while (g_main_context_iteration(NULL, FALSE))
      continue;
  }
  wait_readable(far_fd);
  g_assert_cmpint(recv(far_fd, buffer, 4, MSG_WAITALL), ==, 4);
  g_assert_cmpstr(buffer, ==, "ping");
  g_assert_cmpint(send(far_fd, "pong", 4, 0), ==, 4);
  g_assert_cmpint(recv(near_fd, buffer, 4, MSG_WAITALL), ==, 4);
  g_assert_cmpstr(buffer, ==, "pong");
  close(far_fd);
  g_assert_cmpint(recv(near_fd, buffer, 1, 0), ==, 0);
  close(near_fd);
}

/** Is turned away, and nobody comes to the service. */
static void
expect_refusal(Scene *scene, const char *target)
{
  const int near_fd = fwd_tunnel_pair_open(scene->pair, FWD_PAIR_CLIENT, target);
  char byte;

  wait_readable(near_fd);
  g_assert_cmpint(recv(near_fd, &byte, 1, 0), ==, -1);
  g_assert_cmpint(errno, ==, ECONNRESET);
  close(near_fd);
  if (scene->service >= 0) {
    g_assert_cmpint(accept4(scene->service, NULL, NULL, SOCK_CLOEXEC), ==, -1);
    g_assert_cmpint(errno, ==, EAGAIN);
  }
}

static void
test_asks_once(Scene *scene, gconstpointer data)
{
  (void)data;
  for (guint i = 0; i < 20; i++)
    use(scene, "service:80");
  g_assert_cmpuint(scene->asked, ==, 1);
  /* What differs in a byte is another target. */
  use(scene, "service:81");
  g_assert_cmpuint(scene->asked, ==, 2);
}

static void
test_rules_change(Scene *scene, gconstpointer data)
{
  (void)data;
  use(scene, "service:80");
  use(scene, "service:80");
  g_assert_cmpuint(scene->asked, ==, 1);
  scene->forbidden = TRUE;
  fwd_quic_tunnel_forget_targets(scene->pair->tunnel[FWD_PAIR_SERVER]);
  for (guint i = 0; i < 5; i++)
    expect_refusal(scene, "service:80");
  g_assert_cmpuint(scene->asked, ==, 6);
  scene->forbidden = FALSE;
  use(scene, "service:80");
  use(scene, "service:80");
  g_assert_cmpuint(scene->asked, ==, 7);
}

/* A verdict under the former rules must not outlive them. */
static void
test_rules_change_meanwhile(Scene *scene, gconstpointer data)
{
  (void)data;
  scene->late = TRUE;
  use(scene, "service:80");
  scene->forbidden = TRUE;
  scene->late = FALSE;
  expect_refusal(scene, "service:80");
  g_assert_cmpuint(scene->asked, ==, 2);
}

/* The main thread finds out why, and the loop does not try again by itself. */
static void
test_service_goes(Scene *scene, gconstpointer data)
{
  (void)data;
  use(scene, "service:80");
  use(scene, "service:80");
  close(scene->service);
  scene->service = -1;
  expect_refusal(scene, "service:80");
  g_assert_cmpuint(scene->asked, ==, 2);
  expect_refusal(scene, "service:80");
  g_assert_cmpuint(scene->asked, ==, 3);
  start_service(scene);
  use(scene, "service:80");
  use(scene, "service:80");
  g_assert_cmpuint(scene->asked, ==, 4);
}

/* A service that is too busy to answer: the main thread's patience is another one. */
static void
test_service_hangs(Scene *scene, gconstpointer data)
{
  int queued[2];

  (void)data;
  use(scene, "service:80");
  /* A backlog of none holds one connection. */
  g_assert_cmpint(listen(scene->service, 0), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS(queued); i++) {
    queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    connect(queued[i], &scene->endpoint.any, fwd_endpoint_length(&scene->endpoint));
  }
  scene->forbidden = TRUE;
  const int near_fd = fwd_tunnel_pair_open(scene->pair, FWD_PAIR_CLIENT, "service:80");
  wait_readable(near_fd);
  g_assert_cmpuint(scene->asked, ==, 2);
  close(near_fd);
  for (guint i = 0; i < G_N_ELEMENTS(queued); i++)
    close(queued[i]);
}

/* The opener says nothing and has said so at once; the service speaks first. */
static void
test_service_speaks(Scene *scene, gconstpointer data)
{
  const struct timeval limit = {.tv_sec = 30};
  char buffer[8] = "";
  int near_fd, far_fd;

  (void)data;
  use(scene, "service:80");
  setsockopt(scene->service, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  near_fd = fwd_tunnel_pair_open(scene->pair, FWD_PAIR_CLIENT, "service:80");
  shutdown(near_fd, SHUT_WR);
  far_fd = accept(scene->service, NULL, NULL);
  g_assert_cmpint(far_fd, >=, 0);
  g_assert_cmpint(recv(far_fd, buffer, 1, 0), ==, 0);
  g_assert_cmpint(send(far_fd, "hello", 5, 0), ==, 5);
  close(far_fd);
  g_assert_cmpint(recv(near_fd, buffer, 5, MSG_WAITALL), ==, 5);
  g_assert_cmpstr(buffer, ==, "hello");
  g_assert_cmpint(recv(near_fd, buffer, 1, 0), ==, 0);
  g_assert_cmpuint(scene->asked, ==, 1);
  close(near_fd);
}

#define ADD(path, test) g_test_add("/redial/" path, Scene, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("asks-once", test_asks_once);
  ADD("rules-change", test_rules_change);
  ADD("rules-change-meanwhile", test_rules_change_meanwhile);
  ADD("service-goes", test_service_goes);
  ADD("service-hangs", test_service_hangs);
  ADD("service-speaks", test_service_speaks);
  return g_test_run();
}

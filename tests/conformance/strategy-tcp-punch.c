/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The strategy "tcp-punch" between two attempts on loopback, over real TCP. */
#include "fakes/wait-for.h"
#include "strategy-scene.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

/* Both ends of the attempts, and a stranger's socket. */
typedef struct {
  Scene scene;
  guint16 port; /* that A told B; 0 before */
  guint messages;
} Fixture;

static const FwdPluginMeta *meta;

static void
on_message(FwdAttempt *attempt, GVariant *message, Fixture *fixture)
{
  FwdEndpoint told;
  const char *text;

  fixture->messages++;
  g_assert_true(g_variant_lookup(message, "endpoints", "&s", &text));
  g_auto(GStrv) texts = g_strsplit(text, " ", 2);
  if (texts[0] != NULL && fwd_endpoint_parse(texts[0], &told, NULL))
    fixture->port = fwd_endpoint_port(&told);
}

static void
place(Fixture *fixture)
{
  Scene *scene = &fixture->scene;

  scene_place(scene, fake_network_add_site(scene->network, NULL, 0, 0),
              fake_network_add_site(scene->network, NULL, 0, 0));
  fake_attempt_add_host(scene->a.attempt, "127.0.0.1:40001", 8);
  fake_attempt_add_host(scene->b.attempt, "127.0.0.1:40002", 8);
  scene->a.attempt->local_nat.udp_blocked = TRUE;
  g_signal_connect(scene->b.attempt, "message", G_CALLBACK(on_message), fixture);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->scene.meta = meta;
  fixture->scene.network = fake_network_new(1, 0);
  place(fixture);
}

static void
clear_peer(Peer *peer)
{
  g_assert_cmpuint(peer->attempt->sent_too_late, ==, 0);
  g_clear_pointer(&peer->path, fwd_path_close);
  g_clear_error(&peer->error);
  g_assert_finalize_object(peer->strategy);
  g_assert_finalize_object(peer->attempt);
  g_assert_finalize_object(peer->cancellable);
}

static void
assert_nobody_listens(guint16 port)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), <, 0);
  g_assert_cmpint(errno, ==, ECONNREFUSED);
  close(fd);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  wait_until_idle();
  clear_peer(&fixture->scene.a);
  clear_peer(&fixture->scene.b);
  if (fixture->port != 0)
    assert_nobody_listens(fixture->port);
  fake_network_free(fixture->scene.network);
}

static void
start(Fixture *fixture)
{
  scene_start(&fixture->scene);
}

static void
finish(Fixture *fixture)
{
  WAIT_FOR(fixture->scene.a.done && fixture->scene.b.done);
}

static void
send_packet(FwdPath *path, const char *text)
{
  const FwdPacketBatch batch = {(const guint8 *)text, strlen(text), strlen(text)};

  g_assert_cmpint(path->ops->send_batch(path, &batch), ==, (gssize)batch.length);
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer readable)
{
  *(gboolean *)readable = TRUE;
  return G_SOURCE_REMOVE;
}

static void
assert_packet(FwdPath *path, const char *text)
{
  static guint8 buffer[65536];
  gsize segment = 0;
  gboolean readable = FALSE;

  g_unix_fd_add(path->fd, G_IO_IN, on_readable, &readable);
  WAIT_FOR(readable);
  g_assert_cmpmem(buffer, path->ops->recv_batch(path, buffer, sizeof buffer, &segment), text,
                  strlen(text));
}

/* The first packet in the stream is the path's: nothing of the checks is left in it. */
static void
assert_carries(Scene *scene)
{
  scene_assert_connected(scene);
  send_packet(scene->a.path, "there");
  assert_packet(scene->b.path, "there");
  send_packet(scene->b.path, "back");
  assert_packet(scene->a.path, "back");
  g_assert_cmpuint(fwd_endpoint_port(&scene->a.path->local), ==,
                   fwd_endpoint_port(&scene->b.path->remote));
}

static void
test_connects(Fixture *fixture, gconstpointer data)
{
  g_assert_cmpuint(meta->path_class, ==, FWD_PATH_CLASS_P2P);
  start(fixture);
  g_assert_cmpuint(fixture->scene.a.attempt->sent, ==, 0);
  finish(fixture);
  assert_carries(&fixture->scene);
  g_assert_true(fake_attempt_has_noted(fixture->scene.a.attempt, "told the peer"));
  g_assert_true(fake_attempt_has_noted(fixture->scene.b.attempt, "connected with 127.0.0.1:"));
}

/* What is wrong is left out, and the peer's own message still counts. */
static void
test_bad_messages(Fixture *fixture, gconstpointer data)
{
  FwdAttempt *attempt = FWD_ATTEMPT(fixture->scene.a.attempt);
  g_autofree char *huge = g_strnfill(5000, '1');

  start(fixture);
  wait_until_idle();
  fwd_attempt_emit_message(attempt, g_variant_new_string("endpoints"));
  fwd_attempt_emit_message(attempt, g_variant_new_parsed("{'endpoints': <7>}"));
  fwd_attempt_emit_message(attempt, g_variant_new_parsed("{'endpoints': <%s>}", huge));
  fwd_attempt_emit_message(
      attempt, g_variant_new_parsed("{'endpoints': <'nowhere 0.0.0.0:1 224.0.0.1:5 "
                                    "127.0.0.1:0 [fe80::1]:7 [ff02::1]:9'>, 'web-only': <1>}"));
  g_assert_false(fake_attempt_has_noted(fixture->scene.a.attempt, "connecting to 0."));
  g_assert_false(fake_attempt_has_noted(fixture->scene.a.attempt, "connecting to 224."));
  g_assert_false(fake_attempt_has_noted(fixture->scene.a.attempt, "connecting to ["));
  finish(fixture);
  assert_carries(&fixture->scene);
}

static int
connect_stranger(guint16 port)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  return fd;
}

static gboolean
is_closed(int fd)
{
  guint8 buffer[512];
  gssize got;

  do
    got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
  while (got > 0);
  return got == 0 || (got < 0 && errno != EAGAIN);
}

/* Of the peer only the ear is there, so that nobody but strangers comes. */
static void
start_alone(Fixture *fixture)
{
  start(fixture);
  g_cancellable_cancel(fixture->scene.b.cancellable);
  WAIT_FOR(fixture->scene.b.done);
  WAIT_FOR(fixture->port != 0);
}

static void
cancel(Fixture *fixture)
{
  g_cancellable_cancel(fixture->scene.a.cancellable);
  g_cancellable_cancel(fixture->scene.b.cancellable);
  WAIT_FOR(fixture->scene.a.done && fixture->scene.b.done);
  g_assert_error(fixture->scene.a.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_error(fixture->scene.b.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_strangers(Fixture *fixture, gconstpointer data)
{
  static const char words[][24] = {
      "GET / HTTP/1.1\r\n\r\n", "\377\377 too long", "\0\0 empty", "\0\10nominate", "\0\3abc",
  };

  start_alone(fixture);
  for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
    const int fd = connect_stranger(fixture->port);
    g_assert_cmpint(send(fd, words[i], 10, 0), ==, 10);
    WAIT_FOR(is_closed(fd));
    close(fd);
  }
  g_assert_true(fake_attempt_has_noted(fixture->scene.a.attempt, "does not prove"));
  g_assert_false(fixture->scene.a.done);
  cancel(fixture);
}

/* Who says nothing is dropped in the end; the sixteenth and later at once. */
static void
test_silent_strangers(Fixture *fixture, gconstpointer data)
{
  int fds[20];
  guint closed = 0;

  start_alone(fixture);
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++) {
    fds[i] = connect_stranger(fixture->port);
    wait_until_idle();
  }
  g_assert_true(fake_attempt_has_noted(fixture->scene.a.attempt, "further ones are dropped"));
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    WAIT_FOR(is_closed(fds[i]));
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    closed += close(fds[i]) == 0;
  g_assert_cmpuint(closed, ==, G_N_ELEMENTS(fds));
  g_assert_false(fixture->scene.a.done);
  cancel(fixture);
}

static void
test_cancelled_before(Fixture *fixture, gconstpointer data)
{
  g_cancellable_cancel(fixture->scene.a.cancellable);
  g_cancellable_cancel(fixture->scene.b.cancellable);
  start(fixture);
  cancel(fixture);
  g_assert_cmpuint(fixture->messages, ==, 0);
}

static void
test_cancelled_at_once(Fixture *fixture, gconstpointer data)
{
  start(fixture);
  cancel(fixture);
}

static void
test_timeout(Fixture *fixture, gconstpointer data)
{
  const gint64 started = g_get_monotonic_time();

  start_alone(fixture);
  finish(fixture);
  g_assert_error(fixture->scene.a.error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
  g_assert_cmpint(g_get_monotonic_time() - started, <, WAIT_LIMIT_MS * 1000LL);
  g_assert_true(fake_attempt_has_noted(fixture->scene.a.attempt, "the peer told no endpoints"));
}

static void
assert_why_not(Peer *peer, const char *expected)
{
  g_autofree char *why_not = scene_why_not(peer);

  g_assert_cmpstr(why_not, ==, expected);
}

static void
test_when(Fixture *fixture, gconstpointer data)
{
  Scene *scene = &fixture->scene;

  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  assert_why_not(&scene->a, NULL);
  assert_why_not(&scene->b, NULL);
  scene->a.attempt->local_nat.udp_blocked = FALSE;
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  assert_why_not(&scene->a, "UDP works at both ends");
  scene->a.attempt->local_nat.udp_blocked = TRUE;
  g_array_set_size(scene->b.attempt->local, 0);
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  assert_why_not(&scene->a, "the peer has told no addresses");
}

#define TEST(name, function)                                                                   \
  g_test_add("/strategy/tcp-punch/" name, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  meta = scene_load("tcp-punch");
  TEST("connects", test_connects);
  TEST("bad-messages", test_bad_messages);
  TEST("strangers", test_strangers);
  TEST("silent-strangers", test_silent_strangers);
  TEST("cancelled-before", test_cancelled_before);
  TEST("cancelled-at-once", test_cancelled_at_once);
  TEST("timeout", test_timeout);
  TEST("when", test_when);
  return g_test_run();
}

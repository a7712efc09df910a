/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The proof and the nomination, over socket pairs. */
#include "fakes/fake-attempt.h"
#include "fakes/wait-for.h"
#include "tcp-link.h"

#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEVER_MS 60000
#define NONE     -1

typedef struct {
  FwdTcpLink *link;
  int end; /* FwdTcpLinkEnd, or NONE */
} End;

typedef struct {
  FakeNetwork *network;
  FakeAttempt *client, *server;
  int fds[2];
  End controlling, controlled;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  FakeSite *site;

  fixture->network = fake_network_new(1, 0);
  site = fake_network_add_site(fixture->network, NULL, 0, 0);
  fixture->client = fake_attempt_new(site, TRUE);
  fixture->server = fake_attempt_new(site, FALSE);
  fixture->controlling.end = fixture->controlled.end = NONE;
  g_assert_cmpint(
      socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fixture->fds), ==, 0);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_clear_pointer(&fixture->controlling.link, fwd_tcp_link_free);
  g_clear_pointer(&fixture->controlled.link, fwd_tcp_link_free);
  for (guint i = 0; i < 2; i++)
    if (fixture->fds[i] >= 0)
      close(fixture->fds[i]);
  g_assert_finalize_object(fixture->client);
  g_assert_finalize_object(fixture->server);
  fake_network_free(fixture->network);
}

static void
on_end(FwdTcpLink *link, FwdTcpLinkEnd how, gpointer user_data)
{
  End *end = user_data;

  g_assert_cmpint(end->end, ==, NONE);
  end->end = (int)how;
}

static void
open_link(Fixture *fixture, End *end, FakeAttempt *attempt, guint side, guint limit_ms)
{
  FwdEndpoint remote;

  g_assert_true(fwd_endpoint_parse("192.0.2.1:7", &remote, NULL));
  end->link = fwd_tcp_link_new(FWD_ATTEMPT(attempt), fixture->fds[side], &remote, limit_ms,
                               on_end, end);
  fixture->fds[side] = -1;
}

static void
test_nominated(Fixture *fixture, gconstpointer data)
{
  guint8 rest[16];
  int fds[2];

  open_link(fixture, &fixture->controlling, fixture->client, 0, NEVER_MS);
  open_link(fixture, &fixture->controlled, fixture->server, 1, NEVER_MS);
  WAIT_FOR(fixture->controlling.end != NONE && fixture->controlled.end != NONE);
  g_assert_cmpint(fixture->controlling.end, ==, FWD_TCP_LINK_NOMINATED);
  g_assert_cmpint(fixture->controlled.end, ==, FWD_TCP_LINK_NOMINATED);
  fds[0] = fwd_tcp_link_steal(fixture->controlling.link);
  fds[1] = fwd_tcp_link_steal(fixture->controlled.link);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint(read(fds[i], rest, sizeof rest), ==, -1);
  close(fds[0]);
  close(fds[1]);
}

/* What one end says comes back to it. */
static gboolean
echo(int fd, GIOCondition condition, gpointer user_data)
{
  guint8 buffer[512];
  const gssize got = read(fd, buffer, sizeof buffer);

  if (got > 0)
    g_assert_cmpint(write(fd, buffer, (gsize)got), ==, got);
  return got > 0;
}

static void
test_mirror(Fixture *fixture, gconstpointer data)
{
  open_link(fixture, &fixture->controlling, fixture->client, 0, NEVER_MS);
  const guint source = g_unix_fd_add(fixture->fds[1], G_IO_IN, echo, NULL);
  WAIT_FOR(fixture->controlling.end != NONE);
  g_assert_cmpint(fixture->controlling.end, ==, FWD_TCP_LINK_STRANGER);
  g_source_remove(source);
}

static void
write_frame(int fd, const void *data, gsize length)
{
  const guint8 prefix[] = {(guint8)(length >> 8), (guint8)length};

  g_assert_cmpint(write(fd, prefix, sizeof prefix), ==, sizeof prefix);
  g_assert_cmpint(write(fd, data, length), ==, (gssize)length);
}

/* The peer's check alone does not entitle to a nomination: our own must have been answered. */
static void
test_nominated_too_early(Fixture *fixture, gconstpointer data)
{
  guint8 check[FWD_CHECK_SIZE_MAX], transaction[FWD_CHECK_TRANSACTION_SIZE];
  const gsize length =
      fwd_attempt_write_check(FWD_ATTEMPT(fixture->client), check, sizeof check, transaction);

  open_link(fixture, &fixture->controlled, fixture->server, 1, NEVER_MS);
  write_frame(fixture->fds[0], check, length);
  write_frame(fixture->fds[0], "nominate", 8);
  WAIT_FOR(fixture->controlled.end != NONE);
  g_assert_cmpint(fixture->controlled.end, ==, FWD_TCP_LINK_STRANGER);
}

/* A response to a check that was never sent, though it has the right key. */
static void
test_answer_to_nothing(Fixture *fixture, gconstpointer data)
{
  static const guint8 transaction[FWD_CHECK_TRANSACTION_SIZE] = {1};
  guint8 response[FWD_CHECK_SIZE_MAX];
  FwdEndpoint from;
  gsize length;

  g_assert_true(fwd_endpoint_parse("192.0.2.1:7", &from, NULL));
  length = fwd_attempt_write_response(FWD_ATTEMPT(fixture->server), response, sizeof response,
                                      transaction, &from);
  open_link(fixture, &fixture->controlling, fixture->client, 0, NEVER_MS);
  write_frame(fixture->fds[1], response, length);
  WAIT_FOR(fixture->controlling.end != NONE);
  g_assert_cmpint(fixture->controlling.end, ==, FWD_TCP_LINK_STRANGER);
}

static void
test_closed(Fixture *fixture, gconstpointer data)
{
  open_link(fixture, &fixture->controlling, fixture->client, 0, NEVER_MS);
  close(fixture->fds[1]);
  fixture->fds[1] = -1;
  WAIT_FOR(fixture->controlling.end != NONE);
  g_assert_cmpint(fixture->controlling.end, ==, FWD_TCP_LINK_CLOSED);
}

static void
test_silence(Fixture *fixture, gconstpointer data)
{
  open_link(fixture, &fixture->controlling, fixture->client, 0, 50);
  WAIT_FOR(fixture->controlling.end != NONE);
  g_assert_cmpint(fixture->controlling.end, ==, FWD_TCP_LINK_STRANGER);
}

#define TEST(name, function)                                                                   \
  g_test_add("/tcp-link/" name, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  TEST("nominated", test_nominated);
  TEST("mirror", test_mirror);
  TEST("nominated-too-early", test_nominated_too_early);
  TEST("answer-to-nothing", test_answer_to_nothing);
  TEST("closed", test_closed);
  TEST("silence", test_silence);
  return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/websocket-frame.h"
#include "relay-pair.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/** A pair on the default context, and the two clients' sockets, which do not block. */
typedef struct {
  FwdRelayPairConfig config;
  FwdRelayPair *pair; /* NULL once it is over */
  int clients[2];
  const char *why;
  guint64 bytes;
} Fixture;

static void
on_ended(FwdRelayPair *pair, guint64 bytes, const char *why, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_true(pair == fixture->pair);
  fixture->pair = NULL;
  fixture->bytes = bytes;
  fixture->why = why;
}

static void
open_stream(FwdStreamSocket *stream, int *client)
{
  g_autoptr(GSocket) socket = NULL;
  GError *error = NULL;
  int fds[2];

  g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  g_assert_cmpint(fcntl(fds[1], F_SETFL, O_NONBLOCK), ==, 0);
  *client = fds[1];
  socket = g_socket_new_from_fd(fds[0], &error);
  g_assert_no_error(error);
  g_assert_true(fwd_stream_socket_init(
      stream, G_IO_STREAM(g_socket_connection_factory_create_connection(socket))));
}

static void
set_up(Fixture *fixture, gconstpointer config)
{
  FwdStreamSocket streams[2];

  fixture->config = (FwdRelayPairConfig){.idle_us = G_MAXINT32, .keepalive_us = G_MAXINT32};
  if (config != NULL)
    fixture->config = *(const FwdRelayPairConfig *)config;
  for (guint i = 0; i < 2; i++)
    open_stream(&streams[i], &fixture->clients[i]);
  fixture->pair = fwd_relay_pair_new(&fixture->config, NULL, streams, on_ended, fixture);
}

static void
tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  if (fixture->pair != NULL)
    fwd_relay_pair_end(fixture->pair, 1001, "the test is over");
  for (guint i = 0; i < 2; i++)
    if (fixture->clients[i] >= 0)
      close(fixture->clients[i]);
}

/** Bytes that came, 0 at the end of the stream; the pair works meanwhile. */
static gsize
read_some(Fixture *fixture, guint client, guint8 *data, gsize size)
{
  gssize length;

  while ((length = read(fixture->clients[client], data, size)) < 0) {
    g_assert_true(errno == EAGAIN);
    g_main_context_iteration(NULL, FALSE);
  }
  return (gsize)length;
}

static void
read_bytes(Fixture *fixture, guint client, guint8 *data, gsize size)
{
  while (size > 0) {
    const gsize length = read_some(fixture, client, data, size);

    g_assert_cmpuint(length, >, 0);
    data += length;
    size -= length;
  }
}

#define ASSERT_READS(fixture, client, bytes)                                                   \
  G_STMT_START                                                                                 \
  {                                                                                            \
    guint8 got[sizeof bytes - 1];                                                              \
    read_bytes(fixture, client, got, sizeof got);                                              \
    g_assert_cmpmem(got, sizeof got, bytes, sizeof bytes - 1);                                 \
  }                                                                                            \
  G_STMT_END

static void
write_bytes(Fixture *fixture, guint client, const char *bytes, gsize length)
{
  g_assert_cmpint(write(fixture->clients[client], bytes, length), ==, (gssize)length);
}

#define WRITE(fixture, client, bytes) write_bytes(fixture, client, bytes, sizeof bytes - 1)

static void
begin(Fixture *fixture)
{
  for (guint i = 0; i < 2; i++)
    ASSERT_READS(fixture, i, "\x81\x06paired");
}

static void
wait_for_end(Fixture *fixture)
{
  while (fixture->pair != NULL)
    g_main_context_iteration(NULL, TRUE);
}

static void
test_both_ways(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  begin(fixture);
  WRITE(fixture, 0, "\x82\x83\0\0\0\0abc");
  ASSERT_READS(fixture, 1,
               "\x82\x03"
               "abc");
  WRITE(fixture, 1,
        "\x82\x83\x01\x01\x01\x01"
        "ced");
  ASSERT_READS(fixture, 0,
               "\x82\x03"
               "bde");
}

static void
test_ping(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  begin(fixture);
  WRITE(fixture, 0, "\x89\x82\0\0\0\0hi");
  ASSERT_READS(fixture, 0, "\x8a\x02hi");
}

static void
test_goodbye(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  begin(fixture);
  WRITE(fixture, 0, "\x82\x81\0\0\0\0x\x88\x80\0\0\0\0");
  wait_for_end(fixture);
  ASSERT_READS(fixture, 1, "\x82\x01x\x88\x02\x03\xe8");
  ASSERT_READS(fixture, 0, "\x88\x02\x03\xe8");
  g_assert_cmpuint(read_some(fixture, 1, (guint8[1]){0}, 1), ==, 0);
  g_assert_cmpstr(fixture->why, ==, "one side said goodbye");
  g_assert_cmpuint(fixture->bytes, ==, 13);
}

static void
test_closed(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  begin(fixture);
  WRITE(fixture, 0, "\x82\x81\0\0\0\0x");
  close(fixture->clients[0]);
  fixture->clients[0] = -1;
  wait_for_end(fixture);
  ASSERT_READS(fixture, 1, "\x82\x01x\x88\x02\x03\xe9");
}

static void
test_garbage(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  begin(fixture);
  WRITE(fixture, 0, "\x81\x85\0\0\0\0hello");
  wait_for_end(fixture);
  ASSERT_READS(fixture, 0, "\x88\x02\x03\xea");
  ASSERT_READS(fixture, 1, "\x88\x02\x03\xea");
}

static gboolean
on_tick(gpointer data G_GNUC_UNUSED)
{
  return G_SOURCE_CONTINUE;
}

/* As much as the pair and the kernel hold is taken, no more; and then all of it arrives. */
static void
test_back_pressure(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const char head[] = "\x82\xfe\xea\x60\0\0\0\0"; /* 60,000 bytes, mask of zeros */
  g_autofree guint8 *frame = g_malloc(60008);
  const guint tick = g_timeout_add(1, on_tick, NULL);
  gsize written = 0, at = 0, got = 0;
  guint refused = 0;

  memcpy(frame, head, 8);
  for (guint i = 0; i < 60000; i++)
    frame[8 + i] = (guint8)(i * 7);
  begin(fixture);
  while (refused < 50) {
    const gssize length = write(fixture->clients[0], frame + at, 60008 - at);

    refused = length < 0 ? refused + 1 : 0;
    written += (gsize)MAX(length, 0);
    at = (at + (gsize)MAX(length, 0)) % 60008;
    g_main_context_iteration(NULL, refused > 0);
    g_assert_cmpuint(written, <, 16 * 1024 * 1024);
  }
  /* What is in whole frames; the headers in between are read over. */
  while (got < written / 60008 * 60000) {
    FwdWebsocketHeader header;
    guint8 bytes[FWD_WEBSOCKET_HEADER_MAX];
    g_autofree guint8 *payload = NULL;
    gsize size = 0;

    do
      read_bytes(fixture, 1, bytes + size, 1);
    while (fwd_websocket_header_read(bytes, ++size, &header) == 0);
    payload = g_malloc(header.length + 1);
    read_bytes(fixture, 1, payload, (gsize)header.length);
    for (gsize i = 0; i < header.length; i++, got++)
      g_assert_cmpuint(payload[i], ==, (guint8)(got % 60000 * 7));
  }
  g_source_remove(tick);
}

/* A limited rate makes it slow, not incomplete. */
static void
test_rate(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const char head[] = "\x82\xfe\xea\x60\0\0\0\0";
  g_autofree guint8 *payload = g_malloc0(60000);
  const gint64 started = g_get_monotonic_time();
  gsize got = 0;

  begin(fixture);
  write_bytes(fixture, 0, head, 8);
  write_bytes(fixture, 0, (const char *)payload, 60000);
  while (got < 60000) {
    FwdWebsocketHeader header;
    guint8 bytes[FWD_WEBSOCKET_HEADER_MAX];
    gsize size = 0;

    do
      read_bytes(fixture, 1, bytes + size, 1);
    while (fwd_websocket_header_read(bytes, ++size, &header) == 0);
    read_bytes(fixture, 1, payload, (gsize)header.length);
    got += (gsize)header.length;
  }
  /* 60 kB at 200 kB/s, of which a tenth of a second's worth may come at once. */
  g_assert_cmpint(g_get_monotonic_time() - started, >=, 180 * 1000);
}

static void
test_idle(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  wait_for_end(fixture);
  g_assert_cmpstr(fixture->why, ==, "silent for too long");
  ASSERT_READS(fixture, 0, "\x81\x06paired");
}

static void
test_keepalive(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  begin(fixture);
  ASSERT_READS(fixture, 0, "\x89\0\x89\0");
  ASSERT_READS(fixture, 1, "\x89\0\x89\0");
}

static const FwdRelayPairConfig limited = {
    .rate = 200000, .idle_us = G_MAXINT32, .keepalive_us = G_MAXINT32};
static const FwdRelayPairConfig impatient = {.idle_us = 50000, .keepalive_us = G_MAXINT32};
static const FwdRelayPairConfig talkative = {.idle_us = G_MAXINT32, .keepalive_us = 20000};

#define ADD(name, config, function)                                                            \
  g_test_add("/signald/relay-pair/" name, Fixture, config, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("both-ways", NULL, test_both_ways);
  ADD("ping", NULL, test_ping);
  ADD("goodbye", NULL, test_goodbye);
  ADD("closed", NULL, test_closed);
  ADD("garbage", NULL, test_garbage);
  ADD("back-pressure", NULL, test_back_pressure);
  ADD("rate", &limited, test_rate);
  ADD("idle", &impatient, test_idle);
  ADD("keepalive", &talkative, test_keepalive);
  return g_test_run();
}

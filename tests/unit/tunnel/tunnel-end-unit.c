/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two ends without the main thread's objects, so that one of them can misbehave. */
#include "tunnel/tunnel-end.h"

#include <string.h>
#include <unistd.h>

#define LIMIT_SECONDS 30
#define ROUNDS        200

enum { CLIENT, SERVER, ENDS };

typedef struct {
  FwdIdentity *identity;
  FwdDataPlane *plane;
  FwdTunnelEnd *end;
  gboolean connected, closed;
  guint channels;
  gint64 stream; /* of the last channel, or the one that a call is about */
  gboolean found;
} Side;

static const guint8 probe_key[FWD_PROBE_KEY_SIZE] = "the key that all of these tests";

/* What the ends tell. */

static void
on_connected(gpointer owner)
{
  ((Side *)owner)->connected = TRUE;
}

static void
on_channel(gpointer owner, FwdChannelKind kind, gint64 stream, const char *header)
{
  Side *side = owner;

  (void)kind;
  g_assert_cmpstr(header, ==, "{}");
  side->channels++;
  side->stream = stream;
}

static void
on_path(gpointer owner)
{
  (void)owner;
}

static void
on_statistics(gpointer owner, const FwdTunnelStatistics *statistics)
{
  (void)owner;
  g_assert_cmpuint(statistics->path_count, <=, FWD_PATHS_MAX);
}

static void
on_closed(gpointer owner, const GError *why)
{
  g_assert_nonnull(why);
  ((Side *)owner)->closed = TRUE;
}

static const FwdTunnelEndEvents events = {
    .connected = on_connected,
    .channel = on_channel,
    .path_changed = on_path,
    .path_lost = on_path,
    .statistics = on_statistics,
    .closed = on_closed,
};

static void
wait_for(const gboolean *done)
{
  const gint64 limit = g_get_monotonic_time() + LIMIT_SECONDS * G_USEC_PER_SEC;

  while (!*done) {
    g_assert_cmpint(g_get_monotonic_time(), <, limit);
    g_main_context_iteration(NULL, TRUE);
  }
}

/** Runs @func on the side's loop until it has set found to @found. */
static void
run_until(Side *side, FwdDataLoopFunc func, gboolean found)
{
  const gint64 limit = g_get_monotonic_time() + LIMIT_SECONDS * G_USEC_PER_SEC;

  do {
    g_assert_cmpint(g_get_monotonic_time(), <, limit);
    while (g_main_context_iteration(NULL, FALSE))
      continue;
    fwd_data_loop_post_and_wait(fwd_data_plane_get_loop(side->plane), func, side);
  } while (side->found != found);
}

static void
run_once(Side *side, FwdDataLoopFunc func)
{
  fwd_data_loop_post_and_wait(fwd_data_plane_get_loop(side->plane), func, side);
}

/* Making and ending them. */

static void
start(gpointer data)
{
  fwd_tunnel_end_start(((Side *)data)->end);
}

static void
add_path(Side *side, const Side *other)
{
  FwdEndpoint remote;

  g_assert_true(fwd_endpoint_from_address(
      "127.0.0.1", fwd_data_plane_get_port(other->plane, AF_INET), &remote));
  fwd_tunnel_end_add_path(
      side->end,
      fwd_data_plane_create_path(side->plane, &remote, FWD_PATH_CLASS_LAN, "test", 100));
}

static void
make_end(Side *sides, guint index)
{
  FwdQuicTunnelConfig config = {
      .role = index == CLIENT ? FWD_ROLE_CLIENT : FWD_ROLE_SERVER,
      .connection_id = 0x1122334455667788u,
  };
  Side *side = &sides[index];

  g_strlcpy(config.peer, fwd_identity_get_peer_id(sides[!index].identity), sizeof config.peer);
  memcpy(config.fingerprint, fwd_identity_get_fingerprint(sides[!index].identity),
         FWD_FINGERPRINT_SIZE);
  side->end = fwd_tunnel_end_new(side->plane, &config, &events, side);
  run_once(side, start);
}

static void
set_up(Side *sides, gconstpointer data)
{
  (void)data;
  for (guint i = 0; i < ENDS; i++) {
    sides[i].identity = fwd_identity_new(NULL);
    sides[i].plane = fwd_data_plane_new(probe_key, sides[i].identity, NULL);
    g_assert_nonnull(sides[i].plane);
  }
  make_end(sides, SERVER);
  make_end(sides, CLIENT);
  add_path(&sides[SERVER], &sides[CLIENT]);
  add_path(&sides[CLIENT], &sides[SERVER]);
  wait_for(&sides[CLIENT].connected);
  wait_for(&sides[SERVER].connected);
}

static void
tear_down(Side *sides, gconstpointer data)
{
  (void)data;
  for (guint i = 0; i < ENDS; i++) {
    fwd_tunnel_end_close(sides[i].end);
    wait_for(&sides[i].closed);
    fwd_tunnel_end_unref(sides[i].end);
    fwd_data_plane_shutdown(sides[i].plane);
    g_object_unref(sides[i].plane);
    fwd_identity_unref(sides[i].identity);
  }
}

/* On a loop. */

static void
open_stream(gpointer data)
{
  Side *side = data;
  FwdStream *stream = fwd_stream_open(side->end, FWD_STREAM_BYTES);

  fwd_stream_queue_header(stream, "{}");
  side->stream = stream->id;
}

static void
open_flow(gpointer data)
{
  Side *side = data;
  FwdStream *stream = fwd_stream_open(side->end, FWD_STREAM_FLOW);

  g_assert_true(fwd_flows_opened(&side->end->flows, stream));
  fwd_stream_queue_header(stream, "{}");
  side->stream = stream->id;
}

static void
open_half_a_header(gpointer data)
{
  static const guint8 kind = FWD_STREAM_BYTES;
  Side *side = data;
  FwdStream *stream = fwd_stream_open(side->end, FWD_STREAM_BYTES);

  fwd_stream_queue(stream, &kind, 1);
  fwd_stream_finish(stream);
  side->stream = stream->id;
}

static void
abort_stream(gpointer data)
{
  Side *side = data;

  fwd_stream_abort(fwd_tunnel_end_find(side->end, side->stream), FWD_STREAM_RESET);
}

static void
find_stream(gpointer data)
{
  Side *side = data;

  side->found = fwd_tunnel_end_find(side->end, side->stream) != NULL;
}

static void
find_closed_stream(gpointer data)
{
  Side *side = data;
  const FwdStream *stream = fwd_tunnel_end_find(side->end, side->stream);

  g_assert_nonnull(stream);
  side->found = stream->closed;
}

/** Sends STOP_SENDING for each stream of the peer's that has one direction. */
static void
stop_heartbeats(gpointer data)
{
  Side *side = data;
  GHashTableIter iter;
  gpointer value;

  side->found = FALSE;
  g_hash_table_iter_init(&iter, side->end->streams);
  while (g_hash_table_iter_next(&iter, NULL, &value)) {
    const FwdStream *stream = value;

    if (stream->local || ngtcp2_is_bidi_stream(stream->id))
      continue;
    ngtcp2_conn_shutdown_stream_read(side->end->connection.quic, stream->id, 1);
    side->found = TRUE;
  }
  fwd_tunnel_end_wake(side->end);
}

static void
do_nothing(gpointer data)
{
  (void)data;
}

/* A hostile peer. */

static void
test_heartbeat_is_stopped(Side *sides, gconstpointer data)
{
  int fds[2];

  (void)data;
  run_once(&sides[CLIENT], open_flow);
  while (sides[SERVER].channels == 0)
    g_main_context_iteration(NULL, TRUE);
  g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  fwd_tunnel_end_accept(sides[SERVER].end, sides[SERVER].stream, fds[0], NULL, 0);
  for (guint i = 0; i < ROUNDS; i++) {
    g_assert_cmpint(send(fds[1], "x", 1, 0), ==, 1);
    run_once(&sides[CLIENT], stop_heartbeats);
    run_once(&sides[SERVER], do_nothing);
  }
  g_assert_cmpint(send(fds[1], "x", 1, 0), ==, 1);
  run_until(&sides[CLIENT], stop_heartbeats, TRUE);
  run_once(&sides[SERVER], do_nothing);
  close(fds[1]);
}

static void
test_reset_does_not_free_the_place(Side *sides, gconstpointer data)
{
  (void)data;
  run_once(&sides[CLIENT], open_stream);
  while (sides[SERVER].channels == 0)
    g_main_context_iteration(NULL, TRUE);
  run_once(&sides[CLIENT], abort_stream);
  run_until(&sides[SERVER], find_closed_stream, TRUE);
  /* The round has ended in which that was seen. */
  run_once(&sides[SERVER], find_closed_stream);
  g_assert_true(sides[SERVER].found);
  run_until(&sides[CLIENT], find_stream, FALSE);
  fwd_tunnel_end_refuse(sides[SERVER].end, sides[SERVER].stream, FWD_STREAM_REFUSED);
  run_until(&sides[SERVER], find_stream, FALSE);
}

static void
test_header_without_its_end(Side *sides, gconstpointer data)
{
  (void)data;
  run_once(&sides[CLIENT], open_half_a_header);
  run_until(&sides[CLIENT], find_stream, FALSE);
  g_assert_cmpuint(sides[SERVER].channels, ==, 0);
}

#define ADD(path, test)                                                                        \
  g_test_add_vtable("/tunnel-end/" path, ENDS * sizeof(Side), NULL, (GTestFixtureFunc)set_up,  \
                    (GTestFixtureFunc)(test), (GTestFixtureFunc)tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("heartbeat/stopped", test_heartbeat_is_stopped);
  ADD("stream/reset-keeps-the-place", test_reset_does_not_free_the_place);
  ADD("stream/half-a-header", test_header_without_its_end);
  return g_test_run();
}

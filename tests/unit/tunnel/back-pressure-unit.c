/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who does not read stops who writes, within the window, and nobody else. */
#include "fakes/crowd.h"

#include "tunnel/tunnel-end.h"

#define KIB 1024
#define MIB ((gsize)1024 * KIB)
/* A window that has hardly grown, what is read ahead, and four sockets' buffers. */
#define STALLED_MAX (2 * MIB)
#define WINDOW      (512 * KIB)
#define READ_AHEAD  (512 * KIB)
#define BUFFER      (128 * KIB)
/* Of chunks that are not full: one for each stream, and for what is read into. */
#define CHUNKS_OF_A_STREAM 3
/* Beyond the limit: the window that the peer had when it was reached. */
#define WINDOW_MAX        (32 * MIB)
#define STREAM_WINDOW_MAX (24 * MIB)

typedef struct {
  guint count;
  guint sender;
  gboolean paced;
} Scene;

static const FwdTunnelPairOptions lan = {.buffer = BUFFER};
static const FwdTunnelPairOptions wide = {.buffer = BUFFER, .paced = TRUE};

static FwdTunnelPair *
make_pair(gboolean paced)
{
  FwdTunnelPair *pair = fwd_tunnel_pair_new(paced ? &wide : &lan);

  fwd_tunnel_pair_connect(pair);
  return pair;
}

static void
expect_room(FwdTunnelPair *pair, guint streams, gsize in_max, gsize out_max)
{
  const gsize slack = (gsize)streams * CHUNKS_OF_A_STREAM * FWD_CHUNK_SIZE;

  fwd_tunnel_pair_sample(pair);
  for (guint end = 0; end < 2; end++) {
    const FwdTunnelStatistics *now = fwd_quic_tunnel_get_statistics(pair->tunnel[end]);

    g_test_message("end %u holds %" G_GSIZE_FORMAT " KiB in, %" G_GSIZE_FORMAT " KiB out", end,
                   now->held_in / KIB, now->held_out / KIB);
    g_assert_cmpuint(now->held_in, <=, in_max + slack);
    g_assert_cmpuint(now->held_out, <=, out_max + slack);
  }
}

static gboolean
are_empty(FwdTunnelPair *pair)
{
  gsize held = 0;

  for (guint end = 0; end < 2; end++) {
    const FwdTunnelStatistics *now = fwd_quic_tunnel_get_statistics(pair->tunnel[end]);

    held += now->held_in + now->held_out;
  }
  return held == 0;
}

static void
transfer(FwdCrowd *crowd, gsize length)
{
  fwd_crowd_allow(crowd, length);
  fwd_crowd_finish(crowd);
}

/** Writes until a transfer of others passes in which nobody could write any more. */
static void
write_until_stopped(FwdCrowd *stalled, FwdCrowd *there, FwdCrowd *back)
{
  gsize taken;

  do {
    taken = 0;
    for (gsize more = 1; more > 0; taken += more)
      more = fwd_crowd_write(stalled);
    transfer(there, 256 * KIB);
    transfer(back, 256 * KIB);
    for (guint i = 0; i < stalled->count; i++)
      g_assert_cmpuint(stalled->members[i].sent, <=, STALLED_MAX);
  } while (taken > 0);
}

static void
check_stalled(gconstpointer data)
{
  const Scene *scene = data;
  g_autoptr(FwdTunnelPair) pair = make_pair(scene->paced);
  g_autoptr(FwdCrowd) stalled = fwd_crowd_new(pair, scene->sender, scene->count);
  g_autoptr(FwdCrowd) there = fwd_crowd_new(pair, FWD_PAIR_CLIENT, 1);
  g_autoptr(FwdCrowd) back = fwd_crowd_new(pair, FWD_PAIR_SERVER, 1);

  fwd_crowd_allow(stalled, G_MAXUINT32);
  write_until_stopped(stalled, there, back);
  g_assert_cmpuint(fwd_crowd_received(stalled), ==, 0);
  transfer(there, 4 * MIB);
  transfer(back, 4 * MIB);
  write_until_stopped(stalled, there, back);
  expect_room(pair, scene->count + 2, scene->count * WINDOW, scene->count * READ_AHEAD);
  transfer(stalled, 256 * KIB);
  fwd_tunnel_pair_wait(pair, are_empty);
}

/** The more they have read the larger their windows are when they stop. */
static void
check_stalled_later(gconstpointer data)
{
  const Scene *scene = data;
  g_autoptr(FwdTunnelPair) pair = make_pair(scene->paced);
  g_autoptr(FwdCrowd) crowd = fwd_crowd_new(pair, scene->sender, scene->count);

  transfer(crowd, 16 * MIB);
  fwd_crowd_allow(crowd, 256 * MIB);
  for (gsize before = 1; before != fwd_crowd_sent(crowd);) {
    before = fwd_crowd_sent(crowd);
    fwd_crowd_fill(crowd);
    expect_room(pair, scene->count, scene->count * STREAM_WINDOW_MAX,
                scene->count * READ_AHEAD);
  }
  g_assert_cmpuint(fwd_crowd_sent(crowd) - fwd_crowd_received(crowd), <=,
                   scene->count * (STALLED_MAX + STREAM_WINDOW_MAX));
  transfer(crowd, 0);
  fwd_tunnel_pair_wait(pair, are_empty);
}

/**
 * More than may be held, both ways at once: neither end can take the other's bytes
 * until its own are read, and that must be enough.
 */
static void
check_limit(gconstpointer data)
{
  enum { COUNT = 1000 };
  g_autoptr(FwdTunnelPair) pair = make_pair(data != NULL);
  g_autoptr(FwdCrowd) there = fwd_crowd_new(pair, FWD_PAIR_CLIENT, COUNT);
  g_autoptr(FwdCrowd) back = fwd_crowd_new_back(there);
  gsize before;

  fwd_crowd_allow(there, 1 * MIB);
  fwd_crowd_allow(back, 1 * MIB);
  do {
    before = fwd_crowd_sent(there) + fwd_crowd_sent(back);
    fwd_crowd_fill(there);
    fwd_crowd_fill(back);
    expect_room(pair, COUNT, FWD_TUNNEL_END_RECEIVED_MAX + WINDOW_MAX, FWD_TUNNEL_END_HELD_MAX);
  } while (before != fwd_crowd_sent(there) + fwd_crowd_sent(back));
  g_assert_cmpuint(fwd_quic_tunnel_get_statistics(pair->tunnel[0])->held_in, >=,
                   FWD_TUNNEL_END_HELD_MAX);
  g_assert_cmpuint(fwd_quic_tunnel_get_statistics(pair->tunnel[1])->held_in, >=,
                   FWD_TUNNEL_END_HELD_MAX);
  /* One direction is read to its end while nobody reads the other. */
  fwd_crowd_finish(back);
  fwd_crowd_finish(there);
  fwd_tunnel_pair_wait(pair, are_empty);
}

static void
add(const char *name, const Scene *scene, GTestDataFunc test)
{
  g_autofree char *path = g_strdup_printf("/back-pressure/%s/%u/%s/%s", name, scene->count,
                                          scene->sender == FWD_PAIR_CLIENT ? "there" : "back",
                                          scene->paced ? "paced" : "lan");

  g_test_add_data_func_full(path, g_memdup2(scene, sizeof *scene), test, g_free);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint kind = 0; kind < 4; kind++) {
    const guint sender = kind % 2 == 0 ? FWD_PAIR_CLIENT : FWD_PAIR_SERVER;
    const gboolean paced = kind >= 2;

    add("stalled", &(Scene){1, sender, paced}, check_stalled);
    add("stalled", &(Scene){100, sender, paced}, check_stalled);
    add("stalled", &(Scene){300, sender, paced}, check_stalled);
    add("stalled-later", &(Scene){1, sender, paced}, check_stalled_later);
  }
  g_test_add_data_func("/back-pressure/limit/lan", NULL, check_limit);
  g_test_add_data_func("/back-pressure/limit/paced", GINT_TO_POINTER(1), check_limit);
  return g_test_run();
}

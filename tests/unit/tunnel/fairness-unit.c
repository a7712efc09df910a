/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many streams through one tunnel get the same share, small ones go first, datagrams too. */
#include "fakes/crowd.h"
#include "fakes/flow-listener.h"

#include <unistd.h>

#define KIB   1024
#define MIB   ((gsize)1024 * KIB)
#define CROWD 100
#define SHARE (4 * MIB)
/* What each has received before it counts: they do not all begin at once. */
#define BEGUN  (MIB / 2)
#define ECHOES 100
/* In percent of the mean. */
#define UNFAIR 20
/* Much less than what is read ahead for each of the others, and waits. */
#define AHEAD (128 * KIB)
/* Beside datagrams: a hundredth is left to either of them at least. */
#define BESIDE   (16 * MIB)
#define DATAGRAM 1000
#define FLOODED  100

typedef struct {
  guint sender;
  gboolean paced;
} Scene;

typedef struct {
  FwdCrowd *crowd;
  gint stop;
} Writer;

static FwdTunnelPair *
make_pair(gboolean paced)
{
  static const FwdTunnelPairOptions wide = {.paced = TRUE};
  FwdTunnelPair *pair = fwd_tunnel_pair_new(paced ? &wide : NULL);

  fwd_tunnel_pair_connect(pair);
  return pair;
}

/** What each has to send is always there: the tunnel decides whose turn it is. */
static gpointer
write_always(gpointer data)
{
  Writer *writer = data;

  while (!g_atomic_int_get(&writer->stop))
    fwd_crowd_fill(writer->crowd);
  return NULL;
}

static gsize
least(const FwdCrowd *crowd)
{
  gsize received = G_MAXSIZE;

  for (guint i = 0; i < crowd->count; i++)
    received = MIN(received, crowd->members[i].received);
  return received;
}

static gsize
most(const FwdCrowd *crowd)
{
  gsize received = 0;

  for (guint i = 0; i < crowd->count; i++)
    received = MAX(received, crowd->members[i].received);
  return received;
}

/** None of them had to wait for who writes, so it was a matter of the tunnel. */
static void
expect_fair(const FwdCrowd *crowd, const gsize *before, gsize total_before)
{
  const gsize mean = (fwd_crowd_received(crowd) - total_before) / crowd->count;

  g_test_message("mean %" G_GSIZE_FORMAT " KiB", mean / KIB);
  for (guint i = 0; i < crowd->count; i++) {
    const gsize share = crowd->members[i].received - before[i];

    g_assert_cmpuint(share, >=, mean - mean * UNFAIR / 100);
    g_assert_cmpuint(share, <=, mean + mean * UNFAIR / 100);
  }
}

static void
check_shares(gconstpointer data)
{
  const Scene *scene = data;
  g_autoptr(FwdTunnelPair) pair = make_pair(scene->paced);
  g_autoptr(FwdCrowd) crowd = fwd_crowd_new(pair, scene->sender, CROWD);
  Writer writer = {.crowd = crowd};
  gsize before[CROWD], total_before;
  GThread *thread;

  fwd_crowd_allow(crowd, G_MAXUINT32);
  thread = g_thread_new("writer", write_always, &writer);
  while (least(crowd) < BEGUN)
    fwd_crowd_read(crowd);
  total_before = fwd_crowd_received(crowd);
  for (guint i = 0; i < CROWD; i++)
    before[i] = crowd->members[i].received;
  while (fwd_crowd_received(crowd) - total_before < CROWD * SHARE)
    fwd_crowd_read(crowd);
  expect_fair(crowd, before, total_before);
  g_atomic_int_set(&writer.stop, 1);
  g_thread_join(thread);
}

/** One byte, while the others go on. */
static void
send_one(FwdCrowd *small, FwdCrowd *crowd)
{
  fwd_crowd_allow(small, 1);
  fwd_crowd_write(small);
  while (!fwd_crowd_is_complete(small)) {
    fwd_crowd_read(crowd);
    fwd_crowd_read(small);
  }
}

/** A byte there and back does not wait for what the others have waiting. */
static void
check_small(gconstpointer data)
{
  const Scene *scene = data;
  g_autoptr(FwdTunnelPair) pair = make_pair(scene->paced);
  g_autoptr(FwdCrowd) crowd = fwd_crowd_new(pair, scene->sender, CROWD);
  g_autoptr(FwdCrowd) small = fwd_crowd_new(pair, scene->sender, 1);
  g_autoptr(FwdCrowd) answer = fwd_crowd_new_back(small);
  Writer writer = {.crowd = crowd};
  GThread *thread;
  gsize before, others;

  fwd_crowd_allow(crowd, G_MAXUINT32);
  thread = g_thread_new("writer", write_always, &writer);
  while (most(crowd) < 256 * KIB)
    fwd_crowd_read(crowd);
  before = fwd_crowd_received(crowd);
  for (guint i = 0; i < ECHOES; i++) {
    send_one(small, crowd);
    send_one(answer, crowd);
  }
  others = (fwd_crowd_received(crowd) - before) / ECHOES;
  g_test_message("%" G_GSIZE_FORMAT " KiB of the others for each echo", others / KIB);
  g_assert_cmpuint(others, <, CROWD * AHEAD);
  g_atomic_int_set(&writer.stop, 1);
  g_thread_join(thread);
}

typedef struct {
  int fd;
  gint stop;
} Flood;

static gpointer
flood(gpointer data)
{
  static const guint8 bytes[DATAGRAM];
  Flood *flood = data;

  while (!g_atomic_int_get(&flood->stop))
    send(flood->fd, bytes, sizeof bytes, MSG_NOSIGNAL);
  return NULL;
}

static gsize
read_datagrams(int fd)
{
  guint8 got[DATAGRAM];
  gsize total = 0;
  gssize length;

  while ((length = recv(fd, got, sizeof got, MSG_DONTWAIT)) > 0)
    total += length;
  return total;
}

static void
check_beside(gconstpointer data)
{
  const Scene *scene = data;
  g_autoptr(FwdTunnelPair) pair = make_pair(scene->paced);
  g_autoptr(FwdCrowd) crowd = fwd_crowd_new(pair, scene->sender, CROWD / 10);
  FwdFlowListener listener = fwd_flow_listener_new(pair);
  const int far_fd = fwd_flow_listener_open_flow(&listener, listener.application);
  const gboolean there = scene->sender == FWD_PAIR_CLIENT;
  Flood datagrams = {.fd = there ? listener.application : far_fd};
  Writer writer = {.crowd = crowd};
  GThread *threads[2];
  gsize flooded = 0;

  fwd_crowd_allow(crowd, G_MAXUINT32);
  threads[0] = g_thread_new("writer", write_always, &writer);
  threads[1] = g_thread_new("flood", flood, &datagrams);
  while (fwd_crowd_received(crowd) < BESIDE || flooded < BESIDE / FLOODED) {
    fwd_crowd_read(crowd);
    flooded += read_datagrams(there ? far_fd : listener.application);
  }
  g_test_message("%" G_GSIZE_FORMAT " KiB of streams, %" G_GSIZE_FORMAT " KiB of datagrams",
                 fwd_crowd_received(crowd) / KIB, flooded / KIB);
  g_assert_cmpuint(flooded, <, fwd_crowd_received(crowd) * FLOODED);
  g_assert_cmpuint(fwd_crowd_received(crowd), <, flooded * FLOODED);
  g_atomic_int_set(&writer.stop, 1);
  g_atomic_int_set(&datagrams.stop, 1);
  g_thread_join(threads[0]);
  g_thread_join(threads[1]);
  close(listener.application);
  close(far_fd);
}

static void
add(const char *name, const Scene *scene, GTestDataFunc test)
{
  g_autofree char *path = g_strdup_printf("/fairness/%s/%s/%s", name,
                                          scene->sender == FWD_PAIR_CLIENT ? "there" : "back",
                                          scene->paced ? "paced" : "lan");

  g_test_add_data_func_full(path, g_memdup2(scene, sizeof *scene), test, g_free);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint kind = 0; kind < 4; kind++) {
    const Scene scene = {kind % 2 == 0 ? FWD_PAIR_CLIENT : FWD_PAIR_SERVER, kind >= 2};

    add("shares", &scene, check_shares);
    add("small", &scene, check_small);
    add("beside-datagrams", &scene, check_beside);
  }
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/fake-path.h"
#include "net/datagram-socket.h"
#include "path/path-set.h"
#include "path/udp-path.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MS    G_GINT64_CONSTANT(1000000)
#define S     (1000 * MS)
#define LINKS 3

static const guint8 probe_key[FWD_PROBE_KEY_SIZE] = {7, 7, 7};
static const char *const names[2] = {"aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"};

/** Two path sets, the first one controlling, over up to three links. */
typedef struct {
  FwdPathSet *sets[2];
  FwdFakeLink *links[LINKS];
  FwdPathId ids[2][LINKS];
  gint64 now;
  GString *story;      /* of the controlling side */
  guint alive_changes; /* as well */
} Pair;

static void
on_active_changed(FwdPathId from, FwdPathId to, gboolean broken, gpointer user_data)
{
  Pair *pair = user_data;

  g_string_append_printf(pair->story, "%u>%u%s ", from, to, broken ? "!" : "");
}

static void
on_alive_changed(gpointer user_data)
{
  Pair *pair = user_data;

  pair->alive_changes++;
}

static void
on_removed(FwdPathId id, const FwdPath *path G_GNUC_UNUSED, gpointer user_data)
{
  Pair *pair = user_data;

  g_assert_null(fwd_path_set_get(pair->sets[0], id));
  g_string_append_printf(pair->story, "-%u ", id);
}

static void
ignore_change(FwdPathId from G_GNUC_UNUSED, FwdPathId to G_GNUC_UNUSED,
              gboolean broken G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

static void
ignore_life(gpointer user_data G_GNUC_UNUSED)
{
}

static void
ignore_removal(FwdPathId id G_GNUC_UNUSED, const FwdPath *path G_GNUC_UNUSED,
               gpointer user_data G_GNUC_UNUSED)
{
}

static FwdPathSet *
new_set(guint side, Pair *pair)
{
  FwdPathSetConfig config = {.probe_key = probe_key,
                             .self = names[side],
                             .peer = names[1 - side],
                             .controlling = side == 0};
  FwdPathSetEvents told = {.active_changed = on_active_changed,
                           .alive_changed = on_alive_changed,
                           .removed = on_removed};
  FwdPathSetEvents ignored = {
      .active_changed = ignore_change, .alive_changed = ignore_life, .removed = ignore_removal};

  return fwd_path_set_new(&config, side == 0 ? &told : &ignored, pair);
}

static void
set_up(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  pair->now = 100 * S;
  pair->story = g_string_new(NULL);
  for (guint side = 0; side < 2; side++)
    pair->sets[side] = new_set(side, pair);
  for (guint i = 0; i < LINKS; i++)
    pair->links[i] = fwd_fake_link_new();
}

static void
tear_down(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  for (guint side = 0; side < 2; side++)
    fwd_path_set_free(pair->sets[side]);
  for (guint i = 0; i < LINKS; i++)
    fwd_fake_link_free(pair->links[i]);
  g_string_free(pair->story, TRUE);
}

static void
add_link(Pair *pair, guint link, FwdPathClass path_class, gint64 delay)
{
  fwd_fake_link_set_now(pair->links[link], pair->now);
  fwd_fake_link_set_delay(pair->links[link], delay);
  for (guint side = 0; side < 2; side++)
    pair->ids[side][link] = fwd_path_set_add(
        pair->sets[side],
        fwd_fake_link_create_path(pair->links[link], side, path_class, "fake"), pair->now);
}

/* As links 0 and 1. */
static void
add_relay_and_direct(Pair *pair)
{
  add_link(pair, 0, FWD_PATH_CLASS_RELAY, 20 * MS);
  add_link(pair, 1, FWD_PATH_CLASS_P2P, 5 * MS);
}

/* What the demultiplexer does with a packet. */
static void
take(Pair *pair, guint side, FwdPathId id, const guint8 *data, gsize length)
{
  const FwdPath *path = fwd_path_set_get(pair->sets[side], id);
  FwdProbe probe;

  if (length == 1) {
    fwd_path_set_heard(pair->sets[side], id, 1, pair->now);
    return;
  }
  g_assert_true(fwd_probe_read(data, length, probe_key, names[side], &probe));
  if (probe.message_class == FWD_STUN_SUCCESS) {
    g_assert_true(fwd_path_set_answered(pair->sets[side], id, &probe, pair->now));
    g_assert_false(fwd_path_set_answered(pair->sets[side], id, &probe, pair->now));
    return;
  }
  g_assert_cmpstr(probe.sender, ==, names[1 - side]);
  fwd_path_set_answer(pair->sets[side], id, &probe, &path->remote, pair->now);
}

static void
read_side(Pair *pair, guint side)
{
  g_autofree guint8 *buffer = g_malloc(65536);

  for (guint i = 0; i < LINKS; i++) {
    FwdPathId id = pair->ids[side][i];
    FwdPath *path = fwd_path_set_get(pair->sets[side], id);
    gsize segment;
    gssize length;
    while (path != NULL && (length = path->ops->recv_batch(path, buffer, 65536, &segment)) > 0)
      take(pair, side, id, buffer, (gsize)length);
  }
}

static gint64
next_event(const Pair *pair)
{
  gint64 next = G_MAXINT64;

  for (guint i = 0; i < LINKS; i++)
    next = MIN(next, fwd_fake_link_deadline(pair->links[i]));
  for (guint side = 0; side < 2; side++)
    next = MIN(next, fwd_path_set_deadline(pair->sets[side]));
  return next;
}

static void
run(Pair *pair, gint64 duration)
{
  gint64 end = pair->now + duration;

  for (gint64 next; (next = next_event(pair)) <= end;) {
    pair->now = MAX(pair->now, next);
    for (guint i = 0; i < LINKS; i++)
      fwd_fake_link_set_now(pair->links[i], pair->now);
    for (guint side = 0; side < 2; side++) {
      read_side(pair, side);
      if (fwd_path_set_deadline(pair->sets[side]) <= pair->now)
        fwd_path_set_tick(pair->sets[side], pair->now);
      g_assert_cmpint(fwd_path_set_deadline(pair->sets[side]), >, pair->now);
    }
  }
  pair->now = end;
}

static void
cut(Pair *pair, guint link, gboolean is_cut)
{
  fwd_fake_link_cut(pair->links[link], 0, is_cut);
  fwd_fake_link_cut(pair->links[link], 1, is_cut);
}

static void
test_empty(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  FwdPathInfo info;

  g_assert_cmpint(fwd_path_set_deadline(pair->sets[0]), ==, G_MAXINT64);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[0]), ==, 0);
  g_assert_cmpuint(fwd_path_set_describe(pair->sets[0], &info, 1), ==, 0);
  fwd_path_set_heard(pair->sets[0], 9, 0, 1);
  fwd_path_set_fail(pair->sets[0], 9, 1);
  fwd_path_set_tick(pair->sets[0], 1);
  g_assert_cmpstr(pair->story->str, ==, "");
}

static void
test_measures(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  FwdPathInfo info[FWD_PATHS_MAX];

  add_relay_and_direct(pair);
  run(pair, 30 * S);
  g_assert_cmpstr(pair->story->str, ==, "0>1 1>2 ");
  for (guint side = 0; side < 2; side++)
    g_assert_cmpuint(fwd_path_set_describe(pair->sets[side], info, FWD_PATHS_MAX), ==, 2);
  /* The controlled side stays where it began until it is led elsewhere. */
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[1]), ==, 1);
  g_assert_cmpuint(fwd_path_set_describe(pair->sets[0], info, FWD_PATHS_MAX), ==, 2);
  g_assert_cmpuint(info[0].id, ==, 2);
  g_assert_true(info[0].active);
  g_assert_false(info[1].active);
  g_assert_true(info[1].alive);
  g_assert_cmpuint(info[0].rtt_us, ==, 10000);
  g_assert_cmpuint(info[1].rtt_us, ==, 40000);
  g_assert_cmpfloat(info[0].loss, ==, 0);
  g_assert_cmpstr(info[0].strategy, ==, "fake");
  /* A path costs little: 3 probes, then one each 1 or 3 s, and the answers to the peer's. */
  g_assert_cmpuint(fwd_fake_link_sent(pair->links[0], 0), <=, 3 + 10 + 3 + 30);
}

static void
test_fallback_and_return(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  gint64 cut_at;

  add_relay_and_direct(pair);
  run(pair, 10 * S);
  g_string_truncate(pair->story, 0);
  cut(pair, 1, TRUE);
  cut_at = pair->now;
  while (pair->story->len == 0 && pair->now < cut_at + 10 * S)
    run(pair, 100 * MS);
  g_assert_cmpstr(pair->story->str, ==, "2>1! ");
  g_assert_cmpint(pair->now - cut_at, <=, 3 * S);
  cut(pair, 1, FALSE);
  run(pair, 30 * S);
  /* Back when it has been clean for 10 s. */
  g_assert_cmpstr(pair->story->str, ==, "2>1! 1>2 ");
}

/* Of a path in standby, too. */
static void
test_death_is_told(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  add_relay_and_direct(pair);
  run(pair, 10 * S);
  g_assert_cmpuint(pair->alive_changes, ==, 2);
  cut(pair, 0, TRUE);
  run(pair, 10 * S);
  g_assert_cmpuint(pair->alive_changes, ==, 3);
  cut(pair, 0, FALSE);
  run(pair, 10 * S);
  g_assert_cmpuint(pair->alive_changes, ==, 4);
  g_assert_cmpstr(pair->story->str, ==, "0>1 1>2 ");
}

/* Whether a path can take the place of a silent one is found out before it has to. */
static void
test_the_next_path_is_tried_in_doubt(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  guint sent;

  add_relay_and_direct(pair);
  /* Heard not long ago. */
  run(pair, 10 * S + 200 * MS);
  g_string_truncate(pair->story, 0);
  cut(pair, 1, TRUE);
  fwd_path_set_expect_answer(pair->sets[0], 2, pair->now);
  sent = fwd_fake_link_sent(pair->links[0], 0);
  run(pair, 1000 * MS);
  g_assert_cmpuint(fwd_fake_link_sent(pair->links[0], 0), >, sent);
  g_assert_cmpstr(pair->story->str, ==, "");
  run(pair, 1000 * MS);
  g_assert_cmpstr(pair->story->str, ==, "2>1! ");
}

static void
test_dead_paths_are_given_up_but_for_the_last(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  add_relay_and_direct(pair);
  run(pair, 10 * S);
  g_string_truncate(pair->story, 0);
  cut(pair, 0, TRUE);
  cut(pair, 1, TRUE);
  run(pair, 20 * S);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[0]), ==, 0);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[1]), ==, 0);
  run(pair, 60 * S);
  g_assert_nonnull(strstr(pair->story->str, "-1 "));
  run(pair, 200 * S);
  g_assert_nonnull(fwd_path_set_get(pair->sets[0], 2));
  g_string_truncate(pair->story, 0);
  cut(pair, 1, FALSE);
  run(pair, 10 * S);
  g_assert_cmpstr(pair->story->str, ==, "0>2 ");
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[1]), ==, 2);
}

static void
test_a_lossy_path_loses_to_a_clean_relay(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  add_relay_and_direct(pair);
  run(pair, 10 * S);
  g_string_truncate(pair->story, 0);
  fwd_fake_link_set_loss(pair->links[1], 0.15);
  run(pair, 60 * S);
  g_assert_cmpstr(pair->story->str, ==, "2>1 ");
  fwd_fake_link_set_loss(pair->links[1], 0);
  run(pair, 20 * S);
  g_assert_cmpstr(pair->story->str, ==, "2>1 1>2 ");
}

/* The relay's TCP connection crosses the same network: its loss shows as delay. */
static void
test_a_relay_that_loses_as_much_is_no_refuge(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  add_relay_and_direct(pair);
  run(pair, 10 * S);
  g_string_truncate(pair->story, 0);
  fwd_fake_link_set_retransmission(pair->links[0], 200 * MS);
  for (guint i = 0; i < 2; i++)
    fwd_fake_link_set_loss(pair->links[i], 0.15);
  run(pair, 300 * S);
  g_assert_cmpstr(pair->story->str, ==, "");
}

/* 2,000 packets a second each way over the first path. */
static void
run_with_traffic(Pair *pair, gint64 duration)
{
  static const guint8 packets[20] = {0};
  const FwdPacketBatch batch = {.data = packets, .length = sizeof packets, .segment = 1};

  for (gint64 end = pair->now + duration; pair->now < end;) {
    for (guint side = 0; side < 2; side++) {
      const FwdPathId id = fwd_path_set_get_active(pair->sets[0]);
      g_assert_cmpint(fwd_path_set_send(pair->sets[side], id, &batch, pair->now), ==,
                      sizeof packets);
    }
    run(pair, 10 * MS);
  }
}

static void
test_what_the_traffic_loses_counts(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  FwdPathInfo info[2];

  add_relay_and_direct(pair);
  run(pair, 10 * S);
  g_string_truncate(pair->story, 0);
  fwd_fake_link_set_loss(pair->links[1], 0.05);
  run_with_traffic(pair, 60 * S);
  g_assert_cmpstr(pair->story->str, ==, "");
  g_assert_cmpuint(fwd_path_set_describe(pair->sets[0], info, 2), ==, 2);
  g_assert_cmpfloat_with_epsilon(info[0].loss, 0.0975, 0.03);
  fwd_fake_link_set_loss(pair->links[1], 0.1);
  run_with_traffic(pair, 15 * S);
  g_assert_cmpstr(pair->story->str, ==, "2>1 ");
}

static void
test_a_broken_descriptor(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  static const guint8 packet[1] = {0x40};
  FwdPacketBatch batch = {.data = packet, .length = 1, .segment = 1};

  add_relay_and_direct(pair);
  run(pair, 1 * S);
  g_string_truncate(pair->story, 0);
  fwd_fake_link_fail(pair->links[1], 0, EPIPE);
  g_assert_cmpint(fwd_path_set_send(pair->sets[0], 2, &batch, pair->now), ==, 1);
  g_assert_cmpstr(pair->story->str, ==, "");
  g_assert_cmpint(fwd_path_set_deadline(pair->sets[0]), ==, pair->now);
  fwd_path_set_tick(pair->sets[0], pair->now);
  g_assert_cmpstr(pair->story->str, ==, "2>1! -2 ");
  /* Even the last one. */
  fwd_path_set_fail(pair->sets[0], 1, pair->now);
  fwd_path_set_tick(pair->sets[0], pair->now);
  g_assert_cmpstr(pair->story->str, ==, "2>1! -2 1>0! -1 ");
  g_assert_cmpint(fwd_path_set_send(pair->sets[0], 1, &batch, pair->now), ==, 1);
}

static void
note_blocked(int fd, gpointer user_data)
{
  *(int *)user_data = fd;
}

static void
test_a_dead_path_holds_nothing_up(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  const guint8 packet[100] = {0};
  const FwdPacketBatch batch = {.data = packet, .length = 100, .segment = 50};

  add_link(pair, 0, FWD_PATH_CLASS_LAN, MS);
  add_link(pair, 1, FWD_PATH_CLASS_RELAY, 20 * MS);
  run(pair, 10 * S);
  fwd_fake_link_block(pair->links[0], 0, TRUE);
  g_assert_cmpint(fwd_path_set_send(pair->sets[0], 1, &batch, pair->now), ==, 0);
  cut(pair, 0, TRUE);
  run(pair, 10 * S);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[0]), ==, 2);
  g_assert_nonnull(fwd_path_set_get(pair->sets[0], 1));
  g_assert_cmpint(fwd_path_set_send(pair->sets[0], 1, &batch, pair->now), ==, 100);
}

static void
test_a_blocked_path(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  static const guint8 packet[1] = {0x40};
  FwdPacketBatch batch = {.data = packet, .length = 1, .segment = 1};
  int blocked = -1;

  add_link(pair, 0, FWD_PATH_CLASS_RELAY, 20 * MS);
  run(pair, 1 * S);
  fwd_path_set_on_blocked(pair->sets[0], note_blocked, &blocked);
  g_assert_cmpint(fwd_path_set_send(pair->sets[0], 1, &batch, pair->now), ==, 1);
  g_assert_cmpint(blocked, ==, -1);
  fwd_fake_link_block(pair->links[0], 0, TRUE);
  g_assert_cmpint(fwd_path_set_send(pair->sets[0], 1, &batch, pair->now), ==, 0);
  g_assert_cmpint(blocked, ==, fwd_path_set_get(pair->sets[0], 1)->fd);
}

static void
test_follow(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  add_relay_and_direct(pair);
  fwd_path_set_follow(pair->sets[1], 2, pair->now);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[1]), ==, 2);
  fwd_path_set_follow(pair->sets[1], 77, pair->now);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[1]), ==, 2);
  /* Who leads does not follow. */
  fwd_path_set_follow(pair->sets[0], 1, pair->now);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[0]), ==, 2);
  /* A dead path stays the active one of who follows, while another lives. */
  cut(pair, 1, TRUE);
  run(pair, 10 * S);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[1]), ==, 2);
}

/* QUIC goes on naming the path on which it last heard something. */
static void
test_follow_the_dead(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  add_link(pair, 0, FWD_PATH_CLASS_P2P, 5 * MS);
  run(pair, 1 * S);
  cut(pair, 0, TRUE);
  run(pair, 10 * S);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[1]), ==, 0);
  fwd_path_set_follow(pair->sets[1], 1, pair->now);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[1]), ==, 0);
  cut(pair, 0, FALSE);
  run(pair, 10 * S);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[1]), ==, 1);
}

/* Paths on a shared socket. */

static FwdEndpoint
endpoint(guint16 port)
{
  FwdEndpoint self;

  g_assert_true(fwd_endpoint_from_address("127.0.0.1", port, &self));
  return self;
}

static int
open_socket(FwdEndpoint *local)
{
  FwdEndpoint any = endpoint(0);
  int fd = fwd_datagram_socket_open(&any, NULL);

  g_assert_cmpint(fd, >=, 0);
  g_assert_true(fwd_datagram_socket_get_local(fd, local));
  return fd;
}

static FwdPathId
add_udp(Pair *pair, int fd, guint16 port, FwdPathClass path_class, const char *strategy)
{
  FwdEndpoint local = endpoint(1), remote = endpoint(port);

  return fwd_path_set_add(pair->sets[0],
                          fwd_udp_path_new(fd, &local, &remote, path_class, strategy, 1000),
                          pair->now);
}

static void
test_same_remote_is_merged(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  FwdEndpoint local, remote;
  int fd = open_socket(&local);
  guint16 port = fwd_endpoint_port(&local);
  FwdPathId id = add_udp(pair, fd, port, FWD_PATH_CLASS_P2P, "udp-punch");

  g_assert_cmpuint(add_udp(pair, fd, port, FWD_PATH_CLASS_LAN, "lan"), ==, id);
  g_assert_cmpstr(fwd_path_set_get(pair->sets[0], id)->strategy, ==, "lan");
  g_assert_cmpint(fwd_path_set_get(pair->sets[0], id)->path_class, ==, FWD_PATH_CLASS_LAN);
  /* What finds it later, and knows less of it, changes nothing. */
  g_assert_cmpuint(add_udp(pair, fd, port, FWD_PATH_CLASS_P2P, "udp-punch"), ==, id);
  g_assert_cmpint(fwd_path_set_get(pair->sets[0], id)->path_class, ==, FWD_PATH_CLASS_LAN);
  g_assert_cmpstr(fwd_path_set_get(pair->sets[0], id)->strategy, ==, "lan");
  remote = endpoint(port);
  g_assert_cmpuint(fwd_path_set_find(pair->sets[0], fd, &remote), ==, id);
  g_assert_cmpuint(fwd_path_set_find(pair->sets[0], fd + 1, &remote), ==, 0);
  g_assert_cmpuint(fwd_path_set_find(pair->sets[0], fd, NULL), ==, 0);
  remote = endpoint(port ^ 1);
  g_assert_cmpuint(fwd_path_set_find(pair->sets[0], fd, &remote), ==, 0);
  close(fd);
}

static void
test_back_from_the_dead(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  FwdEndpoint local;
  int fd = open_socket(&local);
  guint16 port = fwd_endpoint_port(&local);

  g_assert_cmpuint(add_udp(pair, fd, port, FWD_PATH_CLASS_P2P, "udp-punch"), ==, 1);
  for (guint i = 0; i < 40; i++)
    fwd_path_set_tick(pair->sets[0], pair->now += 100 * MS);
  g_assert_cmpstr(pair->story->str, ==, "0>1 1>0! ");
  g_assert_cmpuint(add_udp(pair, fd, port, FWD_PATH_CLASS_P2P, "udp-punch"), ==, 2);
  g_assert_true(fwd_path_set_get(pair->sets[0], 1) == fwd_path_set_get(pair->sets[0], 2));
  for (guint i = 0; i < 40; i++)
    fwd_path_set_tick(pair->sets[0], pair->now += 100 * MS);
  fwd_path_set_heard(pair->sets[0], 2, 0, pair->now);
  fwd_path_set_tick(pair->sets[0], pair->now);
  g_assert_cmpstr(pair->story->str, ==, "0>1 1>0! 0>2 2>0! 0>3 ");
  close(fd);
}

/* For the server's QUIC a path that it left is another one, to which the former id leads. */
static void
test_a_path_is_left(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  const FwdPath *left;

  add_relay_and_direct(pair);
  left = fwd_path_set_get(pair->sets[1], 1);
  fwd_path_set_follow(pair->sets[1], 2, pair->now);
  for (FwdPathId id = 3; id < 6; id++) {
    fwd_path_set_leave(pair->sets[1], id == 3 ? 1 : id - 1);
    g_assert_cmpuint(fwd_path_set_find(pair->sets[1], left->fd, NULL), ==, id);
    g_assert_true(fwd_path_set_get(pair->sets[1], 1) == left);
    g_assert_true(fwd_path_set_get(pair->sets[1], id) == left);
  }
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[1]), ==, 2);
  fwd_path_set_follow(pair->sets[1], 1, pair->now);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[1]), ==, 5);
  fwd_path_set_leave(pair->sets[1], 5);
  g_assert_cmpuint(fwd_path_set_get_active(pair->sets[1]), ==, 6);
  /* The client's QUIC decides for itself when it takes a path for another one. */
  fwd_path_set_leave(pair->sets[0], 1);
  g_assert_cmpuint(
      fwd_path_set_find(pair->sets[0], fwd_path_set_get(pair->sets[0], 1)->fd, NULL), ==, 1);
}

static void
test_the_worst_makes_room(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  FwdEndpoint local, adopted = endpoint(9);
  int fd = open_socket(&local);

  for (guint16 i = 0; i < FWD_PATHS_MAX; i++)
    add_udp(pair, fd, 20000 + i, i == 5 ? FWD_PATH_CLASS_RELAY : FWD_PATH_CLASS_P2P, "x");
  g_string_truncate(pair->story, 0);
  g_assert_cmpuint(fwd_path_set_adopt(pair->sets[0], fd, &adopted, pair->now), ==, 0);
  add_udp(pair, fd, 30000, FWD_PATH_CLASS_P2P, "x");
  g_assert_cmpstr(pair->story->str, ==, "-6 ");
  g_assert_cmpuint(fwd_path_set_describe(pair->sets[0], NULL, 0), ==, 0);
  close(fd);
}

static void
test_adopted_paths_must_prove_themselves(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  FwdEndpoint local;
  int fd = open_socket(&local);
  FwdPathInfo info[FWD_PATHS_MAX];

  add_udp(pair, fd, fwd_endpoint_port(&local), FWD_PATH_CLASS_LAN, "lan");
  for (guint16 i = 0; i < 2 * FWD_PATHS_UNPROVEN_MAX; i++) {
    FwdEndpoint remote = endpoint(20000 + i);
    FwdPathId id = fwd_path_set_adopt(pair->sets[0], fd, &remote, pair->now);
    g_assert_cmpint(id != 0, ==, i < FWD_PATHS_UNPROVEN_MAX);
    fwd_path_set_heard(pair->sets[0], id, 0, pair->now);
  }
  g_assert_cmpuint(fwd_path_set_describe(pair->sets[0], info, FWD_PATHS_MAX), ==, 5);
  g_assert_true(info[0].alive && !info[1].alive && !info[4].alive);
  g_assert_cmpstr(info[4].strategy, ==, "lan");
  g_string_truncate(pair->story, 0);
  for (guint i = 0; i < 40; i++)
    fwd_path_set_tick(pair->sets[0], pair->now += 100 * MS);
  g_assert_cmpuint(fwd_path_set_describe(pair->sets[0], info, FWD_PATHS_MAX), ==, 1);
  close(fd);
}

static void
test_synthetic_addresses(void)
{
  struct sockaddr_in6 local[2], remote[2];
  FwdEndpoint foreign = endpoint(1);

  for (guint i = 0; i < 2; i++) {
    fwd_path_set_addresses(0x01020300 + i, &local[i], &remote[i]);
    g_assert_cmpuint(fwd_path_set_id_of((struct sockaddr *)&local[i]), ==, 0x01020300 + i);
    g_assert_cmpuint(fwd_path_set_id_of((struct sockaddr *)&remote[i]), ==, 0x01020300 + i);
    g_assert_cmpint(local[i].sin6_family, ==, AF_INET6);
  }
  g_assert_cmpint(memcmp(&local[0], &local[1], sizeof local[0]), !=, 0);
  g_assert_cmpint(memcmp(&local[0].sin6_addr, &remote[0].sin6_addr, 16), !=, 0);
  g_assert_cmpuint(fwd_path_set_id_of(&foreign.any), ==, 0);
  fwd_endpoint_any(AF_INET6, &foreign);
  g_assert_cmpuint(fwd_path_set_id_of(&foreign.any), ==, 0);
}

static void
test_first_round_trip_is_kept(Pair *pair, gconstpointer data G_GNUC_UNUSED)
{
  const FwdPath *path;

  add_link(pair, 0, FWD_PATH_CLASS_P2P, 10 * MS);
  path = fwd_path_set_get(pair->sets[1], pair->ids[1][0]);
  g_assert_cmpuint(path->rtt_us, ==, 0);
  run(pair, 25 * MS);
  g_assert_cmpuint(path->rtt_us, ==, 20000);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(path, test) g_test_add("/path-set/" path, Pair, NULL, set_up, test, tear_down)
  ADD("empty", test_empty);
  ADD("measures", test_measures);
  ADD("first-round-trip", test_first_round_trip_is_kept);
  ADD("fallback", test_fallback_and_return);
  ADD("death-is-told", test_death_is_told);
  ADD("doubt", test_the_next_path_is_tried_in_doubt);
  ADD("given-up", test_dead_paths_are_given_up_but_for_the_last);
  ADD("lossy", test_a_lossy_path_loses_to_a_clean_relay);
  ADD("lossy/both", test_a_relay_that_loses_as_much_is_no_refuge);
  ADD("lossy/traffic", test_what_the_traffic_loses_counts);
  ADD("broken", test_a_broken_descriptor);
  ADD("blocked/waits", test_a_blocked_path);
  ADD("blocked/dead", test_a_dead_path_holds_nothing_up);
  ADD("follow", test_follow);
  ADD("back-from-the-dead", test_back_from_the_dead);
  ADD("left", test_a_path_is_left);
  ADD("follow-the-dead", test_follow_the_dead);
  ADD("merged", test_same_remote_is_merged);
  ADD("worst-makes-room", test_the_worst_makes_room);
  ADD("adopted", test_adopted_paths_must_prove_themselves);
  g_test_add_func("/path-set/synthetic", test_synthetic_addresses);
  return g_test_run();
}

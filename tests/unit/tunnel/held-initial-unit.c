/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/tunnel-end.h"

#include "path/udp-path.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET "an Initial"

/* An end of which only that part is there which holds a packet. */
typedef struct {
  FwdTunnelEnd end;
  int fd; /* of the path: what it sends nobody hears */
  FwdPathId path;
  FwdPathClass path_class;
  guint32 rtt_us;
  guint received; /* atomic */
  gboolean taken[2];
} Fixture;

static void
on_active_changed(FwdPathId from, FwdPathId to, gboolean broken, gpointer user_data)
{
  (void)from;
  (void)to;
  (void)broken;
  (void)user_data;
}

static void
on_alive_changed(gpointer user_data G_GNUC_UNUSED)
{
}

static void
on_removed(FwdPathId id G_GNUC_UNUSED, const FwdPath *path G_GNUC_UNUSED,
           gpointer user_data G_GNUC_UNUSED)
{
  (void)id;
  (void)user_data;
}

static void
receive(FwdReceiver *receiver, FwdPathId path, const guint8 *packet, gsize length, gint64 now)
{
  Fixture *fixture = (Fixture *)((char *)receiver - G_STRUCT_OFFSET(Fixture, end.receiver));

  g_assert_cmpuint(path, ==, fixture->path);
  g_assert_cmpmem(packet, length, PACKET, strlen(PACKET));
  g_assert_false(
      fwd_held_initial_take(&fixture->end, path, packet, length, now)); /* not once more */
  g_atomic_int_inc(&fixture->received);
}

static void
add_path(Fixture *fixture)
{
  FwdEndpoint local, remote;

  fwd_endpoint_any(AF_INET, &local);
  g_assert_true(fwd_endpoint_from_address("127.0.0.1", 9, &remote));
  fixture->path = fwd_path_set_add(
      fixture->end.paths,
      fwd_udp_path_new(fixture->fd, &local, &remote, fixture->path_class, "x", fixture->rtt_us),
      0);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  static const guint8 key[FWD_PROBE_KEY_SIZE] = {1};
  const FwdPathSetConfig config = {
      .probe_key = key, .self = "0123456789abcdef", .peer = "fedcba9876543210"};
  const FwdPathSetEvents events = {.active_changed = on_active_changed,
                                   .alive_changed = on_alive_changed,
                                   .removed = on_removed};

  (void)data;
  fixture->path_class = FWD_PATH_CLASS_P2P;
  fixture->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  fixture->end.loop = fwd_data_loop_new(NULL, NULL);
  fixture->end.paths = fwd_path_set_new(&config, &events, NULL);
  fixture->end.receiver = (FwdReceiver){.paths = fixture->end.paths, .receive = receive};
  fwd_held_initial_init(&fixture->end.held);
}

static void
clear_on_loop(gpointer data)
{
  Fixture *fixture = data;

  fwd_held_initial_clear(&fixture->end.held, fixture->end.loop);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  (void)data;
  fwd_data_loop_post_and_wait(fixture->end.loop, clear_on_loop, fixture);
  fwd_data_loop_free(fixture->end.loop);
  fwd_path_set_free(fixture->end.paths);
  close(fixture->fd);
}

static void
take_on_loop(gpointer data)
{
  Fixture *fixture = data;
  const gint64 now = fwd_data_loop_refresh_now(fixture->end.loop);

  add_path(fixture);
  fixture->taken[0] = fwd_held_initial_take(&fixture->end, fixture->path,
                                            (const guint8 *)PACKET, strlen(PACKET), now);
  if (fixture->taken[0])
    fixture->taken[1] =
        fwd_held_initial_take(&fixture->end, fixture->path, (const guint8 *)"other", 5, now);
}

static void
take_without_limit(gpointer data)
{
  Fixture *fixture = data;

  take_on_loop(data);
  fixture->end.held.until = G_MAXINT64;
}

static void
measure_on_loop(gpointer data)
{
  Fixture *fixture = data;

  fwd_path_set_get(fixture->end.paths, fixture->path)->rtt_us = 80;
}

static void
wait_for_packet(Fixture *fixture)
{
  for (guint i = 0; g_atomic_int_get(&fixture->received) == 0; i++) {
    g_assert_cmpuint(i, <, 30000);
    g_usleep(1000);
  }
}

static void
test_held_for_a_moment(Fixture *fixture, gconstpointer data)
{
  (void)data;
  fwd_data_loop_post_and_wait(fixture->end.loop, take_on_loop, fixture);
  g_assert_true(fixture->taken[0]);
  g_assert_true(fixture->taken[1]);
  wait_for_packet(fixture);
  g_assert_null(fixture->end.held.packet);
}

static void
test_released_by_the_round_trip(Fixture *fixture, gconstpointer data)
{
  (void)data;
  fwd_data_loop_post_and_wait(fixture->end.loop, take_without_limit, fixture);
  g_assert_true(fixture->taken[0]);
  fwd_data_loop_post_and_wait(fixture->end.loop, measure_on_loop, fixture);
  wait_for_packet(fixture);
}

static void
test_cleared(Fixture *fixture, gconstpointer data)
{
  (void)data;
  fwd_data_loop_post_and_wait(fixture->end.loop, take_without_limit, fixture);
  fwd_data_loop_post_and_wait(fixture->end.loop, clear_on_loop, fixture);
  fwd_data_loop_post_and_wait(fixture->end.loop, measure_on_loop, fixture);
  g_assert_null(fixture->end.held.packet);
  g_assert_cmpint(g_atomic_int_get(&fixture->received), ==, 0);
}

static void
test_not_held_when_known(Fixture *fixture, gconstpointer data)
{
  (void)data;
  fixture->rtt_us = 1;
  fwd_data_loop_post_and_wait(fixture->end.loop, take_on_loop, fixture);
  g_assert_false(fixture->taken[0]);
}

/* A path may be called a LAN and be long, and a better one may follow a relay that is near. */
static void
test_held_whatever_the_class(Fixture *fixture, gconstpointer data)
{
  fixture->path_class = GPOINTER_TO_UINT(data);
  fixture->rtt_us = fixture->path_class == FWD_PATH_CLASS_RELAY ? 80 : 20000;
  fwd_data_loop_post_and_wait(fixture->end.loop, take_on_loop, fixture);
  g_assert_true(fixture->taken[0]);
  wait_for_packet(fixture);
}

static void
start_on_loop(gpointer data)
{
  Fixture *fixture = data;
  const gint64 now = fwd_data_loop_refresh_now(fixture->end.loop);
  const FwdPath *path;

  add_path(fixture);
  path = fwd_path_set_get(fixture->end.paths, fixture->path);
  fixture->taken[0] = fwd_held_initial_wait(&fixture->end, path, now);
  fixture->taken[1] = fwd_held_initial_wait(&fixture->end, path, now + G_USEC_PER_SEC * 1000);
}

/* The client's own first packet. */
static void
test_start(Fixture *fixture, gconstpointer data)
{
  fixture->rtt_us = GPOINTER_TO_UINT(data);
  fwd_data_loop_post_and_wait(fixture->end.loop, start_on_loop, fixture);
  g_assert_cmpint(fixture->taken[0], ==, fixture->rtt_us == 0);
  g_assert_false(fixture->taken[1]);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, data, function)                                                              \
  g_test_add("/held-initial/" name, Fixture, data, set_up, function, tear_down)
  ADD("moment", NULL, test_held_for_a_moment);
  ADD("round-trip", NULL, test_released_by_the_round_trip);
  ADD("cleared", NULL, test_cleared);
  ADD("known", NULL, test_not_held_when_known);
  ADD("lan", GUINT_TO_POINTER(FWD_PATH_CLASS_LAN), test_held_whatever_the_class);
  ADD("relay", GUINT_TO_POINTER(FWD_PATH_CLASS_RELAY), test_held_whatever_the_class);
  ADD("start", NULL, test_start);
  ADD("start-near", GUINT_TO_POINTER(80), test_start);
  return g_test_run();
}

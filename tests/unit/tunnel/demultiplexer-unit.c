/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/demultiplexer.h"
#include "fakes/fake-path.h"
#include "net/datagram-socket.h"
#include "path/udp-path.h"
#include "tunnel/reporter.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define ID G_GUINT64_CONSTANT(0x4142434445464748)

static const guint8 key[FWD_PROBE_KEY_SIZE] = {1, 2, 3};
static const guint8 wrong_key[FWD_PROBE_KEY_SIZE] = {3, 2, 1};
static const guint8 transaction[FWD_STUN_TRANSACTION_SIZE] = "abcdefghijkl";
static const char self[] = "0123456789abcdef";
static const char peer[] = "fedcba9876543210";

typedef struct {
  FwdReceiver receiver; /* first */
  FwdDataLoop *loop;
  GMainContext *context;
  FwdDemultiplexer *demultiplexer;
  int fd, remote_fd; /* the shared socket, and the peer's */
  FwdEndpoint local, remote;
  FwdFakeLink *link;
  FwdPathId fake_id;

  /* Written on the loop, read between two posts that are waited for. */
  guint packets, writable_calls, changes;
  gsize last_length;
  FwdPathId last_path;
  gboolean quit_on_packet;

  /* Written on the main thread. */
  GString *told;
  gint64 told_when;
} Fixture;

static void
on_receive(FwdReceiver *receiver, FwdPathId path, const guint8 *packet, gsize length,
           gint64 now G_GNUC_UNUSED)
{
  Fixture *fixture = (Fixture *)receiver;

  g_assert_cmpuint(packet[0] & 0x40, !=, 0);
  fixture->packets++;
  fixture->last_length = length;
  fixture->last_path = path;
  if (fixture->quit_on_packet)
    fwd_demultiplexer_remove_receiver(fixture->demultiplexer, receiver);
}

static void
on_writable(FwdReceiver *receiver)
{
  ((Fixture *)receiver)->writable_calls++;
}

static void
on_paths_changed(FwdReceiver *receiver)
{
  ((Fixture *)receiver)->changes++;
}

static void
on_stun(const FwdEndpoint *from G_GNUC_UNUSED, const guint8 *data G_GNUC_UNUSED, gsize length,
        gint64 when_us, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_string_append_printf(fixture->told, "stun %" G_GSIZE_FORMAT " ", length);
  fixture->told_when = when_us;
}

static void
on_challenged(const char *from_peer, const FwdEndpoint *from G_GNUC_UNUSED, gpointer user_data)
{
  g_string_append_printf(((Fixture *)user_data)->told, "challenged %s ", from_peer);
}

static void
on_checked(const guint8 *id, const FwdEndpoint *from, gint64 when_us G_GNUC_UNUSED,
           gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_true(fwd_endpoint_equal(from, &fixture->remote));
  g_string_append_printf(fixture->told, "checked %.12s ", (const char *)id);
}

static void
ignore_active(FwdPathId from G_GNUC_UNUSED, FwdPathId to G_GNUC_UNUSED,
              gboolean broken G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

static void
ignore_life(gpointer user_data G_GNUC_UNUSED)
{
}

static void
ignore_removed(FwdPathId id G_GNUC_UNUSED, const FwdPath *path G_GNUC_UNUSED,
               gpointer user_data G_GNUC_UNUSED)
{
}

static int
open_loopback(FwdEndpoint *local)
{
  FwdEndpoint any;
  int fd;

  g_assert_true(fwd_endpoint_from_address("127.0.0.1", 0, &any));
  fd = fwd_datagram_socket_open(&any, NULL);
  g_assert_cmpint(fd, >=, 0);
  g_assert_true(fwd_datagram_socket_get_local(fd, local));
  return fd;
}

static void
begin(gpointer data)
{
  Fixture *fixture = data;
  FwdPathSetConfig config = {.probe_key = key, .self = self, .peer = peer, .controlling = TRUE};
  FwdPathSetEvents events = {
      .active_changed = ignore_active, .alive_changed = ignore_life, .removed = ignore_removed};

  fixture->receiver = (FwdReceiver){
      .receive = on_receive, .writable = on_writable, .paths_changed = on_paths_changed};
  g_strlcpy(fixture->receiver.peer, peer, sizeof fixture->receiver.peer);
  fixture->receiver.paths = fwd_path_set_new(&config, &events, NULL);
  fwd_demultiplexer_add_socket(fixture->demultiplexer, fixture->fd);
}

static void
end(gpointer data)
{
  Fixture *fixture = data;

  fwd_demultiplexer_remove_receiver(fixture->demultiplexer, &fixture->receiver);
  fwd_demultiplexer_remove_receiver(fixture->demultiplexer, &fixture->receiver);
  fwd_demultiplexer_remove_socket(fixture->demultiplexer, fixture->fd);
  fwd_path_set_free(fixture->receiver.paths);
}

static void
set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const FwdDemultiplexerEvents events = {
      .stun = on_stun, .challenged = on_challenged, .checked = on_checked};

  fixture->context = g_main_context_new();
  fixture->loop = fwd_data_loop_new(fixture->context, NULL);
  fixture->told = g_string_new(NULL);
  fixture->fd = open_loopback(&fixture->local);
  fixture->remote_fd = open_loopback(&fixture->remote);
  fixture->link = fwd_fake_link_new();
  fixture->demultiplexer = fwd_demultiplexer_new(fixture->loop, key, self, &events, fixture);
  fwd_data_loop_post_and_wait(fixture->loop, begin, fixture);
}

static void
tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  fwd_data_loop_post_and_wait(fixture->loop, end, fixture);
  fwd_data_loop_free(fixture->loop);
  fwd_demultiplexer_free(fixture->demultiplexer);
  fwd_fake_link_free(fixture->link);
  close(fixture->fd);
  close(fixture->remote_fd);
  g_main_context_unref(fixture->context);
  g_string_free(fixture->told, TRUE);
}

static void
add_receiver(gpointer data)
{
  Fixture *fixture = data;

  fwd_demultiplexer_add_receiver(fixture->demultiplexer, &fixture->receiver);
  fwd_demultiplexer_add_connection_id(fixture->demultiplexer, ID, &fixture->receiver);
}

static void
add_receiver_with_path(gpointer data)
{
  Fixture *fixture = data;
  gint64 now = fwd_data_loop_now(fixture->loop);

  add_receiver(data);
  fwd_path_set_add(fixture->receiver.paths,
                   fwd_udp_path_new(fixture->fd, &fixture->local, &fixture->remote,
                                    FWD_PATH_CLASS_LAN, "lan", 0),
                   now);
}

static void
do_nothing(gpointer data G_GNUC_UNUSED)
{
}

/*
 * On loopback a packet is in the socket's queue when send returns, so the loop
 * has read it after two more rounds.
 */
static void
settle(Fixture *fixture)
{
  for (int i = 0; i < 3; i++)
    fwd_data_loop_post_and_wait(fixture->loop, do_nothing, NULL);
  while (g_main_context_iteration(fixture->context, FALSE))
    continue;
}

static void
send_to_loop(Fixture *fixture, const guint8 *data, gsize length, gsize segment)
{
  g_assert_cmpint(
      fwd_datagram_socket_send(fixture->remote_fd, &fixture->local, data, length, segment), ==,
      length);
  settle(fixture);
}

/* The next packet that the peer gets; 0 none. */
static gsize
receive_at_peer(Fixture *fixture, guint8 *buffer, gsize size)
{
  FwdEndpoint from;
  gsize segment;
  gssize length =
      fwd_datagram_socket_receive(fixture->remote_fd, buffer, size, &from, &segment);

  g_assert_cmpint(length, >=, 0);
  return (gsize)length;
}

static FwdStrangerCounts
get_counters(Fixture *fixture)
{
  settle(fixture);
  return fwd_demultiplexer_get_counters(fixture->demultiplexer);
}

static void
make_packet(guint8 *packet, gsize length)
{
  guint64 id = GUINT64_TO_BE(ID);

  memset(packet, 0, length);
  packet[0] = 0x40;
  memcpy(packet + 1, &id, sizeof id);
}

static void
test_request_is_answered(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint8 buffer[2048];
  gsize length = fwd_probe_write_request(buffer, sizeof buffer, key, self, peer, transaction);
  FwdProbe probe;

  send_to_loop(fixture, buffer, length, length);
  length = receive_at_peer(fixture, buffer, sizeof buffer);
  g_assert_true(fwd_probe_read(buffer, length, key, peer, &probe));
  g_assert_cmpint(probe.message_class, ==, FWD_STUN_SUCCESS);
  g_assert_true(fwd_endpoint_equal(&probe.mapped, &fixture->remote));
  g_assert_cmpmem(probe.transaction, 12, transaction, 12);
  g_assert_cmpstr(fixture->told->str, ==, "challenged fedcba9876543210 ");
}

static void
test_forged_request(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint8 buffer[2048];
  gsize length =
      fwd_probe_write_request(buffer, sizeof buffer, wrong_key, self, peer, transaction);

  send_to_loop(fixture, buffer, length, length);
  g_assert_cmpuint(receive_at_peer(fixture, buffer, sizeof buffer), ==, 0);
  g_assert_cmpuint(get_counters(fixture).forged, ==, 1);
  g_assert_cmpstr(fixture->told->str, ==, "");
}

static void
test_response_to_the_main_thread(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint8 buffer[FWD_PROBE_SIZE_MAX];
  gsize length =
      fwd_probe_write_response(buffer, sizeof buffer, key, transaction, &fixture->local, NULL);

  send_to_loop(fixture, buffer, length, length);
  g_assert_cmpstr(fixture->told->str, ==, "checked abcdefghijkl ");
}

static void
test_foreign_stun(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const FwdStunClass classes[] = {FWD_STUN_SUCCESS, FWD_STUN_FAILURE, FWD_STUN_REQUEST,
                                         FWD_STUN_INDICATION};

  for (guint i = 0; i < G_N_ELEMENTS(classes); i++) {
    guint8 buffer[256];
    FwdStunWriter writer;
    fwd_stun_writer_begin(&writer, buffer, sizeof buffer, classes[i], FWD_STUN_BINDING,
                          transaction);
    send_to_loop(fixture, buffer, writer.length, writer.length);
  }
  g_assert_cmpstr(fixture->told->str, ==, "stun 20 stun 20 ");
  g_assert_cmpint(fixture->told_when, <=, g_get_monotonic_time());
  g_assert_cmpuint(get_counters(fixture).dropped, ==, 2);
  g_assert_cmpuint(get_counters(fixture).forged, ==, 0);
}

static void
test_rubbish(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const guint8 packets[][20] = {{0}, {3, 0, 0, 0}, {0x80, 1}, {0x40, 1}, {0xc0}, {20}};

  for (guint i = 0; i < G_N_ELEMENTS(packets); i++)
    send_to_loop(fixture, packets[i], sizeof packets[i], sizeof packets[i]);
  g_assert_cmpuint(get_counters(fixture).dropped, ==, G_N_ELEMENTS(packets));
  g_assert_cmpstr(fixture->told->str, ==, "");
}

static void
test_quic_of_a_batch(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint8 packets[10 * 100];

  fwd_data_loop_post_and_wait(fixture->loop, add_receiver_with_path, fixture);
  for (guint i = 0; i < 10; i++)
    make_packet(packets + 100 * i, 100);
  send_to_loop(fixture, packets, sizeof packets - 40, 100);
  g_assert_cmpuint(fixture->packets, ==, 10);
  g_assert_cmpuint(fixture->last_length, ==, 60);
  g_assert_cmpuint(fixture->last_path, ==, 1);
  g_assert_cmpuint(get_counters(fixture).dropped, ==, 0);
}

static void
test_an_answer_tells_what_came(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint8 packets[10 * 100], buffer[FWD_PROBE_SIZE_MAX];
  FwdProbe probe = {0};
  gsize length;

  fwd_data_loop_post_and_wait(fixture->loop, add_receiver_with_path, fixture);
  for (guint i = 0; i < 10; i++)
    make_packet(packets + 100 * i, 100);
  send_to_loop(fixture, packets, sizeof packets, 100);
  length = fwd_probe_write_request(buffer, sizeof buffer, key, self, peer, transaction);
  send_to_loop(fixture, buffer, length, length);
  do {
    /* The path's own probes come first. */
    length = receive_at_peer(fixture, buffer, sizeof buffer);
    g_assert_cmpuint(length, >, 0);
    g_assert_true(fwd_probe_read(buffer, length, key, peer, &probe));
  } while (probe.message_class != FWD_STUN_SUCCESS);
  g_assert_true(probe.counted);
  g_assert_cmpuint(probe.counts.received, ==, 10);
  g_assert_cmpuint(probe.counts.sent, ==, 0);
}

static void
test_unknown_remote_is_adopted(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint8 packet[100];

  make_packet(packet, sizeof packet);
  fwd_data_loop_post_and_wait(fixture->loop, add_receiver, fixture);
  send_to_loop(fixture, packet, sizeof packet, sizeof packet);
  g_assert_cmpuint(fixture->packets, ==, 1);
  g_assert_cmpuint(fixture->last_path, ==, 1);
  g_assert_cmpuint(fixture->changes, >=, 1);
  g_assert_cmpstr(fwd_path_set_get(fixture->receiver.paths, 1)->strategy, ==, "udp-punch");
  send_to_loop(fixture, packet, sizeof packet, sizeof packet);
  g_assert_cmpuint(fixture->packets, ==, 2);
  g_assert_cmpuint(fixture->last_path, ==, 1);
}

static void
forget_id(gpointer data)
{
  Fixture *fixture = data;

  fwd_demultiplexer_remove_connection_id(fixture->demultiplexer, ID);
  fwd_demultiplexer_remove_connection_id(fixture->demultiplexer, ID);
}

static void
test_forgotten_id(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint8 packet[100];

  make_packet(packet, sizeof packet);
  fwd_data_loop_post_and_wait(fixture->loop, add_receiver_with_path, fixture);
  send_to_loop(fixture, packet, sizeof packet, sizeof packet);
  fwd_data_loop_post_and_wait(fixture->loop, forget_id, fixture);
  send_to_loop(fixture, packet, sizeof packet, sizeof packet);
  g_assert_cmpuint(fixture->packets, ==, 1);
  g_assert_cmpuint(get_counters(fixture).dropped, ==, 1);
}

static void
test_receiver_leaves_in_a_batch(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint8 packets[10 * 100];

  fwd_data_loop_post_and_wait(fixture->loop, add_receiver_with_path, fixture);
  fixture->quit_on_packet = TRUE;
  for (guint i = 0; i < 10; i++)
    make_packet(packets + 100 * i, 100);
  send_to_loop(fixture, packets, sizeof packets, 100);
  g_assert_cmpuint(fixture->packets, ==, 1);
  g_assert_cmpuint(get_counters(fixture).dropped, ==, 9);
}

static void
tick(gpointer data)
{
  Fixture *fixture = data;

  fwd_path_set_tick(fixture->receiver.paths, fwd_data_loop_now(fixture->loop));
}

static void
test_probes_of_a_path_are_matched(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint8 buffer[2048];
  FwdPathInfo info;
  FwdProbe probe;
  gsize length;

  fwd_data_loop_post_and_wait(fixture->loop, add_receiver_with_path, fixture);
  length = receive_at_peer(fixture, buffer, sizeof buffer);
  g_assert_true(fwd_probe_read(buffer, length, key, peer, &probe));
  g_assert_cmpstr(probe.sender, ==, self);
  {
    guint8 id[FWD_STUN_TRANSACTION_SIZE];
    memcpy(id, probe.transaction, sizeof id);
    length = fwd_probe_write_response(buffer, sizeof buffer, key, id, &fixture->local, NULL);
  }
  send_to_loop(fixture, buffer, length, length);
  g_assert_cmpstr(fixture->told->str, ==, "");
  fwd_data_loop_post_and_wait(fixture->loop, tick, fixture);
  g_assert_cmpuint(fwd_path_set_describe(fixture->receiver.paths, &info, 1), ==, 1);
  /* The same answer again is no answer to anything of the path set. */
  send_to_loop(fixture, buffer, length, length);
  g_assert_true(g_str_has_prefix(fixture->told->str, "checked "));
}

/* A path with a descriptor of its own. */

static void
add_fake_path(gpointer data)
{
  Fixture *fixture = data;
  FwdPath *path = fwd_fake_link_create_path(fixture->link, 0, FWD_PATH_CLASS_RELAY, "relay");

  add_receiver(data);
  fixture->fake_id = fwd_path_set_add(fixture->receiver.paths, path, 0);
  fwd_demultiplexer_add_path(fixture->demultiplexer, &fixture->receiver, fixture->fake_id);
}

static void
send_over_link(gpointer data)
{
  Fixture *fixture = data;
  FwdPath *path = fwd_fake_link_create_path(fixture->link, 1, FWD_PATH_CLASS_RELAY, "relay");
  guint8 packet[50];
  FwdPacketBatch batch = {.data = packet, .length = sizeof packet, .segment = sizeof packet};

  make_packet(packet, sizeof packet);
  g_assert_cmpint(path->ops->send_batch(path, &batch), ==, sizeof packet);
  fwd_path_close(path);
}

static void
remove_fake_path(gpointer data)
{
  Fixture *fixture = data;

  fwd_demultiplexer_remove_path(fixture->demultiplexer,
                                fwd_path_set_get(fixture->receiver.paths, fixture->fake_id));
}

static void
test_path_with_its_own_descriptor(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  fwd_data_loop_post_and_wait(fixture->loop, add_fake_path, fixture);
  fwd_data_loop_post_and_wait(fixture->loop, send_over_link, fixture);
  settle(fixture);
  g_assert_cmpuint(fixture->packets, ==, 1);
  g_assert_cmpuint(fixture->last_path, ==, fixture->fake_id);
  fwd_data_loop_post_and_wait(fixture->loop, remove_fake_path, fixture);
  fwd_data_loop_post_and_wait(fixture->loop, send_over_link, fixture);
  settle(fixture);
  g_assert_cmpuint(fixture->packets, ==, 1);
}

static void
block_and_send(gpointer data)
{
  static const guint8 packet[1] = {0x40};
  Fixture *fixture = data;
  FwdPacketBatch batch = {.data = packet, .length = 1, .segment = 1};

  fwd_fake_link_block(fixture->link, 0, TRUE);
  g_assert_cmpint(fwd_path_set_send(fixture->receiver.paths, fixture->fake_id, &batch, 0), ==,
                  0);
}

static void
test_blocked_path_becomes_writable(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  fwd_data_loop_post_and_wait(fixture->loop, add_fake_path, fixture);
  settle(fixture);
  g_assert_cmpuint(fixture->writable_calls, ==, 0);
  fwd_data_loop_post_and_wait(fixture->loop, block_and_send, fixture);
  settle(fixture);
  g_assert_cmpuint(fixture->writable_calls, ==, 1);
}

/* The reporter. */

static void
report_challenges(gpointer data)
{
  Fixture *fixture = data;
  FwdDemultiplexerEvents events = {.challenged = on_challenged};
  FwdReporter *reporter = fwd_reporter_new(fixture->loop, &events, fixture);
  const gint64 ms = 1000000;

  g_assert_true(fwd_reporter_challenged(reporter, "a", &fixture->remote, 100 * ms));
  g_assert_true(fwd_reporter_challenged(reporter, "a", &fixture->remote, 120 * ms - 1));
  g_assert_true(fwd_reporter_challenged(reporter, "a", &fixture->remote, 120 * ms));
  g_assert_true(fwd_reporter_challenged(reporter, "b", &fixture->remote, 120 * ms));
  for (guint i = 3; i < FWD_REPORTS_MAX; i++)
    g_assert_true(
        fwd_reporter_challenged(reporter, "c", &fixture->remote, 200 * ms + 20 * i * ms));
  g_assert_false(fwd_reporter_challenged(reporter, "d", &fixture->remote, 900 * ms));
  fwd_data_loop_reply(fixture->loop, (FwdDataLoopFunc)fwd_reporter_free, reporter);
}

static void
test_reports_are_few(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  fwd_data_loop_post_and_wait(fixture->loop, report_challenges, fixture);
  g_assert_cmpstr(fixture->told->str, ==, "");
  settle(fixture);
  g_assert_true(g_str_has_prefix(fixture->told->str,
                                 "challenged a challenged a challenged b challenged c "));
  g_assert_false(g_str_has_suffix(fixture->told->str, "challenged d "));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(path, test)                                                                        \
  g_test_add("/demultiplexer/" path, Fixture, NULL, set_up, test, tear_down)
  ADD("check/answered", test_request_is_answered);
  ADD("check/counts", test_an_answer_tells_what_came);
  ADD("check/forged", test_forged_request);
  ADD("check/main", test_response_to_the_main_thread);
  ADD("check/path", test_probes_of_a_path_are_matched);
  ADD("stun", test_foreign_stun);
  ADD("rubbish", test_rubbish);
  ADD("quic/batch", test_quic_of_a_batch);
  ADD("quic/adopted", test_unknown_remote_is_adopted);
  ADD("quic/forgotten", test_forgotten_id);
  ADD("quic/leaves", test_receiver_leaves_in_a_batch);
  ADD("path/own-descriptor", test_path_with_its_own_descriptor);
  ADD("path/blocked", test_blocked_path_becomes_writable);
  ADD("reports", test_reports_are_few);
  return g_test_run();
}

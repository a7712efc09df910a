/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A path over a byte stream: what its descriptor does not tell must not get stuck. */
#include "net/websocket-frame.h"
#include "path/framed-path.h"
#include "tunnel/demultiplexer.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ID      G_GUINT64_CONSTANT(0x4142434445464748)
#define PACKETS 40
#define LENGTH  1400

static const guint8 key[FWD_PROBE_KEY_SIZE] = {1, 2, 3};
static const char self[] = "0123456789abcdef";
static const char peer[] = "fedcba9876543210";

typedef struct {
  FwdReceiver receiver; /* first */
  FwdDataLoop *loop;
  GMainContext *context;
  FwdDemultiplexer *demultiplexer;
  FwdPath *path;
  FwdPathId id;
  int peer_fd;

  /* Written on the loop, read between two posts that are waited for. */
  guint packets, writable_calls, sent;

  guint challenges;
} Fixture;

static void
on_receive(FwdReceiver *receiver, FwdPathId path, const guint8 *packet G_GNUC_UNUSED,
           gsize length G_GNUC_UNUSED, gint64 now G_GNUC_UNUSED)
{
  Fixture *fixture = (Fixture *)receiver;

  g_assert_cmpuint(path, ==, fixture->id);
  fixture->packets++;
}

static void
on_writable(FwdReceiver *receiver)
{
  ((Fixture *)receiver)->writable_calls++;
}

static void
on_paths_changed(FwdReceiver *receiver G_GNUC_UNUSED)
{
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

static FwdPath *
new_path(FwdFraming framing, int *peer_fd)
{
  g_autoptr(GSocket) socket = NULL;
  GSocketConnection *connection;
  GError *error = NULL;
  int fds[2];

  g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  socket = g_socket_new_from_fd(fds[0], &error);
  g_assert_no_error(error);
  *peer_fd = fds[1];
  connection = g_socket_connection_factory_create_connection(socket);
  return fwd_framed_path_new(G_IO_STREAM(connection), framing, FWD_PATH_CLASS_RELAY, "relay",
                             0);
}

static void
begin(gpointer data)
{
  Fixture *fixture = data;
  const FwdPathSetConfig config = {
      .probe_key = key, .self = self, .peer = peer, .controlling = FALSE};
  const FwdPathSetEvents events = {
      .active_changed = ignore_active, .alive_changed = ignore_life, .removed = ignore_removed};

  fixture->receiver = (FwdReceiver){
      .receive = on_receive, .writable = on_writable, .paths_changed = on_paths_changed};
  g_strlcpy(fixture->receiver.peer, peer, sizeof fixture->receiver.peer);
  fixture->receiver.paths = fwd_path_set_new(&config, &events, NULL);
  fwd_demultiplexer_add_receiver(fixture->demultiplexer, &fixture->receiver);
  fwd_demultiplexer_add_connection_id(fixture->demultiplexer, ID, &fixture->receiver);
  fixture->id = fwd_path_set_add(fixture->receiver.paths, fixture->path,
                                 fwd_data_loop_now(fixture->loop));
  fwd_demultiplexer_add_path(fixture->demultiplexer, &fixture->receiver, fixture->id);
}

static void
end(gpointer data)
{
  Fixture *fixture = data;

  fwd_demultiplexer_remove_receiver(fixture->demultiplexer, &fixture->receiver);
  fwd_path_set_free(fixture->receiver.paths);
}

static void
on_challenged(const char *sender G_GNUC_UNUSED, const FwdEndpoint *from G_GNUC_UNUSED,
              gpointer user_data)
{
  ((Fixture *)user_data)->challenges++;
}

static void
set_up(Fixture *fixture, gconstpointer framing)
{
  static const FwdDemultiplexerEvents events = {.challenged = on_challenged};

  fixture->context = g_main_context_new();
  fixture->loop = fwd_data_loop_new(fixture->context, NULL);
  fixture->demultiplexer = fwd_demultiplexer_new(fixture->loop, key, self, &events, fixture);
  fixture->path = new_path((FwdFraming)GPOINTER_TO_INT(framing), &fixture->peer_fd);
  g_assert_nonnull(fixture->path);
  fwd_data_loop_post_and_wait(fixture->loop, begin, fixture);
}

static void
tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  fwd_data_loop_post_and_wait(fixture->loop, end, fixture);
  fwd_data_loop_free(fixture->loop);
  fwd_demultiplexer_free(fixture->demultiplexer);
  close(fixture->peer_fd);
  g_main_context_unref(fixture->context);
}

static void
do_nothing(gpointer data G_GNUC_UNUSED)
{
}

static void
make_packet(guint8 *packet, gsize length)
{
  const guint64 id = GUINT64_TO_BE(ID);

  memset(packet, 0, length);
  packet[0] = 0x40;
  memcpy(packet + 1, &id, sizeof id);
}

static void
peer_read(Fixture *fixture, guint8 *data, gsize length)
{
  while (length > 0) {
    const gssize received = read(fixture->peer_fd, data, length);
    g_assert_cmpint(received, >, 0);
    data += received;
    length -= (gsize)received;
  }
}

/*
 * Each packet is longer than the one before it, and so a batch of its own: more
 * than are read in one go, though a single read took them all from the socket.
 */
static void
test_leftovers(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint8 bytes[PACKETS * 100];
  gsize length = 0;

  for (guint i = 0; i < PACKETS; i++) {
    const gsize packet = 20 + i;
    bytes[length] = 0;
    bytes[length + 1] = (guint8)packet;
    make_packet(bytes + length + 2, packet);
    length += 2 + packet;
  }
  g_assert_cmpint(write(fixture->peer_fd, bytes, length), ==, (gssize)length);
  for (guint rounds = 0; fixture->packets < PACKETS && rounds < 100; rounds++)
    fwd_data_loop_post_and_wait(fixture->loop, do_nothing, NULL);
  g_assert_cmpuint(fixture->packets, ==, PACKETS);
}

static void
fill_up(gpointer data)
{
  static guint8 packets[10 * LENGTH];
  const FwdPacketBatch batch = {.data = packets, .length = sizeof packets, .segment = LENGTH};
  Fixture *fixture = data;
  gssize taken;

  make_packet(packets, LENGTH);
  do {
    taken = fwd_path_set_send(fixture->receiver.paths, fixture->id, &batch,
                              fwd_data_loop_now(fixture->loop));
    fixture->sent += (guint)taken / LENGTH;
  } while (taken > 0);
}

/* The peer's reads, on the main thread, wait for what the loop alone can send on. */
static void
test_tail_leaves(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint8 bytes[G_MAXUINT16], prefix[2];
  guint large = 0;

  fwd_data_loop_post_and_wait(fixture->loop, fill_up, fixture);
  g_assert_cmpuint(fixture->sent, >, 10);
  while (large < fixture->sent) {
    gsize length;

    peer_read(fixture, prefix, sizeof prefix);
    length = (gsize)(prefix[0] << 8 | prefix[1]);
    peer_read(fixture, bytes, length);
    large += length == LENGTH; /* the others are checks */
  }
  for (guint rounds = 0; fixture->writable_calls == 0 && rounds < 100; rounds++)
    fwd_data_loop_post_and_wait(fixture->loop, do_nothing, NULL);
  g_assert_cmpuint(fixture->writable_calls, >, 0);
}

/* A pong that found no room leaves once there is some. */
static void
test_pong_leaves(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const guint8 ping[] = {0x89, 0};
  FwdWebsocketHeader header;

  fwd_data_loop_post_and_wait(fixture->loop, fill_up, fixture);
  g_assert_cmpint(write(fixture->peer_fd, ping, sizeof ping), ==, sizeof ping);
  do {
    guint8 bytes[FWD_WEBSOCKET_HEADER_MAX];
    g_autofree guint8 *payload = NULL;
    gsize size = 0;

    do
      peer_read(fixture, bytes + size, 1);
    while (fwd_websocket_header_read(bytes, ++size, &header) == 0);
    payload = g_malloc(header.length + 1);
    peer_read(fixture, payload, (gsize)header.length);
  } while (header.opcode != FWD_WEBSOCKET_PONG);
}

/* The endpoint behind it is the relay's: nobody may take it for one of the peer's. */
static void
test_check_tells_no_endpoint(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const guint8 transaction[FWD_STUN_TRANSACTION_SIZE] = {7};
  guint8 bytes[2 + FWD_PROBE_SIZE_MAX], answer[FWD_PROBE_SIZE_MAX];
  const gsize length =
      fwd_probe_write_request(bytes + 2, FWD_PROBE_SIZE_MAX, key, self, peer, transaction);
  FwdProbe probe = {0};

  bytes[0] = (guint8)(length >> 8);
  bytes[1] = (guint8)length;
  g_assert_cmpint(write(fixture->peer_fd, bytes, length + 2), ==, (gssize)length + 2);
  do {
    guint8 prefix[2];
    gsize size;
    peer_read(fixture, prefix, sizeof prefix);
    size = (gsize)(prefix[0] << 8 | prefix[1]);
    g_assert_cmpuint(size, <=, sizeof answer);
    peer_read(fixture, answer, size);
    if (!fwd_probe_read(answer, size, key, peer, &probe))
      g_assert_not_reached();
  } while (probe.message_class != FWD_STUN_SUCCESS);
  g_assert_cmpmem(probe.transaction, sizeof transaction, transaction, sizeof transaction);
  fwd_data_loop_post_and_wait(fixture->loop, do_nothing, NULL);
  while (g_main_context_iteration(fixture->context, FALSE))
    ;
  g_assert_cmpuint(fixture->challenges, ==, 0);
}

#define ADD(name, framing, function)                                                           \
  g_test_add("/tunnel/demultiplexer-stream/" name, Fixture, GINT_TO_POINTER(framing), set_up,  \
             function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("leftovers", FWD_FRAMING_LENGTH, test_leftovers);
  ADD("tail-leaves", FWD_FRAMING_LENGTH, test_tail_leaves);
  ADD("check-tells-no-endpoint", FWD_FRAMING_LENGTH, test_check_tells_no_endpoint);
  ADD("pong-leaves", FWD_FRAMING_WEBSOCKET, test_pong_leaves);
  return g_test_run();
}

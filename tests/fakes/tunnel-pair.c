/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/tunnel-pair.h"

#include <string.h>
#include <stunfwd/error.h>
#include <unistd.h>

#define LIMIT_SECONDS 30
#define CONNECTION_ID 0x1122334455667788u

static const guint8 probe_key[FWD_PROBE_KEY_SIZE] = "the key that all of these tests";

/* A path that loses some of what it sends. */

typedef struct {
  FwdPath path;
  FwdPath *inner;
  FwdPairLink *link;
  guint32 random;
} LossyPath;

static void
unref_link(gpointer data)
{
  FwdPairLink *link = data;

  if (g_atomic_int_dec_and_test(&link->references))
    g_free(link);
}

static gboolean
is_lost(LossyPath *lossy)
{
  lossy->random = lossy->random * 1664525u + 1013904223u;
  return (int)((lossy->random >> 8) % 1000) < g_atomic_int_get(&lossy->link->loss_permille);
}

static gssize
send_batch(FwdPath *path, const FwdPacketBatch *batch)
{
  LossyPath *lossy = (LossyPath *)path;

  if (g_atomic_int_get(&lossy->link->loss_permille) == 0)
    return lossy->inner->ops->send_batch(lossy->inner, batch);
  for (gsize offset = 0; offset < batch->length; offset += batch->segment) {
    const gsize length = MIN(batch->segment, batch->length - offset);
    const FwdPacketBatch one = {batch->data + offset, length, length};

    if (!is_lost(lossy) && lossy->inner->ops->send_batch(lossy->inner, &one) == 0)
      return offset;
  }
  return batch->length;
}

static void
close_path(FwdPath *path)
{
  LossyPath *lossy = (LossyPath *)path;

  fwd_path_close(lossy->inner);
  unref_link(lossy->link);
  g_free(lossy);
}

static const FwdPathOps lossy_ops = {
    .size = sizeof(FwdPathOps),
    .send_batch = send_batch,
    .close = close_path,
};

static FwdPath *
make_lossy(FwdPath *inner, FwdPairLink *link)
{
  LossyPath *lossy = g_new0(LossyPath, 1);

  lossy->path = *inner;
  lossy->path.ops = &lossy_ops;
  lossy->inner = inner;
  lossy->link = link;
  lossy->random = 4711;
  g_atomic_int_inc(&link->references);
  return &lossy->path;
}

static void
do_nothing(gpointer data)
{
  (void)data;
}

FwdPairLink *
fwd_tunnel_pair_add_path(FwdTunnelPair *pair, int family, FwdPathClass path_class,
                         int loss_permille)
{
  FwdPairLink *link = g_new0(FwdPairLink, 1);

  link->references = 1;
  link->loss_permille = loss_permille;
  g_ptr_array_add(pair->links, link);
  /* The server's first, and at rest: a path that it makes itself for a packet of the
     client would take the place of the lossy one. */
  for (guint i = 0; i < 2; i++) {
    const guint end = !i;
    FwdEndpoint remote;
    FwdPath *path;

    g_assert_true(fwd_endpoint_from_address(family == AF_INET ? "127.0.0.1" : "::1",
                                            fwd_data_plane_get_port(pair->plane[!end], family),
                                            &remote));
    path = fwd_data_plane_create_path(pair->plane[end], &remote, path_class, "test", 100);
    g_assert_nonnull(path);
    fwd_quic_tunnel_add_path(pair->tunnel[end], make_lossy(path, link));
    fwd_data_loop_post_and_wait(fwd_data_plane_get_loop(pair->plane[end]), do_nothing, NULL);
  }
  return link;
}

void
fwd_pair_link_set_loss(FwdPairLink *link, int loss_permille)
{
  g_atomic_int_set(&link->loss_permille, loss_permille);
}

/* Sockets. */

static void
set_limits(int fd)
{
  const struct timeval limit = {.tv_sec = LIMIT_SECONDS};

  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

static int
bind_loopback(int type, struct sockaddr_in *address)
{
  const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  socklen_t length = sizeof *address;

  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  g_assert_cmpint(bind(fd, (struct sockaddr *)address, length), ==, 0);
  g_assert_cmpint(getsockname(fd, (struct sockaddr *)address, &length), ==, 0);
  return fd;
}

void
fwd_pair_make_tcp(int fds[2])
{
  struct sockaddr_in address;
  const int listener = bind_loopback(SOCK_STREAM, &address);

  g_assert_cmpint(listen(listener, 1), ==, 0);
  fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint(connect(fds[0], (struct sockaddr *)&address, sizeof address), ==, 0);
  fds[1] = accept(listener, NULL, NULL);
  g_assert_cmpint(fds[1], >=, 0);
  close(listener);
  set_limits(fds[0]);
  set_limits(fds[1]);
}

static void
make_tcp(FwdTunnelPair *pair, int fds[2])
{
  fwd_pair_make_tcp(fds);
  for (guint i = 0; i < 2 && pair->buffer > 0; i++) {
    setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &pair->buffer, sizeof pair->buffer);
    setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &pair->buffer, sizeof pair->buffer);
  }
}

/* The queue of a tunnel holds more than the system's usual buffer: a reader may be late. */
static void
enlarge_buffer(int fd)
{
  static const int size = 4 * 1024 * 1024;

  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

static void
make_udp(int fds[2])
{
  struct sockaddr_in a, b;

  fds[0] = bind_loopback(SOCK_DGRAM, &a);
  fds[1] = bind_loopback(SOCK_DGRAM, &b);
  g_assert_cmpint(connect(fds[0], (struct sockaddr *)&b, sizeof b), ==, 0);
  g_assert_cmpint(connect(fds[1], (struct sockaddr *)&a, sizeof a), ==, 0);
  set_limits(fds[1]);
  enlarge_buffer(fds[1]);
}

/* What the tunnels tell. */

static guint
end_of(FwdTunnelPair *pair, FwdQuicTunnel *tunnel)
{
  return tunnel == pair->tunnel[0] ? 0 : 1;
}

static void
on_channel(FwdQuicTunnel *tunnel, FwdChannel *channel, FwdTunnelPair *pair)
{
  const char *target = fwd_channel_get_target(channel);
  int fds[2];

  (void)tunnel;
  g_free(pair->forwarder);
  pair->forwarder = g_strdup(fwd_channel_get_forwarder(channel));
  if (strcmp(target, FWD_PAIR_REFUSE) == 0) {
    g_autoptr(GError) why = g_error_new(FWD_FORWARDER_ERROR, FWD_ERROR_REFUSED, "not today");

    fwd_channel_refuse(channel, why);
    return;
  }
  if (strcmp(target, FWD_PAIR_IGNORE) == 0) {
    g_queue_push_tail(&pair->held, g_object_ref(channel));
    return;
  }
  if (fwd_channel_get_kind(channel) == FWD_CHANNEL_FLOW)
    make_udp(fds);
  else
    make_tcp(pair, fds);
  fwd_channel_accept(channel, fds[0]);
  g_queue_push_tail(&pair->served, GINT_TO_POINTER(fds[1]));
}

static void
on_closed(FwdQuicTunnel *tunnel, const GError *why, FwdTunnelPair *pair)
{
  const guint end = end_of(pair, tunnel);

  g_assert_null(pair->closed[end]);
  pair->closed[end] = g_error_copy(why);
}

static void
on_path_lost(FwdQuicTunnel *tunnel, FwdTunnelPair *pair)
{
  pair->lost[end_of(pair, tunnel)]++;
}

static void
on_path_changed(FwdQuicTunnel *tunnel, FwdTunnelPair *pair)
{
  pair->changed[end_of(pair, tunnel)]++;
}

static void
make_plane(FwdTunnelPair *pair, guint end)
{
  g_autoptr(GError) error = NULL;

  pair->identity[end] = fwd_identity_new(&error);
  g_assert_no_error(error);
  pair->plane[end] = fwd_data_plane_new(probe_key, pair->identity[end], &error);
  g_assert_no_error(error);
}

static void
make_tunnel(FwdTunnelPair *pair, guint end, const FwdTunnelPairOptions *options)
{
  const gboolean other =
      end == FWD_PAIR_CLIENT ? options->client_expects_other : options->server_expects_other;
  FwdQuicTunnelConfig config = {
      .role = end == FWD_PAIR_CLIENT ? FWD_ROLE_CLIENT : FWD_ROLE_SERVER,
      .connection_id = CONNECTION_ID,
      .flow_idle_ms = options->flow_idle_ms,
  };

  g_strlcpy(config.peer, fwd_identity_get_peer_id(pair->identity[!end]), sizeof config.peer);
  memcpy(config.fingerprint, fwd_identity_get_fingerprint(pair->identity[other ? end : !end]),
         FWD_FINGERPRINT_SIZE);
  pair->tunnel[end] = fwd_quic_tunnel_new(pair->plane[end], &config);
  g_signal_connect(pair->tunnel[end], "channel", G_CALLBACK(on_channel), pair);
  g_signal_connect(pair->tunnel[end], "closed", G_CALLBACK(on_closed), pair);
  g_signal_connect(pair->tunnel[end], "path-lost", G_CALLBACK(on_path_lost), pair);
  g_signal_connect(pair->tunnel[end], "path-changed", G_CALLBACK(on_path_changed), pair);
}

FwdTunnelPair *
fwd_tunnel_pair_new(const FwdTunnelPairOptions *options)
{
  static const FwdTunnelPairOptions usual;
  FwdTunnelPair *pair = g_new0(FwdTunnelPair, 1);

  pair->links = g_ptr_array_new_with_free_func(unref_link);
  pair->paced = options != NULL && options->paced;
  pair->buffer = options != NULL ? options->buffer : 0;
  make_plane(pair, 0);
  make_plane(pair, 1);
  make_tunnel(pair, 0, options != NULL ? options : &usual);
  make_tunnel(pair, 1, options != NULL ? options : &usual);
  return pair;
}

void
fwd_tunnel_pair_free(FwdTunnelPair *pair)
{
  while (pair->served.length > 0)
    close(GPOINTER_TO_INT(g_queue_pop_head(&pair->served)));
  g_queue_clear_full(&pair->held, g_object_unref);
  for (guint end = 0; end < 2; end++) {
    fwd_tunnel_close(FWD_TUNNEL(pair->tunnel[end]));
    fwd_data_plane_shutdown(pair->plane[end]);
  }
  for (guint end = 0; end < 2; end++) {
    g_object_unref(pair->tunnel[end]);
    g_object_unref(pair->plane[end]);
    fwd_identity_unref(pair->identity[end]);
    g_clear_error(&pair->closed[end]);
  }
  g_ptr_array_unref(pair->links);
  g_free(pair->forwarder);
  g_free(pair);
}

/* Waiting. */

static gboolean
wake_up(gpointer data)
{
  (void)data;
  return G_SOURCE_CONTINUE;
}

void
fwd_tunnel_pair_wait(FwdTunnelPair *pair, gboolean (*done)(FwdTunnelPair *pair))
{
  const gint64 limit = g_get_monotonic_time() + LIMIT_SECONDS * G_USEC_PER_SEC;
  const guint source = g_timeout_add(50, wake_up, NULL);

  while (!done(pair)) {
    g_assert_cmpint(g_get_monotonic_time(), <, limit);
    g_main_context_iteration(NULL, TRUE);
  }
  g_source_remove(source);
}

static gboolean
are_connected(FwdTunnelPair *pair)
{
  return fwd_tunnel_get_state(FWD_TUNNEL(pair->tunnel[0])) == FWD_TUNNEL_CONNECTED &&
         fwd_tunnel_get_state(FWD_TUNNEL(pair->tunnel[1])) == FWD_TUNNEL_CONNECTED;
}

void
fwd_tunnel_pair_connect(FwdTunnelPair *pair)
{
  fwd_tunnel_pair_add_path(pair, AF_INET,
                           pair->paced ? FWD_PATH_CLASS_RELAY : FWD_PATH_CLASS_LAN, 0);
  fwd_tunnel_pair_wait(pair, are_connected);
}

static void
count_sample(FwdQuicTunnel *tunnel, guint *samples)
{
  (void)tunnel;
  (*samples)++;
}

void
fwd_tunnel_pair_sample(FwdTunnelPair *pair)
{
  guint samples[2] = {0};
  gulong handlers[2];

  for (guint end = 0; end < 2; end++)
    handlers[end] =
        g_signal_connect(pair->tunnel[end], "sampled", G_CALLBACK(count_sample), &samples[end]);
  /* The first one may have been on its way. */
  while (samples[0] < 2 || samples[1] < 2)
    g_main_context_iteration(NULL, TRUE);
  for (guint end = 0; end < 2; end++)
    g_signal_handler_disconnect(pair->tunnel[end], handlers[end]);
}

static gboolean
has_served(FwdTunnelPair *pair)
{
  return pair->served.length > 0;
}

int
fwd_tunnel_pair_next_served(FwdTunnelPair *pair)
{
  fwd_tunnel_pair_wait(pair, has_served);
  return GPOINTER_TO_INT(g_queue_pop_head(&pair->served));
}

int
fwd_tunnel_pair_open(FwdTunnelPair *pair, guint from, const char *target)
{
  int fds[2];

  make_tcp(pair, fds);
  fwd_tunnel_open(FWD_TUNNEL(pair->tunnel[from]), FWD_CHANNEL_STREAM, "tcp", target, fds[0],
                  NULL);
  return fds[1];
}

void
fwd_tunnel_pair_connection(FwdTunnelPair *pair, guint from, int *near_fd, int *far_fd)
{
  *near_fd = fwd_tunnel_pair_open(pair, from, "127.0.0.1:80");
  *far_fd = fwd_tunnel_pair_next_served(pair);
}

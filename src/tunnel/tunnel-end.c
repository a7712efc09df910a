/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/tunnel-end.h"

#include "path/udp-path.h"
#include "tunnel/listener.h"
#include "tunnel/opening.h"
#include "tunnel/redial.h"
#include <string.h>

#define SECOND            ((gint64)G_USEC_PER_SEC * 1000)
#define TICK              SECOND
#define CONNECT_LIMIT     (30 * SECOND)
#define CLOSE_COPIES      3
#define UNUSED_KEPT       16
#define BLACK_HOLE_PROBES 3

#define END_OF(member, pointer)                                                                \
  ((FwdTunnelEnd *)((char *)(pointer)-G_STRUCT_OFFSET(FwdTunnelEnd, member)))

void
fwd_tunnel_end_wake(FwdTunnelEnd *end)
{
  if (!end->closed)
    fwd_data_loop_defer(end->loop, &end->service);
}

FwdStream *
fwd_tunnel_end_find(FwdTunnelEnd *end, gint64 id)
{
  return g_hash_table_lookup(end->streams, &id);
}

/* What QUIC tells. */

static FwdStream *
on_stream_opened(gint64 id, gpointer user_data)
{
  return fwd_stream_new_remote(user_data, id);
}

static void
on_streams_allowed(gpointer user_data)
{
  fwd_tunnel_end_wake(user_data);
}

static void
on_stream_unblocked(FwdStream *stream, gpointer user_data)
{
  FwdTunnelEnd *end = user_data;

  fwd_scheduler_unblock(&end->scheduler, stream);
  fwd_tunnel_end_wake(end);
}

static void
on_datagram(const guint8 *data, gsize length, gpointer user_data)
{
  FwdTunnelEnd *end = user_data;

  fwd_flows_received(&end->flows, data, length);
}

static void
on_datagram_settled(guint64 tag, gboolean lost, gpointer user_data)
{
  FwdTunnelEnd *end = user_data;

  if (tag != 0)
    fwd_path_mtu_settle(&end->mtu, tag, lost);
  else
    end->flows.lost += lost;
}

static const FwdQuicEvents quic_events = {
    .stream_opened = on_stream_opened,
    .streams_allowed = on_streams_allowed,
    .stream_unblocked = on_stream_unblocked,
    .datagram = on_datagram,
    .datagram_settled = on_datagram_settled,
};

/* Paths. */

static void
on_active_changed(FwdPathId from, FwdPathId to, gboolean broken, gpointer user_data)
{
  FwdTunnelEnd *end = user_data;

  (void)from;
  end->moved = TRUE;
  end->broken = end->broken || broken;
  fwd_tunnel_end_tell_statistics(end, to != 0, to == 0);
  fwd_tunnel_end_wake(end);
}

static void
on_alive_changed(gpointer user_data)
{
  fwd_tunnel_end_tell_statistics(user_data, FALSE, FALSE);
}

static void
on_path_removed(FwdPathId id, const FwdPath *path, gpointer user_data)
{
  FwdTunnelEnd *end = user_data;

  (void)id;
  fwd_demultiplexer_remove_path(end->demultiplexer, path);
}

static const FwdPathSetEvents path_events = {
    .active_changed = on_active_changed,
    .alive_changed = on_alive_changed,
    .removed = on_path_removed,
};

static void
plan_paths(FwdTunnelEnd *end)
{
  fwd_data_loop_set_timer(end->loop, &end->path_timer, fwd_path_set_deadline(end->paths));
}

void
fwd_tunnel_end_take_path(FwdTunnelEnd *end, FwdPath *path)
{
  const gboolean own_descriptor = !path->shared;
  FwdPathId id;

  if (end->closed) {
    fwd_path_close(path);
    return;
  }
  id = fwd_path_set_add(end->paths, path, fwd_tunnel_end_now(end));
  if (own_descriptor && fwd_path_set_get(end->paths, id) == path)
    fwd_demultiplexer_add_path(end->demultiplexer, &end->receiver, id);
  plan_paths(end);
  fwd_tunnel_end_wake(end);
}

/** The client has moved: at once, for its next packet may come over the path that it left. */
static void
notice_move(FwdTunnelEnd *end, FwdPathId left, gint64 now)
{
  const FwdPathId used = fwd_quic_connection_path(&end->connection);

  if (used == left)
    return;
  fwd_path_set_follow(end->paths, used, now);
  fwd_path_set_leave(end->paths, left);
}

static void
receive(FwdReceiver *receiver, FwdPathId path, const guint8 *packet, gsize length, gint64 now)
{
  FwdTunnelEnd *end = END_OF(receiver, receiver);
  FwdPathId used;

  end->packets_in++;
  end->bytes_in += length;
  fwd_quic_writer_heard(&end->writer, length);
  if (end->failure != 0)
    return;
  if (end->connection.server && end->connection.quic == NULL &&
      fwd_held_initial_take(end, path, packet, length, now))
    return;
  used = fwd_quic_connection_path(&end->connection);
  end->failure = fwd_quic_connection_read(
      &end->connection, path, fwd_path_set_get(end->paths, path), packet, length, now);
  if (end->connection.server && used != 0 && end->failure == 0)
    notice_move(end, used, now);
  fwd_tunnel_end_wake(end);
}

static void
writable(FwdReceiver *receiver)
{
  fwd_tunnel_end_wake(END_OF(receiver, receiver));
}

static void
paths_changed(FwdReceiver *receiver)
{
  plan_paths(END_OF(receiver, receiver));
}

/** Packets begin small on another path: it may carry less than the one before. */
static void
watch_size(FwdTunnelEnd *end)
{
  const FwdPathId used = fwd_quic_connection_path(&end->connection);
  const FwdPath *path = fwd_path_set_get(end->paths, used);

  if (used == end->mtu.path)
    return;
  fwd_path_mtu_reset(&end->mtu, used, fwd_quic_connection_mtu(&end->connection, path));
  fwd_flight_limit_reset(&end->writer.limit);
}

/** Follows the paths, as far as QUIC lets us. */
static void
move(FwdTunnelEnd *end, gint64 now)
{
  const FwdPathId used = fwd_quic_connection_path(&end->connection);
  const FwdPathId active = fwd_path_set_get_active(end->paths);

  if (!end->connection.confirmed)
    return;
  if (end->connection.server && used != active) {
    fwd_path_set_follow(end->paths, used, now);
  } else if (!end->connection.server && used == active) {
    end->moved = end->broken = FALSE;
  } else if (!end->connection.server && active != 0) {
    fwd_quic_connection_migrate(&end->connection, active, end->broken, now);
  }
  /* After all, for QUIC moves at once when the old path is broken. */
  watch_size(end);
}

/* The round. */

static void
serve_streams(FwdTunnelEnd *end)
{
  for (guint left = end->ready.length; left > 0 && end->ready.length > 0; left--) {
    GList *link = g_queue_pop_head_link(&end->ready);
    FwdStream *stream = link->data;

    stream->ready = FALSE;
    fwd_stream_serve(stream);
  }
}

/* An acknowledgement can wait for an answer; what was lost can't. */
static gint64
be_patient(const FwdTunnelEnd *end, gint64 expiry, gint64 now)
{
  ngtcp2_conn_stat state;

  if (expiry >= now + FWD_QUIC_PATIENCE)
    return expiry;
  ngtcp2_conn_get_conn_stat(end->connection.quic, &state);
  return (gint64)MIN(state.loss_detection_timer, (ngtcp2_tstamp)(now + FWD_QUIC_PATIENCE));
}

static void
plan_quic(FwdTunnelEnd *end, gint64 now)
{
  gint64 expiry =
      (gint64)MIN(ngtcp2_conn_get_expiry(end->connection.quic), (ngtcp2_tstamp)G_MAXINT64);

  if (!end->connection.paced && end->connection.confirmed)
    expiry = be_patient(end, expiry, now);
  fwd_data_loop_set_timer(end->loop, &end->quic_timer, expiry);
}

static void
write_packets(FwdTunnelEnd *end, gint64 now)
{
  gboolean more;
  const int result = fwd_quic_writer_run(end, now, &more);

  if (result != 0) {
    fwd_tunnel_end_finish(end, result, fwd_quic_connection_error(&end->connection, result));
    return;
  }
  if (more || end->ready.length > 0)
    fwd_tunnel_end_wake(end);
  plan_quic(end, now);
}

static gboolean
is_drained(const FwdTunnelEnd *end, gint64 now)
{
  GHashTableIter iter;
  gpointer stream;

  if (end->drain_deadline == 0)
    return FALSE;
  g_hash_table_iter_init(&iter, end->streams);
  while (now < end->drain_deadline && g_hash_table_iter_next(&iter, NULL, &stream))
    if (((FwdStream *)stream)->kind == FWD_STREAM_BYTES)
      return FALSE;
  return TRUE;
}

static void
start_handshake(FwdTunnelEnd *end, gint64 now)
{
  const FwdPathId id = fwd_path_set_get_active(end->paths);
  const FwdPath *path = fwd_path_set_get(end->paths, id);

  if (end->connection.server || path == NULL || fwd_held_initial_wait(end, path, now))
    return;
  if (!fwd_quic_connection_start(&end->connection, id, path, now))
    fwd_tunnel_end_finish(
        end, 0,
        g_error_new(FWD_TUNNEL_ERROR, FWD_ERROR_FAILED, "cannot start a QUIC connection"));
}

/**
 * On receipt, for a stream that nobody reads must not stop the others; but neither may
 * many of them fill the memory: beyond the limit as bytes are delivered. What waits to
 * be sent does not count here, or two ends that are full of it would stop each other.
 */
static void
extend_window(FwdTunnelEnd *end)
{
  const gsize held = end->incoming.length;

  fwd_quic_connection_extend(&end->connection,
                             held - MIN(held, FWD_TUNNEL_END_RECEIVED_MAX));
}

static void
serve_connection(FwdTunnelEnd *end, gint64 now)
{
  gint64 wait;

  if (end->connection.connected && !end->told_connected) {
    end->told_connected = TRUE;
    fwd_tunnel_end_tell_connected(end);
  }
  move(end, now);
  fwd_openings_serve(end);
  serve_streams(end);
  extend_window(end);
  fwd_flows_serve(&end->flows);
  if (is_drained(end, now))
    fwd_tunnel_end_finish(end, 0, NULL);
  else if ((wait = fwd_quic_writer_wait(end, now)) != 0)
    fwd_data_loop_set_timer(end->loop, &end->quic_timer, wait);
  else
    write_packets(end, now);
}

static void
serve_round(FwdTunnelEnd *end)
{
  const gint64 now = fwd_data_loop_refresh_now(end->loop);

  if (end->failure != 0) {
    fwd_tunnel_end_finish(end, end->failure,
                          fwd_quic_connection_error(&end->connection, end->failure));
    return;
  }
  fwd_listeners_serve(end);
  if (end->connection.quic == NULL)
    start_handshake(end, now);
  if (end->connection.quic != NULL)
    serve_connection(end, now);
  /* Sending and following may have found something out about a path. */
  if (!end->closed && fwd_path_set_deadline(end->paths) < end->path_timer.deadline)
    plan_paths(end);
}

static void
serve(FwdDeferred *deferred)
{
  /* Once it has told that it is closed, the owner may let go of it at any moment. */
  FwdTunnelEnd *end = fwd_tunnel_end_ref(END_OF(service, deferred));

  serve_round(end);
  fwd_tunnel_end_unref(end);
}

/** Packets of the full size may have begun to vanish: small ones get through everywhere. */
static void
mistrust_size(FwdTunnelEnd *end)
{
  ngtcp2_conn_stat statistics;

  if (end->mtu.size <= FWD_UDP_MTU_MIN)
    return;
  ngtcp2_conn_get_conn_stat(end->connection.quic, &statistics);
  if (statistics.pto_count >= BLACK_HOLE_PROBES)
    fwd_path_mtu_reset(&end->mtu, end->mtu.path, end->mtu.largest);
}

static void
on_quic_timer(FwdTimer *timer, gint64 now)
{
  FwdTunnelEnd *end = END_OF(quic_timer, timer);
  int result;

  /* A handshake that was dropped has left its timer. */
  if (end->connection.quic == NULL)
    return;
  result = ngtcp2_conn_handle_expiry(end->connection.quic, now);
  if (result != 0)
    end->failure = result;
  else
    mistrust_size(end);
  fwd_quic_writer_expired(&end->writer);
  fwd_tunnel_end_wake(end);
}

static void
on_path_timer(FwdTimer *timer, gint64 now)
{
  FwdTunnelEnd *end = END_OF(path_timer, timer);

  fwd_path_set_tick(end->paths, now);
  plan_paths(end);
}

/** Nobody came: what waits for a peer does not wait for ever. */
static void
give_up(FwdTunnelEnd *end)
{
  fwd_tunnel_end_finish(end, 0,
                        g_error_new(FWD_TUNNEL_ERROR, FWD_ERROR_TIMEOUT,
                                    "no connection came about within %u s",
                                    (guint)(CONNECT_LIMIT / SECOND)));
}

static void
on_tick(FwdTimer *timer, gint64 now)
{
  FwdTunnelEnd *end = END_OF(tick_timer, timer);

  if (end->connection.quic == NULL && now >= end->began + CONNECT_LIMIT) {
    give_up(end);
    return;
  }

  fwd_openings_expire(end, now);
  fwd_redial_expire(end, now);
  if (end->connection.quic != NULL) {
    fwd_flows_expire(&end->flows, now);
    fwd_streams_give_back(end);
  }
  fwd_chunk_pool_trim(&end->incoming, MAX(UNUSED_KEPT, end->incoming.count / 2));
  fwd_chunk_pool_trim(&end->outgoing, MAX(UNUSED_KEPT, end->outgoing.count / 2));
  fwd_tunnel_end_tell_statistics(end, FALSE, FALSE);
  fwd_data_loop_set_timer(end->loop, timer, now + TICK);
  fwd_tunnel_end_wake(end);
}

/* Beginning and end. */

void
fwd_tunnel_end_start(FwdTunnelEnd *end)
{
  fwd_demultiplexer_add_receiver(end->demultiplexer, &end->receiver);
  if (end->connection.server)
    fwd_demultiplexer_add_connection_id(end->demultiplexer, end->connection.connection_id,
                                        &end->receiver);
  end->began = fwd_tunnel_end_now(end);
  fwd_data_loop_set_timer(end->loop, &end->tick_timer, end->began + TICK);
}

static void
say_goodbye(FwdTunnelEnd *end, int result)
{
  const gint64 now = fwd_data_loop_refresh_now(end->loop);
  guint8 packet[FWD_UDP_MTU_MIN];
  FwdPathId id = 0;
  gsize length;

  if (result == NGTCP2_ERR_DRAINING || result == NGTCP2_ERR_IDLE_CLOSE)
    return;
  length = fwd_quic_connection_write_close(&end->connection, result, packet, sizeof packet, &id,
                                           now);
  /* Nobody will be here to repeat it when it is lost. */
  for (guint i = 0; length > 0 && i < CLOSE_COPIES; i++)
    fwd_quic_writer_send(end, id, packet, length, now);
}

static void
remove_paths(FwdTunnelEnd *end)
{
  FwdPathInfo paths[FWD_PATHS_MAX];
  const guint count = fwd_path_set_describe(end->paths, paths, FWD_PATHS_MAX);

  for (guint i = 0; i < count; i++)
    fwd_demultiplexer_remove_path(end->demultiplexer,
                                  fwd_path_set_get(end->paths, paths[i].id));
  fwd_demultiplexer_remove_receiver(end->demultiplexer, &end->receiver);
  g_clear_pointer(&end->paths, fwd_path_set_free);
}

static void
free_streams(FwdTunnelEnd *end)
{
  GHashTableIter iter;
  gpointer stream;

  for (;;) {
    g_hash_table_iter_init(&iter, end->streams);
    if (!g_hash_table_iter_next(&iter, NULL, &stream))
      break;
    ((FwdStream *)stream)->reset = ((FwdStream *)stream)->closed = TRUE;
    fwd_stream_free(stream);
  }
}

void
fwd_tunnel_end_finish(FwdTunnelEnd *end, int result, GError *why)
{
  if (end->closed) {
    g_clear_error(&why);
    return;
  }
  end->closed = TRUE;
  say_goodbye(end, result);
  fwd_listeners_clear(end);
  fwd_openings_clear(end);
  fwd_target_table_clear(&end->targets);
  free_streams(end);
  fwd_flows_clear(&end->flows);
  g_clear_pointer(&end->streams, g_hash_table_unref);
  fwd_quic_connection_clear(&end->connection);
  fwd_held_initial_clear(&end->held, end->loop);
  remove_paths(end);
  fwd_chunk_pool_trim(&end->incoming, 0);
  fwd_chunk_pool_trim(&end->outgoing, 0);
  fwd_quic_writer_clear(&end->writer);
  fwd_data_loop_stop_timer(end->loop, &end->quic_timer);
  fwd_data_loop_stop_timer(end->loop, &end->path_timer);
  fwd_data_loop_stop_timer(end->loop, &end->tick_timer);
  fwd_data_loop_cancel_deferred(end->loop, &end->service);
  fwd_tunnel_end_tell_closed(end, why);
}

static FwdPathSet *
make_paths(FwdTunnelEnd *end, FwdDataPlane *plane, const FwdQuicTunnelConfig *config)
{
  const FwdPathSetConfig path_config = {
      .probe_key = fwd_data_plane_get_probe_key(plane),
      .self = fwd_identity_get_peer_id(fwd_data_plane_get_identity(plane)),
      .peer = config->peer,
      .controlling = config->role == FWD_ROLE_CLIENT,
  };

  return fwd_path_set_new(&path_config, &path_events, end);
}

FwdTunnelEnd *
fwd_tunnel_end_new(FwdDataPlane *plane, const FwdQuicTunnelConfig *config,
                   const FwdTunnelEndEvents *events, gpointer owner)
{
  FwdTunnelEnd *end = g_new0(FwdTunnelEnd, 1);
  const gint64 idle = config->flow_idle_ms != 0 ? config->flow_idle_ms * SECOND / 1000
                                                : FWD_FLOW_IDLE_SECONDS * SECOND;

  g_atomic_ref_count_init(&end->references);
  end->events = events;
  end->owner = owner;
  end->loop = fwd_data_plane_get_loop(plane);
  end->demultiplexer = fwd_data_plane_get_demultiplexer(plane);
  end->paths = make_paths(end, plane, config);
  end->receiver = (FwdReceiver){
      .paths = end->paths,
      .receive = receive,
      .writable = writable,
      .paths_changed = paths_changed,
  };
  g_strlcpy(end->receiver.peer, config->peer, sizeof end->receiver.peer);
  end->connection.demultiplexer = end->demultiplexer;
  end->connection.receiver = &end->receiver;
  end->connection.events = &quic_events;
  end->connection.user_data = end;
  fwd_quic_connection_init(&end->connection, fwd_data_plane_get_identity(plane), config);
  fwd_quic_writer_init(&end->writer);
  fwd_held_initial_init(&end->held);
  fwd_path_mtu_reset(&end->mtu, 0, 0);
  fwd_flows_init(&end->flows, end, idle);
  end->streams = g_hash_table_new(g_int64_hash, g_int64_equal);
  end->service.run = serve;
  end->quic_timer.fire = on_quic_timer;
  end->path_timer.fire = on_path_timer;
  end->tick_timer.fire = on_tick;
  return end;
}

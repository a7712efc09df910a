/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages between the two halves of a tunnel. Each holds a reference to the loop half. */
#include "tunnel/tunnel-end.h"

#include "tunnel/listener.h"
#include "tunnel/opening.h"
#include "tunnel/pump.h"
#include "tunnel/redial.h"

FwdTunnelEnd *
fwd_tunnel_end_ref(FwdTunnelEnd *end)
{
  g_atomic_ref_count_inc(&end->references);
  return end;
}

void
fwd_tunnel_end_unref(FwdTunnelEnd *end)
{
  if (g_atomic_ref_count_dec(&end->references))
    g_free(end);
}

/* To the loop half. */

typedef struct {
  FwdTunnelEnd *end;
  FwdPath *path;
  FwdTunnelOpen *open;
  gint64 stream;
  int fd;
  FwdEndpoint endpoint; /* of fd; none when its family is 0 */
  guint64 number;
} Request;

static Request *
new_request(FwdTunnelEnd *end)
{
  Request *request = g_new0(Request, 1);

  request->end = fwd_tunnel_end_ref(end);
  return request;
}

static void
free_request(Request *request)
{
  fwd_tunnel_end_unref(request->end);
  g_free(request);
}

static void
on_add_path(gpointer data)
{
  Request *request = data;

  fwd_tunnel_end_take_path(request->end, request->path);
  free_request(request);
}

void
fwd_tunnel_end_add_path(FwdTunnelEnd *end, FwdPath *path)
{
  Request *request;

  if (end->ended) {
    fwd_path_close(path);
    return;
  }
  request = new_request(end);
  request->path = path;
  fwd_data_loop_post(end->loop, on_add_path, request);
}

static void
on_open(gpointer data)
{
  Request *request = data;

  fwd_openings_take(request->end, request->open);
  free_request(request);
}

void
fwd_tunnel_end_open(FwdTunnelEnd *end, FwdChannelKind kind, const char *header, int fd,
                    FwdTraffic *traffic)
{
  Request *request = new_request(end);

  request->open = g_new0(FwdTunnelOpen, 1);
  request->open->kind = kind;
  request->open->header = g_strdup(header);
  request->open->fd = fd;
  request->open->traffic = traffic != NULL ? fwd_traffic_ref(traffic) : NULL;
  fwd_data_loop_post(end->loop, on_open, request);
}

static void
on_release(gpointer data)
{
  Request *request = data;

  if (!request->end->closed && !fwd_listeners_release(request->end, request->fd))
    fwd_flows_release(&request->end->flows, request->fd);
  free_request(request);
}

void
fwd_tunnel_end_release(FwdTunnelEnd *end, int fd)
{
  Request *request = new_request(end);

  request->fd = fd;
  fwd_data_loop_post(end->loop, on_release, request);
}

static FwdStream *
find_stream(const Request *request)
{
  return request->end->closed ? NULL : fwd_tunnel_end_find(request->end, request->stream);
}

static void
on_accept(gpointer data)
{
  Request *request = data;
  FwdStream *stream = find_stream(request);

  if (stream != NULL && fwd_endpoint_family(&request->endpoint) != AF_UNSPEC)
    fwd_redial_remember(stream, &request->endpoint, (guint)request->number);
  if (stream != NULL)
    fwd_stream_settle(stream);
  if (stream == NULL || stream->reset)
    fwd_pump_reset_descriptor(request->fd);
  else if (stream->flow != NULL)
    fwd_flow_attach(&request->end->flows, stream->flow, request->fd);
  else
    fwd_stream_attach(stream, request->fd, FALSE, NULL);
  free_request(request);
}

void
fwd_tunnel_end_accept(FwdTunnelEnd *end, gint64 stream, int fd, const FwdEndpoint *endpoint,
                      guint generation)
{
  Request *request;

  if (end->ended) {
    fwd_pump_reset_descriptor(fd);
    return;
  }
  request = new_request(end);
  request->stream = stream;
  request->fd = fd;
  if (endpoint != NULL)
    request->endpoint = *endpoint;
  request->number = generation;
  fwd_data_loop_post(end->loop, on_accept, request);
}

static void
on_refuse(gpointer data)
{
  Request *request = data;
  FwdStream *stream = find_stream(request);

  if (stream != NULL) {
    fwd_stream_settle(stream);
    fwd_stream_abort(stream, request->number);
  }
  free_request(request);
}

void
fwd_tunnel_end_refuse(FwdTunnelEnd *end, gint64 stream, guint64 code)
{
  Request *request;

  if (end->ended)
    return;
  request = new_request(end);
  request->stream = stream;
  request->number = code;
  fwd_data_loop_post(end->loop, on_refuse, request);
}

static void
on_drain(gpointer data)
{
  Request *request = data;
  FwdTunnelEnd *end = request->end;

  if (!end->closed && end->connection.quic == NULL)
    fwd_tunnel_end_finish(end, 0, NULL);
  else if (!end->closed)
    end->drain_deadline = fwd_tunnel_end_now(end) + (gint64)request->number * 1000000;
  fwd_tunnel_end_wake(end);
  free_request(request);
}

void
fwd_tunnel_end_drain(FwdTunnelEnd *end, guint limit_ms)
{
  Request *request = new_request(end);

  request->number = limit_ms;
  fwd_data_loop_post(end->loop, on_drain, request);
}

static void
on_close(gpointer data)
{
  Request *request = data;

  fwd_tunnel_end_finish(request->end, 0, NULL);
  free_request(request);
}

void
fwd_tunnel_end_close(FwdTunnelEnd *end)
{
  if (end->ended)
    return;
  end->ended = TRUE;
  fwd_data_loop_post(end->loop, on_close, new_request(end));
}

/* To the main thread. */

typedef struct {
  FwdTunnelEnd *end;
  FwdChannelKind kind;
  gint64 stream;
  char *header;
  GError *why;
  FwdTunnelStatistics *statistics;
  gboolean path_changed, lost;
} Reply;

static Reply *
new_reply(FwdTunnelEnd *end)
{
  Reply *reply = g_new0(Reply, 1);

  reply->end = fwd_tunnel_end_ref(end);
  return reply;
}

static void
free_reply(Reply *reply)
{
  fwd_tunnel_end_unref(reply->end);
  g_free(reply->header);
  g_free(reply->statistics);
  g_clear_error(&reply->why);
  g_free(reply);
}

static void
on_connected(gpointer data)
{
  Reply *reply = data;

  if (reply->end->owner != NULL)
    reply->end->events->connected(reply->end->owner);
  free_reply(reply);
}

void
fwd_tunnel_end_tell_connected(FwdTunnelEnd *end)
{
  fwd_data_loop_reply(end->loop, on_connected, new_reply(end));
}

static void
on_channel(gpointer data)
{
  Reply *reply = data;

  if (reply->end->owner != NULL)
    reply->end->events->channel(reply->end->owner, reply->kind, reply->stream, reply->header);
  free_reply(reply);
}

void
fwd_tunnel_end_tell_channel(FwdTunnelEnd *end, FwdChannelKind kind, gint64 stream,
                            const char *header, gsize length)
{
  Reply *reply = new_reply(end);

  reply->kind = kind;
  reply->stream = stream;
  reply->header = g_strndup(header, length);
  fwd_data_loop_reply(end->loop, on_channel, reply);
}

static void
on_statistics(gpointer data)
{
  Reply *reply = data;
  FwdTunnelEnd *end = reply->end;

  if (end->owner != NULL)
    end->events->statistics(end->owner, reply->statistics);
  if (end->owner != NULL && reply->path_changed)
    end->events->path_changed(end->owner);
  if (end->owner != NULL && reply->lost)
    end->events->path_lost(end->owner);
  free_reply(reply);
}

static void
sample(FwdTunnelEnd *end, FwdTunnelStatistics *statistics)
{
  ngtcp2_conn_stat state = {0};
  GHashTableIter iter;
  gpointer stream;

  if (end->connection.connected)
    ngtcp2_conn_get_conn_stat(end->connection.quic, &state);
  *statistics = (FwdTunnelStatistics){
      .bytes_in = end->bytes_in,
      .bytes_out = end->bytes_out,
      .packets_in = end->packets_in,
      .packets_out = end->packets_out,
      .flows = g_hash_table_size(end->flows.by_id),
      .held_in = (gsize)end->incoming.in_use * FWD_CHUNK_SIZE,
      .held_out = (gsize)end->outgoing.in_use * FWD_CHUNK_SIZE,
      .datagrams_lost = end->flows.lost,
      .rtt_us = state.smoothed_rtt / 1000,
  };
  g_hash_table_iter_init(&iter, end->streams);
  while (g_hash_table_iter_next(&iter, NULL, &stream))
    statistics->streams += ((FwdStream *)stream)->kind == FWD_STREAM_BYTES;
  statistics->path_count = fwd_path_set_describe(end->paths, statistics->paths, FWD_PATHS_MAX);
}

void
fwd_tunnel_end_tell_statistics(FwdTunnelEnd *end, gboolean path_changed, gboolean lost)
{
  Reply *reply = new_reply(end);

  reply->statistics = g_new(FwdTunnelStatistics, 1);
  reply->path_changed = path_changed;
  reply->lost = lost;
  sample(end, reply->statistics);
  fwd_data_loop_reply(end->loop, on_statistics, reply);
}

static void
on_closed(gpointer data)
{
  Reply *reply = data;

  reply->end->ended = TRUE;
  if (reply->end->owner != NULL)
    reply->end->events->closed(reply->end->owner, reply->why);
  free_reply(reply);
}

void
fwd_tunnel_end_tell_closed(FwdTunnelEnd *end, GError *why)
{
  Reply *reply = new_reply(end);

  reply->why = why != NULL ? why
                           : g_error_new(FWD_TUNNEL_ERROR, FWD_ERROR_CLOSED,
                                         "the tunnel was closed on this side");
  fwd_data_loop_reply(end->loop, on_closed, reply);
}

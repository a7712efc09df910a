/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/stream.h"

#include "tunnel/pump.h"
#include "tunnel/redial.h"
#include "tunnel/tunnel-end.h"
#include "tunnel/varint.h"
#include <string.h>

/* Of thousands: few enough that nobody misses them. */
#define PLACES_BUNDLE 64
/* Unsent bytes that are read ahead: enough for a batch, little enough for the cache. */
#define READ_AHEAD_MAX (512 * 1024)
#define READ_AHEAD_MIN FWD_CHUNK_SIZE
/* Of what a connection may hold one stream takes a share of the rest: many get less each. */
#define READ_AHEAD_SHARE 8

static gboolean
is_unidirectional(const FwdStream *stream)
{
  return !ngtcp2_is_bidi_stream(stream->id);
}

static FwdStream *
new_stream(FwdTunnelEnd *end, gint64 id, FwdStreamKind kind, gboolean local)
{
  FwdStream *stream = g_new0(FwdStream, 1);

  stream->end = end;
  stream->id = id;
  stream->kind = kind;
  stream->local = local;
  stream->watch.fd = -1;
  fwd_chunk_queue_init(&stream->out, &end->outgoing);
  fwd_chunk_queue_init(&stream->in, &end->incoming);
  fwd_stream_window_init(&stream->window);
  g_hash_table_insert(end->streams, &stream->id, stream);
  return stream;
}

FwdStream *
fwd_stream_new_remote(FwdTunnelEnd *end, gint64 id)
{
  return new_stream(end, id, FWD_STREAM_UNKNOWN, FALSE);
}

FwdStream *
fwd_stream_open(FwdTunnelEnd *end, FwdStreamKind kind)
{
  ngtcp2_conn *quic = end->connection.quic;
  const gboolean bidirectional = kind == FWD_STREAM_BYTES || kind == FWD_STREAM_FLOW;
  FwdStream *stream;
  gint64 id;

  if ((bidirectional ? ngtcp2_conn_open_bidi_stream(quic, &id, NULL)
                     : ngtcp2_conn_open_uni_stream(quic, &id, NULL)) != 0)
    return NULL;
  stream = new_stream(end, id, kind, TRUE);
  ngtcp2_conn_set_stream_user_data(quic, id, stream);
  return stream;
}

void
fwd_stream_free(FwdStream *stream)
{
  FwdTunnelEnd *end = stream->end;

  fwd_pump_detach(stream, !stream->write_shut || !stream->out_finished || stream->reset);
  if (stream->flow != NULL) {
    stream->flow->stream = NULL;
    fwd_flow_end(&end->flows, stream->flow);
  }
  if (stream->local && stream->kind == FWD_STREAM_DATAGRAM)
    end->flows.large--;
  fwd_scheduler_remove(&end->scheduler, stream);
  fwd_quic_writer_forget(&end->writer, stream);
  if (stream->ready)
    g_queue_unlink(&end->ready, &stream->ready_link);
  fwd_chunk_queue_clear(&stream->out);
  fwd_chunk_queue_clear(&stream->in);
  fwd_stream_window_clear(&stream->window, &end->windows);
  g_hash_table_steal(end->streams, &stream->id);
  g_free(stream->header);
  g_free(stream);
}

void
fwd_stream_mark_ready(FwdStream *stream)
{
  if (!stream->ready) {
    stream->ready = TRUE;
    stream->ready_link.data = stream;
    g_queue_push_tail_link(&stream->end->ready, &stream->ready_link);
  }
  fwd_tunnel_end_wake(stream->end);
}

void
fwd_stream_queue(FwdStream *stream, const void *data, gsize length)
{
  fwd_chunk_queue_append(&stream->out, data, length);
  fwd_scheduler_add(&stream->end->scheduler, stream);
  fwd_tunnel_end_wake(stream->end);
}

void
fwd_stream_queue_header(FwdStream *stream, const char *header)
{
  const gsize length = strlen(header);
  const guint8 prefix[FWD_STREAM_HEADER_SIZE] = {stream->kind, length >> 8, length};

  fwd_stream_queue(stream, prefix, sizeof prefix);
  fwd_stream_queue(stream, header, length);
}

void
fwd_stream_finish(FwdStream *stream)
{
  stream->out_finished = TRUE;
  fwd_scheduler_add(&stream->end->scheduler, stream);
  fwd_tunnel_end_wake(stream->end);
}

void
fwd_stream_abort(FwdStream *stream, guint64 code)
{
  stream->reset = TRUE;
  fwd_pump_detach(stream, TRUE);
  fwd_scheduler_remove(&stream->end->scheduler, stream);
  if (!stream->closed)
    ngtcp2_conn_shutdown_stream(stream->end->connection.quic, stream->id, code);
  fwd_stream_mark_ready(stream);
}

void
fwd_stream_ask(FwdStream *stream)
{
  stream->awaited = TRUE;
  fwd_tunnel_end_tell_channel(
      stream->end, stream->kind == FWD_STREAM_FLOW ? FWD_CHANNEL_FLOW : FWD_CHANNEL_STREAM,
      stream->id, stream->header, stream->header_length);
}

void
fwd_stream_settle(FwdStream *stream)
{
  stream->awaited = FALSE;
  g_clear_pointer(&stream->header, g_free);
  fwd_stream_mark_ready(stream);
}

void
fwd_stream_attach(FwdStream *stream, int fd, gboolean own, FwdTraffic *traffic)
{
  fwd_pump_attach(stream, fd, own, traffic);
  fwd_stream_mark_ready(stream);
}

void
fwd_stream_received(FwdStream *stream, const guint8 *data, gsize length, gboolean finished)
{
  if (!stream->reset)
    fwd_chunk_queue_append(&stream->in, data, length);
  stream->in_finished = stream->in_finished || finished;
  fwd_stream_mark_ready(stream);
}

void
fwd_stream_acknowledged(FwdStream *stream, gsize length)
{
  if (stream->kind == FWD_STREAM_HEARTBEAT)
    stream->end->writer.beats_acknowledged += length;
  else
    fwd_chunk_queue_consume(&stream->out, length);
}

void
fwd_stream_was_reset(FwdStream *stream)
{
  stream->reset = TRUE;
  fwd_stream_mark_ready(stream);
}

void
fwd_stream_was_closed(FwdStream *stream, gboolean with_error)
{
  stream->closed = TRUE;
  stream->reset = stream->reset || with_error;
  fwd_stream_mark_ready(stream);
}

static gsize
read_ahead_max(const FwdTunnelEnd *end)
{
  const gsize held = (gsize)end->outgoing.in_use * FWD_CHUNK_SIZE;
  const gsize left = FWD_TUNNEL_END_HELD_MAX - MIN(held, FWD_TUNNEL_END_HELD_MAX);

  return CLAMP(left / READ_AHEAD_SHARE, READ_AHEAD_MIN, READ_AHEAD_MAX);
}

static gsize
read_ahead(const FwdStream *stream)
{
  ngtcp2_conn *quic = stream->end->connection.quic;
  const guint64 window = MIN(ngtcp2_conn_get_max_stream_data_left(quic, stream->id),
                             ngtcp2_conn_get_max_data_left(quic));

  return CLAMP(window, READ_AHEAD_MIN, read_ahead_max(stream->end));
}

void
fwd_stream_sent(FwdStream *stream)
{
  if (stream->readable && !stream->ready && stream->out.unmarked < READ_AHEAD_MAX / 2)
    fwd_stream_mark_ready(stream);
}

/** Bytes of the header that are there and wanted; 0: more must come. */
static gsize
header_length(FwdStream *stream)
{
  guint8 prefix[FWD_STREAM_HEADER_SIZE];
  gsize length;

  if (stream->in.length < sizeof prefix)
    return 0;
  fwd_chunk_queue_copy(&stream->in, prefix, sizeof prefix);
  length = (gsize)prefix[1] << 8 | prefix[2];
  if ((prefix[0] != FWD_STREAM_BYTES && prefix[0] != FWD_STREAM_FLOW) || length == 0 ||
      length > FWD_STREAM_HEADER_MAX) {
    fwd_stream_abort(stream, FWD_STREAM_PROTOCOL);
    return 0;
  }
  return stream->in.length >= sizeof prefix + length ? length : 0;
}

/** @length bytes have been taken: the peer may send as many again, or more. */
static void
open_window(FwdStream *stream, gsize length)
{
  FwdTunnelEnd *end = stream->end;
  ngtcp2_conn_stat state;

  if (fwd_stream_window_delivered(&stream->window, length)) {
    ngtcp2_conn_get_conn_stat(end->connection.quic, &state);
    length += fwd_stream_window_grow(&stream->window, (gint64)state.smoothed_rtt,
                                     fwd_tunnel_end_now(end), &end->windows);
  }
  ngtcp2_conn_extend_max_stream_offset(end->connection.quic, stream->id, length);
}

static void
consume_input(FwdStream *stream, gsize length)
{
  fwd_chunk_queue_consume(&stream->in, length);
  open_window(stream, length);
}

/** Takes the header off the queue. */
static void
take_header(FwdStream *stream, gsize length)
{
  char header[FWD_STREAM_HEADER_SIZE + FWD_STREAM_HEADER_MAX];

  fwd_chunk_queue_copy(&stream->in, header, FWD_STREAM_HEADER_SIZE + length);
  consume_input(stream, FWD_STREAM_HEADER_SIZE + length);
  stream->kind = (guint8)header[0];
  stream->header = g_malloc(length + 1);
  memcpy(stream->header, header + FWD_STREAM_HEADER_SIZE, length);
  stream->header[length] = '\0';
  stream->header_length = length;
  stream->announced = TRUE;
}

static void
announce(FwdStream *stream)
{
  const gsize length = header_length(stream);

  if (length == 0 && stream->in_finished && !stream->reset)
    fwd_stream_abort(stream, FWD_STREAM_PROTOCOL);
  if (length == 0)
    return;
  take_header(stream, length);
  if (stream->kind == FWD_STREAM_FLOW && !fwd_flows_opened(&stream->end->flows, stream)) {
    fwd_stream_abort(stream, FWD_STREAM_REFUSED + FWD_ERROR_LIMIT);
    return;
  }
  if (stream->kind == FWD_STREAM_FLOW || !fwd_redial(stream))
    fwd_stream_ask(stream);
}

/** A whole datagram in a stream of its own: kind, flow id, payload. */
static void
serve_datagram(FwdStream *stream)
{
  const gsize length = stream->in.length;
  g_autofree guint8 *data = NULL;

  if (length > 1 + FWD_VARINT_MAX + FWD_DATAGRAM_MAX || (stream->in_finished && length < 2)) {
    fwd_stream_abort(stream, FWD_STREAM_PROTOCOL);
    return;
  }
  if (!stream->in_finished)
    return;
  data = g_malloc(length);
  fwd_chunk_queue_copy(&stream->in, data, length);
  consume_input(stream, length);
  fwd_flows_received(&stream->end->flows, data + 1, length - 1);
}

static void
serve_unidirectional(FwdStream *stream)
{
  guint8 kind;

  if (stream->local || stream->in.length == 0)
    return;
  if (stream->kind == FWD_STREAM_UNKNOWN) {
    fwd_chunk_queue_copy(&stream->in, &kind, 1);
    stream->kind = kind;
  }
  if (stream->kind == FWD_STREAM_HEARTBEAT)
    consume_input(stream, stream->in.length);
  else if (stream->kind == FWD_STREAM_DATAGRAM)
    serve_datagram(stream);
  else
    fwd_stream_abort(stream, FWD_STREAM_PROTOCOL);
}

static void
on_broken(FwdStream *stream)
{
  if (stream->dialing)
    fwd_redial_failed(stream);
  else
    fwd_stream_abort(stream, FWD_STREAM_RESET);
}

static void
serve_descriptor(FwdStream *stream)
{
  gsize written;

  if (fwd_pump_deliver(stream, &written) == FWD_PUMP_BROKEN) {
    on_broken(stream);
    return;
  }
  if (written > 0 && !stream->closed)
    open_window(stream, written);
  if (stream->closed || stream->watch.fd == -1)
    return;
  if (!stream->dialing)
    g_clear_pointer(&stream->header, g_free);
  if (fwd_pump_collect(stream, read_ahead(stream)) == FWD_PUMP_BROKEN)
    on_broken(stream);
  else if (stream->out.unmarked > 0 || (stream->out_finished && !stream->out_fin_sent))
    fwd_scheduler_add(&stream->end->scheduler, stream);
}

static void
serve_kind(FwdStream *stream)
{
  if (is_unidirectional(stream)) {
    serve_unidirectional(stream);
    return;
  }
  if (!stream->local && !stream->announced)
    announce(stream);
  if (stream->reset)
    return;
  if (stream->kind == FWD_STREAM_BYTES && stream->watch.fd != -1)
    serve_descriptor(stream);
  else if (stream->kind == FWD_STREAM_FLOW && stream->in_finished)
    fwd_stream_abort(stream, FWD_STREAM_DONE);
}

void
fwd_streams_give_back(FwdTunnelEnd *end)
{
  if (end->places_free > 0)
    ngtcp2_conn_extend_max_streams_bidi(end->connection.quic, end->places_free);
  end->places_free = 0;
}

/** In bundles: each tells the peer in a frame of its own, which a packet carries alone. */
static void
give_stream_back(FwdStream *stream)
{
  FwdTunnelEnd *end = stream->end;

  if (stream->local)
    return;
  if (is_unidirectional(stream))
    ngtcp2_conn_extend_max_streams_uni(end->connection.quic, 1);
  else if (++end->places_free >= PLACES_BUNDLE)
    fwd_streams_give_back(end);
}

static void
end_broken(FwdStream *stream)
{
  fwd_pump_detach(stream, TRUE);
  fwd_chunk_queue_clear(&stream->in);
  if (stream->flow != NULL)
    fwd_flow_end(&stream->end->flows, stream->flow);
  if (!stream->closed)
    ngtcp2_conn_shutdown_stream(stream->end->connection.quic, stream->id, FWD_STREAM_RESET);
}

void
fwd_stream_serve(FwdStream *stream)
{
  if (!stream->reset)
    serve_kind(stream);
  if (stream->reset)
    end_broken(stream);
  /* Who opens and resets faster than the main thread answers must not get new places. */
  if (!stream->closed || stream->in.length > 0 || stream->awaited)
    return;
  if (stream->watch.fd != -1 && !stream->write_shut)
    return;
  give_stream_back(stream);
  fwd_stream_free(stream);
}

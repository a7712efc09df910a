/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/quic-writer.h"

#include "net/datagram-socket.h"
#include "path/framed-path.h"
#include "path/udp-path.h"
#include "tunnel/tunnel-end.h"
#include "tunnel/varint.h"
#include <string.h>

#define VECTORS_MAX 4
/* A segmented send may not exceed what an IP packet can hold. */
#define BATCH_MAX 65000
/* A paced batch is what leaves in a millisecond, but some packets at least. */
#define PACE         NGTCP2_MILLISECONDS
#define PACE_PACKETS 8
/* What may be a question, and no more. */
#define QUIET_PACKETS 8
#define QUIET_BYTES   1200
/* Then the loop reads what has arrived meanwhile. */
#define ROUND_MAX (256 * 1024)
/* Short header with an 8 byte id and the longest packet number, AEAD tag. */
#define PACKET_OVERHEAD    (1 + 8 + 4 + 16)
#define DATAGRAM_OVERHEAD  (1 + 2)
#define HEARTBEAT_OVERHEAD 14
#define FLOW_ID_MAX        8
#define DATAGRAM_CREDIT    FWD_SCHEDULER_QUANTUM

/* Where ngtcp2 puts the packet it writes; the same for each frame of it. */
typedef struct {
  ngtcp2_path_storage path;
  ngtcp2_pkt_info info;
  guint8 *data;
  gsize size;
  gint64 now;
  gboolean begun;   /* there is something in it */
  gboolean streams; /* there are bytes of streams in it */
  gboolean beaten;  /* it has a heartbeat */
} Packet;

void
fwd_quic_writer_init(FwdQuicWriter *writer)
{
  *writer = (FwdQuicWriter){.buffer = g_malloc(FWD_DATAGRAM_BUFFER_SIZE)};
}

void
fwd_quic_writer_clear(FwdQuicWriter *writer)
{
  g_clear_pointer(&writer->buffer, g_free);
}

void
fwd_quic_writer_forget(FwdQuicWriter *writer, const FwdStream *stream)
{
  if (writer->heartbeat != stream)
    return;
  writer->heartbeat = NULL;
  writer->beats_sent = writer->beats_acknowledged = 0;
}

gsize
fwd_quic_writer_datagram_max(const FwdTunnelEnd *end)
{
  return end->mtu.size - PACKET_OVERHEAD - DATAGRAM_OVERHEAD - HEARTBEAT_OVERHEAD - FLOW_ID_MAX;
}

/** FALSE when the path is full and something is left. */
static gboolean
flush(FwdTunnelEnd *end, gint64 now)
{
  FwdQuicWriter *writer = &end->writer;
  const FwdPathId route = fwd_quic_connection_route(&end->connection, writer->path);

  if (writer->sent < writer->length)
    fwd_path_set_expect_answer(end->paths, route, now);
  while (writer->sent < writer->length) {
    const FwdPacketBatch batch = {
        .data = writer->buffer + writer->sent,
        .length = writer->length - writer->sent,
        .segment = writer->segment,
    };
    const gssize taken = fwd_path_set_send(end->paths, route, &batch, now);

    if (taken == 0) {
      writer->blocked = TRUE;
      return FALSE;
    }
    /* An error here is a path that died: the path set knows, QUIC repairs. */
    writer->sent = taken < 0 ? writer->length : writer->sent + taken;
  }
  writer->length = writer->sent = 0;
  writer->blocked = FALSE;
  return TRUE;
}

void
fwd_quic_writer_send(FwdTunnelEnd *end, FwdPathId id, const guint8 *packet, gsize length,
                     gint64 now)
{
  const FwdPacketBatch batch = {.data = packet, .length = length, .segment = length};

  flush(end, now);
  fwd_path_set_send(end->paths, id, &batch, now);
  end->packets_out++;
  end->bytes_out += length;
}

static gssize
write_stream(FwdTunnelEnd *end, Packet *packet, FwdStream *stream)
{
  struct iovec vectors[VECTORS_MAX];
  const guint count =
      fwd_chunk_queue_peek_unmarked(&stream->out, vectors, VECTORS_MAX, packet->size);
  gsize offered = 0;
  guint32 flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
  ngtcp2_ssize taken = -1, length;

  for (guint i = 0; i < count; i++)
    offered += vectors[i].iov_len;
  if (stream->out_finished && offered == stream->out.unmarked)
    flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
  length = ngtcp2_conn_writev_stream(end->connection.quic, &packet->path.path, &packet->info,
                                     packet->data, packet->size, &taken, flags, stream->id,
                                     (const ngtcp2_vec *)vectors, count, packet->now);
  if (taken >= 0) {
    fwd_chunk_queue_advance(&stream->out, taken);
    stream->out_fin_sent = (flags & NGTCP2_WRITE_STREAM_FLAG_FIN) && (gsize)taken == offered;
    fwd_scheduler_charge(stream, taken);
    end->writer.datagram_credit = MIN(end->writer.datagram_credit + taken, DATAGRAM_CREDIT);
    fwd_stream_sent(stream);
  } else if (length == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
    fwd_scheduler_block(&end->scheduler, stream);
  } else if (length == NGTCP2_ERR_STREAM_SHUT_WR || length == NGTCP2_ERR_STREAM_NOT_FOUND) {
    fwd_scheduler_remove(&end->scheduler, stream);
  }
  return length;
}

static gssize
write_nothing_new(FwdTunnelEnd *end, Packet *packet)
{
  return ngtcp2_conn_write_pkt(end->connection.quic, &packet->path.path, &packet->info,
                               packet->data, packet->size, packet->now);
}

static gboolean
is_about_one_stream(gssize result)
{
  return result == NGTCP2_ERR_WRITE_MORE || result == NGTCP2_ERR_STREAM_DATA_BLOCKED ||
         result == NGTCP2_ERR_STREAM_SHUT_WR || result == NGTCP2_ERR_STREAM_NOT_FOUND;
}

static gboolean
streams_wait(FwdTunnelEnd *end)
{
  return ngtcp2_conn_get_max_data_left(end->connection.quic) > 0 &&
         fwd_scheduler_next(&end->scheduler) != NULL;
}

static gboolean
heart_should_beat(FwdTunnelEnd *end, const Packet *packet)
{
  FwdQuicWriter *writer = &end->writer;

  if (packet->beaten)
    return FALSE;
  if (writer->heartbeat == NULL)
    writer->heartbeat = fwd_stream_open(end, FWD_STREAM_HEARTBEAT);
  if (writer->heartbeat == NULL)
    return FALSE;
  return writer->beats_sent == writer->beats_acknowledged || end->flows.queue.count == 1 ||
         ngtcp2_conn_get_cwnd_left(end->connection.quic) < (guint64)2 * end->mtu.size;
}

/**
 * Packets of DATAGRAM frames alone arm no timer: when they are lost while the
 * window is full, nothing would ever leave again. A byte of a stream in one of
 * them does arm it.
 */
static gssize
write_heartbeat(FwdTunnelEnd *end, Packet *packet)
{
  static const guint8 kind = FWD_STREAM_HEARTBEAT, beat = 0;
  FwdQuicWriter *writer = &end->writer;
  const ngtcp2_vec vector = {(guint8 *)(writer->beats_sent == 0 ? &kind : &beat), 1};
  ngtcp2_ssize taken = -1;
  const ngtcp2_ssize length = ngtcp2_conn_writev_stream(
      end->connection.quic, &packet->path.path, &packet->info, packet->data, packet->size,
      &taken, NGTCP2_WRITE_STREAM_FLAG_MORE, writer->heartbeat->id, &vector, 1, packet->now);

  if (taken > 0)
    writer->beats_sent += taken;
  packet->beaten = TRUE;
  /* The peer may block the stream, or want to hear no more of it: the datagram goes alone. */
  return is_about_one_stream(length) ? NGTCP2_ERR_WRITE_MORE : length;
}

/** One that does not fit any more ends the packet, and is the first of the next one. */
static gssize
write_datagram(FwdTunnelEnd *end, Packet *packet, const guint8 *data, gsize size, guint64 flow)
{
  guint8 id[FLOW_ID_MAX];
  const ngtcp2_vec vectors[] = {{id, fwd_varint_write(id, flow)}, {(guint8 *)data, size}};
  const gboolean more = end->flows.queue.count > 1 || streams_wait(end);
  gssize length = NGTCP2_ERR_WRITE_MORE;
  int accepted = 0;

  if (heart_should_beat(end, packet))
    length = write_heartbeat(end, packet);
  if (length != NGTCP2_ERR_WRITE_MORE)
    return length != 0 ? length : write_nothing_new(end, packet);
  length = ngtcp2_conn_writev_datagram(end->connection.quic, &packet->path.path, &packet->info,
                                       packet->data, packet->size, &accepted,
                                       more ? NGTCP2_WRITE_DATAGRAM_FLAG_MORE : 0, 0, vectors,
                                       size > 0 ? 2 : 1, packet->now);
  if (accepted || length == NGTCP2_ERR_INVALID_ARGUMENT || length == NGTCP2_ERR_INVALID_STATE) {
    fwd_datagram_queue_pop(&end->flows.queue);
    end->writer.datagram_credit -= size;
    end->flows.lost += !accepted;
  }
  if (length == NGTCP2_ERR_INVALID_ARGUMENT || length == NGTCP2_ERR_INVALID_STATE)
    return NGTCP2_ERR_WRITE_MORE;
  return length != 0 ? length : write_nothing_new(end, packet);
}

/** Drops what is too old and sends by itself what is too large. */
static void
sort_datagrams_out(FwdTunnelEnd *end, gint64 now)
{
  FwdDatagramQueue *queue = &end->flows.queue;
  const guint8 *data;
  guint64 flow;
  gsize size;

  end->flows.lost += fwd_datagram_queue_expire(queue, now);
  while ((data = fwd_datagram_queue_peek(queue, &flow, &size)) != NULL &&
         size > fwd_quic_writer_datagram_max(end)) {
    fwd_flows_send_large(&end->flows, flow, data, size);
    fwd_datagram_queue_pop(queue);
  }
}

/** The datagram whose turn it is, or NULL. */
static const guint8 *
next_datagram(FwdTunnelEnd *end, const Packet *packet, guint64 *flow, gsize *size)
{
  const guint8 *data;

  /* A datagram must not wait because bytes of streams have taken its room. */
  if (!end->connection.connected || packet->streams)
    return NULL;
  if (!packet->begun)
    sort_datagrams_out(end, packet->now);
  data = fwd_datagram_queue_peek(&end->flows.queue, flow, size);
  if (data == NULL || *size > fwd_quic_writer_datagram_max(end))
    return NULL;
  if (end->writer.datagram_credit > 0)
    return data;
  if (streams_wait(end))
    return NULL;
  end->writer.datagram_credit = DATAGRAM_CREDIT;
  return data;
}

/** Length of a packet, 0 when none can be sent now, or an error of the connection. */
static gssize
write_packet(FwdTunnelEnd *end, Packet *packet)
{
  gssize length;

  do {
    guint64 flow;
    gsize size;
    const guint8 *data = next_datagram(end, packet, &flow, &size);

    if (data != NULL) {
      length = write_datagram(end, packet, data, size, flow);
    } else if (streams_wait(end) && !packet->begun && end->writer.allowed == 0) {
      length = 0;
    } else if (streams_wait(end)) {
      length = write_stream(end, packet, fwd_scheduler_next(&end->scheduler));
      packet->streams = packet->streams || length == NGTCP2_ERR_WRITE_MORE;
    } else {
      length = write_nothing_new(end, packet);
    }
    packet->begun = packet->begun || length == NGTCP2_ERR_WRITE_MORE;
  } while (is_about_one_stream(length));
  return length;
}

/** The path's size is tried with a padded datagram that is a packet of its own. */
static gssize
write_probe(FwdTunnelEnd *end, Packet *packet)
{
  static const guint8 padding[FWD_FRAMED_MTU];
  const guint8 id = FWD_PATH_MTU_FLOW;
  const gsize size = fwd_path_mtu_next(&end->mtu);
  const ngtcp2_vec vectors[] = {
      {(guint8 *)&id, 1},
      {(guint8 *)padding, MIN(size, sizeof padding) - PACKET_OVERHEAD - DATAGRAM_OVERHEAD - 1},
  };
  int accepted = 0;
  gssize length;

  packet->size = size;
  length = ngtcp2_conn_writev_datagram(
      end->connection.quic, &packet->path.path, &packet->info, packet->data, size, &accepted, 0,
      fwd_path_mtu_tag(&end->mtu), vectors, G_N_ELEMENTS(vectors), packet->now);
  if (accepted && length > 0)
    fwd_path_mtu_sent(&end->mtu, size, length);
  return ngtcp2_err_is_fatal(length) || length > 0 ? length : 0;
}

/** Puts the packet that was written behind the batch into it, or begins another one. */
static gboolean
add_packet(FwdTunnelEnd *end, const Packet *packet, gsize length)
{
  FwdQuicWriter *writer = &end->writer;
  const FwdPathId path = fwd_path_set_id_of(packet->path.path.local.addr);
  gboolean room = TRUE;

  end->packets_out++;
  end->bytes_out += length;
  if (writer->length > 0 && (path != writer->path || length > writer->segment)) {
    /* When the path is full this packet is lost; QUIC repairs it. */
    if (!flush(end, packet->now))
      return FALSE;
    memmove(writer->buffer, packet->data, length);
  }
  if (writer->length == 0) {
    writer->path = path;
    writer->segment = length;
  }
  writer->length += length;
  if (length < writer->segment || writer->length + end->mtu.largest > BATCH_MAX ||
      writer->length / writer->segment >= FWD_DATAGRAM_BATCH_MAX)
    room = flush(end, packet->now);
  return room;
}

static void
begin_packet(FwdTunnelEnd *end, Packet *packet, gint64 now)
{
  ngtcp2_path_storage_zero(&packet->path);
  packet->data = end->writer.buffer + end->writer.length;
  packet->size = end->mtu.size;
  packet->now = now;
  packet->begun = packet->streams = packet->beaten = FALSE;
}

void
fwd_quic_writer_expired(FwdQuicWriter *writer)
{
  writer->expired = TRUE;
  /* Unless it was for pacing, which was armed when something was written. */
  writer->due = writer->written == 0;
}

void
fwd_quic_writer_heard(FwdQuicWriter *writer, gsize length)
{
  writer->heard++;
  writer->heard_bytes += length;
}

/** Little has come, and nothing has to leave. */
static gboolean
is_quiet(const FwdTunnelEnd *end)
{
  const FwdQuicWriter *writer = &end->writer;

  return writer->heard > 0 && writer->heard <= QUIET_PACKETS &&
         writer->heard_bytes <= QUIET_BYTES && writer->length == 0 && !writer->expired;
}

gint64
fwd_quic_writer_wait(FwdTunnelEnd *end, gint64 now)
{
  FwdQuicWriter *writer = &end->writer;

  if (end->connection.paced || !end->connection.confirmed || !is_quiet(end) ||
      streams_wait(end) || end->flows.queue.count > 0 || fwd_path_mtu_next(&end->mtu) != 0)
    return 0;
  if (writer->owing == 0)
    writer->owing = now;
  return writer->owing + FWD_QUIC_PATIENCE;
}

/** Bytes for one round. On a paced path also what may be under way. */
static gsize
begin_run(FwdTunnelEnd *end, gint64 now)
{
  FwdQuicWriter *writer = &end->writer;
  ngtcp2_conn_stat state;

  writer->allowed = G_MAXUINT64;
  end->scheduler.near = !end->connection.paced;
  if (!end->connection.paced)
    return ROUND_MAX;
  ngtcp2_conn_get_conn_stat(end->connection.quic, &state);
  fwd_flight_limit_update(&writer->limit, &state, fwd_scheduler_next(&end->scheduler) != NULL,
                          now);
  writer->allowed = fwd_flight_limit_left(&writer->limit, &state);
  /* To ask QUIC for what it has besides new bytes would tell it that there are none,
     and that what it measures is not the path's rate: a packet goes beyond the limit. */
  if (writer->due)
    writer->allowed = MAX(writer->allowed, 1);
  return CLAMP((gsize)(state.pacing_rate * PACE), PACE_PACKETS * FWD_UDP_MTU4,
               state.send_quantum);
}

int
fwd_quic_writer_run(FwdTunnelEnd *end, gint64 now, gboolean *more)
{
  const gsize share = begin_run(end, now);
  gsize written = 0;
  gssize length = 0;

  *more = FALSE;
  end->writer.written = end->writer.heard = end->writer.heard_bytes = 0;
  end->writer.owing = 0;
  if (!flush(end, now))
    return 0;
  /* A batch that was begun is filled: a few packets cost a system call as many do. */
  while (written < share || (!end->connection.paced && end->writer.length > 0)) {
    const gboolean probe =
        end->connection.confirmed && written == 0 && fwd_path_mtu_next(&end->mtu) != 0;
    Packet packet;

    begin_packet(end, &packet, now);
    length = probe ? write_probe(end, &packet) : write_packet(end, &packet);
    if (probe && length == 0) {
      begin_packet(end, &packet, now);
      length = write_packet(end, &packet);
    }
    if (length <= 0)
      break;
    written += length;
    end->writer.allowed -= MIN(end->writer.allowed, (guint64)length);
    if (!add_packet(end, &packet, length))
      break;
  }
  *more = length > 0 && !end->writer.blocked;
  flush(end, now);
  end->writer.written = written;
  end->writer.due = end->writer.expired = FALSE;
  if (end->connection.paced && written > 0)
    ngtcp2_conn_update_pkt_tx_time(end->connection.quic, now);
  return length < 0 ? length : 0;
}

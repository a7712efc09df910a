/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/flow.h"

#include "tunnel/path-mtu.h"
#include "tunnel/tunnel-end.h"
#include "tunnel/varint.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Then others have their turn. Small ones fill a batch of packets with so many. */
#define READS_A_ROUND 8

static void
free_flow(gpointer data)
{
  FwdFlow *flow = data;

  g_queue_clear_full(&flow->held, (GDestroyNotify)g_bytes_unref);
  g_free(flow);
}

void
fwd_flows_init(FwdFlows *flows, FwdTunnelEnd *end, gint64 idle_limit)
{
  flows->end = end;
  flows->by_id = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_flow);
  flows->idle_limit = idle_limit;
}

static FwdFlow *
add_flow(FwdFlows *flows, guint64 id)
{
  FwdFlow *flow;

  if (g_hash_table_size(flows->by_id) >= FWD_FLOWS_MAX)
    return NULL;
  flow = g_new0(FwdFlow, 1);
  flow->id = id;
  flow->used = fwd_tunnel_end_now(flows->end);
  g_hash_table_insert(flows->by_id, &flow->id, flow);
  return flow;
}

static void
socket_ready(FwdWatch *watch, guint32 events)
{
  FwdFlowSocket *socket =
      (FwdFlowSocket *)((char *)watch - G_STRUCT_OFFSET(FwdFlowSocket, watch));

  if (events & ~EPOLLOUT) {
    socket->readable = TRUE;
    fwd_tunnel_end_wake(socket->end);
  }
}

static gboolean
is_udp(int fd)
{
  int protocol = 0;
  socklen_t length = sizeof protocol;

  return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) == 0 &&
         protocol == IPPROTO_UDP;
}

static FwdFlowSocket *
add_socket(FwdFlows *flows, int fd, FwdTraffic *traffic)
{
  FwdFlowSocket *socket = g_new0(FwdFlowSocket, 1);

  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  socket->end = flows->end;
  socket->watch = (FwdWatch){.fd = fd, .ready = socket_ready};
  socket->traffic = traffic != NULL ? fwd_traffic_ref(traffic) : NULL;
  socket->link.data = socket;
  socket->readable = TRUE;
  socket->segments = is_udp(fd);
  g_queue_push_tail_link(&flows->sockets, &socket->link);
  fwd_data_loop_watch(flows->end->loop, &socket->watch, EPOLLIN | EPOLLET);
  fwd_tunnel_end_wake(flows->end);
  return socket;
}

static void
close_socket(FwdFlows *flows, FwdFlowSocket *socket)
{
  fwd_data_loop_unwatch(flows->end->loop, &socket->watch);
  close(socket->watch.fd);
  g_queue_unlink(&flows->sockets, &socket->link);
  g_clear_pointer(&socket->by_remote, g_hash_table_unref);
  g_clear_pointer(&socket->traffic, fwd_traffic_unref);
  g_free(socket->header);
  g_free(socket);
}

static guint
hash_remote(gconstpointer key)
{
  return fwd_endpoint_hash(key);
}

static gboolean
equal_remotes(gconstpointer a, gconstpointer b)
{
  return fwd_endpoint_equal(a, b);
}

void
fwd_flows_listen(FwdFlows *flows, int fd, const char *header, FwdTraffic *traffic)
{
  FwdFlowSocket *socket = add_socket(flows, fd, traffic);

  socket->header = g_strdup(header);
  socket->by_remote = g_hash_table_new(hash_remote, equal_remotes);
}

static void
end_flows_of(FwdFlows *flows, FwdFlowSocket *socket)
{
  g_autoptr(GList) all = g_hash_table_get_values(socket->by_remote);

  for (GList *each = all; each != NULL; each = each->next)
    fwd_flow_end(flows, each->data);
}

void
fwd_flows_release(FwdFlows *flows, int fd)
{
  for (GList *each = flows->sockets.head; each != NULL; each = each->next) {
    FwdFlowSocket *socket = each->data;

    if (socket->watch.fd == fd && socket->by_remote != NULL) {
      end_flows_of(flows, socket);
      close_socket(flows, socket);
      return;
    }
  }
}

static void
drop_held(FwdFlows *flows, FwdFlow *flow)
{
  GBytes *bytes;

  while ((bytes = g_queue_pop_head(&flow->held)) != NULL) {
    flows->held_bytes -= g_bytes_get_size(bytes);
    g_bytes_unref(bytes);
  }
}

static void
send_run(FwdFlows *flows)
{
  FwdFlow *flow = g_steal_pointer(&flows->run_flow);
  const gsize length = flows->run.length, segment = MAX(flows->run.segment, 1);
  FwdFlowSocket *socket;
  gsize sent;

  if (flow == NULL)
    return;
  socket = flow->socket;
  sent = fwd_datagram_run_send(&flows->run, socket->watch.fd,
                               socket->by_remote != NULL ? &flow->remote : NULL);
  flows->lost += (length - sent + segment - 1) / segment;
  if (socket->traffic != NULL)
    fwd_traffic_add(socket->traffic, bytes_in, sent);
}

void
fwd_flow_end(FwdFlows *flows, FwdFlow *flow)
{
  if (flows->run_flow == flow)
    send_run(flows);
  drop_held(flows, flow);
  if (flow->stream != NULL) {
    flow->stream->flow = NULL;
    fwd_stream_abort(flow->stream, FWD_STREAM_DONE);
  }
  if (flow->socket != NULL) {
    if (flow->socket->traffic != NULL)
      fwd_traffic_add(flow->socket->traffic, connections, -1);
    if (flow->socket->by_remote != NULL)
      g_hash_table_remove(flow->socket->by_remote, &flow->remote);
    else
      close_socket(flows, flow->socket);
  }
  g_hash_table_remove(flows->by_id, &flow->id);
}

static void
release_memory(FwdFlows *flows)
{
  fwd_datagram_queue_clear(&flows->queue);
  fwd_datagram_run_clear(&flows->run);
  g_clear_pointer(&flows->reader, fwd_datagram_reader_free);
}

void
fwd_flows_clear(FwdFlows *flows)
{
  GHashTableIter iter;
  gpointer flow;

  send_run(flows);
  g_hash_table_iter_init(&iter, flows->by_id);
  while (g_hash_table_iter_next(&iter, NULL, &flow))
    drop_held(flows, flow);
  while (flows->sockets.head != NULL) {
    FwdFlowSocket *socket = flows->sockets.head->data;

    if (socket->traffic != NULL && socket->by_remote != NULL)
      fwd_traffic_add(socket->traffic, connections,
                      -(guint64)g_hash_table_size(socket->by_remote));
    close_socket(flows, socket);
  }
  g_clear_pointer(&flows->by_id, g_hash_table_unref);
  release_memory(flows);
}

static FwdFlow *
open_flow(FwdFlows *flows, FwdFlowSocket *socket, const FwdEndpoint *remote)
{
  FwdStream *stream;
  FwdFlow *flow;

  if (g_hash_table_size(flows->by_id) >= FWD_FLOWS_MAX ||
      (stream = fwd_stream_open(flows->end, FWD_STREAM_FLOW)) == NULL)
    return NULL;
  flow = add_flow(flows, stream->id);
  flow->stream = stream;
  flow->socket = socket;
  flow->remote = *remote;
  stream->flow = flow;
  g_hash_table_insert(socket->by_remote, &flow->remote, flow);
  fwd_stream_queue_header(stream, socket->header);
  if (socket->traffic != NULL) {
    fwd_traffic_add(socket->traffic, connections, 1);
    fwd_traffic_add(socket->traffic, total, 1);
  }
  return flow;
}

static FwdFlow *
flow_from(FwdFlows *flows, FwdFlowSocket *socket, const struct sockaddr *address,
          socklen_t length)
{
  FwdEndpoint remote;
  FwdFlow *flow;

  if (socket->by_remote == NULL)
    return socket->only;
  if (!fwd_endpoint_from_sockaddr(address, length, &remote))
    return NULL;
  flow = g_hash_table_lookup(socket->by_remote, &remote);
  return flow != NULL ? flow : open_flow(flows, socket, &remote);
}

static void
send_datagram(FwdFlows *flows, FwdFlow *flow, const FwdDatagramRead *datagram)
{
  flow->used = fwd_tunnel_end_now(flows->end);
  if (flow->socket->traffic != NULL)
    fwd_traffic_add(flow->socket->traffic, bytes_out, datagram->length);
  if (datagram->length <= fwd_quic_writer_datagram_max(flows->end))
    flows->lost += fwd_datagram_queue_push(&flows->queue, flow->id, datagram->data,
                                           datagram->length, flow->used);
  else
    fwd_flows_send_large(flows, flow->id, datagram->data, datagram->length);
}

/** FALSE when the socket has nothing more now. */
static gboolean
read_some(FwdFlows *flows, FwdFlowSocket *socket)
{
  const guint count = fwd_datagram_reader_read(flows->reader, socket->watch.fd);
  FwdFlow *flow = NULL;

  for (guint i = 0; i < count; i++) {
    const FwdDatagramRead datagram = fwd_datagram_reader_get(flows->reader, i);

    if (!datagram.same_sender)
      flow = flow_from(flows, socket, datagram.from, datagram.from_length);
    if (flow != NULL)
      send_datagram(flows, flow, &datagram);
    else
      flows->lost++;
  }
  return count == FWD_DATAGRAM_READS;
}

static void
read_socket(FwdFlows *flows, FwdFlowSocket *socket)
{
  if (flows->reader == NULL)
    flows->reader = fwd_datagram_reader_new();
  for (guint i = 0; i < READS_A_ROUND; i++) {
    if (!read_some(flows, socket)) {
      socket->readable = FALSE;
      return;
    }
  }
  fwd_tunnel_end_wake(flows->end);
}

void
fwd_flows_serve(FwdFlows *flows)
{
  send_run(flows);
  /* Until there is a connection what arrives waits in the sockets. */
  if (!flows->end->connection.connected)
    return;
  for (GList *each = flows->sockets.head; each != NULL; each = each->next) {
    FwdFlowSocket *socket = each->data;

    if (socket->readable)
      read_socket(flows, socket);
  }
}

static void
deliver(FwdFlows *flows, FwdFlow *flow, const guint8 *data, gsize length)
{
  if (flows->run_flow != flow || !flow->socket->segments ||
      !fwd_datagram_run_add(&flows->run, data, length)) {
    send_run(flows);
    fwd_datagram_run_add(&flows->run, data, length);
    flows->run_flow = flow;
  }
}

static void
hold(FwdFlows *flows, FwdFlow *flow, const guint8 *data, gsize length)
{
  if (flow->held.length >= FWD_FLOW_HELD_MAX ||
      flows->held_bytes + length > FWD_FLOW_HELD_BYTES_MAX) {
    flows->lost++;
    return;
  }
  flows->held_bytes += length;
  g_queue_push_tail(&flow->held, g_bytes_new(data, length));
}

/** Whether the peer may open a flow with this id. */
static gboolean
is_remote_flow(const FwdFlows *flows, guint64 id)
{
  return (id & 3) == (flows->end->connection.server ? 0u : 1u);
}

void
fwd_flows_received(FwdFlows *flows, const guint8 *data, gsize length)
{
  FwdFlow *flow = flows->run_flow;
  guint64 id;
  const gsize prefix = fwd_varint_read(data, length, &id);

  if (prefix == 0 || id == FWD_PATH_MTU_FLOW)
    return;
  if (flow == NULL || flow->id != id)
    flow = g_hash_table_lookup(flows->by_id, &id);
  if (flow == NULL && is_remote_flow(flows, id))
    flow = add_flow(flows, id);
  if (flow == NULL) {
    flows->lost++;
    return;
  }
  flow->used = fwd_tunnel_end_now(flows->end);
  if (flow->socket != NULL)
    deliver(flows, flow, data + prefix, length - prefix);
  else
    hold(flows, flow, data + prefix, length - prefix);
}

gboolean
fwd_flows_opened(FwdFlows *flows, FwdStream *stream)
{
  const guint64 id = stream->id;
  FwdFlow *flow = g_hash_table_lookup(flows->by_id, &id);

  if (flow == NULL)
    flow = add_flow(flows, id);
  if (flow == NULL)
    return FALSE;
  flow->stream = stream;
  stream->flow = flow;
  return TRUE;
}

void
fwd_flow_attach(FwdFlows *flows, FwdFlow *flow, int fd)
{
  GBytes *bytes;

  flow->socket = add_socket(flows, fd, NULL);
  flow->socket->only = flow;
  while ((bytes = g_queue_pop_head(&flow->held)) != NULL) {
    flows->held_bytes -= g_bytes_get_size(bytes);
    deliver(flows, flow, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_bytes_unref(bytes);
  }
}

void
fwd_flows_send_large(FwdFlows *flows, guint64 flow, const guint8 *data, gsize length)
{
  guint8 prefix[1 + FWD_VARINT_MAX] = {FWD_STREAM_DATAGRAM};
  FwdStream *stream = NULL;

  if (flows->large < FWD_FLOW_LARGE_MAX)
    stream = fwd_stream_open(flows->end, FWD_STREAM_DATAGRAM);
  if (stream == NULL) {
    flows->lost++;
    return;
  }
  flows->large++;
  fwd_stream_queue(stream, prefix, 1 + fwd_varint_write(prefix + 1, flow));
  fwd_stream_queue(stream, data, length);
  fwd_stream_finish(stream);
}

void
fwd_flows_expire(FwdFlows *flows, gint64 now)
{
  g_autoptr(GList) all = g_hash_table_get_values(flows->by_id);

  for (GList *each = all; each != NULL; each = each->next) {
    FwdFlow *flow = each->data;

    if (now - flow->used >= flows->idle_limit)
      fwd_flow_end(flows, flow);
  }
  if (flows->queue.count == 0 && g_hash_table_size(flows->by_id) == 0)
    release_memory(flows);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/flow.h"

#include "tunnel/path-mtu.h"
#include "tunnel/tunnel-end.h"
#include "tunnel/varint.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Then others have their turn. */
#define READS_A_ROUND 64

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

void
fwd_flow_end(FwdFlows *flows, FwdFlow *flow)
{
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

void
fwd_flows_clear(FwdFlows *flows)
{
  GHashTableIter iter;
  gpointer flow;

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
  fwd_datagram_queue_clear(&flows->queue);
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
send_datagram(FwdFlows *flows, FwdFlow *flow, const guint8 *data, gsize length)
{
  flow->used = fwd_tunnel_end_now(flows->end);
  if (flow->socket->traffic != NULL)
    fwd_traffic_add(flow->socket->traffic, bytes_out, length);
  if (length <= fwd_quic_writer_datagram_max(flows->end))
    fwd_datagram_queue_commit(&flows->queue, flow->id, length);
  else
    fwd_flows_send_large(flows, flow->id, data, length);
}

/** FALSE when the socket has nothing more now. */
static gboolean
read_one(FwdFlows *flows, FwdFlowSocket *socket)
{
  guint8 *data = fwd_datagram_queue_reserve(&flows->queue);
  struct sockaddr_storage from = {0};
  socklen_t from_length = sizeof from;
  FwdFlow *flow;
  /* Without room for it the newest datagram is dropped. */
  const gssize length = recvfrom(socket->watch.fd, data, data != NULL ? FWD_DATAGRAM_MAX : 0, 0,
                                 (struct sockaddr *)&from, &from_length);

  if (length < 0)
    return errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == EINTR;
  flow = flow_from(flows, socket, (struct sockaddr *)&from, from_length);
  if (data != NULL && flow != NULL)
    send_datagram(flows, flow, data, length);
  else
    flows->lost++;
  return TRUE;
}

static void
read_socket(FwdFlows *flows, FwdFlowSocket *socket)
{
  for (guint i = 0; i < READS_A_ROUND; i++) {
    if (!read_one(flows, socket)) {
      socket->readable = FALSE;
      return;
    }
  }
  fwd_tunnel_end_wake(flows->end);
}

void
fwd_flows_serve(FwdFlows *flows)
{
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
deliver(FwdFlow *flow, const guint8 *data, gsize length)
{
  FwdFlowSocket *socket = flow->socket;
  const gboolean bound = socket->by_remote != NULL;
  gssize sent =
      sendto(socket->watch.fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT,
             bound ? &flow->remote.any : NULL, bound ? fwd_endpoint_length(&flow->remote) : 0);

  /* An ICMP error of an earlier datagram is reported by the next call: once. */
  if (sent < 0 && errno == ECONNREFUSED)
    sent = sendto(socket->watch.fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT,
                  bound ? &flow->remote.any : NULL,
                  bound ? fwd_endpoint_length(&flow->remote) : 0);
  if (sent >= 0 && socket->traffic != NULL)
    fwd_traffic_add(socket->traffic, bytes_in, sent);
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
  guint64 id;
  const gsize prefix = fwd_varint_read(data, length, &id);
  FwdFlow *flow;

  if (prefix == 0 || id == FWD_PATH_MTU_FLOW)
    return;
  flow = g_hash_table_lookup(flows->by_id, &id);
  if (flow == NULL && is_remote_flow(flows, id))
    flow = add_flow(flows, id);
  if (flow == NULL) {
    flows->lost++;
    return;
  }
  flow->used = fwd_tunnel_end_now(flows->end);
  if (flow->socket != NULL)
    deliver(flow, data + prefix, length - prefix);
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
    deliver(flow, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
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
    fwd_datagram_queue_clear(&flows->queue);
}

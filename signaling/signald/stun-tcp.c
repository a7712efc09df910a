/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stun-tcp.h"

#include "net/stun-stream.h"
#include "stun-answer.h"
#include <errno.h>
#include <glib-unix.h>
#include <stunfwd/error.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG            64
#define ACCEPTS_PER_WAKEUP 64
#define EXPIRY_INTERVAL_S  5

typedef struct {
  FwdStunTcp *tcp;
  int fd;
  GSource *source;
  FwdEndpoint client;
  gint64 heard;
  gsize length;
  guint8 data[FWD_STUN_MESSAGE_MAX];
} Connection;

struct FwdStunTcp {
  FwdStunSite site;
  FwdRateLimit *limits;
  int fd;
  GSource *source, *timer;
  GPtrArray *connections;
};

static GSource *
watch(int fd, GUnixFDSourceFunc callback, gpointer user_data)
{
  GSource *source = g_unix_fd_source_new(fd, G_IO_IN);

  g_source_set_callback(source, G_SOURCE_FUNC(callback), user_data, NULL);
  g_source_attach(source, g_main_context_get_thread_default());
  return source;
}

static void
unwatch(GSource **source)
{
  if (*source != NULL)
    g_source_destroy(*source);
  g_clear_pointer(source, g_source_unref);
}

static void
connection_free(gpointer data)
{
  Connection *connection = data;

  unwatch(&connection->source);
  close(connection->fd);
  g_free(connection);
}

static void
drop(Connection *connection)
{
  g_ptr_array_remove_fast(connection->tcp->connections, connection);
}

/* FALSE: close the connection. Who takes no answer of 256 bytes does not read at all. */
static gboolean
answer(Connection *connection, gsize length)
{
  FwdStunTcp *tcp = connection->tcp;
  FwdStunAnswer reply;

  return fwd_rate_limit_take(tcp->limits, &connection->client, connection->heard) &&
         fwd_stun_answer(&tcp->site, 0, &connection->client, connection->data, length,
                         &reply) &&
         send(connection->fd, reply.data, reply.length, MSG_NOSIGNAL | MSG_DONTWAIT) ==
             (gssize)reply.length;
}

static gboolean
take_messages(Connection *connection)
{
  gssize length;

  while ((length = fwd_stun_stream_next(connection->data, connection->length)) > 0) {
    if (!answer(connection, (gsize)length))
      return FALSE;
    connection->length -= (gsize)length;
    memmove(connection->data, connection->data + length, connection->length);
  }
  return length == 0;
}

static gboolean
read_some(Connection *connection)
{
  gssize got = recv(connection->fd, connection->data + connection->length,
                    sizeof connection->data - connection->length, MSG_DONTWAIT);

  if (got < 0)
    return errno == EAGAIN || errno == EINTR;
  if (got == 0)
    return FALSE;
  connection->length += (gsize)got;
  connection->heard = g_get_monotonic_time();
  return take_messages(connection);
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
  Connection *connection = user_data;

  if (read_some(connection))
    return G_SOURCE_CONTINUE;
  drop(connection);
  return G_SOURCE_REMOVE;
}

static gboolean
may_enter(const FwdStunTcp *tcp, const FwdEndpoint *client)
{
  guint same = 0;

  for (guint i = 0; i < tcp->connections->len; i++) {
    const Connection *other = g_ptr_array_index(tcp->connections, i);

    same += fwd_endpoint_same_address(&other->client, client) ? 1 : 0;
  }
  return tcp->connections->len < FWD_STUN_TCP_CONNECTIONS && same < FWD_STUN_TCP_PER_CLIENT;
}

static void
enter(FwdStunTcp *tcp, int fd, const FwdEndpoint *client)
{
  Connection *connection = g_new0(Connection, 1);

  connection->tcp = tcp;
  connection->fd = fd;
  connection->client = *client;
  connection->heard = g_get_monotonic_time();
  connection->source = watch(fd, on_readable, connection);
  g_ptr_array_add(tcp->connections, connection);
}

static gboolean
on_incoming(int fd, GIOCondition condition, gpointer user_data)
{
  FwdStunTcp *tcp = user_data;

  for (guint i = 0; i < ACCEPTS_PER_WAKEUP; i++) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int incoming =
        accept4(fd, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    FwdEndpoint client;

    if (incoming < 0)
      break;
    if (fwd_endpoint_from_sockaddr((struct sockaddr *)&address, length, &client) &&
        may_enter(tcp, &client))
      enter(tcp, incoming, &client);
    else
      close(incoming);
  }
  return G_SOURCE_CONTINUE;
}

void
fwd_stun_tcp_expire(FwdStunTcp *tcp, gint64 now)
{
  for (guint i = tcp->connections->len; i > 0; i--) {
    Connection *connection = g_ptr_array_index(tcp->connections, i - 1);

    if (now - connection->heard > FWD_STUN_TCP_IDLE_S * G_USEC_PER_SEC)
      g_ptr_array_remove_index_fast(tcp->connections, i - 1);
  }
}

static gboolean
on_timer(gpointer user_data)
{
  fwd_stun_tcp_expire(user_data, g_get_monotonic_time());
  return G_SOURCE_CONTINUE;
}

static gboolean
listen_on(FwdStunTcp *tcp, const FwdEndpoint *address)
{
  int on = 1, family = fwd_endpoint_family(address);

  tcp->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (tcp->fd < 0)
    return FALSE;
  setsockopt(tcp->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6)
    setsockopt(tcp->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  return bind(tcp->fd, &address->any, fwd_endpoint_length(address)) == 0 &&
         listen(tcp->fd, BACKLOG) == 0;
}

FwdStunTcp *
fwd_stun_tcp_new(const FwdEndpoint *address, FwdRateLimit *limits, GError **error)
{
  g_autoptr(FwdStunTcp) tcp = g_new0(FwdStunTcp, 1);

  tcp->site = (FwdStunSite){.count = 1, .is_stream = TRUE, .local = {*address}};
  tcp->limits = limits;
  tcp->connections = g_ptr_array_new_with_free_func(connection_free);
  if (!listen_on(tcp, address)) {
    int saved = errno;
    g_autofree char *text = fwd_endpoint_to_string(address);

    g_set_error(error, FWD_NET_ERROR,
                saved == EADDRINUSE ? FWD_ERROR_REFUSED : FWD_ERROR_FAILED,
                "STUN over TCP on %s: %s", text, g_strerror(saved));
    return NULL;
  }
  tcp->source = watch(tcp->fd, on_incoming, tcp);
  tcp->timer = g_timeout_source_new_seconds(EXPIRY_INTERVAL_S);
  g_source_set_callback(tcp->timer, on_timer, tcp, NULL);
  g_source_attach(tcp->timer, g_main_context_get_thread_default());
  return g_steal_pointer(&tcp);
}

void
fwd_stun_tcp_free(FwdStunTcp *tcp)
{
  g_ptr_array_unref(tcp->connections);
  unwatch(&tcp->source);
  unwatch(&tcp->timer);
  if (tcp->fd >= 0)
    close(tcp->fd);
  g_free(tcp);
}

guint
fwd_stun_tcp_count(const FwdStunTcp *tcp)
{
  return tcp->connections->len;
}

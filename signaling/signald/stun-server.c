/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stun-server.h"

#include "rate-limit.h"
#include "stun-classic.h"
#include "stun-tcp.h"

#define FWD_LOG_COMPONENT "signald"
#include "core/log.h"
#include "net/datagram-socket.h"
#include <glib-unix.h>
#include <stunfwd/error.h>
#include <unistd.h>

#define BATCHES_PER_WAKEUP 64
/* Of ports that the system picks for UDP, one is free for TCP, too. */
#define PICK_TRIES 16

typedef struct {
  FwdStunServer *server;
  guint index;
  int fd;
  GSource *source;
  FwdStunTcp *tcp; /* NULL where the port is taken */
} StunSocket;

struct FwdStunServer {
  FwdStunSite site;
  StunSocket sockets[FWD_STUN_SITE_SOCKETS];
  FwdRateLimit *limits;
  guint8 buffer[FWD_DATAGRAM_BUFFER_SIZE];
};

static void
answer_one(StunSocket *socket, const FwdEndpoint *from, const guint8 *data, gsize length,
           gint64 now)
{
  FwdStunServer *server = socket->server;
  FwdStunAnswer answer;

  gboolean is_classic = fwd_stun_classic_is_likely(data, length);

  if ((!is_classic && !fwd_stun_message_is_likely(data, length)) ||
      !fwd_rate_limit_take(server->limits, from, now) ||
      !(is_classic ? fwd_stun_classic_answer : fwd_stun_answer)(&server->site, socket->index,
                                                                from, data, length, &answer))
    return;
  /* An answer that cannot be sent is a lost packet: the client asks again. */
  (void)fwd_datagram_socket_send_one(server->sockets[answer.socket].fd, &answer.to, 0,
                                     answer.data, answer.length);
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
  StunSocket *socket = user_data;
  guint8 *buffer = socket->server->buffer;
  gint64 now = g_get_monotonic_time();

  for (guint i = 0; i < BATCHES_PER_WAKEUP; i++) {
    FwdEndpoint from;
    gsize segment;
    gssize length =
        fwd_datagram_socket_receive(fd, buffer, sizeof socket->server->buffer, &from, &segment);

    if (length <= 0)
      break;
    for (gsize at = 0; at < (gsize)length; at += segment)
      answer_one(socket, &from, buffer + at, MIN(segment, (gsize)length - at), now);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
open_udp(StunSocket *socket, const FwdEndpoint *local, GError **error)
{
  socket->fd = fwd_datagram_socket_open(local, error);
  if (socket->fd < 0) {
    g_autofree char *text = fwd_endpoint_to_string(local);

    g_prefix_error(error, "STUN on %s: ", text);
    return FALSE;
  }
  fwd_datagram_socket_get_local(socket->fd, &socket->server->site.local[socket->index]);
  return TRUE;
}

/*
 * A port that is taken for TCP, by the rooms perhaps, is still good for UDP; where
 * the system picks it, another one may be free for both.
 */
static gboolean
open_both(StunSocket *socket, const FwdEndpoint *local, GError **error)
{
  FwdStunServer *server = socket->server;

  for (guint tries = fwd_endpoint_port(local) == 0 ? PICK_TRIES : 1;; tries--) {
    g_autoptr(GError) problem = NULL;

    if (!open_udp(socket, local, error))
      return FALSE;
    socket->tcp =
        fwd_stun_tcp_new(&server->site.local[socket->index], server->limits, &problem);
    if (socket->tcp != NULL)
      return TRUE;
    if (tries == 1) {
      fwd_log_warning("%s", problem->message);
      return TRUE;
    }
    close(socket->fd);
  }
}

static gboolean
open_socket(FwdStunServer *server, guint index, const FwdEndpoint *address, guint16 port,
            GError **error)
{
  StunSocket *socket = &server->sockets[index];
  FwdEndpoint local = *address;

  fwd_endpoint_set_port(&local, port);
  if (!open_both(socket, &local, error))
    return FALSE;
  socket->source = g_unix_fd_source_new(socket->fd, G_IO_IN);
  g_source_set_callback(socket->source, G_SOURCE_FUNC(on_readable), socket, NULL);
  g_source_attach(socket->source, g_main_context_get_thread_default());
  return TRUE;
}

static gboolean
open_all(FwdStunServer *server, const FwdEndpoint *address, const FwdEndpoint *alternate,
         GError **error)
{
  const FwdEndpoint *local = server->site.local;

  if (!open_socket(server, 0, address, fwd_endpoint_port(address), error))
    return FALSE;
  if (alternate == NULL)
    return TRUE;
  return open_socket(server, FWD_STUN_OTHER_IP | FWD_STUN_OTHER_PORT, alternate,
                     fwd_endpoint_port(alternate), error) &&
         open_socket(server, FWD_STUN_OTHER_IP, alternate, fwd_endpoint_port(&local[0]),
                     error) &&
         open_socket(server, FWD_STUN_OTHER_PORT, address, fwd_endpoint_port(&local[3]), error);
}

static gboolean
pair_is_valid(const FwdEndpoint *address, const FwdEndpoint *alternate, GError **error)
{
  const char *problem = NULL;

  if (fwd_endpoint_family(address) != fwd_endpoint_family(alternate))
    problem = "they are of two families";
  else if (fwd_endpoint_is_any(address) || fwd_endpoint_is_any(alternate))
    problem = "a wildcard address cannot have an alternate";
  else if (fwd_endpoint_same_address(address, alternate))
    problem = "their IP addresses must differ";
  else if (fwd_endpoint_port(address) == fwd_endpoint_port(alternate) &&
           fwd_endpoint_port(address) != 0)
    problem = "their ports must differ";
  if (problem == NULL)
    return TRUE;
  g_set_error(error, FWD_NET_ERROR, FWD_ERROR_INVALID, "STUN address and its alternate: %s",
              problem);
  return FALSE;
}

FwdStunServer *
fwd_stun_server_new(const FwdEndpoint *address, const FwdEndpoint *alternate, GError **error)
{
  g_autoptr(FwdStunServer) server = NULL;

  if (alternate != NULL && !pair_is_valid(address, alternate, error))
    return NULL;
  server = g_new0(FwdStunServer, 1);
  server->limits = fwd_rate_limit_new(FWD_STUN_RATE, FWD_STUN_BURST);
  server->site.count = alternate != NULL ? FWD_STUN_SITE_SOCKETS : 1;
  for (guint i = 0; i < FWD_STUN_SITE_SOCKETS; i++)
    server->sockets[i] = (StunSocket){.server = server, .index = i, .fd = -1};
  if (!open_all(server, address, alternate, error))
    return NULL;
  return g_steal_pointer(&server);
}

static void
close_socket(StunSocket *socket)
{
  if (socket->source != NULL) {
    g_source_destroy(socket->source);
    g_source_unref(socket->source);
  }
  if (socket->fd >= 0)
    close(socket->fd);
  g_clear_pointer(&socket->tcp, fwd_stun_tcp_free);
}

void
fwd_stun_server_free(FwdStunServer *server)
{
  for (guint i = 0; i < FWD_STUN_SITE_SOCKETS; i++)
    close_socket(&server->sockets[i]);
  fwd_rate_limit_free(server->limits);
  g_free(server);
}

const FwdStunSite *
fwd_stun_server_get_site(const FwdStunServer *server)
{
  return &server->site;
}

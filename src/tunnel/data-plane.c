/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "tunnel"
#include "tunnel/data-plane.h"
#include "core/log.h"
#include "net/datagram-socket.h"
#include "path/udp-path.h"
#include "tunnel/check-table.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/** The shared sockets: one for each family. */
enum { SOCKET_IPV4, SOCKET_IPV6, SOCKETS };

enum { SIGNAL_STUN, SIGNAL_CHALLENGED, SIGNAL_CHECKED, SIGNALS };

static guint signals[SIGNALS];

typedef struct {
  int fd; /* -1: no such family here */
  FwdEndpoint local;
} SharedSocket;

struct _FwdDataPlane {
  GObject parent;
  FwdIdentity *identity;
  guint8 probe_key[FWD_PROBE_KEY_SIZE];
  SharedSocket sockets[SOCKETS];
  FwdDataLoop *loop;
  FwdDemultiplexer *demultiplexer;
  FwdCheckTable *checks;
};

G_DEFINE_FINAL_TYPE(FwdDataPlane, fwd_data_plane, G_TYPE_OBJECT)

static void
fwd_data_plane_dispose(GObject *object)
{
  /* Not in finalize: the loop's last reports come while it ends. */
  fwd_data_plane_shutdown(FWD_DATA_PLANE(object));
  G_OBJECT_CLASS(fwd_data_plane_parent_class)->dispose(object);
}

static void
fwd_data_plane_finalize(GObject *object)
{
  FwdDataPlane *self = FWD_DATA_PLANE(object);

  g_clear_pointer(&self->checks, fwd_check_table_free);
  g_clear_pointer(&self->identity, fwd_identity_unref);
  explicit_bzero(self->probe_key, sizeof self->probe_key);
  G_OBJECT_CLASS(fwd_data_plane_parent_class)->finalize(object);
}

static void
fwd_data_plane_class_init(FwdDataPlaneClass *klass)
{
  GType type = G_TYPE_FROM_CLASS(klass);

  G_OBJECT_CLASS(klass)->dispose = fwd_data_plane_dispose;
  G_OBJECT_CLASS(klass)->finalize = fwd_data_plane_finalize;
  signals[SIGNAL_STUN] =
      g_signal_new("stun", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                   FWD_TYPE_ENDPOINT | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_BYTES);
  signals[SIGNAL_CHALLENGED] =
      g_signal_new("challenged", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                   G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE,
                   FWD_TYPE_ENDPOINT | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[SIGNAL_CHECKED] =
      g_signal_new("checked", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                   G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE,
                   FWD_TYPE_ENDPOINT | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_UINT);
}

static void
fwd_data_plane_init(FwdDataPlane *self)
{
  self->checks = fwd_check_table_new();
  for (guint i = 0; i < SOCKETS; i++)
    self->sockets[i].fd = -1;
}

/* What the data-loop tells. A handler may drop the last reference. */

static void
on_stun(const FwdEndpoint *from, const guint8 *data, gsize length, gint64 when_us G_GNUC_UNUSED,
        gpointer user_data)
{
  g_autoptr(GBytes) datagram = g_bytes_new(data, length);
  g_autoptr(FwdDataPlane) self = g_object_ref(user_data);

  g_signal_emit(self, signals[SIGNAL_STUN], 0, from, datagram);
}

static void
on_challenged(const char *peer, const FwdEndpoint *from, gpointer user_data)
{
  g_autoptr(FwdDataPlane) self = g_object_ref(user_data);

  g_signal_emit(self, signals[SIGNAL_CHALLENGED], 0, peer, from);
}

static void
on_checked(const guint8 *transaction, const FwdEndpoint *from, gint64 when_us,
           gpointer user_data)
{
  g_autoptr(FwdDataPlane) self = g_object_ref(user_data);
  char peer[FWD_PEER_ID_SIZE + 1];
  guint rtt_us;

  if (fwd_check_table_take(self->checks, transaction, when_us, peer, &rtt_us))
    g_signal_emit(self, signals[SIGNAL_CHECKED], 0, peer, from, rtt_us);
}

static const FwdDemultiplexerEvents demultiplexer_events = {
    .stun = on_stun,
    .challenged = on_challenged,
    .checked = on_checked,
};

/* Making and ending it. */

/** Once: it is the same for all sockets of the process. */
static void
hint_at_limit(int fd)
{
  static gint told;
  const gsize granted = fwd_datagram_socket_get_receive_buffer(fd);

  if (granted >= FWD_DATAGRAM_RECEIVE_BUFFER || !g_atomic_int_compare_and_exchange(&told, 0, 1))
    return;
  fwd_log_info("the system allows %u KiB for packets that wait in a UDP socket: fast transfers "
               "will lose some; for more: sysctl -w net.core.rmem_max=%u",
               (guint)(granted / 1024), FWD_DATAGRAM_RECEIVE_BUFFER);
}

static gboolean
open_socket(SharedSocket *shared, int family, GError **error)
{
  FwdEndpoint any;

  fwd_endpoint_any(family, &any);
  shared->fd = fwd_datagram_socket_open(&any, error);
  if (shared->fd < 0)
    return FALSE;
  fwd_datagram_socket_get_local(shared->fd, &shared->local);
  hint_at_limit(shared->fd);
  return TRUE;
}

static gboolean
open_sockets(FwdDataPlane *self, GError **error)
{
  GError *error4 = NULL;

  gboolean ipv4 = open_socket(&self->sockets[SOCKET_IPV4], AF_INET, &error4);
  gboolean ipv6 = open_socket(&self->sockets[SOCKET_IPV6], AF_INET6, NULL);

  if (ipv4 || ipv6)
    g_clear_error(&error4);
  else
    g_propagate_error(error, error4);
  return ipv4 || ipv6;
}

static void
add_sockets(gpointer data)
{
  FwdDataPlane *self = data;

  for (guint i = 0; i < SOCKETS; i++)
    if (self->sockets[i].fd >= 0)
      fwd_demultiplexer_add_socket(self->demultiplexer, self->sockets[i].fd);
}

static void
remove_sockets(gpointer data)
{
  FwdDataPlane *self = data;

  for (guint i = 0; i < SOCKETS; i++)
    if (self->sockets[i].fd >= 0)
      fwd_demultiplexer_remove_socket(self->demultiplexer, self->sockets[i].fd);
}

FwdDataPlane *
fwd_data_plane_new(const guint8 *probe_key, FwdIdentity *identity, GError **error)
{
  g_autoptr(FwdDataPlane) self = g_object_new(FWD_TYPE_DATA_PLANE, NULL);

  self->identity = fwd_identity_ref(identity);
  memcpy(self->probe_key, probe_key, sizeof self->probe_key);
  if (!open_sockets(self, error))
    return NULL;
  self->loop = fwd_data_loop_new(g_main_context_get_thread_default(), error);
  if (self->loop == NULL)
    return NULL;
  self->demultiplexer =
      fwd_demultiplexer_new(self->loop, self->probe_key, fwd_identity_get_peer_id(identity),
                            &demultiplexer_events, self);
  fwd_data_loop_post(self->loop, add_sockets, self);
  return g_steal_pointer(&self);
}

void
fwd_data_plane_shutdown(FwdDataPlane *self)
{
  FwdDataLoop *loop = self->loop;

  if (loop != NULL) {
    fwd_data_loop_post_and_wait(loop, remove_sockets, self);
    self->loop = NULL;
    fwd_data_loop_free(loop);
    g_clear_pointer(&self->demultiplexer, fwd_demultiplexer_free);
  }
  for (guint i = 0; i < SOCKETS; i++) {
    if (self->sockets[i].fd >= 0)
      close(self->sockets[i].fd);
    self->sockets[i].fd = -1;
  }
}

/* Using it. */

static const SharedSocket *
get_socket(FwdDataPlane *self, int family)
{
  const SharedSocket *shared = &self->sockets[family == AF_INET6 ? SOCKET_IPV6 : SOCKET_IPV4];

  return shared->fd >= 0 ? shared : NULL;
}

guint16
fwd_data_plane_get_port(FwdDataPlane *self, int family)
{
  const SharedSocket *shared = get_socket(self, family);

  return shared != NULL ? fwd_endpoint_port(&shared->local) : 0;
}

int
fwd_data_plane_send(FwdDataPlane *self, const FwdEndpoint *to, guint ttl, const guint8 *data,
                    gsize length)
{
  const SharedSocket *shared = get_socket(self, fwd_endpoint_family(to));

  if (shared == NULL)
    return -EAFNOSUPPORT;
  return fwd_datagram_socket_send_one(shared->fd, to, ttl, data, length);
}

int
fwd_data_plane_send_check(FwdDataPlane *self, const char *peer, const FwdEndpoint *to,
                          guint ttl)
{
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE], request[FWD_PROBE_SIZE_MAX];
  gint64 now = g_get_monotonic_time();
  gsize length;
  int result;

  fwd_stun_new_transaction(transaction);
  length = fwd_probe_write_request(request, sizeof request, self->probe_key, peer,
                                   fwd_identity_get_peer_id(self->identity), transaction);
  result = fwd_data_plane_send(self, to, ttl, request, length);
  if (result == 0)
    fwd_check_table_add(self->checks, transaction, peer, now);
  return result;
}

FwdPath *
fwd_data_plane_create_path(FwdDataPlane *self, const FwdEndpoint *remote,
                           FwdPathClass path_class, const char *strategy, guint32 rtt_us)
{
  const SharedSocket *shared = get_socket(self, fwd_endpoint_family(remote));
  FwdEndpoint local;

  if (shared == NULL)
    return NULL;
  /* The socket is bound to the wildcard address; people want to see the real one. */
  if (fwd_datagram_socket_find_source(remote, &local))
    fwd_endpoint_set_port(&local, fwd_endpoint_port(&shared->local));
  else
    local = shared->local;
  return fwd_udp_path_new(shared->fd, &local, remote, path_class, strategy, rtt_us);
}

FwdDataLoop *
fwd_data_plane_get_loop(FwdDataPlane *self)
{
  return self->loop;
}

FwdDemultiplexer *
fwd_data_plane_get_demultiplexer(FwdDataPlane *self)
{
  return self->demultiplexer;
}

FwdIdentity *
fwd_data_plane_get_identity(FwdDataPlane *self)
{
  return self->identity;
}

const guint8 *
fwd_data_plane_get_probe_key(FwdDataPlane *self)
{
  return self->probe_key;
}

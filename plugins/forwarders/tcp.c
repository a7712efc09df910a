/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forwards TCP connections: each is one stream of the tunnel. */
#define G_LOG_DOMAIN "forwarder-tcp"

#include "dialer.h"
#include "sockets.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#define BACKLOG          512
#define ACCEPTS_PER_TURN 64
#define PAUSE_MS         100

#define FWD_TYPE_TCP (fwd_tcp_get_type())
G_DECLARE_FINAL_TYPE(FwdTcp, fwd_tcp, FWD, TCP, GObject)

struct _FwdTcp {
  GObject parent;

  FwdMapping *mapping;
  FwdTunnel *tunnel;
  int fd;
  guint16 port;
  GSource *source; /* of the listening socket, or the pause before it goes on */
  gboolean short_of_descriptors;
  ForwarderDialer *dialer;
};

static void fwd_tcp_forwarder_init(FwdForwarderInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdTcp, fwd_tcp, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_FORWARDER, fwd_tcp_forwarder_init))

static void
set_source(FwdTcp *self, GSource *source, GSourceFunc callback)
{
  if (self->source != NULL)
    g_source_destroy(self->source);
  g_clear_pointer(&self->source, g_source_unref);
  if (source == NULL)
    return;
  self->source = source;
  g_source_set_name(source, "stunfwd tcp listener");
  g_source_set_callback(source, callback, self, NULL);
  g_source_attach(source, g_main_context_get_thread_default());
}

static gboolean on_incoming(int fd, GIOCondition condition, gpointer user_data);

static void
watch(FwdTcp *self)
{
  set_source(self, g_unix_fd_source_new(self->fd, G_IO_IN), G_SOURCE_FUNC(on_incoming));
}

static gboolean
on_pause_over(gpointer user_data)
{
  watch(user_data);
  return G_SOURCE_REMOVE;
}

/* The connection stays in the backlog, so that polling on would spin. */
static void
pause_accepting(FwdTcp *self, int errnum)
{
  if (!self->short_of_descriptors)
    g_warning("%s: cannot accept connections for now: %s", fwd_mapping_to_string(self->mapping),
              g_strerror(errnum));
  self->short_of_descriptors = TRUE;
  set_source(self, g_timeout_source_new(PAUSE_MS), on_pause_over);
}

static gboolean
is_shortage(int errnum)
{
  return errnum == EMFILE || errnum == ENFILE || errnum == ENOBUFS || errnum == ENOMEM;
}

static void
forward(FwdTcp *self, int connection)
{
  self->short_of_descriptors = FALSE;
  forwarder_tune_stream(connection);
  fwd_tunnel_open(self->tunnel, FWD_CHANNEL_STREAM,
                  fwd_mapping_get_target_forwarder(self->mapping),
                  fwd_mapping_get_target(self->mapping), connection,
                  fwd_mapping_get_traffic(self->mapping));
}

static gboolean
on_incoming(int fd, GIOCondition condition, gpointer user_data)
{
  g_autoptr(FwdTcp) self = g_object_ref(FWD_TCP(user_data));

  /* The tunnel may close this forwarder while it takes a connection. */
  for (guint i = 0; i < ACCEPTS_PER_TURN && self->fd >= 0; i++) {
    int connection = accept4(self->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection >= 0) {
      forward(self, connection);
    } else if (is_shortage(errno)) {
      pause_accepting(self, errno);
      break;
    } else if (errno == EAGAIN) {
      break;
    }
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
fwd_tcp_listen(FwdForwarder *forwarder, FwdMapping *mapping, FwdTunnel *tunnel, GError **error)
{
  FwdTcp *self = FWD_TCP(forwarder);
  int fd = forwarder_bind(SOCK_STREAM, mapping, error);

  if (fd < 0)
    return FALSE;
  /* Two sockets that both asked to reuse the address meet only here. */
  if (listen(fd, BACKLOG) < 0) {
    const int errnum = errno;
    close(fd);
    g_set_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_REFUSED,
                "%s:%u cannot be listened on: %s", fwd_mapping_get_bind(mapping),
                fwd_mapping_get_port(mapping), g_strerror(errnum));
    return FALSE;
  }
  self->fd = fd;
  self->port = forwarder_local_port(fd);
  self->mapping = fwd_mapping_ref(mapping);
  self->tunnel = g_object_ref(tunnel);
  watch(self);
  return TRUE;
}

static void
fwd_tcp_close(FwdForwarder *forwarder)
{
  FwdTcp *self = FWD_TCP(forwarder);

  set_source(self, NULL, NULL);
  if (self->fd >= 0)
    close(self->fd);
  self->fd = -1;
  self->port = 0;
}

static guint16
fwd_tcp_get_port(FwdForwarder *forwarder)
{
  return FWD_TCP(forwarder)->port;
}

static void
fwd_tcp_serve(FwdForwarder *forwarder, FwdChannel *channel)
{
  forwarder_dialer_serve(FWD_TCP(forwarder)->dialer, channel);
}

static void
fwd_tcp_forwarder_init(FwdForwarderInterface *iface)
{
  iface->listen = fwd_tcp_listen;
  iface->close = fwd_tcp_close;
  iface->get_port = fwd_tcp_get_port;
  iface->serve = fwd_tcp_serve;
}

static void
fwd_tcp_dispose(GObject *object)
{
  FwdTcp *self = FWD_TCP(object);

  fwd_tcp_close(FWD_FORWARDER(self));
  g_clear_pointer(&self->dialer, forwarder_dialer_free);
  g_clear_pointer(&self->mapping, fwd_mapping_unref);
  g_clear_object(&self->tunnel);
  G_OBJECT_CLASS(fwd_tcp_parent_class)->dispose(object);
}

static void
fwd_tcp_class_init(FwdTcpClass *klass)
{
  G_OBJECT_CLASS(klass)->dispose = fwd_tcp_dispose;
}

static void
fwd_tcp_init(FwdTcp *self)
{
  self->fd = -1;
  self->dialer = forwarder_dialer_new(SOCK_STREAM);
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {.help = "TCP connections"};

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_FORWARDER, "tcp", FWD_TYPE_TCP, &meta,
                                 error);
}

FWD_PLUGIN("tcp", "0.1.0", "LGPL-2.1-or-later", register_types)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "tunnel"
#include "tunnel/quic-tunnel.h"

#include "core/log.h"
#include "tunnel/channel.h"
#include "tunnel/opening.h"
#include "tunnel/tunnel-end.h"

struct _FwdQuicTunnel {
  GObject parent;
  char peer[FWD_PEER_ID_SIZE + 1];
  FwdTunnelEnd *end;
  FwdDataPlane *plane;
  FwdTunnelState state;
  FwdPathClass path_class;
  FwdTunnelStatistics statistics;
  gboolean closing;
};

enum { PROP_STATE = 1, PROP_PATH_CLASS, N_PROPERTIES };
enum {
  SIGNAL_CHANNEL,
  SIGNAL_SAMPLED,
  SIGNAL_PATH_CHANGED,
  SIGNAL_PATH_LOST,
  SIGNAL_CLOSED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

static void implement_tunnel(FwdTunnelInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdQuicTunnel, fwd_quic_tunnel, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_TUNNEL, implement_tunnel))

static void
set_state(FwdQuicTunnel *self, FwdTunnelState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_STATE]);
}

/* What the loop half tells. */

static void
on_connected(gpointer owner)
{
  FwdQuicTunnel *self = owner;

  if (!self->closing)
    set_state(self, FWD_TUNNEL_CONNECTED);
}

static void
on_channel(gpointer owner, FwdChannelKind kind, gint64 stream, const char *header)
{
  FwdQuicTunnel *self = owner;
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdQuicChannel) channel = NULL;

  if (self->closing)
    return;
  channel = fwd_quic_channel_new(self->end, kind, stream, header, &error);
  if (channel == NULL) {
    fwd_log_warning("%s", error->message);
    fwd_tunnel_end_refuse(self->end, stream, FWD_STREAM_PROTOCOL);
    return;
  }
  g_signal_emit(self, signals[SIGNAL_CHANNEL], 0, channel);
}

static void
on_statistics(gpointer owner, const FwdTunnelStatistics *statistics)
{
  FwdQuicTunnel *self = owner;
  const gboolean active = statistics->path_count > 0 && statistics->paths[0].active;

  self->statistics = *statistics;
  if (active && statistics->paths[0].path_class != self->path_class) {
    self->path_class = statistics->paths[0].path_class;
    g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_PATH_CLASS]);
  }
  g_signal_emit(self, signals[SIGNAL_SAMPLED], 0);
}

static void
on_path_changed(gpointer owner)
{
  g_signal_emit(owner, signals[SIGNAL_PATH_CHANGED], 0);
}

static void
on_path_lost(gpointer owner)
{
  g_signal_emit(owner, signals[SIGNAL_PATH_LOST], 0);
}

static void
on_closed(gpointer owner, const GError *why)
{
  FwdQuicTunnel *self = owner;

  self->closing = TRUE;
  g_object_ref(self);
  set_state(self, FWD_TUNNEL_CLOSED);
  g_signal_emit(self, signals[SIGNAL_CLOSED], 0, why);
  g_object_unref(self);
}

static const FwdTunnelEndEvents end_events = {
    .connected = on_connected,
    .channel = on_channel,
    .path_changed = on_path_changed,
    .path_lost = on_path_lost,
    .statistics = on_statistics,
    .closed = on_closed,
};

/* FwdTunnel. */

static const char *
get_id(FwdTunnel *tunnel)
{
  return FWD_QUIC_TUNNEL(tunnel)->peer;
}

static FwdTunnelState
get_state(FwdTunnel *tunnel)
{
  return FWD_QUIC_TUNNEL(tunnel)->state;
}

static FwdPathClass
get_path_class(FwdTunnel *tunnel)
{
  return FWD_QUIC_TUNNEL(tunnel)->path_class;
}

static void
open_channel(FwdTunnel *tunnel, FwdChannelKind kind, const char *forwarder, const char *target,
             int fd, FwdTraffic *traffic)
{
  FwdQuicTunnel *self = FWD_QUIC_TUNNEL(tunnel);
  g_autofree char *header = fwd_quic_channel_format_header(forwarder, target);

  if (self->closing)
    fwd_opening_refuse(kind, fd);
  else
    fwd_tunnel_end_open(self->end, kind, header, fd, traffic);
}

static void
release(FwdTunnel *tunnel, int fd)
{
  FwdQuicTunnel *self = FWD_QUIC_TUNNEL(tunnel);

  if (!self->closing)
    fwd_tunnel_end_release(self->end, fd);
}

static void
close_tunnel(FwdTunnel *tunnel)
{
  FwdQuicTunnel *self = FWD_QUIC_TUNNEL(tunnel);

  if (self->closing)
    return;
  self->closing = TRUE;
  fwd_tunnel_end_close(self->end);
  set_state(self, FWD_TUNNEL_CLOSED);
}

static void
implement_tunnel(FwdTunnelInterface *interface)
{
  interface->get_id = get_id;
  interface->get_state = get_state;
  interface->get_path_class = get_path_class;
  interface->open = open_channel;
  interface->release = release;
  interface->close = close_tunnel;
}

/* GObject. */

static void
get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  FwdQuicTunnel *self = FWD_QUIC_TUNNEL(object);

  switch (id) {
  case PROP_STATE:
    g_value_set_uint(value, self->state);
    break;
  case PROP_PATH_CLASS:
    g_value_set_uint(value, self->path_class);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void
dispose(GObject *object)
{
  FwdQuicTunnel *self = FWD_QUIC_TUNNEL(object);

  if (self->end != NULL) {
    self->end->owner = NULL;
    if (!self->closing)
      fwd_tunnel_end_close(self->end);
    self->closing = TRUE;
    g_clear_pointer(&self->end, fwd_tunnel_end_unref);
  }
  g_clear_object(&self->plane);
  G_OBJECT_CLASS(fwd_quic_tunnel_parent_class)->dispose(object);
}

static void
fwd_quic_tunnel_class_init(FwdQuicTunnelClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS(class);
  const GType type = G_TYPE_FROM_CLASS(class);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = get_property;
  object_class->dispose = dispose;
  properties[PROP_STATE] = g_param_spec_uint("state", NULL, NULL, 0, FWD_TUNNEL_CLOSED,
                                             FWD_TUNNEL_CONNECTING, flags);
  properties[PROP_PATH_CLASS] =
      g_param_spec_uint("path-class", NULL, NULL, 0, FWD_PATH_CLASS_RELAY, 0, flags);
  g_object_class_install_properties(object_class, N_PROPERTIES, properties);
  signals[SIGNAL_CHANNEL] = g_signal_new("channel", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, FWD_TYPE_CHANNEL);
  signals[SIGNAL_PATH_CHANGED] = g_signal_new("path-changed", type, G_SIGNAL_RUN_LAST, 0, NULL,
                                              NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_SAMPLED] =
      g_signal_new("sampled", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_PATH_LOST] =
      g_signal_new("path-lost", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_CLOSED] = g_signal_new("closed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
fwd_quic_tunnel_init(FwdQuicTunnel *self)
{
  self->path_class = FWD_PATH_CLASS_RELAY;
}

static void
start_on_loop(gpointer data)
{
  fwd_tunnel_end_start(data);
  fwd_tunnel_end_unref(data);
}

FwdQuicTunnel *
fwd_quic_tunnel_new(FwdDataPlane *plane, const FwdQuicTunnelConfig *config)
{
  FwdQuicTunnel *self = g_object_new(FWD_TYPE_QUIC_TUNNEL, NULL);

  self->plane = g_object_ref(plane);
  g_strlcpy(self->peer, config->peer, sizeof self->peer);
  self->end = fwd_tunnel_end_new(plane, config, &end_events, self);
  fwd_data_loop_post(fwd_data_plane_get_loop(plane), start_on_loop,
                     fwd_tunnel_end_ref(self->end));
  return self;
}

void
fwd_quic_tunnel_add_path(FwdQuicTunnel *self, FwdPath *path)
{
  fwd_tunnel_end_add_path(self->end, path);
}

const FwdTunnelStatistics *
fwd_quic_tunnel_get_statistics(FwdQuicTunnel *self)
{
  return &self->statistics;
}

void
fwd_quic_tunnel_forget_targets(FwdQuicTunnel *self)
{
  g_atomic_int_inc(&self->end->generation);
}

void
fwd_quic_tunnel_drain(FwdQuicTunnel *self, guint limit_ms)
{
  if (!self->closing)
    fwd_tunnel_end_drain(self->end, limit_ms);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/peer.h"

#define FWD_LOG_COMPONENT "session"
#include "core/log.h"

struct _FwdPeer {
  GObject parent;
  FwdPeerContext context;
  char id[FWD_PEER_ID_SIZE + 1];
  char *member;
  guint8 nonce[FWD_SESSION_NONCE_SIZE];
  guint8 fingerprint[FWD_FINGERPRINT_SIZE];
  guint64 last_sequence;
  GStrv strategies;
  FwdPeerState state;
  FwdConnector *connector;
  FwdStory *remote_story;
  FwdQuicTunnel *tunnel;
  FwdPathsAlive alive;
  guint32 tunnel_number;
  guint32 race_number;
  gint64 race_started; /* us; the first race for this tunnel */
  gint64 first_path;
  gint64 upgraded;
  FwdPathClass path_class; /* of the active path */
};

enum { PROPERTY_STATE = 1 };
enum { CHANNEL, SEND, FINISHED, PATHS, CLOSED, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

G_DEFINE_FINAL_TYPE(FwdPeer, fwd_peer, G_TYPE_OBJECT)

const char *
fwd_peer_state_to_string(FwdPeerState state)
{
  static const char *const names[] = {"waiting", "connecting", "connected", "lost", "gone"};

  return names[state];
}

static void
set_state(FwdPeer *self, FwdPeerState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify(G_OBJECT(self), "state");
}

static void
publish(FwdPeer *self, const char *type)
{
  const FwdTunnelStatistics *statistics = fwd_peer_get_statistics(self);
  GVariantDict payload;

  g_variant_dict_init(&payload, NULL);
  g_variant_dict_insert(&payload, "peer", "s", self->id);
  if (statistics && statistics->path_count) {
    const FwdPathInfo *path = &statistics->paths[0];
    g_variant_dict_insert(&payload, "class", "s", fwd_path_class_to_string(path->path_class));
    g_variant_dict_insert(&payload, "strategy", "s", path->strategy);
  }
  fwd_event_bus_publish(self->context.bus,
                        fwd_event_new(type, "session", g_variant_dict_end(&payload)));
}

static void
log_path(FwdPeer *self, const char *what)
{
  const FwdTunnelStatistics *statistics = fwd_peer_get_statistics(self);
  const FwdPathInfo *path = &statistics->paths[0];
  g_autofree char *remote = NULL;

  if (!statistics->path_count)
    return;
  remote = fwd_endpoint_to_string(&path->remote);
  fwd_log_info("%s %s by %s (%s, %s)", what, self->id,
               fwd_path_class_to_string(path->path_class), path->strategy, remote);
}

/* Whether the active path is of a better class than the one before. */
static gboolean
is_upgraded(FwdPeer *self)
{
  const FwdTunnelStatistics *statistics = fwd_peer_get_statistics(self);
  const FwdPathClass before = self->path_class;

  if (statistics->path_count && statistics->paths[0].active)
    self->path_class = statistics->paths[0].path_class;
  return self->path_class < before;
}

static void
on_tunnel_state(FwdQuicTunnel *tunnel, GParamSpec *property, FwdPeer *self)
{
  if (tunnel != self->tunnel ||
      fwd_tunnel_get_state(FWD_TUNNEL(tunnel)) != FWD_TUNNEL_CONNECTED)
    return;
  self->first_path = g_get_monotonic_time();
  is_upgraded(self);
  log_path(self, "connected to");
  set_state(self, FWD_PEER_CONNECTED);
  publish(self, FWD_EVENT_CONNECTION_ESTABLISHED);
}

static void
on_path_changed(FwdQuicTunnel *tunnel, FwdPeer *self)
{
  if (tunnel != self->tunnel || self->state < FWD_PEER_CONNECTED)
    return;
  if (is_upgraded(self))
    self->upgraded = g_get_monotonic_time();
  log_path(self, "now reaching");
  set_state(self, FWD_PEER_CONNECTED);
  publish(self, FWD_EVENT_CONNECTION_UPGRADED);
}

static void
on_path_lost(FwdQuicTunnel *tunnel, FwdPeer *self)
{
  if (tunnel != self->tunnel)
    return;
  fwd_log_info("no path to %s is alive", self->id);
  if (self->state == FWD_PEER_CONNECTED) {
    set_state(self, FWD_PEER_LOST);
    publish(self, FWD_EVENT_CONNECTION_LOST);
  }
}

static void
set_paths_alive(FwdPeer *self, FwdPathsAlive alive)
{
  const FwdPathsAlive before = self->alive;
  const gboolean direct_lost = (before.lan || before.p2p) && !alive.lan && !alive.p2p;

  if (before.lan == alive.lan && before.p2p == alive.p2p && before.relay == alive.relay)
    return;
  self->alive = alive;
  g_signal_emit(self, signals[PATHS], 0, direct_lost);
}

static void
on_sampled(FwdQuicTunnel *tunnel, FwdPeer *self)
{
  const FwdTunnelStatistics *statistics = fwd_quic_tunnel_get_statistics(tunnel);
  FwdPathsAlive alive = {0};

  if (tunnel != self->tunnel)
    return;
  for (guint i = 0; i < statistics->path_count; i++) {
    const FwdPathInfo *path = &statistics->paths[i];
    alive.lan |= path->alive && path->path_class == FWD_PATH_CLASS_LAN;
    alive.p2p |= path->alive && path->path_class == FWD_PATH_CLASS_P2P;
    alive.relay |= path->alive && path->path_class == FWD_PATH_CLASS_RELAY;
  }
  set_paths_alive(self, alive);
}

static void
forget_tunnel(FwdPeer *self)
{
  if (!self->tunnel)
    return;
  g_signal_handlers_disconnect_by_data(self->tunnel, self);
  g_clear_object(&self->tunnel);
  self->alive = (FwdPathsAlive){0};
}

static void
on_closed(FwdQuicTunnel *tunnel, const GError *why, FwdPeer *self)
{
  if (tunnel != self->tunnel)
    return;
  fwd_log_info("the tunnel to %s is closed: %s", self->id, why ? why->message : "as asked");
  forget_tunnel(self);
  if (self->state != FWD_PEER_GONE)
    set_state(self, FWD_PEER_WAITING);
  publish(self, FWD_EVENT_CONNECTION_LOST);
  g_signal_emit(self, signals[CLOSED], 0, why);
}

static void
on_channel(FwdQuicTunnel *tunnel, FwdChannel *channel, FwdPeer *self)
{
  g_signal_emit(self, signals[CHANNEL], 0, channel);
}

static guint64
connection_id(FwdPeer *self, guint32 number)
{
  gboolean client = self->context.role == FWD_ROLE_CLIENT;
  const guint8 *own = self->context.nonce;

  /* Each tunnel between two sessions needs a connection id of its own. */
  return fwd_room_keys_connection_id(self->context.keys, client ? own : self->nonce,
                                     client ? self->nonce : own) +
         number;
}

void
fwd_peer_begin_tunnel(FwdPeer *self, guint32 number)
{
  FwdQuicTunnelConfig config = {.role = self->context.role};

  if (self->tunnel) {
    g_autoptr(FwdQuicTunnel) old = g_object_ref(self->tunnel);
    forget_tunnel(self);
    fwd_tunnel_close(FWD_TUNNEL(old));
  }
  memcpy(config.peer, self->id, sizeof config.peer);
  memcpy(config.fingerprint, self->fingerprint, sizeof config.fingerprint);
  config.connection_id = connection_id(self, number);
  self->tunnel_number = number;
  self->race_started = self->first_path = self->upgraded = 0;
  self->path_class = FWD_PATH_CLASS_RELAY;
  self->tunnel = fwd_quic_tunnel_new(self->context.plane, &config);
  g_signal_connect_object(self->tunnel, "notify::state", G_CALLBACK(on_tunnel_state), self, 0);
  g_signal_connect_object(self->tunnel, "sampled", G_CALLBACK(on_sampled), self, 0);
  g_signal_connect_object(self->tunnel, "path-changed", G_CALLBACK(on_path_changed), self, 0);
  g_signal_connect_object(self->tunnel, "path-lost", G_CALLBACK(on_path_lost), self, 0);
  g_signal_connect_object(self->tunnel, "closed", G_CALLBACK(on_closed), self, 0);
  g_signal_connect_object(self->tunnel, "channel", G_CALLBACK(on_channel), self, 0);
}

void
fwd_peer_race(FwdPeer *self, guint32 number, const char *const *strategies)
{
  self->race_number = number;
  if (!self->race_started)
    self->race_started = g_get_monotonic_time();
  if (self->state == FWD_PEER_WAITING)
    set_state(self, FWD_PEER_CONNECTING);
  fwd_connector_race(self->connector, number, strategies);
}

static void
on_path(FwdConnector *connector, FwdPath *path, FwdPeer *self)
{
  if (self->tunnel)
    fwd_quic_tunnel_add_path(self->tunnel, path);
  else
    fwd_path_close(path);
}

static void
on_send(FwdConnector *connector, guint race, const char *strategy, GVariant *body,
        FwdPeer *self)
{
  g_signal_emit(self, signals[SEND], 0, race, strategy, body);
}

static void
on_finished(FwdConnector *connector, gboolean found, FwdPeer *self)
{
  if (!found && self->state == FWD_PEER_CONNECTING)
    set_state(self, FWD_PEER_WAITING);
  g_signal_emit(self, signals[FINISHED], 0, found);
}

static void
on_checked(FwdDataPlane *plane, const char *peer, const FwdEndpoint *remote, guint rtt_us,
           FwdPeer *self)
{
  if (g_str_equal(peer, self->id))
    fwd_connector_checked(self->connector, remote, rtt_us);
}

static void
on_challenged(FwdDataPlane *plane, const char *peer, const FwdEndpoint *from, FwdPeer *self)
{
  if (g_str_equal(peer, self->id))
    fwd_connector_challenged(self->connector, from);
}

void
fwd_peer_take_hello(FwdPeer *self, const FwdMessage *hello)
{
  g_strfreev(self->strategies);
  self->strategies = g_strdupv(hello->strategies);
  fwd_connector_set_remote(self->connector, hello->candidates, &hello->nat);
}

void
fwd_peer_take_story(FwdPeer *self, const FwdStory *story)
{
  g_clear_pointer(&self->remote_story, fwd_story_free);
  self->remote_story = fwd_story_copy(story);
}

const FwdStory *
fwd_peer_get_remote_story(FwdPeer *self)
{
  return self->remote_story;
}

void
fwd_peer_drain(FwdPeer *self, guint limit_ms)
{
  fwd_connector_cancel(self->connector);
  set_state(self, FWD_PEER_GONE);
  if (self->tunnel)
    fwd_quic_tunnel_drain(self->tunnel, limit_ms);
}

void
fwd_peer_forget_targets(FwdPeer *self)
{
  if (self->tunnel)
    fwd_quic_tunnel_forget_targets(self->tunnel);
}

void
fwd_peer_close(FwdPeer *self)
{
  fwd_connector_cancel(self->connector);
  set_state(self, FWD_PEER_GONE);
  if (self->tunnel)
    fwd_tunnel_close(FWD_TUNNEL(self->tunnel));
  forget_tunnel(self);
}

const char *
fwd_peer_get_id(FwdPeer *self)
{
  return self->id;
}

FwdPeerState
fwd_peer_get_state(FwdPeer *self)
{
  return self->state;
}

const char *
fwd_peer_get_member(FwdPeer *self)
{
  return self->member;
}

void
fwd_peer_set_member(FwdPeer *self, const char *member)
{
  char *copy = g_strdup(member);

  g_free(self->member);
  self->member = copy;
}

const guint8 *
fwd_peer_get_nonce(FwdPeer *self)
{
  return self->nonce;
}

gboolean
fwd_peer_accept_sequence(FwdPeer *self, guint64 sequence)
{
  if (sequence <= self->last_sequence)
    return FALSE;
  self->last_sequence = sequence;
  return TRUE;
}

const char *const *
fwd_peer_get_strategies(FwdPeer *self)
{
  return (const char *const *)self->strategies;
}

guint32
fwd_peer_get_tunnel_number(FwdPeer *self)
{
  return self->tunnel ? self->tunnel_number : 0;
}

guint32
fwd_peer_get_race_number(FwdPeer *self)
{
  return self->race_number;
}

FwdConnector *
fwd_peer_get_connector(FwdPeer *self)
{
  return self->connector;
}

FwdTunnel *
fwd_peer_get_tunnel(FwdPeer *self)
{
  gboolean up = self->state == FWD_PEER_CONNECTED || self->state == FWD_PEER_LOST;

  return up && self->tunnel ? FWD_TUNNEL(self->tunnel) : NULL;
}

FwdPathsAlive
fwd_peer_get_paths_alive(FwdPeer *self)
{
  return self->alive;
}

const FwdTunnelStatistics *
fwd_peer_get_statistics(FwdPeer *self)
{
  return self->tunnel ? fwd_quic_tunnel_get_statistics(self->tunnel) : NULL;
}

static guint
since_race(FwdPeer *self, gint64 when)
{
  return when > self->race_started ? (guint)((when - self->race_started) / 1000) : 0;
}

guint
fwd_peer_get_first_path_ms(FwdPeer *self)
{
  return since_race(self, self->first_path);
}

guint
fwd_peer_get_upgraded_at_ms(FwdPeer *self)
{
  return since_race(self, self->upgraded);
}

static void
fwd_peer_get_property(GObject *object, guint id, GValue *value, GParamSpec *property)
{
  FwdPeer *self = FWD_PEER(object);

  if (id == PROPERTY_STATE)
    g_value_set_uint(value, self->state);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, property);
}

static void
fwd_peer_dispose(GObject *object)
{
  FwdPeer *self = FWD_PEER(object);

  if (self->state != FWD_PEER_GONE)
    fwd_peer_close(self);
  forget_tunnel(self);
  G_OBJECT_CLASS(fwd_peer_parent_class)->dispose(object);
}

static void
fwd_peer_finalize(GObject *object)
{
  FwdPeer *self = FWD_PEER(object);

  g_free(self->member);
  g_strfreev(self->strategies);
  g_clear_pointer(&self->remote_story, fwd_story_free);
  g_object_unref(self->connector);
  g_object_unref(self->context.plane);
  g_object_unref(self->context.registry);
  g_object_unref(self->context.bus);
  fwd_surroundings_unref(self->context.surroundings);
  G_OBJECT_CLASS(fwd_peer_parent_class)->finalize(object);
}

static void
fwd_peer_class_init(FwdPeerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GType type = G_TYPE_FROM_CLASS(klass);

  object_class->get_property = fwd_peer_get_property;
  object_class->dispose = fwd_peer_dispose;
  object_class->finalize = fwd_peer_finalize;
  g_object_class_install_property(
      object_class, PROPERTY_STATE,
      g_param_spec_uint("state", NULL, NULL, 0, FWD_PEER_GONE, FWD_PEER_WAITING,
                        G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS));
  signals[CHANNEL] = g_signal_new("channel", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, FWD_TYPE_CHANNEL);
  signals[SEND] = g_signal_new("send", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                               G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_STRING, G_TYPE_VARIANT);
  signals[FINISHED] = g_signal_new("finished", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  signals[PATHS] = g_signal_new("paths", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  signals[CLOSED] = g_signal_new("closed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
fwd_peer_init(FwdPeer *self)
{
}

static void
make_connector(FwdPeer *self)
{
  const gboolean client = self->context.role == FWD_ROLE_CLIENT;
  FwdConnectorConfig config = {.controlling = client,
                               .keys = self->context.keys,
                               .surroundings = self->context.surroundings};

  g_strlcpy(config.peer, self->id, sizeof config.peer);
  memcpy(config.client_nonce, client ? self->context.nonce : self->nonce,
         sizeof config.client_nonce);
  memcpy(config.server_nonce, client ? self->nonce : self->context.nonce,
         sizeof config.server_nonce);
  self->connector = fwd_connector_new(self->context.plane, self->context.registry,
                                      self->context.bus, &config);
  g_signal_connect_object(self->connector, "path", G_CALLBACK(on_path), self, 0);
  g_signal_connect_object(self->connector, "send", G_CALLBACK(on_send), self, 0);
  g_signal_connect_object(self->connector, "finished", G_CALLBACK(on_finished), self, 0);
  g_signal_connect_object(self->context.plane, "checked", G_CALLBACK(on_checked), self, 0);
  g_signal_connect_object(self->context.plane, "challenged", G_CALLBACK(on_challenged), self,
                          0);
}

FwdPeer *
fwd_peer_new(const FwdPeerContext *context, const FwdMessage *hello)
{
  FwdPeer *self = g_object_new(FWD_TYPE_PEER, NULL);

  self->context = *context;
  g_object_ref(context->plane);
  g_object_ref(context->registry);
  g_object_ref(context->bus);
  fwd_surroundings_ref(context->surroundings);
  g_strlcpy(self->id, hello->sender, sizeof self->id);
  memcpy(self->nonce, hello->nonce, sizeof self->nonce);
  memcpy(self->fingerprint, hello->fingerprint, sizeof self->fingerprint);
  make_connector(self);
  return self;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signaling over WebSocket (docs/signaling.md). Each connection is a link; this
 * object outlives them: it knows who is in the room and when to try again.
 */
#include "config.h"

#include "room-message.h"
#include "websocket-backoff.h"
#include "websocket-link.h"
#include <stunfwd/stunfwd.h>

#define FWD_TYPE_WEBSOCKET (fwd_websocket_get_type())
G_DECLARE_FINAL_TYPE(FwdWebsocket, fwd_websocket, FWD, WEBSOCKET, GObject)

struct _FwdWebsocket {
  GObject parent;

  SoupSession *session;
  GUri *url;
  char *room;
  FwdRole role;
  FwdSignalingState state;
  GStrv stun_servers;
  GPtrArray *turn_servers; /* FwdTurnServer, or NULL */
  char *public_endpoint;
  FwdLink *link;       /* NULL between two attempts */
  GHashTable *members; /* the ids of those whom the host was told of and who have not left */
  FwdBackoff backoff;
  gint64 joined_at; /* 0: this link has not joined */
  guint retry;
};

enum {
  PROPERTY_STATE = 1,
  PROPERTY_STUN_SERVERS,
  PROPERTY_TURN_SERVERS,
  PROPERTY_PUBLIC_ENDPOINT
};

static void implement_signaling(FwdSignalingInterface *interface);
static void start_attempt(FwdWebsocket *self);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdWebsocket, fwd_websocket, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_SIGNALING, implement_signaling))

static void
set_state(FwdWebsocket *self, FwdSignalingState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify(G_OBJECT(self), "state");
}

static GHashTable *
new_members(void)
{
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* The ids in @old that are not in @new (transfer full). */
static GStrv
list_gone(GHashTable *old, GHashTable *new)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  GHashTableIter iterator;
  gpointer id;

  g_hash_table_iter_init(&iterator, old);
  while (g_hash_table_iter_next(&iterator, &id, NULL)) {
    if (!g_hash_table_contains(new, id))
      g_strv_builder_add(builder, id);
  }
  return g_strv_builder_end(builder);
}

static GHashTable *
members_of(const GArray *peers)
{
  GHashTable *members = new_members();

  for (guint i = 0; i < peers->len; i++)
    g_hash_table_add(members, g_strdup(g_array_index(peers, FwdRoomPeer, i).id));
  return members;
}

/* A handler may leave the room at any of these; the rest is then not emitted. */
static void
tell_presence(FwdWebsocket *self, char **gone, const GArray *present)
{
  FwdSignaling *signaling = FWD_SIGNALING(self);

  for (; *gone != NULL && self->state == FWD_SIGNALING_JOINED; gone++)
    fwd_signaling_emit_peer_left(signaling, *gone);
  for (guint i = 0; i < present->len && self->state == FWD_SIGNALING_JOINED; i++) {
    const FwdRoomPeer *peer = &g_array_index(present, FwdRoomPeer, i);

    fwd_signaling_emit_peer_joined(signaling, peer->id, peer->role);
  }
}

static void
take_joined(FwdWebsocket *self, const FwdRoomMessage *message)
{
  g_autoptr(GHashTable) old = g_steal_pointer(&self->members);
  g_auto(GStrv) gone = NULL;

  self->members = members_of(message->members);
  gone = list_gone(old, self->members);
  self->joined_at = g_get_monotonic_time();
  g_strfreev(self->stun_servers);
  self->stun_servers = g_strdupv(message->stun);
  g_object_notify(G_OBJECT(self), "stun-servers");
  g_clear_pointer(&self->turn_servers, g_ptr_array_unref);
  self->turn_servers = message->turn != NULL ? g_ptr_array_ref(message->turn) : NULL;
  g_object_notify(G_OBJECT(self), "turn-servers");
  g_free(self->public_endpoint);
  self->public_endpoint = g_strdup(message->you);
  g_object_notify(G_OBJECT(self), "public-endpoint");
  if (self->state == FWD_SIGNALING_CONNECTING)
    set_state(self, FWD_SIGNALING_JOINED);
  tell_presence(self, gone, message->members);
}

static void
take_peer_joined(FwdWebsocket *self, const FwdRoomMessage *message)
{
  if (g_hash_table_size(self->members) < FWD_ROOM_MEMBERS_MAX &&
      g_hash_table_add(self->members, g_strdup(message->member)))
    fwd_signaling_emit_peer_joined(FWD_SIGNALING(self), message->member, message->role);
}

static void
take_peer_left(FwdWebsocket *self, const FwdRoomMessage *message)
{
  if (g_hash_table_remove(self->members, message->member))
    fwd_signaling_emit_peer_left(FWD_SIGNALING(self), message->member);
}

static void
take_envelope(FwdWebsocket *self, const FwdRoomMessage *message)
{
  g_autoptr(GBytes) envelope = NULL;

  if (!g_hash_table_contains(self->members, message->member))
    return;
  envelope = g_bytes_new(message->data, strlen(message->data));
  fwd_signaling_emit_message(FWD_SIGNALING(self), message->member, envelope);
}

static void
on_received(const FwdRoomMessage *message, gpointer user_data)
{
  g_autoptr(FwdWebsocket) self = g_object_ref(user_data);

  switch (message->type) {
  case FWD_ROOM_JOINED:
    take_joined(self, message);
    break;
  case FWD_ROOM_PEER_JOINED:
    take_peer_joined(self, message);
    break;
  case FWD_ROOM_PEER_LEFT:
    take_peer_left(self, message);
    break;
  default:
    take_envelope(self, message);
  }
}

static gboolean
on_retry(gpointer user_data)
{
  FwdWebsocket *self = user_data;

  self->retry = 0;
  start_attempt(self);
  return G_SOURCE_REMOVE;
}

static void
on_ended(const GError *error, gpointer user_data)
{
  g_autoptr(FwdWebsocket) self = g_object_ref(user_data);
  gint64 held = self->joined_at != 0 ? g_get_monotonic_time() - self->joined_at : 0;

  g_clear_pointer(&self->link, fwd_link_free);
  self->joined_at = 0;
  fwd_backoff_failed(&self->backoff, held);
  self->retry =
      g_timeout_add(fwd_backoff_delay(&self->backoff, g_random_double()), on_retry, self);
  set_state(self, FWD_SIGNALING_DISCONNECTED);
  if (self->state != FWD_SIGNALING_LEFT)
    fwd_signaling_emit_failed(FWD_SIGNALING(self), error);
}

static const FwdLinkEvents link_events = {.received = on_received, .ended = on_ended};

static void
start_attempt(FwdWebsocket *self)
{
  self->link =
      fwd_link_new(self->session, self->url, self->room, self->role, &link_events, self);
  set_state(self, FWD_SIGNALING_CONNECTING);
}

static gboolean
connect_to(FwdSignaling *signaling, GUri *url, const char *room, FwdRole role, GError **error)
{
  FwdWebsocket *self = FWD_WEBSOCKET(signaling);
  const char *scheme = g_uri_get_scheme(url);
  const char *host = g_uri_get_host(url);

  if ((strcmp(scheme, "ws") != 0 && strcmp(scheme, "wss") != 0) || host == NULL ||
      *host == '\0') {
    g_autofree char *text = g_uri_to_string_partial(url, G_URI_HIDE_USERINFO);

    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID,
                "%s: not a URL of the form ws://HOST or wss://HOST", text);
    return FALSE;
  }
  self->url = g_uri_ref(url);
  self->room = g_strdup(room);
  self->role = role;
  start_attempt(self);
  return TRUE;
}

/* The text of an envelope (transfer full), or NULL when it cannot go in a text frame. */
static char *
text_of(GBytes *envelope)
{
  gsize length;
  const char *data = g_bytes_get_data(envelope, &length);

  if (!fwd_room_data_is_valid(data, length))
    return NULL;
  return g_strndup(data, length);
}

static gboolean
send_to(FwdSignaling *signaling, const char *member, GBytes *envelope, GError **error)
{
  FwdWebsocket *self = FWD_WEBSOCKET(signaling);
  g_autofree char *text = text_of(envelope);
  FwdRoomMessage message = {.type = FWD_ROOM_SEND, .member = (char *)member, .data = text};

  if (!g_hash_table_contains(self->members, member)) {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID, "no member %s in the room",
                member);
    return FALSE;
  }
  if (text == NULL) {
    g_set_error_literal(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID,
                        "an envelope must be text");
    return FALSE;
  }
  return fwd_link_send(self->link, &message, error);
}

static void
leave(FwdSignaling *signaling)
{
  FwdWebsocket *self = FWD_WEBSOCKET(signaling);

  g_clear_handle_id(&self->retry, g_source_remove);
  g_clear_pointer(&self->link, fwd_link_free);
  g_hash_table_remove_all(self->members);
  set_state(self, FWD_SIGNALING_LEFT);
}

static void
implement_signaling(FwdSignalingInterface *interface)
{
  interface->connect = connect_to;
  interface->send = send_to;
  interface->leave = leave;
}

static void
get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  FwdWebsocket *self = FWD_WEBSOCKET(object);

  if (id == PROPERTY_STATE)
    g_value_set_uint(value, self->state);
  else if (id == PROPERTY_TURN_SERVERS)
    g_value_set_boxed(value, self->turn_servers);
  else if (id == PROPERTY_PUBLIC_ENDPOINT)
    g_value_set_string(value, self->public_endpoint);
  else
    g_value_set_boxed(value, self->stun_servers);
}

static void
dispose(GObject *object)
{
  FwdWebsocket *self = FWD_WEBSOCKET(object);

  g_clear_handle_id(&self->retry, g_source_remove);
  g_clear_pointer(&self->link, fwd_link_free);
  g_clear_object(&self->session);
  G_OBJECT_CLASS(fwd_websocket_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
  FwdWebsocket *self = FWD_WEBSOCKET(object);

  g_clear_pointer(&self->url, g_uri_unref);
  g_free(self->room);
  g_strfreev(self->stun_servers);
  g_clear_pointer(&self->turn_servers, g_ptr_array_unref);
  g_free(self->public_endpoint);
  g_hash_table_unref(self->members);
  G_OBJECT_CLASS(fwd_websocket_parent_class)->finalize(object);
}

static void
fwd_websocket_class_init(FwdWebsocketClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS(class);

  object_class->get_property = get_property;
  object_class->dispose = dispose;
  object_class->finalize = finalize;
  g_object_class_override_property(object_class, PROPERTY_STATE, "state");
  g_object_class_override_property(object_class, PROPERTY_STUN_SERVERS, "stun-servers");
  g_object_class_install_property(
      object_class, PROPERTY_TURN_SERVERS,
      g_param_spec_boxed("turn-servers", NULL, NULL, G_TYPE_PTR_ARRAY,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property(
      object_class, PROPERTY_PUBLIC_ENDPOINT,
      g_param_spec_string("public-endpoint", NULL, NULL, NULL,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
fwd_websocket_init(FwdWebsocket *self)
{
  self->session = soup_session_new_with_options("user-agent", PACKAGE, NULL);
  self->members = new_members();
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {.schemes = "ws wss", .help = "signaling over WebSocket"};

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_SIGNALING, "websocket",
                                 FWD_TYPE_WEBSOCKET, &meta, error);
}

FWD_PLUGIN("websocket", PACKAGE_VERSION, "LGPL-2.1-or-later", register_types)

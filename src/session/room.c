/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/room.h"

#define FWD_LOG_COMPONENT "signaling"
#include "core/log.h"
#include "meeting/envelope.h"
#include <sodium.h>
#include <stunfwd/error.h>

struct _FwdRoom {
  GObject parent;
  FwdRole role;
  const FwdRoomKeys *keys;
  char *peer_id;
  guint8 nonce[FWD_SESSION_NONCE_SIZE];
  guint64 sequence;
  GType type; /* of the transport */
  GUri *url;
  FwdSignaling *signaling;
  char *transport;
  gboolean joined;
  guint64 dropped;
};

enum { JOINED, DISCONNECTED, FAILED, MEMBER_JOINED, MEMBER_LEFT, MESSAGE, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

G_DEFINE_FINAL_TYPE(FwdRoom, fwd_room, G_TYPE_OBJECT)

static FwdRole
other_role(FwdRoom *self)
{
  return self->role == FWD_ROLE_SERVER ? FWD_ROLE_CLIENT : FWD_ROLE_SERVER;
}

static void
on_peer_joined(FwdSignaling *signaling, const char *member, guint role, FwdRoom *self)
{
  if (role == other_role(self))
    g_signal_emit(self, signals[MEMBER_JOINED], 0, member);
}

static void
on_peer_left(FwdSignaling *signaling, const char *member, FwdRoom *self)
{
  g_signal_emit(self, signals[MEMBER_LEFT], 0, member);
}

/* One line for the first one, so that a stranger in the room can't fill the log. */
static void
drop(FwdRoom *self, const GError *error)
{
  if (self->dropped++ == 0)
    fwd_log_warning("a message in the room was dropped: %s", error->message);
  else
    fwd_log_debug("a message in the room was dropped: %s", error->message);
}

static void
on_message(FwdSignaling *signaling, const char *member, GBytes *envelope, FwdRoom *self)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = fwd_envelope_open(self->keys, other_role(self), envelope, &error);
  g_autoptr(FwdMessage) message = text ? fwd_message_decode(text, &error) : NULL;

  if (message)
    g_signal_emit(self, signals[MESSAGE], 0, member, message);
  else
    drop(self, error);
}

static void
on_failed(FwdSignaling *signaling, const GError *error, FwdRoom *self)
{
  if (fwd_error_is_retryable(error)) {
    fwd_log_warning("%s; trying again", error->message);
    return;
  }
  g_signal_emit(self, signals[FAILED], 0, error);
}

static void
on_state(FwdSignaling *signaling, GParamSpec *property, FwdRoom *self)
{
  gboolean joined = fwd_signaling_get_state(signaling) == FWD_SIGNALING_JOINED;

  if (joined == self->joined)
    return;
  self->joined = joined;
  g_signal_emit(self, signals[joined ? JOINED : DISCONNECTED], 0);
}

static gboolean
begin(FwdRoom *self, GError **error)
{
  self->signaling = g_object_new(self->type, NULL);
  g_signal_connect_object(self->signaling, "peer-joined", G_CALLBACK(on_peer_joined), self, 0);
  g_signal_connect_object(self->signaling, "peer-left", G_CALLBACK(on_peer_left), self, 0);
  g_signal_connect_object(self->signaling, "message", G_CALLBACK(on_message), self, 0);
  g_signal_connect_object(self->signaling, "failed", G_CALLBACK(on_failed), self, 0);
  g_signal_connect_object(self->signaling, "notify::state", G_CALLBACK(on_state), self, 0);
  return fwd_signaling_connect(self->signaling, self->url, self->keys->room, self->role, error);
}

gboolean
fwd_room_join(FwdRoom *self, FwdPluginRegistry *registry, GUri *url, GError **error)
{
  const FwdImplementation *implementation =
      fwd_plugin_registry_find_scheme(registry, g_uri_get_scheme(url));

  if (!implementation) {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_UNSUPPORTED,
                "no signaling transport for %s:// is installed", g_uri_get_scheme(url));
    return FALSE;
  }
  self->transport = g_strdup(implementation->id);
  self->type = implementation->type;
  self->url = g_uri_ref(url);
  return begin(self, error);
}

static void
end(FwdRoom *self)
{
  g_signal_handlers_disconnect_by_data(self->signaling, self);
  fwd_signaling_leave(self->signaling);
  g_clear_object(&self->signaling);
  self->joined = FALSE;
}

void
fwd_room_leave(FwdRoom *self)
{
  if (self->signaling)
    end(self);
}

void
fwd_room_renew(FwdRoom *self)
{
  const gboolean joined = self->joined;
  g_autoptr(GError) error = NULL;

  if (!self->signaling)
    return;
  end(self);
  if (joined)
    g_signal_emit(self, signals[DISCONNECTED], 0);
  if (!begin(self, &error))
    g_signal_emit(self, signals[FAILED], 0, error);
}

gboolean
fwd_room_is_joined(FwdRoom *self)
{
  return self->joined;
}

const char *
fwd_room_get_transport(FwdRoom *self)
{
  return self->transport ? self->transport : "";
}

GPtrArray *
fwd_room_get_turn_servers(FwdRoom *self)
{
  return self->signaling ? fwd_signaling_get_turn_servers(self->signaling) : NULL;
}

GStrv
fwd_room_get_stun_servers(FwdRoom *self)
{
  return self->signaling ? fwd_signaling_get_stun_servers(self->signaling) : NULL;
}

char *
fwd_room_get_public_endpoint(FwdRoom *self)
{
  return self->signaling ? fwd_signaling_get_public_endpoint(self->signaling) : NULL;
}

const guint8 *
fwd_room_get_nonce(FwdRoom *self)
{
  return self->nonce;
}

static void
complete(FwdRoom *self, FwdMessage *message, const guint8 *echo)
{
  g_strlcpy(message->sender, self->peer_id, sizeof message->sender);
  memcpy(message->nonce, self->nonce, sizeof message->nonce);
  message->has_echo = echo != NULL;
  if (echo)
    memcpy(message->echo, echo, sizeof message->echo);
  message->sequence = ++self->sequence;
}

gboolean
fwd_room_send(FwdRoom *self, const char *member, FwdMessage *taken, const guint8 *echo)
{
  g_autoptr(FwdMessage) message = taken;
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) envelope = NULL;
  g_autofree char *text = NULL;

  if (!self->joined)
    return FALSE;
  complete(self, message, echo);
  text = fwd_message_encode(message);
  envelope = fwd_envelope_seal(self->keys, self->role, text, &error);
  if (envelope && fwd_signaling_send(self->signaling, member, envelope, &error))
    return TRUE;
  fwd_log_debug("message to %s: %s", member, error->message);
  return FALSE;
}

guint64
fwd_room_get_dropped(FwdRoom *self)
{
  return self->dropped;
}

static void
fwd_room_dispose(GObject *object)
{
  fwd_room_leave(FWD_ROOM(object));
  G_OBJECT_CLASS(fwd_room_parent_class)->dispose(object);
}

static void
fwd_room_finalize(GObject *object)
{
  FwdRoom *self = FWD_ROOM(object);

  g_free(self->peer_id);
  g_free(self->transport);
  g_clear_pointer(&self->url, g_uri_unref);
  G_OBJECT_CLASS(fwd_room_parent_class)->finalize(object);
}

static guint
new_signal(const char *name, GType type, guint count, GType first, GType second)
{
  return g_signal_new(name, type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, count,
                      first, second);
}

static void
fwd_room_class_init(FwdRoomClass *klass)
{
  GType type = G_TYPE_FROM_CLASS(klass);

  G_OBJECT_CLASS(klass)->dispose = fwd_room_dispose;
  G_OBJECT_CLASS(klass)->finalize = fwd_room_finalize;
  signals[JOINED] = new_signal("joined", type, 0, 0, 0);
  signals[DISCONNECTED] = new_signal("disconnected", type, 0, 0, 0);
  signals[FAILED] = new_signal("failed", type, 1, G_TYPE_ERROR, 0);
  signals[MEMBER_JOINED] = new_signal("member-joined", type, 1, G_TYPE_STRING, 0);
  signals[MEMBER_LEFT] = new_signal("member-left", type, 1, G_TYPE_STRING, 0);
  signals[MESSAGE] = new_signal("message", type, 2, G_TYPE_STRING, G_TYPE_POINTER);
}

static void
fwd_room_init(FwdRoom *self)
{
  randombytes_buf(self->nonce, sizeof self->nonce);
}

FwdRoom *
fwd_room_new(FwdRole role, const FwdRoomKeys *keys, const char *peer_id)
{
  FwdRoom *self = g_object_new(FWD_TYPE_ROOM, NULL);

  self->role = role;
  self->keys = keys;
  self->peer_id = g_strdup(peer_id);
  return self;
}

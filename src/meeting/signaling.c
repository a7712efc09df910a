/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/error.h>
#include <stunfwd/signaling.h>

#include <string.h>

#define FWD_LOG_COMPONENT "signaling"
#include "core/log.h"

#define ROOM_LENGTH_MAX 128
#define ROOM_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-"

/** What was called on an object, so that no implementation has to remember it. */
typedef enum { CALLED_CONNECT = 1 << 0, CALLED_LEAVE = 1 << 1 } CalledFlags;

enum { SIGNAL_PEER_JOINED, SIGNAL_PEER_LEFT, SIGNAL_MESSAGE, SIGNAL_FAILED, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

G_DEFINE_INTERFACE(FwdSignaling, fwd_signaling, G_TYPE_OBJECT)

static GQuark
called_quark(void)
{
  return g_quark_from_static_string("fwd-signaling-called");
}

static void
install_properties(FwdSignalingInterface *interface)
{
  g_object_interface_install_property(
      interface,
      g_param_spec_uint("state", NULL, NULL, FWD_SIGNALING_DISCONNECTED, FWD_SIGNALING_LEFT,
                        FWD_SIGNALING_DISCONNECTED, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_interface_install_property(
      interface, g_param_spec_boxed("stun-servers", NULL, NULL, G_TYPE_STRV,
                                    G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
fwd_signaling_default_init(FwdSignalingInterface *interface)
{
  GType type = G_TYPE_FROM_INTERFACE(interface);

  install_properties(interface);
  signals[SIGNAL_PEER_JOINED] =
      g_signal_new("peer-joined", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                   G_TYPE_STRING, G_TYPE_UINT);
  signals[SIGNAL_PEER_LEFT] = g_signal_new("peer-left", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                           NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_MESSAGE] = g_signal_new("message", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_BYTES);
  signals[SIGNAL_FAILED] = g_signal_new("failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static gboolean
was_called(FwdSignaling *self, CalledFlags flag)
{
  gpointer flags = g_object_get_qdata(G_OBJECT(self), called_quark());
  return (GPOINTER_TO_UINT(flags) & flag) != 0;
}

static void
remember_call(FwdSignaling *self, CalledFlags flag)
{
  guint flags = GPOINTER_TO_UINT(g_object_get_qdata(G_OBJECT(self), called_quark()));
  g_object_set_qdata(G_OBJECT(self), called_quark(), GUINT_TO_POINTER(flags | flag));
}

const char *
fwd_role_to_string(FwdRole role)
{
  return role == FWD_ROLE_SERVER ? "server" : "client";
}

gboolean
fwd_role_from_string(const char *text, FwdRole *role)
{
  if (g_strcmp0(text, "server") == 0)
    *role = FWD_ROLE_SERVER;
  else if (g_strcmp0(text, "client") == 0)
    *role = FWD_ROLE_CLIENT;
  else
    return FALSE;
  return TRUE;
}

static gboolean
check_room(const char *room, GError **error)
{
  size_t length = strlen(room);

  if (length == 0 || length > ROOM_LENGTH_MAX) {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID,
                "the room's name has %zu characters; 1 to %d are allowed", length,
                ROOM_LENGTH_MAX);
    return FALSE;
  }
  if (strspn(room, ROOM_CHARACTERS) != length) {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID,
                "the room's name has a character other than A-Z a-z 0-9 . _ ~ -");
    return FALSE;
  }
  return TRUE;
}

gboolean
fwd_signaling_connect(FwdSignaling *self, GUri *url, const char *room, FwdRole role,
                      GError **error)
{
  g_return_val_if_fail(FWD_IS_SIGNALING(self), FALSE);
  g_return_val_if_fail(url != NULL && room != NULL, FALSE);

  if (!check_room(room, error))
    return FALSE;
  if (was_called(self, CALLED_CONNECT | CALLED_LEAVE)) {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID,
                "the signaling transport was in use before: it connects once");
    return FALSE;
  }
  remember_call(self, CALLED_CONNECT);
  return FWD_SIGNALING_GET_IFACE(self)->connect(self, url, room, role, error);
}

static gboolean
check_send(FwdSignaling *self, const char *member, GBytes *envelope, GError **error)
{
  gsize size = g_bytes_get_size(envelope);

  if (size > FWD_SIGNALING_MESSAGE_MAX) {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_LIMIT,
                "an envelope of %" G_GSIZE_FORMAT " bytes is over the limit of %d", size,
                FWD_SIGNALING_MESSAGE_MAX);
    return FALSE;
  }
  if (size == 0 || *member == '\0') {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID, "%s is empty",
                size == 0 ? "the envelope" : "the member's id");
    return FALSE;
  }
  if (fwd_signaling_get_state(self) != FWD_SIGNALING_JOINED) {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_CLOSED, "the room is not joined");
    return FALSE;
  }
  return TRUE;
}

gboolean
fwd_signaling_send(FwdSignaling *self, const char *member, GBytes *envelope, GError **error)
{
  g_return_val_if_fail(FWD_IS_SIGNALING(self), FALSE);
  g_return_val_if_fail(member != NULL && envelope != NULL, FALSE);

  if (!check_send(self, member, envelope, error))
    return FALSE;
  return FWD_SIGNALING_GET_IFACE(self)->send(self, member, envelope, error);
}

void
fwd_signaling_leave(FwdSignaling *self)
{
  g_return_if_fail(FWD_IS_SIGNALING(self));

  if (was_called(self, CALLED_LEAVE))
    return;
  remember_call(self, CALLED_LEAVE);
  FWD_SIGNALING_GET_IFACE(self)->leave(self);
}

FwdSignalingState
fwd_signaling_get_state(FwdSignaling *self)
{
  guint state = FWD_SIGNALING_DISCONNECTED;

  g_return_val_if_fail(FWD_IS_SIGNALING(self), FWD_SIGNALING_DISCONNECTED);
  g_object_get(self, "state", &state, NULL);
  return state;
}

GStrv
fwd_signaling_get_stun_servers(FwdSignaling *self)
{
  GStrv servers = NULL;

  g_return_val_if_fail(FWD_IS_SIGNALING(self), NULL);
  g_object_get(self, "stun-servers", &servers, NULL);
  return servers;
}

GPtrArray *
fwd_signaling_get_turn_servers(FwdSignaling *self)
{
  GPtrArray *servers = NULL;

  g_return_val_if_fail(FWD_IS_SIGNALING(self), NULL);
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(self), "turn-servers") != NULL)
    g_object_get(self, "turn-servers", &servers, NULL);
  return servers;
}

char *
fwd_signaling_get_public_endpoint(FwdSignaling *self)
{
  GParamSpec *property;
  char *endpoint = NULL;

  g_return_val_if_fail(FWD_IS_SIGNALING(self), NULL);
  property = g_object_class_find_property(G_OBJECT_GET_CLASS(self), "public-endpoint");
  if (property && G_IS_PARAM_SPEC_STRING(property) && (property->flags & G_PARAM_READABLE))
    g_object_get(self, "public-endpoint", &endpoint, NULL);
  return endpoint;
}

/* After leave no signal comes, whatever an implementation still has on its way. */
static gboolean
may_emit(FwdSignaling *self)
{
  return !was_called(self, CALLED_LEAVE);
}

void
fwd_signaling_emit_peer_joined(FwdSignaling *self, const char *member, FwdRole role)
{
  g_return_if_fail(FWD_IS_SIGNALING(self) && member != NULL);
  if (may_emit(self))
    g_signal_emit(self, signals[SIGNAL_PEER_JOINED], 0, member, (guint)role);
}

void
fwd_signaling_emit_peer_left(FwdSignaling *self, const char *member)
{
  g_return_if_fail(FWD_IS_SIGNALING(self) && member != NULL);
  if (may_emit(self))
    g_signal_emit(self, signals[SIGNAL_PEER_LEFT], 0, member);
}

void
fwd_signaling_emit_message(FwdSignaling *self, const char *member, GBytes *envelope)
{
  g_return_if_fail(FWD_IS_SIGNALING(self) && member != NULL && envelope != NULL);
  if (!may_emit(self))
    return;
  if (g_bytes_get_size(envelope) > FWD_SIGNALING_MESSAGE_MAX) {
    fwd_log_debug("dropped a message of %" G_GSIZE_FORMAT " bytes: over the limit of %d",
                  g_bytes_get_size(envelope), FWD_SIGNALING_MESSAGE_MAX);
    return;
  }
  g_signal_emit(self, signals[SIGNAL_MESSAGE], 0, member, envelope);
}

void
fwd_signaling_emit_failed(FwdSignaling *self, const GError *error)
{
  g_return_if_fail(FWD_IS_SIGNALING(self) && error != NULL);
  if (may_emit(self))
    g_signal_emit(self, signals[SIGNAL_FAILED], 0, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/server-session.h"

#define FWD_LOG_COMPONENT "session"
#include "core/log.h"
#include "session/reverse-mappings.h"

struct _FwdServerSession {
  FwdSession parent;
  FwdAccessList *access;
};

G_DEFINE_FINAL_TYPE(FwdServerSession, fwd_server_session, FWD_TYPE_SESSION)

#define REVERSE_KEY "fwd-reverse-mappings"

static FwdReverseMappings *
reverse_of(FwdPeer *peer)
{
  return g_object_get_data(G_OBJECT(peer), REVERSE_KEY);
}

static void
server_hello(FwdSession *session, FwdPeer *peer, gboolean first, gboolean proven)
{
  if (!proven)
    fwd_session_send_hello(session, fwd_peer_get_member(peer), peer);
}

static gboolean
read_access(FwdServerSession *self, GError **error)
{
  g_autoptr(FwdAccessList) access = fwd_access_list_new();
  g_auto(GStrv) rules = NULL;

  g_object_get(fwd_session_get_profile(FWD_SESSION(self)), "allow", &rules, NULL);
  for (guint i = 0; rules[i]; i++) {
    if (!fwd_access_list_add(access, rules[i], error))
      return FALSE;
  }
  g_clear_pointer(&self->access, fwd_access_list_free);
  self->access = g_steal_pointer(&access);
  fwd_session_forget_targets(FWD_SESSION(self));
  return TRUE;
}

static void
on_allow_changed(FwdProfile *profile, GParamSpec *property, FwdServerSession *self)
{
  g_autoptr(GError) error = NULL;

  if (!read_access(self, &error))
    fwd_log_warning("%s; the former rules stay", error->message);
}

static gboolean
server_started(FwdSession *session, GError **error)
{
  g_signal_connect_object(fwd_session_get_profile(session), "notify::allow",
                          G_CALLBACK(on_allow_changed), session, 0);
  return read_access(FWD_SERVER_SESSION(session), error);
}

static void
run_race(FwdPeer *peer, const FwdMessage *order)
{
  if (order->tunnel != fwd_peer_get_tunnel_number(peer))
    fwd_peer_begin_tunnel(peer, order->tunnel);
  fwd_peer_race(peer, order->attempt, (const char *const *)order->strategies);
}

static void
answer_mappings(FwdSession *session, FwdPeer *peer, const FwdMessage *request)
{
  FwdMessage *answer = fwd_message_new(FWD_MESSAGE_PORTS);

  answer->mappings =
      fwd_reverse_mappings_set(reverse_of(peer), (const char *const *)request->mappings);
  fwd_session_send(session, peer, answer);
}

static void
server_message(FwdSession *session, FwdPeer *peer, const FwdMessage *message)
{
  if (message->type == FWD_MESSAGE_ATTEMPT)
    run_race(peer, message);
  else if (message->type == FWD_MESSAGE_STOP)
    fwd_connector_stop(fwd_peer_get_connector(peer), (const char *const *)message->strategies);
  else if (message->type == FWD_MESSAGE_MAPPINGS)
    answer_mappings(session, peer, message);
}

/* The client's NAT may have moved, or our own: say where we are now. */
static void
on_paths(FwdPeer *peer, gboolean direct_lost, FwdSession *session)
{
  if (direct_lost)
    fwd_discovery_refresh(fwd_session_get_discovery(session));
}

static void
on_state(FwdPeer *peer, GParamSpec *property, FwdSession *session)
{
  fwd_reverse_mappings_set_tunnel(reverse_of(peer), fwd_peer_get_tunnel(peer));
}

static void
on_closed(FwdPeer *peer, const GError *why, FwdSession *session)
{
  if (!fwd_peer_get_member(peer) && fwd_session_get_state(session) < FWD_SESSION_STOPPING)
    fwd_session_drop_peer(session, peer);
}

static void
server_peer_added(FwdSession *session, FwdPeer *peer)
{
  FwdApplication *application = fwd_session_get_application(session);
  FwdReverseMappings *reverse = fwd_reverse_mappings_new(
      fwd_application_get_registry(application), fwd_application_get_bus(application));

  g_object_set_data_full(G_OBJECT(peer), REVERSE_KEY, reverse,
                         (GDestroyNotify)fwd_reverse_mappings_free);
  g_signal_connect_object(peer, "paths", G_CALLBACK(on_paths), session, 0);
  g_signal_connect_object(peer, "notify::state", G_CALLBACK(on_state), session, 0);
  g_signal_connect_object(peer, "closed", G_CALLBACK(on_closed), session, 0);
}

static const FwdAccessList *
server_get_access(FwdSession *session, FwdPeer *peer)
{
  return FWD_SERVER_SESSION(session)->access;
}

static void
fwd_server_session_finalize(GObject *object)
{
  g_clear_pointer(&FWD_SERVER_SESSION(object)->access, fwd_access_list_free);
  G_OBJECT_CLASS(fwd_server_session_parent_class)->finalize(object);
}

static void
fwd_server_session_class_init(FwdServerSessionClass *klass)
{
  FwdSessionClass *session_class = FWD_SESSION_CLASS(klass);

  G_OBJECT_CLASS(klass)->finalize = fwd_server_session_finalize;
  session_class->started = server_started;
  session_class->peer_added = server_peer_added;
  session_class->hello = server_hello;
  session_class->message = server_message;
  session_class->get_access = server_get_access;
}

static void
fwd_server_session_init(FwdServerSession *self)
{
}

FwdServerSession *
fwd_server_session_new(FwdApplication *application, FwdProfile *profile)
{
  return g_object_new(FWD_TYPE_SERVER_SESSION, "application", application, "profile", profile,
                      NULL);
}

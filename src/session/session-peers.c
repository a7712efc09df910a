/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The peers of a session: how they come and go, what they say and are told. */
#include "session/session-private.h"

#include "session/hello.h"
#include "session/peer-list.h"
#include "session/teller.h"
#include <string.h>

void
fwd_session_drop_peer(FwdSession *self, FwdPeer *peer)
{
  FwdSessionPrivate *private = fwd_session_get_private(self);
  g_autoptr(FwdPeer) keep = g_object_ref(peer);

  fwd_peer_close(peer);
  FWD_SESSION_GET_CLASS(self)->peer_removed(self, peer);
  fwd_peer_list_remove(private->peers, peer);
  fwd_session_update_state(self);
}

void
fwd_session_forget_targets(FwdSession *self)
{
  GListStore *peers = fwd_session_get_private(self)->peers;

  for (guint i = 0; i < fwd_peer_list_count(peers); i++)
    fwd_peer_forget_targets(fwd_peer_list_get(peers, i));
}

static gboolean
make_room_for_peer(FwdSession *self)
{
  FwdPeer *idle = fwd_peer_list_find_idle(fwd_session_get_private(self)->peers);

  if (idle)
    fwd_session_drop_peer(self, idle);
  return idle != NULL;
}

static void
on_peer_state(FwdPeer *peer, GParamSpec *property, FwdSession *self)
{
  fwd_session_update_state(self);
}

static void
on_channel(FwdPeer *peer, FwdChannel *channel, FwdSession *self)
{
  const FwdAccessList *access = FWD_SESSION_GET_CLASS(self)->get_access(self, peer);

  fwd_service_serve(fwd_session_get_private(self)->service, channel, access);
}

static void
on_strategy_sends(FwdPeer *peer, guint race, const char *strategy, GVariant *body,
                  FwdSession *self)
{
  FwdMessage *message = fwd_message_new(FWD_MESSAGE_STRATEGY);

  message->attempt = race;
  message->strategy = g_strdup(strategy);
  message->body = g_variant_ref(body);
  fwd_session_send(self, peer, message);
}

void
fwd_session_set_local(FwdSession *self, FwdPeer *peer)
{
  FwdDiscovery *discovery = fwd_session_get_private(self)->discovery;

  fwd_surroundings_set_stun_servers(fwd_session_get_private(self)->surroundings,
                                    fwd_discovery_get_servers(discovery));
  fwd_connector_set_local(fwd_peer_get_connector(peer), fwd_discovery_get_candidates(discovery),
                          fwd_discovery_get_report(discovery));
}

static FwdPeer *
add_peer(FwdSession *self, const FwdMessage *hello)
{
  FwdSessionPrivate *private = fwd_session_get_private(self);
  FwdPeerContext context = {
      .role = private->role,
      .keys = &private->credentials->keys,
      .plane = private->plane,
      .registry = fwd_application_get_registry(private->application),
      .bus = fwd_application_get_bus(private->application),
      .surroundings = private->surroundings,
  };
  g_autoptr(FwdPeer) peer = NULL;

  if (fwd_peer_list_count(private->peers) >= FWD_PEERS_MAX && !make_room_for_peer(self))
    return NULL;
  memcpy(context.nonce, fwd_room_get_nonce(private->room), sizeof context.nonce);
  peer = fwd_peer_new(&context, hello);
  fwd_session_set_local(self, peer);
  g_signal_connect_object(peer, "notify::state", G_CALLBACK(on_peer_state), self, 0);
  g_signal_connect_object(peer, "channel", G_CALLBACK(on_channel), self, 0);
  g_signal_connect_object(peer, "send", G_CALLBACK(on_strategy_sends), self, 0);
  fwd_teller_attach(self, peer);
  g_list_store_append(private->peers, peer);
  FWD_SESSION_GET_CLASS(self)->peer_added(self, peer);
  return peer;
}

static gboolean
is_proven(FwdSession *self, const FwdMessage *message)
{
  const guint8 *nonce = fwd_room_get_nonce(fwd_session_get_private(self)->room);

  return message->has_echo && memcmp(message->echo, nonce, sizeof message->echo) == 0;
}

static void
take_hello(FwdSession *self, const char *member, const FwdMessage *hello, FwdPeer *peer)
{
  gboolean first = peer == NULL, proven = is_proven(self, hello), came;

  /* The client speaks first, so what a server says must answer it. */
  if (!fwd_hello_names_its_key(hello) ||
      (fwd_session_get_private(self)->role == FWD_ROLE_CLIENT && !proven))
    return;
  if (!peer)
    peer = add_peer(self, hello);
  if (!peer || !fwd_peer_accept_sequence(peer, hello->sequence))
    return;
  came = fwd_peer_get_member(peer) == NULL;
  fwd_peer_set_member(peer, member);
  fwd_peer_take_hello(peer, hello);
  /* Once until it leaves, however often it or we join again in between. */
  if (came)
    fwd_session_publish(self, FWD_EVENT_PEER_JOINED, "peer", fwd_peer_get_id(peer));
  FWD_SESSION_GET_CLASS(self)->hello(self, peer, first, proven);
}

void
fwd_session_take_message(FwdRoom *room, const char *member, const FwdMessage *message,
                         FwdSession *self)
{
  FwdPeer *peer = fwd_peer_list_find(fwd_session_get_private(self)->peers, message->sender);

  /* Whoever drains begins nothing new. */
  if (fwd_session_get_private(self)->state >= FWD_SESSION_STOPPING)
    return;
  if (peer && memcmp(fwd_peer_get_nonce(peer), message->nonce, sizeof message->nonce) != 0)
    return;
  if (message->type == FWD_MESSAGE_HELLO) {
    take_hello(self, member, message, peer);
    return;
  }
  if (!peer || !is_proven(self, message) || !fwd_peer_accept_sequence(peer, message->sequence))
    return;
  if (message->type == FWD_MESSAGE_STORY)
    fwd_peer_take_story(peer, message->story);
  else if (message->type != FWD_MESSAGE_STRATEGY)
    FWD_SESSION_GET_CLASS(self)->message(self, peer, message);
  else
    fwd_connector_message(fwd_peer_get_connector(peer), message->attempt, message->strategy,
                          message->body);
}

void
fwd_session_send_hello(FwdSession *self, const char *member, FwdPeer *peer)
{
  FwdSessionPrivate *private = fwd_session_get_private(self);
  FwdMessage *hello =
      fwd_hello_new(private->role, private->identity, private->discovery,
                    fwd_application_get_registry(private->application), private->surroundings);

  fwd_room_send(private->room, member, hello, peer ? fwd_peer_get_nonce(peer) : NULL);
}

gboolean
fwd_session_send(FwdSession *self, FwdPeer *peer, FwdMessage *message)
{
  const char *member = fwd_peer_get_member(peer);

  if (!member) {
    fwd_message_free(message);
    return FALSE;
  }
  return fwd_room_send(fwd_session_get_private(self)->room, member, message,
                       fwd_peer_get_nonce(peer));
}

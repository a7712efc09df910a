/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/session-private.h"

#define FWD_LOG_COMPONENT "session"
#include "core/log.h"
#include "session/network-memory.h"
#include "session/peer-list.h"
#include <stunfwd/error.h>

/* Changes of the own network are told together, not one by one. */
#define TELL_DELAY_MS 10

enum { PROPERTY_APPLICATION = 1, PROPERTY_PROFILE, PROPERTY_STATE };
enum { FAILED, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

static void fwd_session_component_init(FwdComponentInterface *interface);

G_DEFINE_ABSTRACT_TYPE_WITH_CODE(FwdSession, fwd_session, G_TYPE_OBJECT,
                                 G_ADD_PRIVATE(FwdSession)
                                     G_IMPLEMENT_INTERFACE(FWD_TYPE_COMPONENT,
                                                           fwd_session_component_init))

#define PRIVATE(self) ((FwdSessionPrivate *)fwd_session_get_instance_private(self))

FwdSessionPrivate *
fwd_session_get_private(FwdSession *self)
{
  return PRIVATE(self);
}

const char *
fwd_session_state_to_string(FwdSessionState state)
{
  static const char *const names[] = {"initialising", "joining",  "waiting", "connecting",
                                      "forwarding",   "stopping", "stopped"};

  return names[state];
}

static void
set_state(FwdSession *self, FwdSessionState state)
{
  FwdSessionPrivate *private = PRIVATE(self);

  if (private->state == state)
    return;
  private->state = state;
  fwd_log_debug("state: %s", fwd_session_state_to_string(state));
  g_object_notify(G_OBJECT(self), "state");
}

void
fwd_session_publish(FwdSession *self, const char *type, const char *key, const char *value)
{
  GVariantDict payload;

  g_variant_dict_init(&payload, NULL);
  if (key)
    g_variant_dict_insert(&payload, key, "s", value);
  fwd_event_bus_publish(fwd_application_get_bus(PRIVATE(self)->application),
                        fwd_event_new(type, "session", g_variant_dict_end(&payload)));
}

void
fwd_session_update_state(FwdSession *self)
{
  FwdSessionPrivate *private = PRIVATE(self);
  FwdSessionState state = FWD_SESSION_WAITING;

  if (private->state >= FWD_SESSION_STOPPING)
    return;
  for (guint i = 0; i < fwd_peer_list_count(private->peers); i++) {
    FwdPeerState peer_state = fwd_peer_get_state(fwd_peer_list_get(private->peers, i));
    if (peer_state == FWD_PEER_CONNECTED)
      state = FWD_SESSION_FORWARDING;
    else if (peer_state != FWD_PEER_WAITING && state == FWD_SESSION_WAITING)
      state = FWD_SESSION_CONNECTING;
  }
  if (state == FWD_SESSION_WAITING && !fwd_room_is_joined(private->room))
    state = FWD_SESSION_JOINING;
  set_state(self, state);
}

static gboolean
on_tell(gpointer user_data)
{
  FwdSession *self = user_data;
  FwdSessionPrivate *private = PRIVATE(self);

  private->tell_timer = 0;
  for (guint i = 0; i < fwd_peer_list_count(private->peers); i++) {
    FwdPeer *peer = fwd_peer_list_get(private->peers, i);
    fwd_session_set_local(self, peer);
    if (fwd_peer_get_member(peer))
      fwd_session_send_hello(self, fwd_peer_get_member(peer), peer);
  }
  FWD_SESSION_GET_CLASS(self)->network_changed(self);
  return G_SOURCE_REMOVE;
}

static void
on_discovery(FwdDiscovery *discovery, FwdSession *self)
{
  FwdSessionPrivate *private = PRIVATE(self);

  if (!private->tell_timer)
  private->tell_timer = g_timeout_add(TELL_DELAY_MS, on_tell, self);
}

static void
on_discovered(FwdDiscovery *discovery, FwdSession *self)
{
  const FwdNatReport *report = fwd_discovery_get_report(discovery);

  fwd_session_publish(self, FWD_EVENT_NETWORK_DISCOVERED, NULL, NULL);
  fwd_session_publish(self, FWD_EVENT_NAT_DETECTED, "classic", fwd_nat_report_classic_name(report));
}

static void
on_network_changed(FwdDiscovery *discovery, FwdSession *self)
{
  fwd_session_publish(self, FWD_EVENT_NETWORK_CHANGED, NULL, NULL);
  fwd_room_renew(PRIVATE(self)->room);
}

static void
on_joined(FwdRoom *room, FwdSession *self)
{
  FwdSessionPrivate *private = PRIVATE(self);
  g_auto(GStrv) stun = fwd_room_get_stun_servers(room);
  g_autofree char *seen_at = fwd_room_get_public_endpoint(room);
  g_autoptr(GPtrArray) turn = fwd_room_get_turn_servers(room);

  fwd_discovery_set_seen_at(private->discovery, seen_at);
  fwd_surroundings_set_turn_servers(private->surroundings, private->credentials->turn, turn);
  fwd_session_publish(self, FWD_EVENT_SIGNALING_CONNECTED, "transport", fwd_room_get_transport(room));
  if (stun && stun[0] && !private->credentials->stun[0] &&
      !fwd_discovery_was_answered(private->discovery))
    fwd_discovery_start(private->discovery, (const char *const *)stun);
  fwd_session_update_state(self);
  FWD_SESSION_GET_CLASS(self)->joined(self);
}

static void
on_disconnected(FwdRoom *room, FwdSession *self)
{
  fwd_session_publish(self, FWD_EVENT_SIGNALING_DISCONNECTED, NULL, NULL);
  fwd_session_update_state(self);
}

static void
on_failed(FwdRoom *room, const GError *error, FwdSession *self)
{
  g_signal_emit(self, signals[FAILED], 0, error);
}

static void
on_member_joined(FwdRoom *room, const char *member, FwdSession *self)
{
  FWD_SESSION_GET_CLASS(self)->member_joined(self, member);
}

static void
on_member_left(FwdRoom *room, const char *member, FwdSession *self)
{
  FwdPeer *peer = fwd_peer_list_find_member(PRIVATE(self)->peers, member);

  FWD_SESSION_GET_CLASS(self)->member_left(self, member);
  if (!peer)
    return;
  fwd_peer_set_member(peer, NULL);
  fwd_session_publish(self, FWD_EVENT_PEER_LEFT, "peer", fwd_peer_get_id(peer));
  if (!fwd_peer_get_tunnel_number(peer))
    fwd_session_drop_peer(self, peer);
}

static void
make_room(FwdSession *self)
{
  FwdSessionPrivate *private = PRIVATE(self);

  private->room = fwd_room_new(private->role, &private->credentials->keys,
                               fwd_identity_get_peer_id(private->identity));
  g_signal_connect_object(private->room, "joined", G_CALLBACK(on_joined), self, 0);
  g_signal_connect_object(private->room, "disconnected", G_CALLBACK(on_disconnected), self, 0);
  g_signal_connect_object(private->room, "failed", G_CALLBACK(on_failed), self, 0);
  g_signal_connect_object(private->room, "member-joined", G_CALLBACK(on_member_joined), self,
                          0);
  g_signal_connect_object(private->room, "member-left", G_CALLBACK(on_member_left), self, 0);
  g_signal_connect_object(private->room, "message", G_CALLBACK(fwd_session_take_message), self, 0);
}

static gboolean
open_sockets(FwdSession *self, GError **error)
{
  FwdSessionPrivate *private = PRIVATE(self);
  g_autofree char *memory = fwd_network_memory_default_path();

  private->credentials = fwd_credentials_new(private->profile, error);
  private->identity = private->credentials ? fwd_identity_new(error) : NULL;
  if (!private->identity)
    return FALSE;
  if (private->credentials->weak)
    fwd_log_warning("the passphrase can be guessed: take a longer one, or a ticket");
  private->plane =
      fwd_data_plane_new(private->credentials->keys.probe, private->identity, error);
  if (!private->plane)
    return FALSE;
  g_strfreev(private->surroundings->strategies);
  g_object_get(private->profile, "strategies", &private->surroundings->strategies, NULL);
  private->surroundings->signaling_url = g_uri_to_string(private->credentials->url);
  private->discovery = fwd_discovery_new(private->plane);
  fwd_discovery_set_background(private->discovery, TRUE, memory);
  g_signal_connect_object(private->discovery, "network-changed",
                          G_CALLBACK(on_network_changed), self, 0);
  g_signal_connect_object(private->discovery, "changed", G_CALLBACK(on_discovery), self, 0);
  g_signal_connect_object(private->discovery, "done", G_CALLBACK(on_discovery), self, 0);
  g_signal_connect_object(private->discovery, "done", G_CALLBACK(on_discovered), self, 0);
  make_room(self);
  private->service = fwd_service_new(fwd_application_get_registry(private->application));
  return TRUE;
}

static gboolean
component_start(FwdComponent *component, GError **error)
{
  FwdSession *self = FWD_SESSION(component);
  FwdSessionPrivate *private = PRIVATE(self);
  g_auto(GStrv) stun = NULL;

  if (!open_sockets(self, error) || !FWD_SESSION_GET_CLASS(self)->started(self, error))
    return FALSE;
  stun = fwd_credentials_list_stun(private->credentials);
  fwd_discovery_start(private->discovery, (const char *const *)stun);
  set_state(self, FWD_SESSION_JOINING);
  return fwd_room_join(private->room, fwd_application_get_registry(private->application),
                       private->credentials->url, error);
}

static void
on_drained(gpointer user_data)
{
  FwdSession *self = user_data;
  FwdSessionPrivate *private = PRIVATE(self);
  g_autoptr(GTask) task = g_steal_pointer(&private->stopping);

  g_clear_pointer(&private->drain, fwd_drain_free);
  while (fwd_peer_list_count(private->peers))
    fwd_session_drop_peer(self, fwd_peer_list_get(private->peers, 0));
  fwd_surroundings_clear_kept(private->surroundings);
  if (private->room)
    fwd_room_leave(private->room);
  if (private->plane)
    fwd_data_plane_shutdown(private->plane);
  set_state(self, FWD_SESSION_STOPPED);
  g_task_return_boolean(task, TRUE);
}

static void
component_stop_async(FwdComponent *component, guint limit_ms, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  FwdSession *self = FWD_SESSION(component);
  FwdSessionPrivate *private = PRIVATE(self);

  set_state(self, FWD_SESSION_STOPPING);
  private->stopping = g_task_new(self, NULL, callback, user_data);
  g_task_set_source_tag(private->stopping, component_stop_async);
  g_clear_handle_id(&private->tell_timer, g_source_remove);
  if (private->discovery)
    fwd_discovery_stop(private->discovery);
  if (fwd_session_get_mappings(self))
    fwd_mapping_table_clear(fwd_session_get_mappings(self));
  private->drain = fwd_drain_new(private->peers, limit_ms, on_drained, self);
}

static void
component_stop_finish(FwdComponent *component, GAsyncResult *result)
{
  g_task_propagate_boolean(G_TASK(result), NULL);
}

static char *
component_get_problem(FwdComponent *component)
{
  FwdSessionPrivate *private = PRIVATE(FWD_SESSION(component));

  if (private->room && fwd_room_is_joined(private->room))
    return NULL;
  return g_strdup("signaling: not connected");
}

static void
fwd_session_component_init(FwdComponentInterface *interface)
{
  interface->start = component_start;
  interface->stop_async = component_stop_async;
  interface->stop_finish = component_stop_finish;
  interface->get_problem = component_get_problem;
}

FwdRole
fwd_session_get_role(FwdSession *self)
{
  return PRIVATE(self)->role;
}

FwdSessionState
fwd_session_get_state(FwdSession *self)
{
  return PRIVATE(self)->state;
}

const FwdCredentials *
fwd_session_get_credentials(FwdSession *self)
{
  return PRIVATE(self)->credentials;
}

FwdDiscovery *
fwd_session_get_discovery(FwdSession *self)
{
  return PRIVATE(self)->discovery;
}

FwdRoom *
fwd_session_get_room(FwdSession *self)
{
  return PRIVATE(self)->room;
}

gboolean
fwd_session_is_joined(FwdSession *self)
{
  FwdSessionPrivate *private = PRIVATE(self);

  return private->room && fwd_room_is_joined(private->room);
}

GListModel *
fwd_session_get_peers(FwdSession *self)
{
  return G_LIST_MODEL(PRIVATE(self)->peers);
}

FwdMappingTable *
fwd_session_get_mappings(FwdSession *self)
{
  return FWD_SESSION_GET_CLASS(self)->get_mappings(self);
}

FwdApplication *
fwd_session_get_application(FwdSession *self)
{
  return PRIVATE(self)->application;
}

FwdProfile *
fwd_session_get_profile(FwdSession *self)
{
  return PRIVATE(self)->profile;
}

FwdDataPlane *
fwd_session_get_plane(FwdSession *self)
{
  return PRIVATE(self)->plane;
}

static void
fwd_session_set_property(GObject *object, guint id, const GValue *value, GParamSpec *property)
{
  FwdSessionPrivate *private = PRIVATE(FWD_SESSION(object));

  if (id == PROPERTY_APPLICATION)
  private->application = g_value_get_object(value); /* outlives its components */
  else if (id == PROPERTY_PROFILE) private->profile = g_value_dup_object(value);
  else G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, property);
}

static void
fwd_session_get_property(GObject *object, guint id, GValue *value, GParamSpec *property)
{
  if (id == PROPERTY_STATE)
    g_value_set_uint(value, fwd_session_get_state(FWD_SESSION(object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, property);
}

static void
fwd_session_constructed(GObject *object)
{
  FwdSessionPrivate *private = PRIVATE(FWD_SESSION(object));
  guint role;

  G_OBJECT_CLASS(fwd_session_parent_class)->constructed(object);
  g_object_get(private->profile, "role", &role, NULL);
  private->role = (FwdRole)role;
}

static void
fwd_session_finalize(GObject *object)
{
  FwdSessionPrivate *private = PRIVATE(FWD_SESSION(object));

  g_clear_handle_id(&private->tell_timer, g_source_remove);
  g_clear_pointer(&private->drain, fwd_drain_free);
  g_object_unref(private->peers);
  fwd_surroundings_unref(private->surroundings);
  g_clear_object(&private->room);
  g_clear_object(&private->discovery);
  g_clear_object(&private->plane);
  g_clear_pointer(&private->service, fwd_service_free);
  g_clear_pointer(&private->identity, fwd_identity_unref);
  g_clear_pointer(&private->credentials, fwd_credentials_free);
  g_clear_object(&private->profile);
  G_OBJECT_CLASS(fwd_session_parent_class)->finalize(object);
}

/* What a role need not do anything about. */

static void
ignore_event(FwdSession *self)
{
}

static void
ignore_member(FwdSession *self, const char *member)
{
}

static void
ignore_peer(FwdSession *self, FwdPeer *peer)
{
}

static FwdMappingTable *
have_no_mappings(FwdSession *self)
{
  return NULL;
}

static void
fwd_session_class_init(FwdSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  const GParamFlags construct =
      G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->set_property = fwd_session_set_property;
  object_class->get_property = fwd_session_get_property;
  object_class->constructed = fwd_session_constructed;
  object_class->finalize = fwd_session_finalize;
  klass->joined = ignore_event;
  klass->member_joined = klass->member_left = ignore_member;
  klass->peer_added = klass->peer_removed = ignore_peer;
  klass->network_changed = ignore_event;
  klass->get_mappings = have_no_mappings;
  g_object_class_install_property(
      object_class, PROPERTY_APPLICATION,
      g_param_spec_object("application", NULL, NULL, FWD_TYPE_APPLICATION, construct));
  g_object_class_install_property(
      object_class, PROPERTY_PROFILE,
      g_param_spec_object("profile", NULL, NULL, FWD_TYPE_PROFILE, construct));
  g_object_class_install_property(
      object_class, PROPERTY_STATE,
      g_param_spec_uint("state", NULL, NULL, 0, FWD_SESSION_STOPPED, 0,
                        G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS));
  signals[FAILED] = g_signal_new("failed", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
fwd_session_init(FwdSession *self)
{
  g_autofree char *history = fwd_history_default_path();

  PRIVATE(self)->peers = fwd_peer_list_new();
  PRIVATE(self)->surroundings = fwd_surroundings_new(history);
}

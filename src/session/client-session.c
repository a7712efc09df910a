/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/client-session.h"

#define FWD_LOG_COMPONENT "session"
#include "core/log.h"
#include "session/persistent-tunnel.h"
#include "session/pursuit.h"
#include <stunfwd/error.h>
#include <string.h>

/* A hello that is not answered is sent again, less and less often. */
#define HELLO_FIRST_MS 1000
#define HELLO_MAX_MS   30000
/* Before another tunnel takes the place of one that was closed. */
#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS   30000
/* Mappings of the configuration that could not listen are tried again. */
#define FOLLOW_AGAIN_MS 2000
/* When to say that nobody is in the room. */
#define EMPTY_ROOM_MS 2000

struct _FwdClientSession {
  FwdSession parent;
  FwdPersistentTunnel *tunnel;
  FwdPursuit *pursuit;
  FwdMappingTable *mappings;
  FwdAccessList *access; /* targets of own reverse mappings */
  FwdPeer *server;       /* the one we use or try, or NULL */
  GPtrArray *unanswered; /* members that have not answered our hello */
  guint hello_timer;
  guint hello_wait_ms;
  guint retry_ms;
  guint empty_timer;
  guint follow_timer;
  guint32 tunnels;   /* number of the last tunnel */
  guint32 races;     /* number of the last race */
  char *here, *there; /* the addresses of both ends, ports left out */
  char *met;          /* the member that @server was when its hello last came */
  gboolean asked;    /* the server was told of reverse mappings */
  gboolean ask_anew; /* they have changed since, and it could not be told */
};

G_DEFINE_FINAL_TYPE(FwdClientSession, fwd_client_session, FWD_TYPE_SESSION)

static gboolean
on_hello_timer(gpointer user_data)
{
  FwdClientSession *self = user_data;

  self->hello_timer = 0;
  for (guint i = 0; i < self->unanswered->len; i++)
    fwd_session_send_hello(FWD_SESSION(self), self->unanswered->pdata[i], NULL);
  if (self->unanswered->len) {
    self->hello_wait_ms = MIN(self->hello_wait_ms * 2, HELLO_MAX_MS);
    self->hello_timer = g_timeout_add(self->hello_wait_ms, on_hello_timer, self);
  }
  return G_SOURCE_REMOVE;
}

static void
client_member_joined(FwdSession *session, const char *member)
{
  FwdClientSession *self = FWD_CLIENT_SESSION(session);

  g_clear_handle_id(&self->empty_timer, g_source_remove);
  g_ptr_array_add(self->unanswered, g_strdup(member));
  fwd_session_send_hello(session, member, NULL);
  g_clear_handle_id(&self->hello_timer, g_source_remove);
  self->hello_wait_ms = HELLO_FIRST_MS;
  self->hello_timer = g_timeout_add(self->hello_wait_ms, on_hello_timer, self);
}

static void
forget_unanswered(FwdClientSession *self, const char *member)
{
  for (guint i = self->unanswered->len; i > 0; i--) {
    if (g_str_equal(self->unanswered->pdata[i - 1], member))
      g_ptr_array_remove_index(self->unanswered, i - 1);
  }
}

static void
client_member_left(FwdSession *session, const char *member)
{
  forget_unanswered(FWD_CLIENT_SESSION(session), member);
}

static gboolean
on_empty_room(gpointer user_data)
{
  FwdClientSession *self = user_data;

  self->empty_timer = 0;
  fwd_log_warning("no server is in %s: waiting for one",
                  fwd_session_get_credentials(FWD_SESSION(self))->place);
  return G_SOURCE_REMOVE;
}

static void
client_joined(FwdSession *session)
{
  FwdClientSession *self = FWD_CLIENT_SESSION(session);

  /* Members are named anew after each join. */
  g_ptr_array_set_size(self->unanswered, 0);
  g_clear_pointer(&self->met, g_free);
  if (!self->server && !self->empty_timer)
    self->empty_timer = g_timeout_add(EMPTY_ROOM_MS, on_empty_room, self);
}

/* The server in use while it is in the room; else another one that is. */
static FwdPeer *
choose_server(FwdClientSession *self)
{
  GListModel *peers = fwd_session_get_peers(FWD_SESSION(self));

  if (self->server && fwd_peer_get_member(self->server))
    return self->server;
  for (guint i = g_list_model_get_n_items(peers); i > 0; i--) {
    g_autoptr(FwdPeer) peer = g_list_model_get_item(peers, i - 1);
    if (fwd_peer_get_member(peer))
      return peer; /* the list keeps it */
  }
  return NULL;
}

static gint
compare_texts(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What a network is known by: ports come and go. */
static char *
list_addresses(const GArray *candidates)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *candidate = &g_array_index(candidates, FwdCandidate, i);
    char *address = fwd_endpoint_address_to_string(&candidate->endpoint);
    if (g_ptr_array_find_with_equal_func(lines, address, g_str_equal, NULL))
      g_free(address);
    else
      g_ptr_array_add(lines, address);
  }
  g_ptr_array_sort(lines, compare_texts);
  g_ptr_array_add(lines, NULL);
  return g_strjoinv(" ", (char **)lines->pdata);
}

/* Whether the addresses are not what they were. */
static gboolean
has_moved(char **known, const GArray *candidates)
{
  char *addresses = list_addresses(candidates);
  const gboolean moved = g_strcmp0(*known, addresses) != 0;

  g_free(*known);
  *known = addresses;
  return moved;
}

static void
use_server(FwdClientSession *self)
{
  FwdPeer *peer = choose_server(self);

  if (!peer || self->server == peer)
    return;
  if (self->server)
    fwd_session_drop_peer(FWD_SESSION(self), self->server);
  self->server = peer;
  fwd_pursuit_set_peer(self->pursuit, peer);
}

static gboolean
order_race(FwdClientSession *self, const char *const *plan)
{
  FwdMessage *message = fwd_message_new(FWD_MESSAGE_ATTEMPT);

  message->attempt = ++self->races;
  message->tunnel = fwd_peer_get_tunnel_number(self->server);
  message->strategies = g_strdupv((GStrv)plan);
  return fwd_session_send(FWD_SESSION(self), self->server, message);
}

/* Without the room there is no race; joining it starts one. */
static gboolean
race(const char *const *plan, gpointer user_data)
{
  FwdClientSession *self = user_data;

  if (!fwd_session_is_joined(FWD_SESSION(self)) ||
      fwd_session_get_state(FWD_SESSION(self)) >= FWD_SESSION_STOPPING)
    return FALSE;
  if (!fwd_peer_get_tunnel_number(self->server))
    fwd_peer_begin_tunnel(self->server, ++self->tunnels);
  if (!order_race(self, plan))
    return FALSE;
  fwd_peer_race(self->server, self->races, plan);
  return TRUE;
}

static void
client_network_changed(FwdSession *session)
{
  FwdClientSession *self = FWD_CLIENT_SESSION(session);
  const GArray *candidates =
      fwd_discovery_get_candidates(fwd_session_get_discovery(session));

  if (has_moved(&self->here, candidates))
    fwd_pursuit_reset(self->pursuit);
  else
    fwd_pursuit_wake(self->pursuit);
}

static void
send_mappings(FwdClientSession *self)
{
  FwdMessage *message;
  g_auto(GStrv) requested = fwd_mapping_table_list_requested(self->mappings);
  gboolean any = requested[0] != NULL;

  if (!self->server || (!any && !self->asked))
    return;
  message = fwd_message_new(FWD_MESSAGE_MAPPINGS);
  message->mappings = g_steal_pointer(&requested);
  self->ask_anew = !fwd_session_send(FWD_SESSION(self), self->server, message);
  if (!self->ask_anew)
    self->asked = any;
}

/* Since one of us joined again: what was ordered before may not have arrived. */
static gboolean
has_met_anew(FwdClientSession *self)
{
  const char *member = fwd_peer_get_member(self->server);

  if (g_strcmp0(self->met, member) == 0)
    return FALSE;
  g_free(self->met);
  self->met = g_strdup(member);
  return TRUE;
}

static void
client_hello(FwdSession *session, FwdPeer *peer, gboolean first, gboolean proven)
{
  FwdClientSession *self = FWD_CLIENT_SESSION(session);
  const gboolean connected =
      self->server && fwd_peer_get_state(self->server) == FWD_PEER_CONNECTED;
  FwdConnector *connector = fwd_peer_get_connector(peer);
  gboolean anew;

  forget_unanswered(self, fwd_peer_get_member(peer));
  g_clear_handle_id(&self->empty_timer, g_source_remove);
  if (peer == self->server && self->ask_anew)
    send_mappings(self);
  if (!connected)
    use_server(self);
  if (peer != self->server)
    return;
  anew = has_met_anew(self);
  if (anew)
    fwd_connector_cancel(connector);
  if (has_moved(&self->there, fwd_connector_get_remote_candidates(connector)) || anew)
    fwd_pursuit_reset(self->pursuit);
  else
    fwd_pursuit_wake(self->pursuit);
}

static void
on_state(FwdPeer *peer, GParamSpec *property, FwdClientSession *self)
{
  if (peer != self->server)
    return;
  fwd_persistent_tunnel_set(self->tunnel, fwd_peer_get_tunnel(peer));
  if (fwd_peer_get_state(peer) != FWD_PEER_CONNECTED) {
    use_server(self);
    return;
  }
  self->retry_ms = RETRY_FIRST_MS;
  send_mappings(self);
}

/* The STUN servers may say something else by the next time. */
static void
on_finished(FwdPeer *peer, gboolean found, FwdClientSession *self)
{
  if (peer != self->server || found || fwd_peer_get_tunnel(peer))
    return;
  fwd_log_warning("no way to %s was found; trying again", fwd_peer_get_id(peer));
  fwd_discovery_refresh(fwd_session_get_discovery(FWD_SESSION(self)));
}

static void
on_closed(FwdPeer *peer, const GError *why, FwdClientSession *self)
{
  if (peer != self->server || fwd_session_get_state(FWD_SESSION(self)) >= FWD_SESSION_STOPPING)
    return;
  fwd_persistent_tunnel_set(self->tunnel, NULL);
  fwd_discovery_refresh(fwd_session_get_discovery(FWD_SESSION(self)));
  use_server(self);
  fwd_pursuit_reset(self->pursuit);
  fwd_pursuit_pause(self->pursuit, self->retry_ms);
  self->retry_ms = MIN(self->retry_ms * 2, RETRY_MAX_MS);
}

static void
on_pointless(FwdConnector *connector, GStrv strategies, FwdClientSession *self)
{
  FwdMessage *message;

  if (!self->server || fwd_peer_get_connector(self->server) != connector)
    return;
  message = fwd_message_new(FWD_MESSAGE_STOP);
  message->strategies = g_strdupv(strategies);
  fwd_session_send(FWD_SESSION(self), self->server, message);
}

static void
client_peer_added(FwdSession *session, FwdPeer *peer)
{
  g_signal_connect_object(peer, "notify::state", G_CALLBACK(on_state), session, 0);
  g_signal_connect_object(peer, "finished", G_CALLBACK(on_finished), session, 0);
  g_signal_connect_object(peer, "closed", G_CALLBACK(on_closed), session, 0);
  g_signal_connect_object(fwd_peer_get_connector(peer), "pointless", G_CALLBACK(on_pointless),
                          session, 0);
}

static void
client_peer_removed(FwdSession *session, FwdPeer *peer)
{
  FwdClientSession *self = FWD_CLIENT_SESSION(session);

  if (peer != self->server)
    return;
  self->server = NULL;
  fwd_pursuit_set_peer(self->pursuit, NULL);
  self->asked = self->ask_anew = FALSE;
  fwd_persistent_tunnel_set(self->tunnel, NULL);
}

static void
client_message(FwdSession *session, FwdPeer *peer, const FwdMessage *message)
{
  FwdClientSession *self = FWD_CLIENT_SESSION(session);

  if (message->type == FWD_MESSAGE_PORTS && peer == self->server)
    fwd_mapping_table_report(self->mappings, (const char *const *)message->mappings);
}

/* The server may lead us to the targets of our own reverse mappings, and to no others. */
static void
update_access(FwdClientSession *self)
{
  GListModel *entries = G_LIST_MODEL(self->mappings);

  g_clear_pointer(&self->access, fwd_access_list_free);
  self->access = fwd_access_list_new_empty();
  for (guint i = 0; i < g_list_model_get_n_items(entries); i++) {
    g_autoptr(FwdMappingEntry) entry = g_list_model_get_item(entries, i);
    FwdMapping *mapping = fwd_mapping_entry_get_mapping(entry);
    if (fwd_mapping_is_reverse(mapping))
      fwd_access_list_add_exact(self->access, fwd_mapping_get_target_forwarder(mapping),
                                fwd_mapping_get_target(mapping));
  }
  fwd_session_forget_targets(FWD_SESSION(self));
}

static void
on_mappings_changed(GListModel *mappings, guint position, guint removed, guint added,
                    FwdClientSession *self)
{
  update_access(self);
  send_mappings(self);
}

static gboolean
follow_profile(FwdClientSession *self)
{
  g_auto(GStrv) texts = NULL;

  if (fwd_session_get_state(FWD_SESSION(self)) >= FWD_SESSION_STOPPING)
    return TRUE;
  g_object_get(fwd_session_get_profile(FWD_SESSION(self)), "mappings", &texts, NULL);
  return fwd_mapping_table_follow(self->mappings, (const char *const *)texts);
}

static gboolean
on_follow_again(gpointer user_data)
{
  FwdClientSession *self = user_data;

  if (!follow_profile(self))
    return G_SOURCE_CONTINUE;
  self->follow_timer = 0;
  return G_SOURCE_REMOVE;
}

/* A port may be in use for a moment, by the mapping that had it before for example. */
static void
on_profile_mappings(FwdProfile *profile, GParamSpec *property, FwdClientSession *self)
{
  g_clear_handle_id(&self->follow_timer, g_source_remove);
  if (!follow_profile(self))
    self->follow_timer = g_timeout_add(FOLLOW_AGAIN_MS, on_follow_again, self);
}

static const FwdAccessList *
client_get_access(FwdSession *session, FwdPeer *peer)
{
  return FWD_CLIENT_SESSION(session)->access;
}

static FwdMappingTable *
client_get_mappings(FwdSession *session)
{
  return FWD_CLIENT_SESSION(session)->mappings;
}

/* Mappings that are asked for at the start must work: better no start than half of one. */
static gboolean
client_started(FwdSession *session, GError **error)
{
  FwdClientSession *self = FWD_CLIENT_SESSION(session);
  FwdApplication *application = fwd_session_get_application(session);
  FwdProfile *profile = fwd_session_get_profile(session);
  g_auto(GStrv) texts = NULL;

  self->pursuit = fwd_pursuit_new(fwd_session_get_discovery(session), race, self);
  self->mappings = fwd_mapping_table_new(fwd_application_get_registry(application),
                                         fwd_application_get_bus(application),
                                         FWD_TUNNEL(self->tunnel), FALSE);
  g_signal_connect_object(self->mappings, "items-changed", G_CALLBACK(on_mappings_changed),
                          self, 0);
  update_access(self);
  g_object_get(profile, "mappings", &texts, NULL);
  if (!fwd_mapping_table_begin(self->mappings, (const char *const *)texts, error))
    return FALSE;
  g_signal_connect_object(profile, "notify::mappings", G_CALLBACK(on_profile_mappings), self,
                          0);
  return TRUE;
}

static void
fwd_client_session_dispose(GObject *object)
{
  FwdClientSession *self = FWD_CLIENT_SESSION(object);

  g_clear_handle_id(&self->hello_timer, g_source_remove);
  g_clear_handle_id(&self->empty_timer, g_source_remove);
  g_clear_handle_id(&self->follow_timer, g_source_remove);
  self->server = NULL;
  g_clear_pointer(&self->pursuit, fwd_pursuit_free);
  if (self->tunnel)
    fwd_tunnel_close(FWD_TUNNEL(self->tunnel));
  G_OBJECT_CLASS(fwd_client_session_parent_class)->dispose(object);
}

static void
fwd_client_session_finalize(GObject *object)
{
  FwdClientSession *self = FWD_CLIENT_SESSION(object);

  g_clear_object(&self->mappings);
  g_clear_object(&self->tunnel);
  g_clear_pointer(&self->access, fwd_access_list_free);
  g_ptr_array_unref(self->unanswered);
  g_free(self->here);
  g_free(self->there);
  g_free(self->met);
  G_OBJECT_CLASS(fwd_client_session_parent_class)->finalize(object);
}

static void
fwd_client_session_class_init(FwdClientSessionClass *klass)
{
  FwdSessionClass *session_class = FWD_SESSION_CLASS(klass);

  G_OBJECT_CLASS(klass)->dispose = fwd_client_session_dispose;
  G_OBJECT_CLASS(klass)->finalize = fwd_client_session_finalize;
  session_class->started = client_started;
  session_class->joined = client_joined;
  session_class->member_joined = client_member_joined;
  session_class->member_left = client_member_left;
  session_class->peer_added = client_peer_added;
  session_class->peer_removed = client_peer_removed;
  session_class->hello = client_hello;
  session_class->message = client_message;
  session_class->network_changed = client_network_changed;
  session_class->get_access = client_get_access;
  session_class->get_mappings = client_get_mappings;
}

static void
fwd_client_session_init(FwdClientSession *self)
{
  self->tunnel = fwd_persistent_tunnel_new();
  self->unanswered = g_ptr_array_new_with_free_func(g_free);
  self->retry_ms = RETRY_FIRST_MS;
}

FwdClientSession *
fwd_client_session_new(FwdApplication *application, FwdProfile *profile)
{
  return g_object_new(FWD_TYPE_CLIENT_SESSION, "application", application, "profile", profile,
                      NULL);
}

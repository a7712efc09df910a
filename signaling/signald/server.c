/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"

#include "relay.h"
#include "room-message.h"
#include "socket.h"
#include "stun-server.h"
#include <stunfwd/error.h>

#define BACKLOG       128
#define STOP_LIMIT_MS 2000
#define SOCKETS_MAX   20000
/* Of a room's connection, in the kernel: who does not read may not have the megabytes it grows
 * to. */
#define SEND_BUFFER     (64 * 1024)
#define HOST_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-:%"

struct FwdServer {
  SoupServer *soup;
  GPtrArray *endpoints; /* lines for people */
  GPtrArray *stun;      /* FwdStunServer */
  char *public_host;
  FwdSocketGroup group;
  FwdRateLimit *joins;
  FwdRelay *relay; /* NULL: off, or stopped */
  GSourceFunc stopped;
  gpointer stopped_data;
  guint stop_source;
};

static gboolean
client_of(SoupServerMessage *message, FwdEndpoint *client)
{
  GSocketAddress *address = soup_server_message_get_remote_address(message);
  struct sockaddr_storage native;

  return address != NULL && g_socket_address_to_native(address, &native, sizeof native, NULL) &&
         fwd_endpoint_from_sockaddr((struct sockaddr *)&native,
                                    (socklen_t)g_socket_address_get_native_size(address),
                                    client);
}

/* The host that the client knows this server by. */
static char *
host_of(const FwdServer *server, SoupServerMessage *message)
{
  const char *host = server->public_host;
  GSocketAddress *local = soup_server_message_get_local_address(message);

  if (host == NULL)
    host = g_uri_get_host(soup_server_message_get_uri(message));
  if (host != NULL && *host != '\0' && strspn(host, HOST_CHARACTERS) == strlen(host))
    return g_strdup(host);
  return g_inet_address_to_string(
      g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(local)));
}

/*
 * A STUN socket is told by the name that the client came by, for the two share
 * an address; only one that is bound to an address of its own is told by that.
 */
static char *
stun_address(const FwdServer *server, SoupServerMessage *message, const FwdEndpoint *stun)
{
  GSocketAddress *address = soup_server_message_get_local_address(message);
  g_autofree char *bound = fwd_endpoint_address_to_string(stun);
  g_autofree char *reached = g_inet_address_to_string(
      g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)));
  g_autofree char *host = NULL;

  if (server->public_host == NULL && !fwd_endpoint_is_any(stun) && strcmp(bound, reached) != 0)
    return fwd_endpoint_to_string(stun);
  host = host_of(server, message);
  return g_strdup_printf(strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
                         fwd_endpoint_port(stun));
}

static GStrv
stun_addresses(const FwdServer *server, SoupServerMessage *message)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  guint count = MIN(server->stun->len, FWD_ROOM_STUN_SERVERS_MAX);

  for (guint i = 0; i < count; i++) {
    const FwdStunSite *site = fwd_stun_server_get_site(g_ptr_array_index(server->stun, i));
    g_autofree char *text = stun_address(server, message, &site->local[0]);

    g_strv_builder_add(builder, text);
  }
  return g_strv_builder_end(builder);
}

static void
on_websocket(SoupServer *soup, SoupServerMessage *message, const char *path,
             SoupWebsocketConnection *connection, gpointer user_data)
{
  FwdServer *server = user_data;
  g_auto(GStrv) stun = stun_addresses(server, message);
  GSocket *socket = soup_server_message_get_socket(message);
  FwdEndpoint client;

  if (socket != NULL)
    g_socket_set_option(socket, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER, NULL);
  if (client_of(message, &client))
    fwd_socket_start(&server->group, connection, &client, (const char *const *)stun);
}

static void
ask_relay(FwdServer *server, SoupServerMessage *message, const char *token,
          const FwdEndpoint *client)
{
  if (server->relay != NULL)
    fwd_relay_answer(server->relay, message, token, client);
  else
    soup_server_message_set_status(message, SOUP_STATUS_FORBIDDEN, NULL);
}

/* Runs before the upgrade, and before the body of a request is read. */
static void
on_headers(SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
           gpointer user_data)
{
  FwdServer *server = user_data;
  const char *token = query != NULL ? g_hash_table_lookup(query, FWD_RELAY_QUERY) : NULL;
  FwdEndpoint client;

  soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
  if (!client_of(message, &client) || g_hash_table_size(server->group.open) >= SOCKETS_MAX ||
      !fwd_rate_limit_take(server->joins, &client, g_get_monotonic_time()))
    soup_server_message_set_status(message, SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
  else if (token != NULL)
    ask_relay(server, message, token, &client);
}

static GSocket *
open_listener(const FwdEndpoint *endpoint, GError **error)
{
  g_autoptr(GSocketAddress) address =
      g_socket_address_new_from_native((gpointer)&endpoint->any, fwd_endpoint_length(endpoint));
  g_autoptr(GSocket) listener = g_socket_new(
      g_socket_address_get_family(address), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  if (listener == NULL)
    return NULL;
  if (fwd_endpoint_family(endpoint) == AF_INET6)
    g_socket_set_option(listener, IPPROTO_IPV6, IPV6_V6ONLY, 1, NULL);
  g_socket_set_listen_backlog(listener, BACKLOG);
  if (!g_socket_bind(listener, address, TRUE, error) || !g_socket_listen(listener, error))
    return NULL;
  return g_steal_pointer(&listener);
}

static void
note_endpoint(FwdServer *server, const char *what, const char *address, const char *end)
{
  g_ptr_array_add(server->endpoints, g_strconcat(what, address, end, NULL));
}

static void
note_listener(FwdServer *server, GSocket *listener, gboolean tls)
{
  g_autoptr(GSocketAddress) address = g_socket_get_local_address(listener, NULL);
  g_autofree char *text = g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(address));

  note_endpoint(server, tls ? "WebSocket on wss://" : "WebSocket on ws://", text, "/");
}

static gboolean
listen_on(FwdServer *server, const FwdEndpoint *endpoint, gboolean tls, GError **error)
{
  g_autoptr(GSocket) listener = open_listener(endpoint, error);
  SoupServerListenOptions how = tls ? SOUP_SERVER_LISTEN_HTTPS : 0;

  if (listener == NULL || !soup_server_listen_socket(server->soup, listener, how, error)) {
    g_autofree char *text = fwd_endpoint_to_string(endpoint);

    g_prefix_error(error, "WebSocket on %s: ", text);
    return FALSE;
  }
  note_listener(server, listener, tls);
  return TRUE;
}

static gboolean
open_stun(FwdServer *server, const FwdEndpoint *address, const FwdEndpoint *alternate,
          GError **error)
{
  FwdStunServer *stun = fwd_stun_server_new(address, alternate, error);
  const FwdStunSite *site;

  if (stun == NULL)
    return FALSE;
  g_ptr_array_add(server->stun, stun);
  site = fwd_stun_server_get_site(stun);
  for (guint i = 0; i < site->count; i++) {
    g_autofree char *text = fwd_endpoint_to_string(&site->local[i]);

    note_endpoint(server, "STUN on ", text, "");
  }
  return TRUE;
}

static gboolean
open_all(FwdServer *server, const FwdOptions *options, GError **error)
{
  for (guint i = 0; i < options->listen->len; i++) {
    if (!listen_on(server, &g_array_index(options->listen, FwdEndpoint, i),
                   options->certificate != NULL, error))
      return FALSE;
  }
  for (guint i = 0; i < options->stun->len; i++) {
    const FwdEndpoint *alternate = i < options->stun_alternate->len
                                       ? &g_array_index(options->stun_alternate, FwdEndpoint, i)
                                       : NULL;

    if (!open_stun(server, &g_array_index(options->stun, FwdEndpoint, i), alternate, error))
      return FALSE;
  }
  return TRUE;
}

static void
finish_stop(FwdServer *server)
{
  GSourceFunc stopped = g_steal_pointer(&server->stopped);

  g_clear_handle_id(&server->stop_source, g_source_remove);
  if (stopped != NULL)
    stopped(server->stopped_data);
}

static void
on_emptied(gpointer user_data)
{
  finish_stop(user_data);
}

static SoupServer *
new_soup(FwdServer *server, GTlsCertificate *certificate)
{
  char *protocols[] = {(char *)FWD_ROOM_SUBPROTOCOL, NULL};
  SoupServer *soup =
      soup_server_new("server-header", "stunfwd", "tls-certificate", certificate, NULL);

  soup_server_add_early_handler(soup, NULL, on_headers, server, NULL);
  soup_server_add_websocket_handler(soup, NULL, NULL, protocols, on_websocket, server, NULL);
  return soup;
}

FwdServer *
fwd_server_new(const FwdOptions *options, GError **error)
{
  g_autoptr(FwdServer) server = g_new0(FwdServer, 1);

  server->endpoints = g_ptr_array_new_with_free_func(g_free);
  server->stun = g_ptr_array_new_with_free_func((GDestroyNotify)fwd_stun_server_free);
  server->public_host = g_strdup(options->public_host);
  server->joins = fwd_rate_limit_new(MAX(options->rate / 5, 1), options->rate * 2);
  server->group = (FwdSocketGroup){
      .rooms = fwd_rooms_new(options->max_rooms, fwd_socket_tell_presence, NULL),
      .messages = fwd_rate_limit_new(options->rate, options->rate * 4),
      .turn = options->turn,
      .open = g_hash_table_new(NULL, NULL),
      .emptied = on_emptied,
      .user_data = server,
  };
  if (options->relay)
    server->relay = fwd_relay_new(options->relay_rate);
  server->soup = new_soup(server, options->certificate);
  if (!open_all(server, options, error))
    return NULL;
  return g_steal_pointer(&server);
}

static void
close_sockets(FwdServer *server)
{
  g_autoptr(GList) sockets = g_hash_table_get_keys(server->group.open);

  for (GList *item = sockets; item != NULL; item = item->next)
    fwd_socket_close(item->data, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "the server stops");
}

void
fwd_server_free(FwdServer *server)
{
  g_clear_handle_id(&server->stop_source, g_source_remove);
  fwd_socket_group_clear(&server->group);
  soup_server_disconnect(server->soup);
  g_clear_pointer(&server->relay, fwd_relay_free);
  g_object_unref(server->soup);
  fwd_rate_limit_free(server->joins);
  fwd_rate_limit_free(server->group.messages);
  fwd_rooms_free(server->group.rooms);
  g_hash_table_unref(server->group.open);
  g_ptr_array_unref(server->stun);
  g_ptr_array_unref(server->endpoints);
  g_free(server->public_host);
  g_free(server);
}

GStrv
fwd_server_list_endpoints(const FwdServer *server)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

  for (guint i = 0; i < server->endpoints->len; i++)
    g_strv_builder_add(builder, g_ptr_array_index(server->endpoints, i));
  return g_strv_builder_end(builder);
}

static gboolean
on_stop_limit(gpointer user_data)
{
  FwdServer *server = user_data;

  server->stop_source = 0;
  finish_stop(server);
  return G_SOURCE_REMOVE;
}

void
fwd_server_stop(FwdServer *server, GSourceFunc stopped, gpointer user_data)
{
  g_clear_handle_id(&server->stop_source, g_source_remove);
  server->stopped = stopped;
  server->stopped_data = user_data;
  soup_server_disconnect(server->soup);
  g_clear_pointer(&server->relay, fwd_relay_free);
  close_sockets(server);
  if (g_hash_table_size(server->group.open) == 0)
    finish_stop(server);
  else
    server->stop_source = g_timeout_add(STOP_LIMIT_MS, on_stop_limit, server);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay.h"

#include "rate-limit.h"
#include "relay-thread.h"
#include "room-message.h"

#define FWD_LOG_COMPONENT "signald"
#include "core/log.h"

#define THREADS_MAX      4
#define IDLE_US          (90 * G_USEC_PER_SEC)
#define KEEPALIVE_US     (FWD_ROOM_KEEPALIVE_S * G_USEC_PER_SEC)
#define TOKEN_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-"

struct FwdRelay {
  FwdRelayThread *threads[THREADS_MAX];
  guint thread_count, next_thread;
  GHashTable *waiting;  /* of Client by its token */
  GHashTable *networks; /* how many connections each has */
  guint connections;
  gboolean ended;
};

/** One connection, from its request on until its pair is over. */
typedef struct {
  FwdRelay *relay; /* a reference */
  guint64 network;
  char address[FWD_ENDPOINT_TEXT_MAX];
  char token[FWD_RELAY_TOKEN_MAX + 1];
  FwdStreamSocket stream; /* while it waits */
  guint limit;
  GSource *watch;
} Client;

/* Counting. The counts outlive the relay by what its threads still have to tell. */

static void
clear_relay(gpointer data)
{
  FwdRelay *relay = data;

  g_hash_table_unref(relay->waiting);
  g_hash_table_unref(relay->networks);
}

static guint
count_of(const FwdRelay *relay, guint64 network)
{
  return GPOINTER_TO_UINT(g_hash_table_lookup(relay->networks, &network));
}

static void
count(FwdRelay *relay, guint64 network, int change)
{
  const guint connections = count_of(relay, network) + (guint)change;

  relay->connections += (guint)change;
  if (connections == 0)
    g_hash_table_remove(relay->networks, &network);
  else
    g_hash_table_replace(relay->networks, g_memdup2(&network, sizeof network),
                         GUINT_TO_POINTER(connections));
}

static Client *
client_new(FwdRelay *relay, const char *token, const FwdEndpoint *endpoint)
{
  Client *client = g_new0(Client, 1);

  client->relay = g_rc_box_acquire(relay);
  client->network = fwd_rate_limit_network(endpoint);
  fwd_endpoint_format(endpoint, client->address);
  g_strlcpy(client->token, token, sizeof client->token);
  count(relay, client->network, 1);
  return client;
}

static void
client_free(gpointer data)
{
  Client *client = data;

  count(client->relay, client->network, -1);
  g_rc_box_release_full(client->relay, clear_relay);
  g_free(client);
}

/* Waiting for the other one. */

static void
stop_waiting(Client *client)
{
  g_hash_table_remove(client->relay->waiting, client->token);
  g_clear_handle_id(&client->limit, g_source_remove);
  g_source_destroy(client->watch);
  g_clear_pointer(&client->watch, g_source_unref);
}

static void
let_go(Client *client, const char *why)
{
  fwd_log_info("%s: relay: %s", client->address, why);
  stop_waiting(client);
  fwd_stream_socket_clear(&client->stream);
  client_free(client);
}

static gboolean
on_limit(gpointer user_data)
{
  Client *client = user_data;

  client->limit = 0;
  let_go(client, "nobody came for it");
  return G_SOURCE_REMOVE;
}

/* Nothing may come before the other one is there. */
static gboolean
on_input(GSocket *socket G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
         gpointer user_data)
{
  let_go(user_data, "has left, or spoke before its turn");
  return G_SOURCE_REMOVE;
}

static void
wait_for_other(Client *client)
{
  g_hash_table_insert(client->relay->waiting, client->token, client);
  client->limit = g_timeout_add_seconds(FWD_RELAY_WAIT_S, on_limit, client);
  client->watch = g_socket_create_source(client->stream.socket, G_IO_IN, NULL);
  g_source_set_callback(client->watch, G_SOURCE_FUNC(on_input), client, NULL);
  g_source_attach(client->watch, NULL);
}

/* Pairs. */

static void
on_ended(guint64 bytes, const char *why, gpointer user_data)
{
  Client **clients = user_data;

  fwd_log_info("relay between %s and %s: %s after %" G_GUINT64_FORMAT " bytes",
               clients[0]->address, clients[1]->address, why, bytes);
  client_free(clients[0]);
  client_free(clients[1]);
  g_free(clients);
}

static void
join(Client *first, Client *second)
{
  FwdRelay *relay = first->relay;
  const FwdStreamSocket streams[] = {first->stream, second->stream};
  Client **clients = g_new(Client *, 2);

  stop_waiting(first);
  clients[0] = first;
  clients[1] = second;
  fwd_log_info("relay between %s and %s", first->address, second->address);
  fwd_relay_thread_add(relay->threads[relay->next_thread], streams, clients);
  relay->next_thread = (relay->next_thread + 1) % relay->thread_count;
}

static void
begin(Client *client)
{
  Client *first = g_hash_table_lookup(client->relay->waiting, client->token);

  if (first != NULL)
    join(first, client);
  else
    wait_for_other(client);
}

/* Upgrading. */

/* libsoup wraps what it reads from; nothing of ours is in its buffers yet. */
static GIOStream *
steal_stream(SoupServerMessage *message)
{
  g_autoptr(GIOStream) stream = soup_server_message_steal_connection(message);
  GIOStream *base = NULL;

  if (g_object_class_find_property(G_OBJECT_GET_CLASS(stream), "base-iostream") != NULL)
    g_object_get(stream, "base-iostream", &base, NULL);
  return base != NULL ? base : g_steal_pointer(&stream);
}

static void
on_upgraded(SoupServerMessage *message, gpointer user_data)
{
  Client *client = g_object_steal_data(G_OBJECT(message), FWD_RELAY_QUERY);
  GIOStream *stream;

  if (client == NULL)
    return;
  stream = steal_stream(message);
  if (client->relay->ended || !fwd_stream_socket_init(&client->stream, stream))
    client_free(client);
  else
    begin(client);
}

static gboolean
is_token(const char *text)
{
  const gsize length = strlen(text);

  return length >= FWD_RELAY_TOKEN_MIN && length <= FWD_RELAY_TOKEN_MAX &&
         strspn(text, TOKEN_CHARACTERS) == length;
}

static gboolean
has_room_for(const FwdRelay *relay, const FwdEndpoint *client)
{
  return relay->connections < FWD_RELAY_CONNECTIONS_MAX &&
         count_of(relay, fwd_rate_limit_network(client)) < FWD_RELAY_NETWORK_MAX;
}

/* Without an extension, and with the subprotocol of the relay, which is not optional. */
static gboolean
shake_hands(SoupServerMessage *message)
{
  char *protocols[] = {(char *)FWD_RELAY_SUBPROTOCOL, NULL};
  const char *offered = soup_message_headers_get_list(
      soup_server_message_get_request_headers(message), "Sec-WebSocket-Protocol");

  return offered != NULL && soup_header_contains(offered, FWD_RELAY_SUBPROTOCOL) &&
         soup_websocket_server_process_handshake(message, NULL, protocols, NULL, NULL);
}

void
fwd_relay_answer(FwdRelay *relay, SoupServerMessage *message, const char *token,
                 const FwdEndpoint *client)
{
  if (!is_token(token)) {
    soup_server_message_set_status(message, SOUP_STATUS_BAD_REQUEST, NULL);
  } else if (!has_room_for(relay, client)) {
    soup_server_message_set_status(message, SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
  } else if (!shake_hands(message)) {
    soup_server_message_set_status(message, SOUP_STATUS_BAD_REQUEST, NULL);
  } else {
    g_object_set_data_full(G_OBJECT(message), FWD_RELAY_QUERY, client_new(relay, token, client),
                           client_free);
    g_signal_connect(message, "wrote-informational", G_CALLBACK(on_upgraded), NULL);
  }
}

/* Making and ending it. */

FwdRelay *
fwd_relay_new(guint64 rate)
{
  const FwdRelayPairConfig config = {
      .rate = rate, .idle_us = IDLE_US, .keepalive_us = KEEPALIVE_US};
  FwdRelay *relay = g_rc_box_new0(FwdRelay);

  relay->waiting = g_hash_table_new(g_str_hash, g_str_equal);
  relay->networks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  relay->thread_count = MIN(g_get_num_processors(), THREADS_MAX);
  for (guint i = 0; i < relay->thread_count; i++)
    relay->threads[i] = fwd_relay_thread_new(&config, on_ended);
  return relay;
}

void
fwd_relay_free(FwdRelay *relay)
{
  g_autoptr(GList) waiting = g_hash_table_get_values(relay->waiting);

  relay->ended = TRUE;
  for (GList *item = waiting; item != NULL; item = item->next)
    let_go(item->data, "the server stops");
  for (guint i = 0; i < relay->thread_count; i++)
    fwd_relay_thread_free(relay->threads[i]);
  g_rc_box_release_full(relay, clear_relay);
}

guint
fwd_relay_count(const FwdRelay *relay)
{
  return relay->connections;
}

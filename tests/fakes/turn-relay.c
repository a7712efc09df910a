/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/turn-relay.h"
#include "net/turn-message.h"
#include <string.h>

#define BUFFER 65536

typedef struct {
  TurnRelay *relay;
  FakeTurnServer server;
  GSocket *relayed;
  GSource *relayed_source;
  GSocketAddress *address;       /* of a client over UDP */
  GSocketConnection *connection; /* of one over TCP */
  GSource *source;
  GByteArray *input;
} Client;

static GSocket *
bind_loopback(guint16 port)
{
  g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", port);
  GSocket *socket =
      g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);

  g_assert_true(g_socket_bind(socket, any, FALSE, NULL));
  g_socket_set_blocking(socket, FALSE);
  return socket;
}

static GSource *
watch(GSocket *socket, GSocketSourceFunc func, gpointer data)
{
  GSource *source = g_socket_create_source(socket, G_IO_IN, NULL);

  g_source_set_callback(source, G_SOURCE_FUNC(func), data, NULL);
  g_source_attach(source, NULL);
  return source;
}

static void
unwatch(GSource **source)
{
  if (*source != NULL)
    g_source_destroy(*source);
  g_clear_pointer(source, g_source_unref);
}

static void
to_endpoint(GSocketAddress *address, FwdEndpoint *endpoint)
{
  struct sockaddr_storage native;

  g_assert_true(g_socket_address_to_native(address, &native, sizeof native, NULL));
  g_assert_true(fwd_endpoint_from_sockaddr((struct sockaddr *)&native,
                                           sizeof(struct sockaddr_in), endpoint));
}

static void
say(Client *client, const guint8 *data, gsize length)
{
  GSocket *socket = client->connection != NULL
                        ? g_socket_connection_get_socket(client->connection)
                        : client->relay->datagrams;

  g_socket_send_to(socket, client->address, (const char *)data, length, NULL, NULL);
}

static void
send_on(Client *client, const FwdEndpoint *peer, const guint8 *data, gsize length)
{
  g_autoptr(GSocketAddress) address =
      g_socket_address_new_from_native((gpointer)&peer->any, fwd_endpoint_length(peer));

  g_socket_send_to(client->relayed, address, (const char *)data, length, NULL, NULL);
}

/* From a peer to the client; only addresses with a permission get through. */
static gboolean
on_relayed(GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Client *client = user_data;
  g_autoptr(GSocketAddress) address = NULL;
  guint8 data[BUFFER], message[BUFFER] = {0};
  gssize length =
      g_socket_receive_from(socket, &address, (char *)data, sizeof data / 2, NULL, NULL);
  FwdEndpoint from;

  if (length <= 0 || !client->server.allocated)
    return G_SOURCE_CONTINUE;
  to_endpoint(address, &from);
  if (!fwd_endpoint_same_address(&from, &client->server.peer))
    return G_SOURCE_CONTINUE;
  if (client->server.channel != 0 && fwd_endpoint_equal(&from, &client->server.channel_peer)) {
    fwd_turn_channel_write(message, client->server.channel, (gsize)length);
    memcpy(message + FWD_TURN_CHANNEL_HEADER, data, (gsize)length);
    say(client, message, ((gsize)length + FWD_TURN_CHANNEL_HEADER + 3) & ~(gsize)3);
  } else {
    say(client, message,
        fake_turn_server_data(&from, data, (gsize)length, message, sizeof message));
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
relay_data(Client *client, const guint8 *data, gsize length)
{
  FwdStunMessage message;
  FwdTurnPacket packet;
  guint16 channel;

  if (fwd_turn_channel_read(data, length, &channel, &packet)) {
    send_on(client, &client->server.channel_peer, packet.data, packet.length);
    return TRUE;
  }
  if (!fwd_stun_message_parse(data, length, &message) ||
      fwd_stun_message_class(&message) != FWD_STUN_INDICATION)
    return FALSE;
  packet.data = fwd_stun_message_find(&message, FWD_STUN_DATA_VALUE, &packet.length);
  g_assert_true(
      fwd_stun_message_get_endpoint(&message, FWD_STUN_XOR_PEER_ADDRESS, &packet.peer));
  send_on(client, &packet.peer, packet.data, packet.length);
  return TRUE;
}

static void
take(Client *client, const guint8 *data, gsize length)
{
  guint8 response[FWD_STUN_MESSAGE_MAX];
  gboolean before = client->server.allocated;

  if (relay_data(client, data, length))
    return;
  length = fake_turn_server_answer(&client->server, data, length, response, sizeof response);
  client->relay->held += (guint)client->server.allocated - (guint)before;
  if (length > 0)
    say(client, response, length);
}

static Client *
add_client(TurnRelay *relay)
{
  Client *client = g_new0(Client, 1);
  g_autoptr(GSocketAddress) bound = NULL;

  client->relay = relay;
  client->server = relay->model;
  client->relayed = bind_loopback(0);
  bound = g_socket_get_local_address(client->relayed, NULL);
  to_endpoint(bound, &client->server.relayed);
  client->relayed_source = watch(client->relayed, on_relayed, client);
  relay->clients++;
  g_ptr_array_add(relay->all, client);
  return client;
}

static void
free_client(gpointer data)
{
  Client *client = data;

  unwatch(&client->source);
  unwatch(&client->relayed_source);
  g_object_unref(client->relayed);
  g_clear_object(&client->address);
  g_clear_object(&client->connection);
  g_clear_pointer(&client->input, g_byte_array_unref);
  g_free(client);
}

static Client *
find_client(TurnRelay *relay, GSocketAddress *address)
{
  FwdEndpoint wanted, other;

  to_endpoint(address, &wanted);
  for (guint i = 0; i < relay->all->len; i++) {
    Client *client = relay->all->pdata[i];
    if (client->address == NULL)
      continue;
    to_endpoint(client->address, &other);
    if (fwd_endpoint_equal(&wanted, &other))
      return client;
  }
  return NULL;
}

static gboolean
on_datagram(GSocket *socket, GIOCondition condition, gpointer user_data)
{
  TurnRelay *relay = user_data;
  g_autoptr(GSocketAddress) address = NULL;
  guint8 data[BUFFER];
  gssize length =
      g_socket_receive_from(socket, &address, (char *)data, sizeof data, NULL, NULL);
  Client *client;

  if (length <= 0)
    return G_SOURCE_CONTINUE;
  client = find_client(relay, address);
  if (client == NULL) {
    client = add_client(relay);
    client->address = g_object_ref(address);
  }
  take(client, data, (gsize)length);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_stream(GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Client *client = user_data;
  guint8 data[BUFFER];
  gssize length = g_socket_receive(socket, (char *)data, sizeof data, NULL, NULL);
  gssize frame;

  if (length <= 0) {
    client->relay->held -= (guint)client->server.allocated;
    client->server.allocated = FALSE;
    return G_SOURCE_REMOVE;
  }
  g_byte_array_append(client->input, data, (guint)length);
  while ((frame = fwd_turn_frame_length(client->input->data, client->input->len)) > 0 &&
         (gsize)frame <= client->input->len) {
    take(client, client->input->data, (gsize)frame);
    g_byte_array_remove_range(client->input, 0, (guint)frame);
  }
  g_assert_cmpint(frame, >=, 0);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source,
            TurnRelay *relay)
{
  Client *client = add_client(relay);

  relay->over_tcp++;
  client->connection = g_object_ref(connection);
  client->input = g_byte_array_new();
  client->source = watch(g_socket_connection_get_socket(connection), on_stream, client);
  return TRUE;
}

TurnRelay *
turn_relay_new(gboolean deaf)
{
  TurnRelay *relay = g_new0(TurnRelay, 1);
  g_autoptr(GSocketAddress) bound = NULL, effective = NULL;

  fake_turn_server_init(&relay->model);
  relay->all = g_ptr_array_new_with_free_func(free_client);
  relay->service = g_socket_service_new();
  bound = g_inet_socket_address_new_from_string("127.0.0.1", 0);
  g_assert_true(g_socket_listener_add_address(G_SOCKET_LISTENER(relay->service), bound,
                                              G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL,
                                              &effective, NULL));
  relay->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(effective));
  relay->datagrams = bind_loopback(relay->port);
  if (!deaf)
    relay->source = watch(relay->datagrams, on_datagram, relay);
  g_signal_connect(relay->service, "incoming", G_CALLBACK(on_incoming), relay);
  return relay;
}

void
turn_relay_free(TurnRelay *relay)
{
  g_socket_service_stop(relay->service);
  g_socket_listener_close(G_SOCKET_LISTENER(relay->service));
  g_object_unref(relay->service);
  unwatch(&relay->source);
  g_ptr_array_unref(relay->all);
  g_object_unref(relay->datagrams);
  g_free(relay);
}

char *
turn_relay_get_uri(const TurnRelay *relay, const char *transport)
{
  return g_strdup_printf("turn:127.0.0.1:%u?transport=%s", relay->port, transport);
}

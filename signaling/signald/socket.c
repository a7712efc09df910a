/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "socket.h"

#include "room-message.h"

#define FWD_LOG_COMPONENT "signald"
#include "core/log.h"

#define JOIN_LIMIT_S     10
#define REFUSALS_MAX     100
#define BACKLOG_MAX      (1024 * 1024)
#define TIMER_INTERVAL_S 5

struct FwdSocket {
  FwdSocketGroup *group;
  SoupWebsocketConnection *connection;
  FwdEndpoint client;
  GStrv stun;
  FwdMember *member; /* NULL until joined */
  gint64 started;
  gint64 heard;
  guint timer;
  guint refusals;
  gsize backlog; /* bytes queued since the connection last took some */
};

static gboolean
connection_takes_more(FwdSocket *socket)
{
  GIOStream *stream = soup_websocket_connection_get_io_stream(socket->connection);
  GOutputStream *output = g_io_stream_get_output_stream(stream);

  return !G_IS_POLLABLE_OUTPUT_STREAM(output) ||
         g_pollable_output_stream_is_writable(G_POLLABLE_OUTPUT_STREAM(output));
}

/* Answers count as well: who asks and never reads must not fill the memory either. */
static void
say(FwdSocket *socket, const FwdRoomMessage *message)
{
  g_autofree char *text = NULL;

  if (soup_websocket_connection_get_state(socket->connection) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  text = fwd_room_message_encode(message);
  socket->backlog = connection_takes_more(socket) ? 0 : socket->backlog + strlen(text);
  if (socket->backlog <= BACKLOG_MAX)
    soup_websocket_connection_send_text(socket->connection, text);
}

static void
say_error(FwdSocket *socket, const char *code, const char *text)
{
  FwdRoomMessage message = {.type = FWD_ROOM_ERROR, .code = (char *)code, .text = (char *)text};

  say(socket, &message);
}

void
fwd_socket_close(FwdSocket *socket, SoupWebsocketCloseCode code, const char *reason)
{
  if (soup_websocket_connection_get_state(socket->connection) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close(socket->connection, code, reason);
}

static void
refuse(FwdSocket *socket, SoupWebsocketCloseCode code, const char *word, const char *text)
{
  g_autofree char *client = fwd_endpoint_to_string(&socket->client);

  if (soup_websocket_connection_get_state(socket->connection) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  fwd_log_info("%s: closed: %s", client, text);
  if (word != NULL)
    say_error(socket, word, text);
  fwd_socket_close(socket, code, word);
}

static void
leave(FwdSocket *socket)
{
  FwdMember *member = g_steal_pointer(&socket->member);

  if (member != NULL)
    fwd_rooms_leave(socket->group->rooms, member);
}

/* The connection is closed here and now: the other end no longer takes part. */
static void
drop(FwdSocket *socket, const char *why)
{
  GIOStream *stream = soup_websocket_connection_get_io_stream(socket->connection);
  g_autofree char *client = fwd_endpoint_to_string(&socket->client);

  fwd_log_info("%s: dropped: %s", client, why);
  leave(socket);
  fwd_socket_close(socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
  g_io_stream_close(stream, NULL, NULL);
}

static void
relay(FwdSocket *socket, FwdSocket *to, const char *data)
{
  FwdRoomMessage message = {.type = FWD_ROOM_MESSAGE,
                            .member = (char *)fwd_member_get_id(socket->member),
                            .data = (char *)data};

  say(to, &message);
}

static void
take_send(FwdSocket *socket, const FwdRoomMessage *message)
{
  FwdMember *to = fwd_rooms_find_visible(socket->member, message->member);

  if (to == NULL)
    say_error(socket, "unknown-member", "no such member");
  else
    relay(socket, fwd_member_get_owner(to), message->data);
}

static void
say_joined(FwdSocket *socket)
{
  g_autoptr(GPtrArray) visible = fwd_rooms_list_visible(socket->member);
  g_autoptr(GArray) members = fwd_room_peers_new();
  g_autoptr(GPtrArray) turn =
      socket->group->turn != NULL
          ? fwd_turn_credentials_make(socket->group->turn, g_get_real_time() / G_USEC_PER_SEC)
          : NULL;
  g_autofree char *client = fwd_endpoint_to_string(&socket->client);
  FwdRoomMessage joined = {.type = FWD_ROOM_JOINED,
                           .member = (char *)fwd_member_get_id(socket->member),
                           .members = members,
                           .stun = socket->stun,
                           .turn = turn,
                           .you = client};

  for (guint i = 0; i < visible->len; i++) {
    FwdMember *member = g_ptr_array_index(visible, i);

    fwd_room_peers_add(members, fwd_member_get_id(member), fwd_member_get_role(member));
  }
  say(socket, &joined);
}

static void
take_join(FwdSocket *socket, const FwdRoomMessage *message)
{
  g_autoptr(GError) error = NULL;

  socket->member =
      fwd_rooms_join(socket->group->rooms, message->room, message->role, socket, &error);
  if (socket->member == NULL)
    refuse(socket, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, "full", error->message);
  else
    say_joined(socket);
}

static void
take_message(FwdSocket *socket, const FwdRoomMessage *message)
{
  if (message->type == FWD_ROOM_JOIN && socket->member == NULL)
    take_join(socket, message);
  else if (message->type == FWD_ROOM_SEND && socket->member != NULL)
    take_send(socket, message);
  else
    refuse(socket, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, "invalid",
           "a message that does not belong here");
}

static gboolean
take_token(FwdSocket *socket)
{
  if (fwd_rate_limit_take(socket->group->messages, &socket->client, socket->heard)) {
    socket->refusals = 0;
    return TRUE;
  }
  if (++socket->refusals > REFUSALS_MAX)
    refuse(socket, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, "limit", "too many messages");
  else
    say_error(socket, "limit", "too many messages: this one was dropped");
  return FALSE;
}

static void
on_message(SoupWebsocketConnection *connection, int type, GBytes *bytes, gpointer user_data)
{
  FwdSocket *socket = user_data;
  g_auto(FwdRoomMessage) message = {0};
  g_autoptr(GError) error = NULL;
  gsize length;
  const char *text = g_bytes_get_data(bytes, &length);

  socket->heard = g_get_monotonic_time();
  if (soup_websocket_connection_get_state(connection) != SOUP_WEBSOCKET_STATE_OPEN ||
      !take_token(socket))
    return;
  if (type != SOUP_WEBSOCKET_DATA_TEXT)
    refuse(socket, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA, "invalid", "a binary frame");
  else if (!fwd_room_message_parse(text, length, &message, &error))
    refuse(socket, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, "invalid", error->message);
  else
    take_message(socket, &message);
}

static void
on_pong(SoupWebsocketConnection *connection, GBytes *bytes, gpointer user_data)
{
  FwdSocket *socket = user_data;

  socket->heard = g_get_monotonic_time();
}

static void
on_error(SoupWebsocketConnection *connection, GError *error, gpointer user_data)
{
  FwdSocket *socket = user_data;
  g_autofree char *client = fwd_endpoint_to_string(&socket->client);

  fwd_log_info("%s: %s", client, error->message);
}

static void
socket_free(FwdSocket *socket)
{
  leave(socket);
  g_signal_handlers_disconnect_by_data(socket->connection, socket);
  g_hash_table_remove(socket->group->open, socket);
  g_source_remove(socket->timer);
  g_object_unref(socket->connection);
  g_strfreev(socket->stun);
  g_free(socket);
}

static void
on_closed(SoupWebsocketConnection *connection, gpointer user_data)
{
  FwdSocket *socket = user_data;
  FwdSocketGroup *group = socket->group;

  socket_free(socket);
  if (g_hash_table_size(group->open) == 0)
    group->emptied(group->user_data);
}

static gboolean
on_timer(gpointer user_data)
{
  FwdSocket *socket = user_data;
  gint64 now = g_get_monotonic_time();

  if (now - socket->heard > FWD_ROOM_SILENCE_S * G_USEC_PER_SEC)
    drop(socket, "silent for too long");
  else if (socket->backlog > BACKLOG_MAX)
    drop(socket, "takes nothing of what is sent to it");
  else if (socket->member == NULL && now - socket->started > JOIN_LIMIT_S * G_USEC_PER_SEC)
    refuse(socket, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, "limit", "has not joined in time");
  return G_SOURCE_CONTINUE;
}

void
fwd_socket_start(FwdSocketGroup *group, SoupWebsocketConnection *connection,
                 const FwdEndpoint *client, const char *const *stun)
{
  FwdSocket *socket = g_new0(FwdSocket, 1);

  socket->group = group;
  socket->connection = g_object_ref(connection);
  socket->client = *client;
  socket->stun = g_strdupv((GStrv)stun);
  socket->started = socket->heard = g_get_monotonic_time();
  socket->timer = g_timeout_add_seconds(TIMER_INTERVAL_S, on_timer, socket);
  g_hash_table_add(group->open, socket);
  soup_websocket_connection_set_max_incoming_payload_size(connection, FWD_ROOM_FRAME_MAX);
  soup_websocket_connection_set_keepalive_interval(connection, FWD_ROOM_KEEPALIVE_S);
  g_signal_connect(connection, "message", G_CALLBACK(on_message), socket);
  g_signal_connect(connection, "pong", G_CALLBACK(on_pong), socket);
  g_signal_connect(connection, "error", G_CALLBACK(on_error), socket);
  g_signal_connect(connection, "closed", G_CALLBACK(on_closed), socket);
}

void
fwd_socket_tell_presence(FwdMember *member, const FwdMember *other, gboolean present,
                         gpointer user_data)
{
  FwdRoomMessage message = {.type = present ? FWD_ROOM_PEER_JOINED : FWD_ROOM_PEER_LEFT,
                            .member = (char *)fwd_member_get_id(other),
                            .role = fwd_member_get_role(other)};

  say(fwd_member_get_owner(member), &message);
}

void
fwd_socket_group_clear(FwdSocketGroup *group)
{
  g_list_free_full(g_hash_table_get_keys(group->open), (GDestroyNotify)socket_free);
}

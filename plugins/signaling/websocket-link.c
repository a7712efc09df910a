/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "websocket-link.h"

#include <stunfwd/error.h>

#define JOIN_LIMIT_S    10
#define SILENCE_CHECK_S 15

struct FwdLink {
  const FwdLinkEvents *events;
  gpointer user_data;
  SoupMessage *handshake;
  GCancellable *cancellable;
  SoupWebsocketConnection *connection; /* NULL until the upgrade */
  char *where;                         /* the URL, for people */
  char *room;
  char *complaint; /* what the server last said was wrong */
  FwdRole role;
  gint64 heard;
  guint timer;
  gboolean joined;
  gboolean ended;
};

/* Must be the last thing a handler does: the link may be gone afterwards. */
static void G_GNUC_PRINTF(3, 4) end(FwdLink *link, FwdErrorCode code, const char *format, ...)
{
  g_autoptr(GError) error = NULL;
  va_list arguments;

  if (link->ended)
    return;
  link->ended = TRUE;
  va_start(arguments, format);
  error = g_error_new_valist(FWD_SIGNALING_ERROR, (int)code, format, arguments);
  va_end(arguments);
  g_prefix_error(&error, "%s: ", link->where);
  link->events->ended(error, link->user_data);
}

static gboolean
on_join_limit(gpointer user_data)
{
  FwdLink *link = user_data;

  link->timer = 0;
  end(link, FWD_ERROR_TIMEOUT, "no answer within %d s", JOIN_LIMIT_S);
  return G_SOURCE_REMOVE;
}

static gboolean
on_silence_check(gpointer user_data)
{
  FwdLink *link = user_data;

  if (g_get_monotonic_time() - link->heard <= FWD_ROOM_SILENCE_S * G_USEC_PER_SEC)
    return G_SOURCE_CONTINUE;
  link->timer = 0;
  end(link, FWD_ERROR_TIMEOUT, "silent for %d s", FWD_ROOM_SILENCE_S);
  return G_SOURCE_REMOVE;
}

static void
take_joined(FwdLink *link)
{
  link->joined = TRUE;
  g_source_remove(link->timer);
  link->timer = g_timeout_add_seconds(SILENCE_CHECK_S, on_silence_check, link);
}

static gboolean
belongs_here(const FwdLink *link, FwdRoomMessageType type)
{
  switch (type) {
  case FWD_ROOM_JOINED:
    return !link->joined;
  case FWD_ROOM_PEER_JOINED:
  case FWD_ROOM_PEER_LEFT:
  case FWD_ROOM_MESSAGE:
    return link->joined;
  default:
    return FALSE;
  }
}

static void
take_message(FwdLink *link, const FwdRoomMessage *message)
{
  if (message->type == FWD_ROOM_ERROR) {
    g_free(link->complaint);
    link->complaint = g_strdup(message->text);
    return;
  }
  if (!belongs_here(link, message->type)) {
    end(link, FWD_ERROR_REFUSED, "the server sent a message that does not belong there");
    return;
  }
  if (message->type == FWD_ROOM_JOINED)
    take_joined(link);
  link->events->received(message, link->user_data);
}

static void
on_message(SoupWebsocketConnection *connection, int type, GBytes *bytes, gpointer user_data)
{
  FwdLink *link = user_data;
  g_auto(FwdRoomMessage) message = {0};
  g_autoptr(GError) error = NULL;
  gsize length;
  const char *text = g_bytes_get_data(bytes, &length);

  link->heard = g_get_monotonic_time();
  if (link->ended)
    return;
  if (type != SOUP_WEBSOCKET_DATA_TEXT)
    end(link, FWD_ERROR_REFUSED, "the server sent a binary frame");
  else if (!fwd_room_message_parse(text, length, &message, &error))
    end(link, FWD_ERROR_REFUSED, "the server sent %s", error->message);
  else
    take_message(link, &message);
}

static void
on_pong(SoupWebsocketConnection *connection, GBytes *bytes, gpointer user_data)
{
  FwdLink *link = user_data;

  link->heard = g_get_monotonic_time();
}

static void
on_error(SoupWebsocketConnection *connection, GError *error, gpointer user_data)
{
  end(user_data, FWD_ERROR_CLOSED, "%s", error->message);
}

static void
on_closed(SoupWebsocketConnection *connection, gpointer user_data)
{
  FwdLink *link = user_data;
  gushort code = soup_websocket_connection_get_close_code(connection);

  if (link->complaint != NULL)
    end(link, FWD_ERROR_REFUSED, "the server closed the connection: %s", link->complaint);
  else if (code == 0)
    end(link, FWD_ERROR_CLOSED, "the connection was lost");
  else
    end(link, FWD_ERROR_CLOSED, "the server closed the connection (%u)", code);
}

static void
take_connection(FwdLink *link, SoupWebsocketConnection *connection)
{
  FwdRoomMessage join = {.type = FWD_ROOM_JOIN, .room = link->room, .role = link->role};

  link->connection = connection;
  link->heard = g_get_monotonic_time();
  soup_websocket_connection_set_max_incoming_payload_size(connection, FWD_ROOM_FRAME_MAX);
  soup_websocket_connection_set_keepalive_interval(connection, FWD_ROOM_KEEPALIVE_S);
  g_signal_connect(connection, "message", G_CALLBACK(on_message), link);
  g_signal_connect(connection, "pong", G_CALLBACK(on_pong), link);
  g_signal_connect(connection, "error", G_CALLBACK(on_error), link);
  g_signal_connect(connection, "closed", G_CALLBACK(on_closed), link);
  (void)fwd_link_send(link, &join, NULL);
}

static void
fail_handshake(FwdLink *link, const GError *error)
{
  guint status = soup_message_get_status(link->handshake);

  if (error->domain == SOUP_WEBSOCKET_ERROR && status != SOUP_STATUS_NONE)
    end(link, FWD_ERROR_REFUSED, "no WebSocket there: the server answered %u %s", status,
        soup_status_get_phrase(status));
  else if (error->domain == G_TLS_ERROR || error->domain == SOUP_WEBSOCKET_ERROR)
    end(link, FWD_ERROR_REFUSED, "%s", error->message);
  else
    end(link, FWD_ERROR_UNREACHABLE, "%s", error->message);
}

static void
on_connected(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  SoupWebsocketConnection *connection =
      soup_session_websocket_connect_finish(SOUP_SESSION(source), result, &error);

  /* Only freeing the link cancels: then there is none to speak of. */
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (connection == NULL)
    fail_handshake(user_data, error);
  else
    take_connection(user_data, connection);
}

FwdLink *
fwd_link_new(SoupSession *session, GUri *url, const char *room, FwdRole role,
             const FwdLinkEvents *events, gpointer user_data)
{
  char *protocols[] = {(char *)FWD_ROOM_SUBPROTOCOL, NULL};
  FwdLink *link = g_new0(FwdLink, 1);

  link->events = events;
  link->user_data = user_data;
  link->room = g_strdup(room);
  link->role = role;
  link->where = g_uri_to_string_partial(url, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY |
                                                 G_URI_HIDE_FRAGMENT);
  link->cancellable = g_cancellable_new();
  link->handshake = soup_message_new_from_uri(SOUP_METHOD_GET, url);
  link->timer = g_timeout_add_seconds(JOIN_LIMIT_S, on_join_limit, link);
  soup_session_websocket_connect_async(session, link->handshake, NULL, protocols,
                                       G_PRIORITY_DEFAULT, link->cancellable, on_connected,
                                       link);
  return link;
}

/* The closing handshake goes on without the link; libsoup ends it after 5 s at the latest. */
static void
part_with(SoupWebsocketConnection *connection, gpointer link)
{
  g_signal_handlers_disconnect_by_data(connection, link);
  if (soup_websocket_connection_get_state(connection) == SOUP_WEBSOCKET_STATE_CLOSED) {
    g_object_unref(connection);
    return;
  }
  g_signal_connect(connection, "closed", G_CALLBACK(g_object_unref), NULL);
  if (soup_websocket_connection_get_state(connection) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close(connection, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
}

void
fwd_link_free(FwdLink *link)
{
  g_cancellable_cancel(link->cancellable);
  g_clear_handle_id(&link->timer, g_source_remove);
  if (link->connection != NULL)
    part_with(link->connection, link);
  g_object_unref(link->cancellable);
  g_object_unref(link->handshake);
  g_free(link->where);
  g_free(link->room);
  g_free(link->complaint);
  g_free(link);
}

gboolean
fwd_link_send(FwdLink *link, const FwdRoomMessage *message, GError **error)
{
  g_autofree char *text = fwd_room_message_encode(message);

  if (strlen(text) > FWD_ROOM_FRAME_MAX) {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_LIMIT,
                "a message of %" G_GSIZE_FORMAT " bytes does not fit a frame of %d",
                strlen(text), FWD_ROOM_FRAME_MAX);
    return FALSE;
  }
  if (soup_websocket_connection_get_state(link->connection) != SOUP_WEBSOCKET_STATE_OPEN) {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_CLOSED, "%s: not connected", link->where);
    return FALSE;
  }
  soup_websocket_connection_send_text(link->connection, text);
  return TRUE;
}

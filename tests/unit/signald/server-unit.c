/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server in this process, and clients that speak frames of their own choice. */
#include "server-fixture.h"

#include "room-message.h"
#include <libsoup/soup.h>
#include <sys/socket.h>

typedef struct {
  SoupSession *session;
  SoupWebsocketConnection *connection;
  GPtrArray *frames;
  GError *error; /* of the upgrade */
  guint closed;  /* the close code */
  gboolean done;
} Client;

/* What libsoup leaks is known by its frames (tests/lsan.supp), for which stacks must be whole.
 */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
  return "fast_unwind_on_malloc=0";
}

static void
on_frame(SoupWebsocketConnection *connection, int type, GBytes *bytes, Client *client)
{
  gsize length;
  const char *data = g_bytes_get_data(bytes, &length);

  g_ptr_array_add(client->frames, g_strndup(data, length));
}

static void
on_closed(SoupWebsocketConnection *connection, Client *client)
{
  client->closed = soup_websocket_connection_get_close_code(connection);
  client->done = TRUE;
}

static void
on_connected(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Client *client = user_data;

  client->connection =
      soup_session_websocket_connect_finish(SOUP_SESSION(source), result, &client->error);
  if (client->connection == NULL) {
    client->done = TRUE;
    return;
  }
  g_signal_connect(client->connection, "message", G_CALLBACK(on_frame), client);
  g_signal_connect(client->connection, "closed", G_CALLBACK(on_closed), client);
}

static Client *
client_new(const FwdServer *server, const char *protocol)
{
  char *protocols[] = {(char *)protocol, NULL};
  g_autofree char *url = server_url(server);
  g_autoptr(SoupMessage) message = soup_message_new(SOUP_METHOD_GET, url);
  Client *client = g_new0(Client, 1);

  client->session = soup_session_new();
  client->frames = g_ptr_array_new_with_free_func(g_free);
  soup_session_websocket_connect_async(client->session, message, NULL,
                                       protocol != NULL ? protocols : NULL, G_PRIORITY_DEFAULT,
                                       NULL, on_connected, client);
  while (client->connection == NULL && !client->done)
    g_main_context_iteration(NULL, TRUE);
  return client;
}

static void
client_say(Client *client, const char *frame)
{
  soup_websocket_connection_send_text(client->connection, frame);
}

static void
client_wait_closed(Client *client)
{
  while (!client->done)
    g_main_context_iteration(NULL, TRUE);
}

static const char *
client_wait_frame(Client *client, guint index)
{
  while (client->frames->len <= index && !client->done)
    g_main_context_iteration(NULL, TRUE);
  g_assert_cmpuint(client->frames->len, >, index);
  return g_ptr_array_index(client->frames, index);
}

static void
client_free(Client *client)
{
  if (client->connection != NULL && !client->done) {
    soup_websocket_connection_close(client->connection, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
    client_wait_closed(client);
  }
  g_clear_object(&client->connection);
  g_clear_error(&client->error);
  g_object_unref(client->session);
  g_ptr_array_unref(client->frames);
  g_free(client);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

#define JOIN(room, role) "{\"type\":\"join\",\"room\":\"" room "\",\"role\":\"" role "\"}"

static gboolean
on_finished(gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
assert_closed_for(const char *frame, guint code, const char *word)
{
  FwdServer *server = server_new("--stun none");
  g_autoptr(Client) client = client_new(server, NULL);
  g_autofree char *start = g_strdup_printf("{\"type\":\"error\",\"code\":\"%s\",", word);

  client_say(client, frame);
  client_wait_closed(client);
  g_assert_cmpuint(client->closed, ==, code);
  g_assert_cmpuint(client->frames->len, ==, 1);
  g_assert_true(g_str_has_prefix(g_ptr_array_index(client->frames, 0), start));
  server_stop(server);
}

static void
test_malformed(void)
{
  assert_closed_for("hello", 1008, "invalid");
  assert_closed_for("{\"type\":\"send\",\"to\":\"a\",\"data\":\"before join\"}", 1008,
                    "invalid");
  assert_closed_for("{\"type\":\"peer-left\",\"id\":\"a\"}", 1008, "invalid");
  assert_closed_for(JOIN("a b", "client"), 1008, "invalid");
}

static void
test_join_twice(void)
{
  FwdServer *server = server_new("--stun none");
  g_autoptr(Client) client = client_new(server, NULL);

  client_say(client, JOIN("r", "client"));
  client_say(client, JOIN("r", "client"));
  client_wait_closed(client);
  g_assert_cmpuint(client->closed, ==, 1008);
  server_stop(server);
}

static void
test_binary(void)
{
  FwdServer *server = server_new("--stun none");
  g_autoptr(Client) client = client_new(server, NULL);

  soup_websocket_connection_send_binary(client->connection, "{}", 2);
  client_wait_closed(client);
  g_assert_cmpuint(client->closed, ==, 1003);
  server_stop(server);
}

/* The rest of the frame is not read, so a reset may overtake the close frame. */
static void
test_oversize(void)
{
  FwdServer *server = server_new("--stun none");
  g_autoptr(Client) client = client_new(server, NULL);
  g_autofree char *text = g_strnfill(FWD_ROOM_FRAME_MAX + 1, ' ');

  client_say(client, text);
  client_wait_closed(client);
  g_assert_true(client->closed == 1009 || client->closed == 0);
  g_assert_cmpuint(client->frames->len, ==, 0);
  server_stop(server);
}

static void
test_unknown_member(void)
{
  FwdServer *server = server_new("--stun none");
  g_autoptr(Client) client = client_new(server, NULL);

  client_say(client, JOIN("r", "client"));
  client_say(client, "{\"type\":\"send\",\"to\":\"nobody\",\"data\":\"x\"}");
  g_assert_nonnull(strstr(client_wait_frame(client, 1), "\"unknown-member\""));
  client_say(client, "{\"type\":\"send\",\"to\":\"nobody\",\"data\":\"x\"}");
  g_assert_nonnull(strstr(client_wait_frame(client, 2), "\"unknown-member\""));
  g_clear_pointer(&client, client_free);
  server_stop(server);
}

static void
test_most_rooms(void)
{
  FwdServer *server = server_new("--stun none --max-rooms 1");
  g_autoptr(Client) first = client_new(server, NULL);
  g_autoptr(Client) second = client_new(server, NULL);

  client_say(first, JOIN("one", "client"));
  client_wait_frame(first, 0);
  client_say(second, JOIN("two", "client"));
  client_wait_closed(second);
  g_assert_nonnull(strstr(g_ptr_array_index(second->frames, 0), "\"full\""));
  g_assert_cmpuint(second->closed, ==, 1008);
  g_clear_pointer(&first, client_free);
  server_stop(server);
}

/* At 1 message a second with a burst of 4, of 200 messages most are dropped, then it is over.
 */
static void
test_message_rate(void)
{
  FwdServer *server = server_new("--stun none --rate 1");
  g_autoptr(Client) client = client_new(server, NULL);

  client_say(client, JOIN("r", "client"));
  for (guint i = 0; i < 200; i++)
    client_say(client, "{\"type\":\"send\",\"to\":\"nobody\",\"data\":\"x\"}");
  client_wait_closed(client);
  g_assert_cmpuint(client->closed, ==, 1008);
  g_assert_nonnull(strstr(client_wait_frame(client, client->frames->len - 1), "\"limit\""));
  server_stop(server);
}

static void
test_join_rate(void)
{
  FwdServer *server = server_new("--stun none --rate 1");
  Client *clients[3] = {client_new(server, NULL), client_new(server, NULL),
                        client_new(server, NULL)};

  g_assert_nonnull(clients[0]->connection);
  g_assert_nonnull(clients[1]->connection);
  g_assert_null(clients[2]->connection);
  g_assert_nonnull(clients[2]->error);
  for (guint i = 0; i < 3; i++)
    client_free(clients[i]);
  server_stop(server);
}

static void
test_subprotocol(void)
{
  FwdServer *server = server_new("--stun none");
  g_autoptr(Client) with = client_new(server, FWD_ROOM_SUBPROTOCOL);
  g_autoptr(Client) without = client_new(server, NULL);

  g_assert_cmpstr(soup_websocket_connection_get_protocol(with->connection), ==,
                  FWD_ROOM_SUBPROTOCOL);
  g_assert_nonnull(without->connection);
  g_clear_pointer(&with, client_free);
  g_clear_pointer(&without, client_free);
  server_stop(server);
}

static void
assert_stun(const char *line, const char *expected)
{
  FwdServer *server = server_new(line);
  g_autoptr(Client) client = client_new(server, NULL);
  g_autoptr(GRegex) pattern = g_regex_new(expected, 0, 0, NULL);

  client_say(client, JOIN("r", "server"));
  if (!g_regex_match(pattern, client_wait_frame(client, 0), 0, NULL))
    g_error("%s: %s", line, (const char *)g_ptr_array_index(client->frames, 0));
  g_clear_pointer(&client, client_free);
  server_stop(server);
}

static void
test_stun_servers(void)
{
  assert_stun("--stun none", "\"stun\":\\[\\]");
  assert_stun("--stun 127.0.0.1:0", "\"stun\":\\[\"127\\.0\\.0\\.1:\\d+\"\\]");
  assert_stun("--stun 0.0.0.0:0", "\"stun\":\\[\"127\\.0\\.0\\.1:\\d+\"\\]");
  assert_stun("--stun 127.0.0.2:0", "\"stun\":\\[\"127\\.0\\.0\\.2:\\d+\"\\]");
  assert_stun("--stun 127.0.0.2:0 --public-url wss://s.example.org/",
              "\"stun\":\\[\"s\\.example\\.org:\\d+\"\\]");
  assert_stun("--stun 127.0.0.2:0 --public-url wss://[2001:db8::1]:443/",
              "\"stun\":\\[\"\\[2001:db8::1\\]:\\d+\"\\]");
}

static void
test_stop_says_goodbye(void)
{
  FwdServer *server = server_new("--stun none");
  g_autoptr(Client) joined = client_new(server, NULL);
  g_autoptr(Client) fresh = client_new(server, NULL);

  client_say(joined, JOIN("r", "server"));
  client_wait_frame(joined, 0);
  server_stop(server);
  client_wait_closed(joined);
  client_wait_closed(fresh);
  g_assert_cmpuint(joined->closed, ==, 1001);
  g_assert_cmpuint(fresh->closed, ==, 1001);
}

static void
test_plain_request(void)
{
  FwdServer *server = server_new("--stun none");
  g_autofree char *url = server_url(server);
  g_autofree char *http = g_strconcat("http", url + strlen("ws"), NULL);
  g_autoptr(SoupSession) session = soup_session_new();
  g_autoptr(SoupMessage) message = soup_message_new(SOUP_METHOD_POST, http);
  g_autoptr(GBytes) body = g_bytes_new_take(g_malloc0(1000000), 1000000);
  gboolean done = FALSE;

  soup_message_set_request_body_from_bytes(message, "text/plain", body);
  g_signal_connect_swapped(message, "finished", G_CALLBACK(on_finished), &done);
  soup_session_send_and_read_async(session, message, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  while (!done)
    g_main_context_iteration(NULL, TRUE);
  g_assert_cmpuint(soup_message_get_status(message), ==, SOUP_STATUS_BAD_REQUEST);
  server_stop(server);
}

static void
test_port_in_use(void)
{
  FwdServer *server = server_new("--stun none");
  g_autofree char *url = server_url(server);
  g_autofree char *address = g_strndup(url + strlen("ws://"), strlen(url) - strlen("ws:///"));
  g_autofree char *line = g_strdup_printf("x --stun none --listen %s", address);
  g_auto(GStrv) arguments = g_strsplit(line, " ", -1);
  g_autoptr(FwdOptions) options = fwd_options_parse(&arguments, NULL);
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_server_new(options, &error));
  g_assert_nonnull(strstr(error->message, address));
  server_stop(server);
}

static void
test_ipv6(void)
{
  g_auto(GStrv) arguments =
      g_strsplit("x --listen [::1]:0 --listen 127.0.0.1:0 --stun [::1]:0", " ", -1);
  g_autoptr(FwdOptions) options = fwd_options_parse(&arguments, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdServer) server = fwd_server_new(options, &error);
  g_auto(GStrv) endpoints = NULL;

  if (server == NULL && strstr(error->message, "assign") != NULL) {
    g_test_skip("no IPv6 on this machine");
    return;
  }
  g_assert_no_error(error);
  endpoints = fwd_server_list_endpoints(server);
  g_assert_cmpuint(g_strv_length(endpoints), ==, 3);
  g_assert_true(g_str_has_prefix(endpoints[0], "WebSocket on ws://[::1]:"));
  g_assert_true(g_str_has_prefix(endpoints[1], "WebSocket on ws://127.0.0.1:"));
  g_assert_true(g_str_has_prefix(endpoints[2], "STUN on [::1]:"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/server/malformed", test_malformed);
  g_test_add_func("/server/join-twice", test_join_twice);
  g_test_add_func("/server/binary", test_binary);
  g_test_add_func("/server/oversize", test_oversize);
  g_test_add_func("/server/unknown-member", test_unknown_member);
  g_test_add_func("/server/most-rooms", test_most_rooms);
  g_test_add_func("/server/message-rate", test_message_rate);
  g_test_add_func("/server/join-rate", test_join_rate);
  g_test_add_func("/server/subprotocol", test_subprotocol);
  g_test_add_func("/server/stun-servers", test_stun_servers);
  g_test_add_func("/server/stop-says-goodbye", test_stop_says_goodbye);
  g_test_add_func("/server/plain-request", test_plain_request);
  g_test_add_func("/server/port-in-use", test_port_in_use);
  g_test_add_func("/server/ipv6", test_ipv6);
  return g_test_run();
}

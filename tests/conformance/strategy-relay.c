/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The strategy "relay": what every strategy must do, as far as it has to do with
 * a server, over real connections to signald and to servers that are none.
 */
#include "core/plugin-registry.h"
#include "fakes/fake-attempt.h"
#include "fakes/fake-clock.h"
#include "signald-process.h"
#include <poll.h>
#include <stunfwd/stunfwd.h>
#include <string.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

typedef struct {
  FwdStrategy *strategy;
  FakeAttempt *attempt;
  GCancellable *cancellable;
  gboolean done;
  FwdPath *path;
  GError *error;
} Peer;

typedef struct {
  FakeNetwork *network;
  FakeSite *site;
  Peer a, b;
  char *url;
} Scene;

static FwdPluginRegistry *registry;
static const FwdImplementation *implementation;

static void
load(void)
{
  registry = fwd_plugin_registry_new();
  fwd_plugin_registry_define(registry, FWD_INTERFACE_STRATEGY, FWD_TYPE_STRATEGY);
  fwd_plugin_registry_define(registry, FWD_INTERFACE_SIGNALING, FWD_TYPE_SIGNALING);
  fwd_plugin_registry_define(registry, FWD_INTERFACE_FORWARDER, FWD_TYPE_FORWARDER);
  fwd_plugin_registry_load_all(registry, NULL);
  implementation = fwd_plugin_registry_find(registry, FWD_INTERFACE_STRATEGY, "relay");
  g_assert_nonnull(implementation);
}

static void
place_peer(Scene *scene, Peer *peer, gboolean controlling)
{
  g_autoptr(GError) error = NULL;

  peer->strategy =
      fwd_plugin_registry_create(registry, FWD_INTERFACE_STRATEGY, implementation->id, &error);
  g_assert_no_error(error);
  peer->attempt = fake_attempt_new(scene->site, controlling);
  peer->cancellable = g_cancellable_new();
}

static void
set_up(Scene *scene, gconstpointer data)
{
  scene->network = fake_network_new(0, 0);
  scene->site = fake_network_add_site(scene->network, NULL, 0, 0);
  place_peer(scene, &scene->a, TRUE);
  place_peer(scene, &scene->b, FALSE);
}

/* Nothing of the attempt is left but its path. */
static void
clear_peer(Peer *peer)
{
  while (g_main_context_iteration(NULL, FALSE))
    continue;
  g_assert_finalize_object(peer->strategy);
  g_assert_finalize_object(peer->attempt);
  g_assert_finalize_object(peer->cancellable);
  g_clear_pointer(&peer->path, fwd_path_close);
  g_clear_error(&peer->error);
}

static void
tear_down(Scene *scene, gconstpointer data)
{
  clear_peer(&scene->a);
  clear_peer(&scene->b);
  fake_network_free(scene->network);
  g_free(scene->url);
}

static void
on_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Peer *peer = user_data;

  g_assert_false(peer->done);
  peer->done = TRUE;
  peer->path = fwd_strategy_attempt_finish(peer->strategy, result, &peer->error);
  g_assert_true((peer->path == NULL) == (peer->error != NULL));
}

static void
start(Peer *peer, const char *url)
{
  peer->attempt->signaling_url = url;
  fwd_strategy_attempt_async(peer->strategy, FWD_ATTEMPT(peer->attempt), peer->cancellable,
                             on_done, peer);
}

static void
finish(Peer *peer)
{
  while (!peer->done)
    g_main_context_iteration(NULL, TRUE);
}

static void
wait_for_note(Peer *peer, const char *text)
{
  while (!fake_attempt_has_noted(peer->attempt, text) && !peer->done)
    g_main_context_iteration(NULL, TRUE);
  g_assert_false(peer->done);
}

/* What it declares, and whom it wants. */

static void
test_meta(void)
{
  g_assert_cmpint(implementation->meta.path_class, ==, FWD_PATH_CLASS_RELAY);
  g_assert_cmpuint(implementation->meta.limit_ms, >, 0);
  g_assert_cmpuint(implementation->meta.limit_ms, <=, 60000);
  g_assert_cmpuint(implementation->meta.budget_packets, >, 0);
  g_assert_cmpuint(implementation->meta.budget_mappings, >, 0);
  g_assert_null(strchr(implementation->meta.help, '\n'));
}

static gboolean
can_attempt(Scene *scene, const char *url)
{
  g_autofree char *why_not = NULL;
  gboolean can;

  scene->a.attempt->signaling_url = url;
  can = fwd_strategy_can_attempt(scene->a.strategy, FWD_ATTEMPT(scene->a.attempt), &why_not);
  g_assert_true(can == (why_not == NULL));
  g_assert_true(
      can == fwd_strategy_can_attempt(scene->a.strategy, FWD_ATTEMPT(scene->a.attempt), NULL));
  return can;
}

static void
test_can_attempt(Scene *scene, gconstpointer data)
{
  g_assert_true(can_attempt(scene, "ws://192.0.2.1:8080/"));
  g_assert_true(can_attempt(scene, "wss://signal.example.org"));
  g_assert_true(can_attempt(scene, "http://[2001:db8::1]/signaling_server.php?v=1"));
  g_assert_true(can_attempt(scene, "https://signal.example.org/"));
  g_assert_false(can_attempt(scene, "mqtt://broker.example.org"));
  g_assert_false(can_attempt(scene, "wss://"));
  g_assert_false(can_attempt(scene, "nonsense"));
  g_assert_false(can_attempt(scene, NULL));
}

/* With signald. */

static char *
url_of(const SignalingServer *server, const char *path)
{
  return g_strdup_printf("ws://127.0.0.1:%u%s", signald_process_get_port(server), path);
}

static SignalingServer *
start_signald(const char *relay)
{
  const char *const arguments[] = {"--stun", "none", "--relay", relay, NULL};

  return signald_process_start(0, arguments);
}

static void
send_packet(FwdPath *from, FwdPath *to, const char *text)
{
  const FwdPacketBatch batch = {
      .data = (const guint8 *)text, .length = strlen(text), .segment = strlen(text)};
  g_autofree guint8 *buffer = g_malloc(65536);
  struct pollfd pollfd = {.fd = to->fd, .events = POLLIN};
  gsize segment;
  gssize length;

  g_assert_cmpint(from->ops->send_batch(from, &batch), ==, strlen(text));
  while ((length = to->ops->recv_batch(to, buffer, 65536, &segment)) == 0)
    g_assert_cmpint(poll(&pollfd, 1, -1), ==, 1);
  g_assert_cmpmem(buffer, (gsize)length, text, strlen(text));
}

static void
test_succeeds(Scene *scene, gconstpointer path)
{
  SignalingServer *server = start_signald("on");

  scene->url = url_of(server, path);
  start(&scene->a, scene->url);
  wait_for_note(&scene->a, "waits for the peer");
  start(&scene->b, scene->url);
  finish(&scene->a);
  finish(&scene->b);
  g_assert_no_error(scene->a.error);
  g_assert_no_error(scene->b.error);
  send_packet(scene->a.path, scene->b.path, "there");
  send_packet(scene->b.path, scene->a.path, "and back");
  signald_process_stop(server, FALSE);
}

static void
test_relay_off(Scene *scene, gconstpointer data)
{
  SignalingServer *server = start_signald("off");

  scene->url = url_of(server, "/");
  start(&scene->a, scene->url);
  finish(&scene->a);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_REFUSED);
  g_assert_nonnull(strstr(scene->a.error->message, "403"));
  signald_process_stop(server, FALSE);
}

static void
test_cancel(Scene *scene, gconstpointer data)
{
  SignalingServer *server = start_signald("on");

  scene->url = url_of(server, "/");
  start(&scene->a, scene->url);
  start(&scene->b, scene->url);
  g_cancellable_cancel(scene->b.cancellable);
  finish(&scene->b);
  g_assert_error(scene->b.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  wait_for_note(&scene->a, "waits for the peer");
  g_cancellable_cancel(scene->a.cancellable);
  finish(&scene->a);
  g_assert_error(scene->a.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  signald_process_stop(server, FALSE);
}

static void
test_cancelled_before(Scene *scene, gconstpointer data)
{
  g_cancellable_cancel(scene->a.cancellable);
  start(&scene->a, "ws://127.0.0.1:9/");
  finish(&scene->a);
  g_assert_error(scene->a.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_server_dies(Scene *scene, gconstpointer data)
{
  SignalingServer *server = start_signald("on");

  scene->url = url_of(server, "/");
  start(&scene->a, scene->url);
  wait_for_note(&scene->a, "waits for the peer");
  signald_process_stop(server, TRUE);
  finish(&scene->a);
  g_assert_true(scene->a.error->domain == FWD_STRATEGY_ERROR);
}

/* Without one. */

static void
test_nobody_there(Scene *scene, gconstpointer data)
{
  g_autoptr(GSocketListener) listener = g_socket_listener_new();
  const guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);

  g_socket_listener_close(listener);
  scene->url = g_strdup_printf("ws://127.0.0.1:%u/", port);
  start(&scene->a, scene->url);
  finish(&scene->a);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE);
}

/** Answers of a server that is no relay; "%A" is the right Sec-WebSocket-Accept. */
typedef struct {
  const char *answer;
  gsize padding; /* so many more letters */
  FwdErrorCode code;
} Hostile;

#define UPGRADE  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
#define ACCEPT   "Sec-WebSocket-Accept: %A\r\n"
#define PROTOCOL "sec-websocket-protocol:  stunfwd.relay.1 \r\n"

static const Hostile hostiles[] = {
    {"", 0, FWD_ERROR_CLOSED},
    {"HTTP/1.1 200 OK\r\n\r\n", 0, FWD_ERROR_REFUSED},
    {"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\n\r\n", 0, FWD_ERROR_REFUSED},
    {"\xff\xfe\x01\x1b[31m\r\n\r\n", 0, FWD_ERROR_REFUSED},
    {UPGRADE PROTOCOL "\r\n", 0, FWD_ERROR_UNSUPPORTED},
    {UPGRADE ACCEPT "\r\n", 0, FWD_ERROR_UNSUPPORTED},
    {UPGRADE PROTOCOL "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", 0,
     FWD_ERROR_UNSUPPORTED},
    {UPGRADE "X-Long: ", 20000, FWD_ERROR_UNSUPPORTED},
    {UPGRADE ACCEPT PROTOCOL "\r\n\x88\x02\x03\xe9", 0, FWD_ERROR_CLOSED},
    {UPGRADE ACCEPT PROTOCOL "\r\n\x82\x06paired", 0, FWD_ERROR_CLOSED},
    {UPGRADE ACCEPT PROTOCOL "\r\n\x81\x06pairs", 0, FWD_ERROR_CLOSED},
};

static char *
accept_of(const char *request)
{
  const char *key = strstr(request, "Sec-WebSocket-Key: ") + strlen("Sec-WebSocket-Key: ");
  g_autofree char *text = g_strdup_printf("%.24s" GUID, key);
  g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize length = sizeof digest;

  g_checksum_update(checksum, (const guint8 *)text, -1);
  g_checksum_get_digest(checksum, digest, &length);
  return g_base64_encode(digest, length);
}

/* In a thread of its own. */
static gboolean
on_client(GThreadedSocketService *service, GSocketConnection *connection, GObject *source,
          gpointer user_data)
{
  const Hostile *hostile = user_data;
  GOutputStream *output = g_io_stream_get_output_stream(G_IO_STREAM(connection));
  g_autofree char *padding = g_strnfill(hostile->padding, 'x');
  g_autoptr(GString) answer = g_string_new(hostile->answer);
  g_autofree char *accept = NULL;
  char request[4096];
  gsize length = 0;

  while (length < 4 || memcmp(request + length - 4, "\r\n\r\n", 4) != 0) {
    const gssize got =
        g_input_stream_read(g_io_stream_get_input_stream(G_IO_STREAM(connection)),
                            request + length, sizeof request - 1 - length, NULL, NULL);
    g_assert_cmpint(got, >, 0);
    length += (gsize)got;
  }
  request[length] = '\0';
  g_assert_nonnull(strstr(request, "relay="));
  accept = accept_of(request);
  g_string_replace(answer, "%A", accept, 1);
  g_string_append(answer, padding);
  g_output_stream_write_all(output, answer->str, answer->len, NULL, NULL, NULL);
  return TRUE;
}

static void
test_hostile(Scene *scene, gconstpointer data)
{
  const Hostile *hostile = data;
  g_autoptr(GSocketService) service = g_threaded_socket_service_new(1);
  const guint16 port =
      g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(service), NULL, NULL);

  g_signal_connect(service, "run", G_CALLBACK(on_client), (gpointer)hostile);
  scene->url = g_strdup_printf("ws://127.0.0.1:%u/", port);
  start(&scene->a, scene->url);
  finish(&scene->a);
  /* It is closed once the accept that is under way has been cancelled. */
  g_socket_service_stop(service);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, (int)hostile->code);
  g_assert_true(g_str_is_ascii(scene->a.error->message));
  g_assert_null(strpbrk(scene->a.error->message, "\r\n"));
}

/* It takes the connection and says nothing for ever; the clock is a fake one from here on. */
static void
test_silence(Scene *scene, gconstpointer data)
{
  g_autoptr(GSocketListener) listener = g_socket_listener_new();
  const guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);
  gint64 started;

  fake_clock_start();
  started = fake_clock_now();
  scene->url = g_strdup_printf("ws://127.0.0.1:%u/", port);
  start(&scene->a, scene->url);
  g_assert_true(fake_clock_run(&scene->a.done, implementation->meta.limit_ms + 1));
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
  g_assert_cmpint(fake_clock_now() - started, <=, implementation->meta.limit_ms * (gint64)1000);
}

#define ADD(name, data, function)                                                              \
  g_test_add("/strategy/relay/" name, Scene, data, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  load();
  g_test_add_func("/strategy/relay/meta", test_meta);
  ADD("can-attempt", NULL, test_can_attempt);
  ADD("succeeds", "/", test_succeeds);
  ADD("succeeds-anywhere", "/signaling_server.php?v=1", test_succeeds);
  ADD("relay-off", NULL, test_relay_off);
  ADD("cancel", NULL, test_cancel);
  ADD("cancelled-before", NULL, test_cancelled_before);
  ADD("server-dies", NULL, test_server_dies);
  ADD("nobody-there", NULL, test_nobody_there);
  for (guint i = 0; i < G_N_ELEMENTS(hostiles); i++) {
    g_autofree char *name = g_strdup_printf("/strategy/relay/hostile-%u", i);
    g_test_add(name, Scene, &hostiles[i], set_up, test_hostile, tear_down);
  }
  ADD("silence", NULL, test_silence);
  return g_test_run();
}

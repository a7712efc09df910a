/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The websocket plugin against stunfwd-signald, and against servers that misbehave. */
#include "signald-process.h"

#include <libsoup/soup.h>

#define JOINED   "{\"type\":\"joined\",\"id\":\"a\",\"members\":[],\"stun\":[]}"
#define OVERSIZE 70000

typedef struct {
  const char *name;
  const char *frames[3]; /* sent one after the other when a client has connected */
  gboolean binary;
  gboolean close;
} Misbehaviour;

static const Misbehaviour misbehaviours[] = {
    {"text that is no JSON", {"hello"}},
    {"JSON of another shape", {"[1,2,3]"}},
    {"an unknown type", {"{\"type\":\"jioned\"}"}},
    {"a wrong type of a field", {"{\"type\":\"joined\",\"id\":1,\"members\":[],\"stun\":[]}"}},
    {"members that are none",
     {"{\"type\":\"joined\",\"id\":\"a\",\"members\":[7],\"stun\":[]}"}},
    {"a message of a client", {"{\"type\":\"join\",\"room\":\"r\",\"role\":\"client\"}"}},
    {"a message before joined", {"{\"type\":\"peer-left\",\"id\":\"a\"}"}},
    {"joined twice", {JOINED, JOINED}},
    {"strangers' messages, then garbage",
     {JOINED, "{\"type\":\"message\",\"from\":\"b\",\"data\":\"x\"}", "}"}},
    {"deep nesting", {NULL}},
    {"a binary frame", {JOINED}, .binary = TRUE},
    {"an oversize frame", {NULL}},
    {"a refusal",
     {"{\"type\":\"error\",\"code\":\"full\",\"message\":\"no room\"}"},
     .close = TRUE},
    {"a goodbye at once", {NULL}, .close = TRUE},
    {"no WebSocket", {NULL}},
};

static const char *const hostile[] = {
    "text that is no JSON",
    "JSON of another shape",
    "an unknown type",
    "a wrong type of a field",
    "members that are none",
    "a message of a client",
    "a message before joined",
    "joined twice",
    "strangers' messages, then garbage",
    "deep nesting",
    "a binary frame",
    "an oversize frame",
    "a refusal",
    "a goodbye at once",
    "no WebSocket",
    NULL,
};

/* What libsoup leaks is known by its frames (tests/lsan.supp), for which stacks must be whole.
 */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
  return "fast_unwind_on_malloc=0";
}

static const Misbehaviour *
find_misbehaviour(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(misbehaviours); i++) {
    if (strcmp(misbehaviours[i].name, name) == 0)
      return &misbehaviours[i];
  }
  g_error("no misbehaviour %s", name);
}

static void
send_filled(SoupWebsocketConnection *connection, char character, gsize length)
{
  g_autofree char *text = g_strnfill(length, character);

  soup_websocket_connection_send_text(connection, text);
}

static void
on_websocket(SoupServer *server, SoupServerMessage *message, const char *path,
             SoupWebsocketConnection *connection, gpointer user_data)
{
  const Misbehaviour *misbehaviour = user_data;

  g_signal_connect(g_object_ref(connection), "closed", G_CALLBACK(g_object_unref), NULL);
  if (strcmp(misbehaviour->name, "an oversize frame") == 0)
    send_filled(connection, 'x', OVERSIZE);
  if (strcmp(misbehaviour->name, "deep nesting") == 0)
    send_filled(connection, '[', 20000);
  for (guint i = 0; i < G_N_ELEMENTS(misbehaviour->frames); i++) {
    const char *frame = misbehaviour->frames[i];

    if (frame != NULL && misbehaviour->binary)
      soup_websocket_connection_send_binary(connection, frame, strlen(frame));
    else if (frame != NULL)
      soup_websocket_connection_send_text(connection, frame);
  }
  if (misbehaviour->close)
    soup_websocket_connection_close(connection, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, NULL);
}

static GObject *
start_hostile(const char *name, guint16 *port)
{
  SoupServer *server = soup_server_new(NULL, NULL);
  g_autoptr(GError) error = NULL;
  GSList *uris;

  if (strcmp(name, "no WebSocket") != 0)
    soup_server_add_websocket_handler(server, NULL, NULL, NULL, on_websocket,
                                      (gpointer)find_misbehaviour(name), NULL);
  soup_server_listen_local(server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error(error);
  uris = soup_server_get_uris(server);
  *port = (guint16)g_uri_get_port(uris->data);
  g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
  return G_OBJECT(server);
}

static void
stop_hostile(GObject *server)
{
  soup_server_disconnect(SOUP_SERVER(server));
  g_object_unref(server);
}

static SignalingServer *
start(guint16 port)
{
  const char *const arguments[] = {"--stun", "127.0.0.1:0", "--rate", "100000", NULL};

  return signald_process_start(port, arguments);
}

const SignalingUnderTest signaling_under_test = {
    .plugin = "websocket",
    .scheme = "ws",
    .start = start,
    .get_port = signald_process_get_port,
    .stop = signald_process_stop,
    .hostile = hostile,
    .start_hostile = start_hostile,
    .stop_hostile = stop_hostile,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay-upgrade.h"

#include <stunfwd/error.h>
#include <string.h>

#define SUBPROTOCOL "stunfwd.relay.1"
/* RFC 6455, 1.3 */
#define WEBSOCKET_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_SIZE       16
/* A text message, not masked (5.2). */
#define PAIRED "\x81\x06paired"

struct FwdUpgrade {
  GPollableInputStream *input;
  GCancellable *cancellable;
  GSource *source;
  char *accept; /* what the answer must show */
  GString *response;
  gboolean upgraded;
  FwdUpgradeTold told;
  gpointer user_data;
};

GUri *
fwd_upgrade_parse_url(const char *text)
{
  g_autoptr(GUri) url = g_uri_parse(text, G_URI_FLAGS_ENCODED, NULL);
  const char *scheme = url != NULL ? g_uri_get_scheme(url) : "";
  const gboolean tls = strcmp(scheme, "wss") == 0 || strcmp(scheme, "https") == 0;
  int port;

  if ((!tls && strcmp(scheme, "ws") != 0 && strcmp(scheme, "http") != 0) ||
      g_uri_get_host(url) == NULL || *g_uri_get_host(url) == '\0')
    return NULL;
  port = g_uri_get_port(url) > 0 ? g_uri_get_port(url) : (tls ? 443 : 80);
  return g_uri_build(G_URI_FLAGS_ENCODED, tls ? "https" : "http", NULL, g_uri_get_host(url),
                     port, g_uri_get_path(url), g_uri_get_query(url), NULL);
}

char *
fwd_upgrade_connect_url(GUri *url)
{
  return g_uri_join(G_URI_FLAGS_NONE, g_uri_get_scheme(url), NULL, g_uri_get_host(url),
                    g_uri_get_port(url), "/", NULL, NULL);
}

static char *
new_key(void)
{
  guint32 words[KEY_SIZE / sizeof(guint32)];

  for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
    words[i] = g_random_int();
  return g_base64_encode((guint8 *)words, sizeof words);
}

static char *
accept_of(const char *key)
{
  g_autofree char *text = g_strconcat(key, WEBSOCKET_GUID, NULL);
  g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize length = sizeof digest;

  g_checksum_update(checksum, (const guint8 *)text, -1);
  g_checksum_get_digest(checksum, digest, &length);
  return g_base64_encode(digest, length);
}

static char *
target_of(GUri *url, const char *token)
{
  const char *path = g_uri_get_path(url), *query = g_uri_get_query(url);

  return g_strconcat(*path != '\0' ? path : "/", "?", query != NULL ? query : "",
                     query != NULL ? "&" : "", "relay=", token, NULL);
}

static char *
request_for(GUri *url, const char *token, const char *key)
{
  const char *host = g_uri_get_host(url);
  const gboolean v6 = strchr(host, ':') != NULL;
  g_autofree char *target = target_of(url, token);

  return g_strdup_printf("GET %s HTTP/1.1\r\n"
                         "Host: %s%s%s:%d\r\n"
                         "Upgrade: websocket\r\n"
                         "Connection: Upgrade\r\n"
                         "Sec-WebSocket-Key: %s\r\n"
                         "Sec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Protocol: " SUBPROTOCOL "\r\n\r\n",
                         target, v6 ? "[" : "", host, v6 ? "]" : "", g_uri_get_port(url), key);
}

/* The answer. */

/** Value of a header in @lines, or NULL; stripped. */
static const char *
find_header(char **lines, const char *name)
{
  const gsize length = strlen(name);

  for (; *lines != NULL; lines++)
    if (g_ascii_strncasecmp(*lines, name, length) == 0 && (*lines)[length] == ':')
      return g_strstrip(*lines + length + 1);
  return NULL;
}

static gboolean
refuse(GError **error, const char *line)
{
  g_autofree char *text = g_str_to_ascii(line, "C");

  g_strdelimit(text, "\r\n\t", ' ');
  if (strlen(text) > 80)
    text[80] = '\0';
  g_set_error(error, FWD_STRATEGY_ERROR, FWD_ERROR_REFUSED,
              "the signaling server gives no relay: it answered \"%s\"", text);
  return FALSE;
}

static gboolean
check_response(const FwdUpgrade *upgrade, GError **error)
{
  g_auto(GStrv) lines = g_strsplit(upgrade->response->str, "\r\n", -1);
  const char *accept, *protocol;

  if (!g_str_has_prefix(lines[0], "HTTP/1.1 101"))
    return refuse(error, lines[0]);
  accept = find_header(lines + 1, "Sec-WebSocket-Accept");
  protocol = find_header(lines + 1, "Sec-WebSocket-Protocol");
  if (g_strcmp0(accept, upgrade->accept) == 0 && g_strcmp0(protocol, SUBPROTOCOL) == 0)
    return TRUE;
  g_set_error_literal(error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED,
                      "what answers there is no relay");
  return FALSE;
}

static void
tell(FwdUpgrade *upgrade, FwdUpgradeStep step, GError *error)
{
  upgrade->told(step, error, upgrade->user_data);
}

/** FALSE when that was the last word. */
static gboolean
take_response(FwdUpgrade *upgrade)
{
  GError *error = NULL;

  if (!g_str_has_suffix(upgrade->response->str, "\r\n\r\n"))
    return TRUE;
  if (!check_response(upgrade, &error)) {
    tell(upgrade, FWD_UPGRADE_WAITING, error);
    return FALSE;
  }
  upgrade->upgraded = TRUE;
  g_string_truncate(upgrade->response, 0);
  tell(upgrade, FWD_UPGRADE_WAITING, NULL);
  return TRUE;
}

static gboolean
take_paired(FwdUpgrade *upgrade)
{
  const GString *response = upgrade->response;

  if (memcmp(response->str, PAIRED, response->len) != 0) {
    tell(upgrade, FWD_UPGRADE_PAIRED,
         g_error_new_literal(FWD_STRATEGY_ERROR, FWD_ERROR_CLOSED,
                             "the relay ended before the peer came"));
    return FALSE;
  }
  if (response->len < strlen(PAIRED))
    return TRUE;
  tell(upgrade, FWD_UPGRADE_PAIRED, NULL);
  return FALSE;
}

static gboolean
take_byte(FwdUpgrade *upgrade, char byte)
{
  g_string_append_c(upgrade->response, byte);
  if (upgrade->response->len <= FWD_UPGRADE_RESPONSE_MAX)
    return upgrade->upgraded ? take_paired(upgrade) : take_response(upgrade);
  tell(upgrade, FWD_UPGRADE_WAITING,
       g_error_new_literal(FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED,
                           "the answer of the signaling server is too long"));
  return FALSE;
}

/* Byte by byte: what comes behind is the peer's, and the path reads it. */
static gboolean
on_readable(GObject *stream, gpointer user_data)
{
  FwdUpgrade *upgrade = user_data;
  GError *error = NULL;
  char byte;

  for (;;) {
    const gssize length = g_pollable_input_stream_read_nonblocking(
        G_POLLABLE_INPUT_STREAM(stream), &byte, 1, upgrade->cancellable, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      g_error_free(error);
      return G_SOURCE_CONTINUE;
    }
    if (length == 0)
      error = g_error_new_literal(FWD_STRATEGY_ERROR, FWD_ERROR_CLOSED,
                                  "the signaling server closed the connection");
    if (error != NULL) {
      tell(upgrade, FWD_UPGRADE_WAITING, error);
      return G_SOURCE_REMOVE;
    }
    if (!take_byte(upgrade, byte))
      return G_SOURCE_REMOVE;
  }
}

static void
on_written(GObject *stream, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;

  /* A connection that took nothing has nothing to read either, and says so. */
  g_output_stream_write_all_finish(G_OUTPUT_STREAM(stream), result, NULL, &error);
  g_free(user_data);
}

FwdUpgrade *
fwd_upgrade_new(GIOStream *stream, GUri *url, const char *token, GCancellable *cancellable,
                FwdUpgradeTold told, gpointer user_data)
{
  FwdUpgrade *upgrade = g_new0(FwdUpgrade, 1);
  g_autofree char *key = new_key();
  char *request = request_for(url, token, key);

  upgrade->input = g_object_ref(G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(stream)));
  upgrade->cancellable = g_object_ref(cancellable);
  upgrade->accept = accept_of(key);
  upgrade->response = g_string_new(NULL);
  upgrade->told = told;
  upgrade->user_data = user_data;
  upgrade->source = g_pollable_input_stream_create_source(upgrade->input, cancellable);
  g_source_set_callback(upgrade->source, G_SOURCE_FUNC(on_readable), upgrade, NULL);
  g_source_attach(upgrade->source, g_main_context_get_thread_default());
  g_output_stream_write_all_async(g_io_stream_get_output_stream(stream), request,
                                  strlen(request), G_PRIORITY_DEFAULT, cancellable, on_written,
                                  request);
  return upgrade;
}

void
fwd_upgrade_free(FwdUpgrade *upgrade)
{
  g_source_destroy(upgrade->source);
  g_source_unref(upgrade->source);
  g_object_unref(upgrade->input);
  g_object_unref(upgrade->cancellable);
  g_free(upgrade->accept);
  g_string_free(upgrade->response, TRUE);
  g_free(upgrade);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "core/read-file.h"
#include "net/turn-uri.h"
#include "room-message.h"
#include <stunfwd/error.h>
#include <string.h>

#define DEFAULT_LISTEN    "127.0.0.1:8080"
#define DEFAULT_STUN_PORT 3478
#define SECOND_STUN_PORT  3479
#define DEFAULT_MAX_ROOMS 10000
#define DEFAULT_RATE      100
#define RATE_MAX          1000000
#define TURN_SECRET_MAX   1024
#define RELAY_RATE_MAX    G_GINT64_CONSTANT(1000000000000)

/* As typed, before anything is checked. */
typedef struct {
  char **listen;
  char **stun;
  char **stun_alternate;
  char **turn_uri;
  char *turn_secret;
  char *tls_certificate;
  char *tls_key;
  char *store;
  char *public_url;
  int max_rooms;
  int rate;
  char *relay;
  gint64 relay_rate;
  gboolean version;
} Typed;

static void
typed_clear(Typed *typed)
{
  g_strfreev(typed->listen);
  g_strfreev(typed->stun);
  g_strfreev(typed->stun_alternate);
  g_strfreev(typed->turn_uri);
  g_free(typed->turn_secret);
  g_free(typed->tls_certificate);
  g_free(typed->tls_key);
  g_free(typed->store);
  g_free(typed->public_url);
  g_free(typed->relay);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Typed, typed_clear)

static gboolean
invalid(GError **error, const char *option, const char *value, const char *problem)
{
  g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, "%s %s: %s", option, value,
              problem);
  return FALSE;
}

static gboolean
read_typed(char ***arguments, Typed *typed, GError **error)
{
  const GOptionEntry entries[] = {
      {"listen", 'l', 0, G_OPTION_ARG_STRING_ARRAY, &typed->listen,
       "where to take WebSocket connections (" DEFAULT_LISTEN "); may be repeated",
       "ADDR:PORT"},
      {"tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &typed->tls_certificate,
       "certificate chain in PEM: take wss:// instead of ws://", "FILE"},
      {"tls-key", 0, 0, G_OPTION_ARG_FILENAME, &typed->tls_key, "its private key in PEM",
       "FILE"},
      {"stun", 0, 0, G_OPTION_ARG_STRING_ARRAY, &typed->stun,
       "where to answer STUN (ports 3478 and 3479 of each --listen address), or none; may be repeated",
       "ADDR:PORT"},
      {"stun-alternate", 0, 0, G_OPTION_ARG_STRING_ARRAY, &typed->stun_alternate,
       "second address and port of the --stun in the same place, for RFC 5780", "ADDR:PORT"},
      {"turn-uri", 0, 0, G_OPTION_ARG_STRING_ARRAY, &typed->turn_uri,
       "TURN server that members are told of; may be repeated", "URI"},
      {"turn-secret-file", 0, 0, G_OPTION_ARG_FILENAME, &typed->turn_secret,
       "file with the secret that it shares (coturn: static-auth-secret)", "FILE"},
      {"store", 0, 0, G_OPTION_ARG_STRING, &typed->store, "where rooms are kept (memory)",
       "memory"},
      {"public-url", 0, 0, G_OPTION_ARG_STRING, &typed->public_url,
       "URL that clients use, if a proxy or a NAT is in between", "URL"},
      {"max-rooms", 0, 0, G_OPTION_ARG_INT, &typed->max_rooms, "most rooms at a time (10000)",
       "N"},
      {"rate", 0, 0, G_OPTION_ARG_INT, &typed->rate,
       "messages a second from one client address (100)", "N"},
      {"relay", 0, 0, G_OPTION_ARG_STRING, &typed->relay,
       "join two peers that reach each other in no other way (on)", "on|off"},
      {"relay-rate", 0, 0, G_OPTION_ARG_INT64, &typed->relay_rate,
       "most bytes a second of each two peers (0: no limit)", "BYTES/S"},
      {"version", 0, 0, G_OPTION_ARG_NONE, &typed->version, "print the version", NULL},
      {NULL}};
  g_autoptr(GOptionContext) context = g_option_context_new(NULL);

  g_option_context_add_main_entries(context, entries, NULL);
  g_option_context_set_summary(context, "Signaling server of stunfwd: rooms and STUN.");
  if (!g_option_context_parse_strv(context, arguments, error))
    return FALSE;
  if ((*arguments)[0] != NULL && (*arguments)[1] != NULL)
    return invalid(error, "argument", (*arguments)[1], "not expected");
  return TRUE;
}

static gboolean
read_endpoints(const char *option, char **texts, GArray *endpoints, GError **error)
{
  for (; texts != NULL && *texts != NULL; texts++) {
    FwdEndpoint endpoint;

    if (!fwd_endpoint_parse(*texts, &endpoint, error)) {
      g_prefix_error(error, "%s %s: ", option, *texts);
      return FALSE;
    }
    g_array_append_val(endpoints, endpoint);
  }
  return TRUE;
}

static gboolean
contains_endpoint(const GArray *endpoints, const FwdEndpoint *wanted)
{
  for (guint i = 0; i < endpoints->len; i++) {
    if (fwd_endpoint_equal(&g_array_index(endpoints, FwdEndpoint, i), wanted))
      return TRUE;
  }
  return FALSE;
}

static void
add_stun_port(FwdOptions *options, guint16 port)
{
  for (guint i = 0; i < options->listen->len; i++) {
    FwdEndpoint endpoint = g_array_index(options->listen, FwdEndpoint, i);

    fwd_endpoint_set_port(&endpoint, port);
    if (!contains_endpoint(options->stun, &endpoint))
      g_array_append_val(options->stun, endpoint);
  }
}

/* Two ports show a mapping that depends on the port even where there is one address. */
static void
default_stun(FwdOptions *options, gboolean has_alternate)
{
  add_stun_port(options, DEFAULT_STUN_PORT);
  if (!has_alternate)
    add_stun_port(options, SECOND_STUN_PORT);
}

static gboolean
read_stun(const Typed *typed, FwdOptions *options, GError **error)
{
  gboolean none =
      typed->stun != NULL && g_strv_contains((const char *const *)typed->stun, "none");

  if (none && g_strv_length(typed->stun) > 1)
    return invalid(error, "--stun", "none", "cannot go with another --stun");
  if (!none && !read_endpoints("--stun", typed->stun, options->stun, error))
    return FALSE;
  if (!none && options->stun->len == 0)
    default_stun(options, typed->stun_alternate != NULL);
  if (!read_endpoints("--stun-alternate", typed->stun_alternate, options->stun_alternate,
                      error))
    return FALSE;
  if (options->stun_alternate->len > options->stun->len)
    return invalid(error, "--stun-alternate", typed->stun_alternate[options->stun->len],
                   "there is no --stun that it belongs to");
  return TRUE;
}

static gboolean
read_tls(const Typed *typed, FwdOptions *options, GError **error)
{
  if (typed->tls_certificate == NULL && typed->tls_key == NULL)
    return TRUE;
  if (typed->tls_certificate == NULL)
    return invalid(error, "--tls-key", typed->tls_key, "--tls-cert is missing");
  if (typed->tls_key == NULL)
    return invalid(error, "--tls-cert", typed->tls_certificate, "--tls-key is missing");
  options->certificate =
      g_tls_certificate_new_from_files(typed->tls_certificate, typed->tls_key, error);
  if (options->certificate != NULL)
    return TRUE;
  g_prefix_error(error, "--tls-cert %s, --tls-key %s: ", typed->tls_certificate,
                 typed->tls_key);
  return FALSE;
}

/* Its first line, which may not be empty; NULL with the reason. */
static char *
read_secret(const char *file, GError **error)
{
  g_autoptr(GError) inner = NULL;
  char *secret = fwd_read_file(file, TURN_SECRET_MAX, NULL, &inner);

  if (secret == NULL) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, "--turn-secret-file: %s",
                inner->message);
    return NULL;
  }
  secret[strcspn(secret, "\r\n")] = '\0';
  if (*secret != '\0')
    return secret;
  invalid(error, "--turn-secret-file", file, "the first line is empty");
  g_free(secret);
  return NULL;
}

static gboolean
check_turn_uris(char **texts, GError **error)
{
  if (g_strv_length(texts) > FWD_ROOM_TURN_SERVERS_MAX)
    return invalid(error, "--turn-uri", texts[FWD_ROOM_TURN_SERVERS_MAX], "one too many");
  for (; *texts != NULL; texts++) {
    g_auto(FwdTurnUri) uri = {0};
    g_autoptr(GError) inner = NULL;

    if (!fwd_turn_uri_parse(*texts, &uri, &inner))
      return invalid(error, "--turn-uri", *texts, inner->message);
    if (strlen(*texts) > FWD_ROOM_TURN_TEXT_MAX)
      return invalid(error, "--turn-uri", *texts, "too long");
  }
  return TRUE;
}

static gboolean
read_turn(const Typed *typed, FwdOptions *options, GError **error)
{
  g_autofree char *secret = NULL;

  if (typed->turn_uri == NULL && typed->turn_secret == NULL)
    return TRUE;
  if (typed->turn_uri == NULL)
    return invalid(error, "--turn-secret-file", typed->turn_secret, "--turn-uri is missing");
  if (typed->turn_secret == NULL)
    return invalid(error, "--turn-uri", typed->turn_uri[0], "--turn-secret-file is missing");
  if (!check_turn_uris(typed->turn_uri, error))
    return FALSE;
  secret = read_secret(typed->turn_secret, error);
  if (secret == NULL)
    return FALSE;
  options->turn = fwd_turn_credentials_new((const char *const *)typed->turn_uri, secret);
  return TRUE;
}

static gboolean
read_public_url(const Typed *typed, FwdOptions *options, GError **error)
{
  g_autoptr(GUri) url = NULL;
  const char *host;

  if (typed->public_url == NULL)
    return TRUE;
  url = g_uri_parse(typed->public_url, G_URI_FLAGS_NONE, NULL);
  host = url != NULL ? g_uri_get_host(url) : NULL;
  if (host == NULL || *host == '\0')
    return invalid(error, "--public-url", typed->public_url, "not a URL with a host");
  options->public_host = g_strdup(host);
  return TRUE;
}

static gboolean
read_number(const char *option, int value, int limit, guint *number, GError **error)
{
  if (value < 1 || value > limit) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, "%s %d: must be from 1 to %d",
                option, value, limit);
    return FALSE;
  }
  *number = (guint)value;
  return TRUE;
}

static gboolean
read_relay(const Typed *typed, FwdOptions *options, GError **error)
{
  options->relay = typed->relay == NULL || strcmp(typed->relay, "on") == 0;
  if (!options->relay && strcmp(typed->relay, "off") != 0)
    return invalid(error, "--relay", typed->relay, "must be on or off");
  if (typed->relay_rate < 0 || typed->relay_rate > RELAY_RATE_MAX) {
    g_set_error(error, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID,
                "--relay-rate %" G_GINT64_FORMAT ": must be from 0 to %" G_GINT64_FORMAT,
                typed->relay_rate, RELAY_RATE_MAX);
    return FALSE;
  }
  options->relay_rate = (guint64)typed->relay_rate;
  return TRUE;
}

static gboolean
check_typed(const Typed *typed, FwdOptions *options, GError **error)
{
  char *no_listen[] = {(char *)DEFAULT_LISTEN, NULL};

  if (typed->store != NULL && strcmp(typed->store, "memory") != 0)
    return invalid(error, "--store", typed->store, "not a store of this version: use memory");
  return read_endpoints("--listen", typed->listen != NULL ? typed->listen : no_listen,
                        options->listen, error) &&
         read_stun(typed, options, error) && read_tls(typed, options, error) &&
         read_public_url(typed, options, error) && read_turn(typed, options, error) &&
         read_number("--max-rooms", typed->max_rooms, G_MAXINT, &options->max_rooms, error) &&
         read_number("--rate", typed->rate, RATE_MAX, &options->rate, error) &&
         read_relay(typed, options, error);
}

FwdOptions *
fwd_options_parse(char ***arguments, GError **error)
{
  g_auto(Typed) typed = {.max_rooms = DEFAULT_MAX_ROOMS, .rate = DEFAULT_RATE};
  g_autoptr(FwdOptions) options = g_new0(FwdOptions, 1);

  options->listen = g_array_new(FALSE, FALSE, sizeof(FwdEndpoint));
  options->stun = g_array_new(FALSE, FALSE, sizeof(FwdEndpoint));
  options->stun_alternate = g_array_new(FALSE, FALSE, sizeof(FwdEndpoint));
  if (!read_typed(arguments, &typed, error))
    return NULL;
  options->version = typed.version;
  if (!typed.version && !check_typed(&typed, options, error))
    return NULL;
  return g_steal_pointer(&options);
}

void
fwd_options_free(FwdOptions *options)
{
  g_array_unref(options->listen);
  g_array_unref(options->stun);
  g_array_unref(options->stun_alternate);
  g_clear_object(&options->certificate);
  g_clear_pointer(&options->turn, fwd_turn_credentials_free);
  g_free(options->public_host);
  g_free(options);
}

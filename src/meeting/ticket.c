/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/ticket.h"
#include "meeting/base64url.h"
#include "meeting/host-port.h"

#include <sodium.h>
#include <stunfwd/error.h>
#include <string.h>

#define PREFIX         "stunfwd://"
#define DEFAULT_SCHEME "ws"
#define SECRET_TEXT    43 /* characters of 32 bytes in base64url */
#define BASE64_VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define URL_FLAGS      (G_URI_FLAGS_ENCODED | G_URI_FLAGS_HAS_PASSWORD)

static const char *const schemes[] = {"ws", "wss", "http", "https", "mqtt", "mqtts", NULL};

static void invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
invalid(GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start(arguments, format);
  text = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_set_error_literal(error, FWD_MEETING_ERROR, FWD_ERROR_INVALID, text);
}

static gboolean
check_url(GUri *url, GError **error)
{
  const char *host = g_uri_get_host(url);

  if (!g_strv_contains(schemes, g_uri_get_scheme(url)))
    invalid(error, "the signaling URL's scheme %s is none of ws, wss, http, https, mqtt, mqtts",
            g_uri_get_scheme(url));
  else if (g_uri_get_userinfo(url) != NULL)
    invalid(error, "the signaling URL has a user name or password, which a ticket cannot hold");
  else if (host == NULL || *host == '\0')
    invalid(error, "the signaling URL has no host");
  else if (!fwd_host_is_valid(host))
    invalid(error, "the signaling URL's host is neither a host name nor an address");
  else if (g_uri_get_port(url) == 0)
    invalid(error, "the signaling URL's port is 0");
  else if (g_uri_get_query(url) != NULL || g_uri_get_fragment(url) != NULL)
    invalid(error, "the signaling URL has a query or a fragment, which a ticket cannot hold");
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_stun(const char *const *stun, GError **error)
{
  if (stun == NULL)
    return TRUE;
  for (guint i = 0; stun[i] != NULL; i++) {
    g_autofree char *host = NULL;
    guint16 port;

    if (i == FWD_TICKET_STUN_MAX) {
      invalid(error, "the ticket has more than %d STUN servers", FWD_TICKET_STUN_MAX);
      return FALSE;
    }
    if (!fwd_host_port_parse(stun[i], 0, &host, &port)) {
      g_autofree char *shown = g_strescape(stun[i], NULL);
      invalid(error, "STUN server %.100s is not HOST:PORT", shown);
      return FALSE;
    }
  }
  return TRUE;
}

/* All of the text that comes before '#'. */
static char *
public_part(GUri *url, const char *const *stun)
{
  g_autofree char *head = g_uri_join(URL_FLAGS, "stunfwd", NULL, g_uri_get_host(url),
                                     g_uri_get_port(url), g_uri_get_path(url), NULL, NULL);
  GString *text = g_string_new(head);

  g_string_append_printf(text, "?t=%s", g_uri_get_scheme(url));
  for (guint i = 0; stun != NULL && stun[i] != NULL; i++) {
    g_string_append(text, "&stun=");
    g_string_append_uri_escaped(text, stun[i], ":", FALSE);
  }
  return g_string_free(text, FALSE);
}

/* GUri keeps a path as its maker's flags said; here it is always the escaped one. */
static GUri *
canonical_url(GUri *url)
{
  g_autofree char *text = g_uri_to_string(url);
  return g_uri_parse(text, URL_FLAGS, NULL);
}

static gboolean
check_canonical(GUri *url, const char *const *stun, GError **error)
{
  g_autofree char *text = NULL;

  if (!check_url(url, error) || !check_stun(stun, error))
    return FALSE;
  text = public_part(url, stun);
  if (strlen(text) + 1 + SECRET_TEXT <= FWD_TICKET_MAX)
    return TRUE;
  invalid(error, "the ticket is longer than %d characters", FWD_TICKET_MAX);
  return FALSE;
}

gboolean
fwd_ticket_check(GUri *url, const char *const *stun, GError **error)
{
  g_autoptr(GUri) canonical = canonical_url(url);

  if (canonical == NULL) {
    invalid(error, "the signaling URL is malformed");
    return FALSE;
  }
  return check_canonical(canonical, stun, error);
}

FwdTicket *
fwd_ticket_new(GUri *url, const char *const *stun)
{
  FwdTicket *ticket;

  g_return_val_if_fail(fwd_ticket_check(url, stun, NULL), NULL);
  g_return_val_if_fail(sodium_init() >= 0, NULL);
  ticket = g_new0(FwdTicket, 1);
  ticket->url = canonical_url(url);
  ticket->stun = stun != NULL && *stun != NULL ? g_strdupv((char **)stun) : NULL;
  randombytes_buf(ticket->secret, sizeof ticket->secret);
  return ticket;
}

void
fwd_ticket_free(FwdTicket *ticket)
{
  if (ticket == NULL)
    return;
  g_clear_pointer(&ticket->url, g_uri_unref);
  g_strfreev(ticket->stun);
  sodium_memzero(ticket, sizeof *ticket);
  g_free(ticket);
}

char *
fwd_ticket_to_string(const FwdTicket *ticket)
{
  g_autofree char *head = public_part(ticket->url, (const char *const *)ticket->stun);
  gsize length = strlen(head);
  char *text = g_malloc(length + 1 + SECRET_TEXT + 1);

  memcpy(text, head, length);
  text[length] = '#';
  sodium_bin2base64(text + length + 1, SECRET_TEXT + 1, ticket->secret, FWD_SECRET_SIZE,
                    BASE64_VARIANT);
  return text;
}

/* One pass over the parameters: the scheme and the STUN servers; others are of later versions.
 */
static gboolean
parse_query(const char *query, char **scheme, GPtrArray *stun, GError **error)
{
  GUriParamsIter iterator;
  char *name, *value;
  g_autoptr(GError) why = NULL;

  g_uri_params_iter_init(&iterator, query, -1, "&", G_URI_PARAMS_NONE);
  while (g_uri_params_iter_next(&iterator, &name, &value, &why)) {
    if (strcmp(name, "t") == 0) {
      g_free(*scheme);
      *scheme = g_steal_pointer(&value);
    } else if (strcmp(name, "stun") == 0) {
      g_ptr_array_add(stun, g_steal_pointer(&value));
    }
    g_free(name);
    g_free(value);
  }
  if (why != NULL)
    invalid(error, "the ticket's parameters after ? are malformed");
  return why == NULL;
}

static GUri *
build_url(GUri *head, const char *scheme)
{
  return g_uri_build(URL_FLAGS, scheme, NULL, g_uri_get_host(head), g_uri_get_port(head),
                     g_uri_get_path(head), NULL, NULL);
}

static gboolean
parse_public_part(const char *text, FwdTicket *ticket, GError **error)
{
  g_autoptr(GUri) head = g_uri_parse(text, URL_FLAGS, NULL);
  g_autoptr(GPtrArray) stun = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *scheme = g_strdup(DEFAULT_SCHEME);
  const char *query;

  if (head == NULL) {
    invalid(error, "the ticket's host, port or path is malformed");
    return FALSE;
  }
  if (g_uri_get_userinfo(head) != NULL) {
    invalid(error, "the ticket has a user name or password before the host");
    return FALSE;
  }
  query = g_uri_get_query(head);
  if (query != NULL && !parse_query(query, &scheme, stun, error))
    return FALSE;
  g_ptr_array_add(stun, NULL);
  ticket->url = build_url(head, scheme);
  ticket->stun = stun->len > 1 ? (GStrv)g_ptr_array_steal(stun, NULL) : NULL;
  return check_canonical(ticket->url, (const char *const *)ticket->stun, error);
}

static gboolean
parse_secret(const char *text, gsize length, guint8 secret[FWD_SECRET_SIZE], GError **error)
{
  gsize size;

  if (length != SECRET_TEXT) {
    invalid(error,
            "the secret after # has %" G_GSIZE_FORMAT
            " characters, not %d: was the ticket pasted whole?",
            length, SECRET_TEXT);
    return FALSE;
  }
  if (!fwd_base64url_decode(text, length, secret, FWD_SECRET_SIZE, &size) ||
      size != FWD_SECRET_SIZE) {
    invalid(error, "the secret after # is damaged: it is not base64url text");
    return FALSE;
  }
  return TRUE;
}

/* *@start and *@length: @text without the white space around it. */
static gboolean
find_ticket(const char *text, const char **start, gsize *length, GError **error)
{
  while (g_ascii_isspace(*text))
    text++;
  *start = text;
  *length = strnlen(text, FWD_TICKET_MAX + 1);
  while (*length > 0 && g_ascii_isspace(text[*length - 1]))
    (*length)--;
  if (*length > FWD_TICKET_MAX)
    invalid(error, "the ticket is longer than %d characters", FWD_TICKET_MAX);
  else if (g_ascii_strncasecmp(text, PREFIX, strlen(PREFIX)) != 0)
    invalid(error, "the ticket does not start with %s", PREFIX);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_characters(const char *text, gsize length, GError **error)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph(text[i])) {
      invalid(error, "the ticket has %s at character %" G_GSIZE_FORMAT "%s",
              g_ascii_isspace(text[i]) ? "white space" : "a character that no ticket has",
              i + 1, g_ascii_isspace(text[i]) ? ": was it broken into lines?" : "");
      return FALSE;
    }
  return TRUE;
}

FwdTicket *
fwd_ticket_parse(const char *text, GError **error)
{
  g_autoptr(FwdTicket) ticket = g_new0(FwdTicket, 1);
  g_autofree char *head = NULL;
  const char *mark;
  gsize length, head_length;

  if (!find_ticket(text, &text, &length, error) || !check_characters(text, length, error))
    return NULL;
  mark = memchr(text, '#', length);
  if (mark == NULL) {
    invalid(error, "the ticket has no # with the secret: was it pasted whole?");
    return NULL;
  }
  head_length = (gsize)(mark - text);
  head = g_strndup(text, head_length);
  if (!parse_secret(mark + 1, length - head_length - 1, ticket->secret, error) ||
      !parse_public_part(head, ticket, error))
    return NULL;
  return g_steal_pointer(&ticket);
}

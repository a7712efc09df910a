/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "turn-uri.h"

#include <stunfwd/error.h>
#include <string.h>

#define PORT     3478
#define PORT_TLS 5349

static gboolean
fail(GError **error, const char *problem)
{
  g_set_error_literal(error, FWD_NET_ERROR, FWD_ERROR_INVALID, problem);
  return FALSE;
}

static gboolean
read_scheme(const char **text, FwdTurnUri *uri, GError **error)
{
  if (g_str_has_prefix(*text, "turns:")) {
    *text += strlen("turns:");
    *uri = (FwdTurnUri){.port = PORT_TLS, .transports = FWD_TURN_OVER_TLS};
    return TRUE;
  }
  if (!g_str_has_prefix(*text, "turn:"))
    return fail(error, "a TURN server is turn:HOST[:PORT] or turns:HOST[:PORT]");
  *text += strlen("turn:");
  *uri = (FwdTurnUri){.port = PORT, .transports = FWD_TURN_OVER_UDP | FWD_TURN_OVER_TCP};
  return TRUE;
}

static gboolean
read_query(const char *query, FwdTurnUri *uri, GError **error)
{
  if (query == NULL)
    return TRUE;
  if (g_str_equal(query, "transport=tcp")) {
    uri->transports &= FWD_TURN_OVER_TCP | FWD_TURN_OVER_TLS;
    return TRUE;
  }
  if (!g_str_equal(query, "transport=udp"))
    return fail(error, "after \"?\" only transport=udp or transport=tcp may follow");
  if (uri->transports == FWD_TURN_OVER_TLS)
    return fail(error, "DTLS (turns: with transport=udp) is not supported");
  uri->transports = FWD_TURN_OVER_UDP;
  return TRUE;
}

static gboolean
read_host(const char *text, FwdTurnUri *uri, GError **error)
{
  g_autoptr(GSocketConnectable) address = NULL;
  const char *host;

  if (strpbrk(text, "/@ \t\r\n") != NULL)
    return fail(error, "only HOST[:PORT] may follow the scheme");
  address = g_network_address_parse(text, uri->port, NULL);
  host = address != NULL ? g_network_address_get_hostname(G_NETWORK_ADDRESS(address)) : "";
  if (*host == '\0')
    return fail(error, "the host is missing or wrong");
  uri->port = g_network_address_get_port(G_NETWORK_ADDRESS(address));
  if (uri->port == 0)
    return fail(error, "the port is wrong");
  uri->host = g_strdup(host);
  return TRUE;
}

gboolean
fwd_turn_uri_parse(const char *text, FwdTurnUri *uri, GError **error)
{
  const char *query;
  g_autofree char *host = NULL;

  if (strlen(text) > FWD_TURN_URI_MAX)
    return fail(error, "too long");
  if (!read_scheme(&text, uri, error))
    return FALSE;
  query = strchr(text, '?');
  host = query != NULL ? g_strndup(text, (gsize)(query - text)) : g_strdup(text);
  return read_query(query != NULL ? query + 1 : NULL, uri, error) &&
         read_host(host, uri, error);
}

void
fwd_turn_uri_clear(FwdTurnUri *uri)
{
  g_clear_pointer(&uri->host, g_free);
}

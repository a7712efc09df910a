/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/host-port.h"

#include <arpa/inet.h>
#include <string.h>

#define LABEL_MAX       63
#define PORT_DIGITS_MAX 5
/* The longest host in brackets, a colon and a port. */
#define TEXT_MAX (FWD_HOST_MAX + 3 + PORT_DIGITS_MAX)

static gboolean
is_ipv6(const char *text)
{
  struct in6_addr address;
  return inet_pton(AF_INET6, text, &address) == 1;
}

static gboolean
is_label(const char *label)
{
  size_t length = strlen(label);

  if (length == 0 || length > LABEL_MAX)
    return FALSE;
  for (size_t i = 0; i < length; i++)
    if (!g_ascii_isalnum(label[i]) && label[i] != '-' && label[i] != '_')
      return FALSE;
  return label[0] != '-' && label[length - 1] != '-';
}

/* Digits and dots alone are an address or nothing: "1.2.3" must not reach the resolver. */
static gboolean
is_name_or_ipv4(const char *text)
{
  struct in_addr address;
  g_auto(GStrv) labels = NULL;

  if (strspn(text, "0123456789.") == strlen(text))
    return inet_pton(AF_INET, text, &address) == 1;
  labels = g_strsplit(text, ".", -1);
  for (guint i = 0; labels[i] != NULL; i++) {
    gboolean root = i > 0 && labels[i + 1] == NULL && *labels[i] == '\0';
    if (!root && !is_label(labels[i]))
      return FALSE;
  }
  return TRUE;
}

gboolean
fwd_host_is_valid(const char *host)
{
  size_t length = strnlen(host, FWD_HOST_MAX + 1);

  if (length == 0 || length > FWD_HOST_MAX)
    return FALSE;
  return strchr(host, ':') != NULL ? is_ipv6(host) : is_name_or_ipv4(host);
}

static gboolean
parse_port(const char *text, guint16 *port)
{
  guint64 value;

  if (strlen(text) > PORT_DIGITS_MAX ||
      !g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT16, &value, NULL))
    return FALSE;
  *port = (guint16)value;
  return TRUE;
}

/* Cuts @text into the host, without brackets, and what follows it: "" or ":PORT". */
static char *
split(const char *text, const char **rest)
{
  const char *end;

  if (*text == '[') {
    end = strchr(++text, ']');
    if (end == NULL)
      return NULL;
    *rest = end + 1;
  } else {
    end = text + strcspn(text, ":");
    *rest = end;
  }
  return g_strndup(text, (gsize)(end - text));
}

gboolean
fwd_host_port_parse(const char *text, guint16 default_port, char **host, guint16 *port)
{
  g_autofree char *name = NULL;
  const char *rest;
  guint16 number = default_port;

  if (strnlen(text, TEXT_MAX + 1) > TEXT_MAX)
    return FALSE;
  name = split(text, &rest);
  if (name == NULL || (*text == '[' ? !is_ipv6(name) : !fwd_host_is_valid(name)))
    return FALSE;
  if (*rest != '\0' && (*rest != ':' || !parse_port(rest + 1, &number)))
    return FALSE;
  if (number == 0)
    return FALSE;
  *host = g_steal_pointer(&name);
  *port = number;
  return TRUE;
}

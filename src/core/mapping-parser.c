/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/mapping-parts.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stunfwd/error.h>
#include <string.h>

/*
 * MAPPING  = ["R:"] FORWARDER ":" LISTENER [":" TARGET]
 * LISTENER = [ADDRESS ":"] PORTS | PATH          ADDRESS = v4 | "[" v6 "]"
 * TARGET   = ["tcp:" | "unix:"] ([HOST ":"] PORTS | PATH)
 * PORTS    = PORT ["-" PORT]
 */

typedef struct {
  guint16 first;
  guint count;
} PortRange;

typedef struct {
  char *host; /* NULL where the text has none */
  PortRange ports;
} Place;

static void
place_clear(Place *place)
{
  g_free(place->host);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

G_GNUC_PRINTF(2, 3)
static gboolean
fail(GError **error, const char *format, ...)
{
  va_list arguments;

  va_start(arguments, format);
  if (error != NULL)
    *error = g_error_new_valist(FWD_SETTINGS_ERROR, FWD_ERROR_INVALID, format, arguments);
  va_end(arguments);
  return FALSE;
}

static gboolean
parse_port(const char *text, guint16 *port, GError **error)
{
  gsize length = strlen(text);
  unsigned long value;

  if (length == 0)
    return fail(error, "a port is missing");
  if (strspn(text, "0123456789") != length)
    return fail(error, "\"%s\" is not a port", text);
  value = length > 5 ? G_MAXULONG : strtoul(text, NULL, 10);
  if (value > G_MAXUINT16)
    return fail(error, "port %s is above 65535", text);
  *port = (guint16)value;
  return TRUE;
}

static gboolean
check_range(const char *text, guint16 first, guint16 last, GError **error)
{
  if (first == 0)
    return fail(error, "port 0 cannot stand in the range \"%s\"", text);
  if (last < first)
    return fail(error, "the range \"%s\" runs backwards", text);
  if (last - first >= FWD_MAPPING_RANGE_MAX)
    return fail(error, "the range \"%s\" has more than %d ports", text, FWD_MAPPING_RANGE_MAX);
  return TRUE;
}

static gboolean
parse_ports(const char *text, PortRange *ports, GError **error)
{
  g_auto(GStrv) ends = g_strsplit(text, "-", 2);
  guint16 last;

  ports->count = 1;
  if (ends[0] == NULL)
    return fail(error, "a port is missing");
  if (!parse_port(ends[0], &ports->first, error))
    return FALSE;
  if (ends[1] == NULL)
    return TRUE;
  if (!parse_port(ends[1], &last, error) || !check_range(text, ports->first, last, error))
    return FALSE;
  ports->count = last - ports->first + 1u;
  return TRUE;
}

/* The shortest form of an address, or NULL when it is none. A scope ("%eth0") is kept. */
static char *
canonicalize_v6(const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, "%", 2);
  char canonical[INET6_ADDRSTRLEN];
  struct in6_addr address;

  if (parts[0] == NULL || inet_pton(AF_INET6, parts[0], &address) != 1)
    return NULL;
  inet_ntop(AF_INET6, &address, canonical, sizeof canonical);
  if (parts[1] == NULL)
    return g_strdup(canonical);
  if (parts[1][0] == '\0' || strlen(parts[1]) > 15 || strpbrk(parts[1], "%/ ") != NULL)
    return NULL;
  return g_strconcat(canonical, "%", parts[1], NULL);
}

static gboolean
is_v4(const char *text)
{
  struct in_addr address;

  return inet_pton(AF_INET, text, &address) == 1;
}

static gboolean
is_label(const char *label)
{
  gsize length = strlen(label);

  return length >= 1 && length <= 63 && label[0] != '-' && label[length - 1] != '-';
}

static gboolean
is_host_name(const char *text)
{
  g_auto(GStrv) labels = g_strsplit(text, ".", -1);
  gsize length = strlen(text);
  guint count = g_strv_length(labels);

  for (gsize i = 0; i < length; i++) {
    if (!g_ascii_isalnum(text[i]) && strchr("-_.", text[i]) == NULL)
      return FALSE;
  }
  /* One dot at the end says that the name is complete. */
  if (count > 1 && labels[count - 1][0] == '\0')
    count--;
  for (guint i = 0; i < count; i++) {
    if (!is_label(labels[i]))
      return FALSE;
  }
  return count > 0 && length <= 253;
}

/* Digits and dots alone are an address or a mistake, never a name. */
static gboolean
looks_like_v4(const char *text)
{
  return text[strspn(text, "0123456789.")] == '\0';
}

/* A host of such a name would read as the start of another TARGET. */
static gboolean
is_keyword(const char *text)
{
  return g_ascii_strcasecmp(text, "tcp") == 0 || g_ascii_strcasecmp(text, "unix") == 0;
}

/* Takes "[v6]", v4 or a name; gives it without brackets, in lower case. */
static char *
parse_host(const char *text, GError **error)
{
  gsize length = strlen(text);
  g_autofree char *inner = NULL;
  char *host;

  if (text[0] == '[') {
    inner = g_strndup(text + 1, length - 2);
    host = canonicalize_v6(inner);
    if (host == NULL)
      fail(error, "\"%s\" is not an IPv6 address", text);
    return host;
  }
  if (length == 0) {
    fail(error, "a host is missing");
    return NULL;
  }
  if (is_keyword(text)) {
    fail(error, "\"%s\" names a forwarder and cannot be a host", text);
    return NULL;
  }
  if (looks_like_v4(text) ? is_v4(text) : is_host_name(text))
    return g_ascii_strdown(text, -1);
  fail(error, "\"%s\" is not a host name or address", text);
  return NULL;
}

/* The length of the part at the start of @text: up to a colon, brackets being skipped. */
static gboolean
measure_part(const char *text, gsize *length, GError **error)
{
  const char *end;

  if (text[0] != '[') {
    *length = strcspn(text, ":");
    return TRUE;
  }
  end = strchr(text, ']');
  if (end == NULL)
    return fail(error, "\"%s\" has no closing bracket", text);
  if (end[1] != ':' && end[1] != '\0')
    return fail(error, "\"%s\" follows a closing bracket instead of a colon", end + 1);
  *length = (gsize)(end + 1 - text);
  return TRUE;
}

static gboolean
is_ports(const char *text)
{
  return text[0] != '\0' && text[strspn(text, "0123456789-")] == '\0';
}

/* Reads "[HOST:]PORTS"; *@rest is then what follows its colon, or NULL. */
static gboolean
parse_place(const char *text, Place *place, const char **rest, GError **error)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  gsize length = 0;

  if (!measure_part(text, &length, error))
    return FALSE;
  first = g_strndup(text, length);
  text += length;
  if (!is_ports(first) && text[0] == ':') {
    place->host = parse_host(first, error);
    if (place->host == NULL)
      return FALSE;
    text++;
    length = strcspn(text, ":");
    second = g_strndup(text, length);
    text += length;
  }
  *rest = text[0] == ':' ? text + 1 : NULL;
  return parse_ports(second != NULL ? second : first, &place->ports, error);
}

static gboolean
check_path(const char *path, GError **error)
{
  if (path[0] != '/')
    return fail(error, "\"%s\" is not an absolute path", path);
  if (path[1] == '\0' || g_str_has_suffix(path, "/"))
    return fail(error, "\"%s\" is a directory, not a socket", path);
  if (strlen(path) > FWD_MAPPING_PATH_MAX)
    return fail(error, "the path \"%s\" is longer than %d bytes", path, FWD_MAPPING_PATH_MAX);
  return TRUE;
}

/* A path ends at the first colon: what follows is the target. */
static gboolean
parse_path(const char *text, Place *place, const char **rest, GError **error)
{
  gsize length = strcspn(text, ":");

  place->host = g_strndup(text, length);
  place->ports.count = 1;
  *rest = text[length] == ':' ? text + length + 1 : NULL;
  return check_path(place->host, error);
}

static gboolean
parse_target(const char *text, FwdMappingParts *parts, Place *target, GError **error)
{
  const char *rest;

  if (g_str_has_prefix(text, "unix:") || g_str_has_prefix(text, "tcp:")) {
    if (strcmp(parts->forwarder, "udp") == 0)
      return fail(error, "\"%s\": a udp port leads to udp alone", text);
    parts->target_forwarder = text[0] == 'u' ? "unix" : "tcp";
    text = strchr(text, ':') + 1;
  }
  if (strcmp(parts->target_forwarder, "unix") == 0) {
    target->host = g_strdup(text);
    target->ports.count = 1;
    return check_path(text, error);
  }
  if (!parse_place(text, target, &rest, error))
    return FALSE;
  if (rest != NULL)
    return fail(error, "\"%s\" is left over; an IPv6 address stands in brackets", rest);
  if (target->ports.first == 0)
    return fail(error, "port 0 cannot be a target");
  return TRUE;
}

/* A listener binds to a number: names may mean several addresses, or change. */
static gboolean
check_bind(Place *listener, GError **error)
{
  if (listener->host == NULL || strcmp(listener->host, "localhost") == 0) {
    g_free(listener->host);
    listener->host = g_strdup(FWD_MAPPING_DEFAULT_BIND);
    return TRUE;
  }
  if (!is_v4(listener->host) && strchr(listener->host, ':') == NULL)
    return fail(error, "\"%s\" is not a numeric address to listen on", listener->host);
  return TRUE;
}

static gboolean
parse_listener(const char *text, const FwdMappingParts *parts, Place *listener,
               const char **rest, GError **error)
{
  if (strcmp(parts->forwarder, "unix") == 0)
    return parse_path(text, listener, rest, error);
  return parse_place(text, listener, rest, error) && check_bind(listener, error);
}

/* Each forwarder that opens a port, and the one that serves its connections. */
static const struct {
  const char *name;
  const char *target;
  gboolean has_target;
} forwarders[] = {
    {"tcp", "tcp", TRUE},
    {"udp", "udp", TRUE},
    {"unix", "unix", TRUE},
    {"socks5", "tcp", FALSE},
};

static gboolean
parse_forwarder(const char **text, FwdMappingParts *parts, gboolean *has_target, GError **error)
{
  gsize length = strcspn(*text, ":");

  for (gsize i = 0; i < G_N_ELEMENTS(forwarders); i++) {
    if (strlen(forwarders[i].name) != length || strncmp(forwarders[i].name, *text, length) != 0)
      continue;
    if ((*text)[length] == '\0')
      return fail(error, "nothing follows \"%s\"", *text);
    parts->forwarder = forwarders[i].name;
    parts->target_forwarder = forwarders[i].target;
    *has_target = forwarders[i].has_target;
    *text += length + 1;
    return TRUE;
  }
  return fail(error, "\"%.*s\" is not one of tcp, udp, unix, socks5", (int)length, *text);
}

static GPtrArray *
expand(FwdMappingParts *parts, const Place *listener, const Place *target)
{
  GPtrArray *mappings = g_ptr_array_new_with_free_func((GDestroyNotify)fwd_mapping_unref);

  parts->bind = listener->host;
  for (guint i = 0; i < listener->ports.count; i++) {
    parts->port = (guint16)(listener->ports.first + i);
    parts->target_port = (guint16)(target->ports.first + i);
    g_ptr_array_add(mappings, fwd_mapping_new(parts));
  }
  return mappings;
}

static gboolean
parse_both(const char *text, FwdMappingParts *parts, Place *listener, Place *target,
           GError **error)
{
  gboolean has_target = FALSE;
  const char *rest;

  if (!parse_forwarder(&text, parts, &has_target, error) ||
      !parse_listener(text, parts, listener, &rest, error))
    return FALSE;
  if (!has_target)
    return rest == NULL ||
           fail(error, "\"%s\" is left over: %s has no target", rest, parts->forwarder);
  if (rest == NULL)
    return fail(error, "the target is missing");
  if (!parse_target(rest, parts, target, error))
    return FALSE;
  if (listener->ports.count != target->ports.count)
    return fail(error, "%u ports cannot lead to %u", listener->ports.count,
                target->ports.count);
  parts->host = target->host != NULL ? target->host : FWD_MAPPING_DEFAULT_HOST;
  return TRUE;
}

static gboolean
check_text(const char *text, GError **error)
{
  gsize length = strlen(text);

  if (length == 0)
    return fail(error, "a mapping is empty");
  if (length > FWD_MAPPING_TEXT_MAX)
    return fail(error, "a mapping is longer than %d bytes", FWD_MAPPING_TEXT_MAX);
  if (!g_utf8_validate(text, (gssize)length, NULL))
    return fail(error, "a mapping is not UTF-8 text");
  for (gsize i = 0; i < length; i++) {
    if (g_ascii_iscntrl(text[i])) {
      g_autofree char *escaped = g_strescape(text, NULL);
      return fail(error, "mapping \"%s\": there is a control character in it", escaped);
    }
  }
  return TRUE;
}

GPtrArray *
fwd_mapping_parse(const char *text, GError **error)
{
  FwdMappingParts parts = {.reverse = g_str_has_prefix(text, "R:")};
  g_auto(Place) listener = {NULL};
  g_auto(Place) target = {NULL};

  if (!check_text(text, error))
    return NULL;
  if (!parse_both(parts.reverse ? text + 2 : text, &parts, &listener, &target, error)) {
    g_prefix_error(error, "mapping \"%s\": ", text);
    return NULL;
  }
  return expand(&parts, &listener, &target);
}

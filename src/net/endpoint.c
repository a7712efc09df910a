/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/endpoint.h>
#include <stunfwd/error.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

/* Longest numeric address with a scope: 45 characters, "%" and an interface's name. */
#define ADDRESS_TEXT_MAX (INET6_ADDRSTRLEN + IF_NAMESIZE + 1)

G_DEFINE_BOXED_TYPE(FwdEndpoint, fwd_endpoint, fwd_endpoint_copy, fwd_endpoint_free)

static const guint8 *
address_bytes(const FwdEndpoint *endpoint, gsize *length)
{
  if (endpoint->any.sa_family == AF_INET) {
    *length = sizeof endpoint->in4.sin_addr;
    return (const guint8 *)&endpoint->in4.sin_addr;
  }
  *length = endpoint->any.sa_family == AF_INET6 ? sizeof endpoint->in6.sin6_addr : 0;
  return endpoint->in6.sin6_addr.s6_addr;
}

static guint32
scope_of(const FwdEndpoint *endpoint)
{
  return endpoint->any.sa_family == AF_INET6 ? endpoint->in6.sin6_scope_id : 0;
}

static void
set_in4(FwdEndpoint *endpoint, const void *address, in_port_t port)
{
  memset(endpoint, 0, sizeof *endpoint);
  endpoint->in4.sin_family = AF_INET;
  endpoint->in4.sin_port = port;
  memcpy(&endpoint->in4.sin_addr, address, sizeof endpoint->in4.sin_addr);
}

static void
set_in6(FwdEndpoint *endpoint, const struct in6_addr *address, in_port_t port, guint32 scope)
{
  if (IN6_IS_ADDR_V4MAPPED(address)) {
    set_in4(endpoint, &address->s6_addr[12], port);
    return;
  }
  memset(endpoint, 0, sizeof *endpoint);
  endpoint->in6.sin6_family = AF_INET6;
  endpoint->in6.sin6_port = port;
  endpoint->in6.sin6_addr = *address;
  endpoint->in6.sin6_scope_id = scope;
}

/* Decimal digits and nothing else, up to @maximum. */
static gboolean
parse_number(const char *text, guint64 maximum, guint32 *number)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned(text, 10, 0, maximum, &value, NULL))
    return FALSE;
  *number = (guint32)value;
  return TRUE;
}

static gboolean
parse_scope(const char *text, guint32 *scope)
{
  *scope = if_nametoindex(text);
  return *scope != 0 || (parse_number(text, G_MAXINT32, scope) && *scope != 0);
}

gboolean
fwd_endpoint_from_address(const char *address, guint16 port, FwdEndpoint *endpoint)
{
  char text[ADDRESS_TEXT_MAX];
  struct in_addr in4;
  struct in6_addr in6;
  guint32 scope = 0;
  char *percent;

  if (g_strlcpy(text, address, sizeof text) >= sizeof text)
    return FALSE;
  if (inet_pton(AF_INET, text, &in4) == 1) {
    set_in4(endpoint, &in4, htons(port));
    return TRUE;
  }
  percent = strchr(text, '%');
  if (percent != NULL) {
    *percent = '\0';
    if (!parse_scope(percent + 1, &scope))
      return FALSE;
  }
  if (inet_pton(AF_INET6, text, &in6) != 1)
    return FALSE;
  set_in6(endpoint, &in6, htons(port), scope);
  return TRUE;
}

/* Splits "address:port" or "[address]:port"; an IPv6 address needs its brackets. */
static gboolean
split(const char *text, char *address, const char **port)
{
  const char *colon = strrchr(text, ':');
  const char *start = text, *end = colon;

  if (colon == NULL)
    return FALSE;
  if (*text == '[') {
    if (colon == text || colon[-1] != ']')
      return FALSE;
    start = text + 1;
    end = colon - 1;
  }
  if (end <= start || end - start >= ADDRESS_TEXT_MAX)
    return FALSE;
  memcpy(address, start, (gsize)(end - start));
  address[end - start] = '\0';
  *port = colon + 1;
  return (*text == '[') == (strchr(address, ':') != NULL);
}

/* The text as it may stand in a message: short, in one line, in ASCII. */
static char *
quotable(const char *text)
{
  g_autofree char *start = g_strndup(text, FWD_ENDPOINT_TEXT_MAX);

  return g_strescape(start, NULL);
}

gboolean
fwd_endpoint_parse(const char *text, FwdEndpoint *endpoint, GError **error)
{
  char address[ADDRESS_TEXT_MAX];
  g_autofree char *quoted = NULL;
  const char *port_text;
  guint32 port;

  if (strnlen(text, FWD_ENDPOINT_TEXT_MAX) < FWD_ENDPOINT_TEXT_MAX &&
      split(text, address, &port_text) && parse_number(port_text, G_MAXUINT16, &port) &&
      fwd_endpoint_from_address(address, (guint16)port, endpoint))
    return TRUE;

  quoted = quotable(text);
  g_set_error(error, FWD_NET_ERROR, FWD_ERROR_INVALID,
              "\"%s\" is not an address with a port, like 192.0.2.1:80 or [2001:db8::1]:80",
              quoted);
  return FALSE;
}

gboolean
fwd_endpoint_from_sockaddr(const struct sockaddr *address, socklen_t length,
                           FwdEndpoint *endpoint)
{
  struct sockaddr_in in4;
  struct sockaddr_in6 in6;

  if (length < sizeof(sa_family_t))
    return FALSE;
  if (address->sa_family == AF_INET && length >= sizeof in4) {
    memcpy(&in4, address, sizeof in4);
    set_in4(endpoint, &in4.sin_addr, in4.sin_port);
    return TRUE;
  }
  if (address->sa_family == AF_INET6 && length >= sizeof in6) {
    memcpy(&in6, address, sizeof in6);
    set_in6(endpoint, &in6.sin6_addr, in6.sin6_port, in6.sin6_scope_id);
    return TRUE;
  }
  return FALSE;
}

void
fwd_endpoint_any(int family, FwdEndpoint *endpoint)
{
  memset(endpoint, 0, sizeof *endpoint);
  endpoint->any.sa_family = (sa_family_t)family;
}

static void
format_address(const FwdEndpoint *endpoint, char *text)
{
  char name[IF_NAMESIZE];
  gsize length;
  const guint8 *bytes = address_bytes(endpoint, &length);
  guint32 scope = scope_of(endpoint);

  if (length == 0 || !inet_ntop(endpoint->any.sa_family, bytes, text, INET6_ADDRSTRLEN)) {
    g_strlcpy(text, "none", ADDRESS_TEXT_MAX);
    return;
  }
  if (scope == 0)
    return;
  if (if_indextoname(scope, name) == NULL)
    g_snprintf(name, sizeof name, "%u", scope);
  length = strlen(text);
  g_snprintf(text + length, ADDRESS_TEXT_MAX - length, "%%%s", name);
}

const char *
fwd_endpoint_format(const FwdEndpoint *endpoint, char *text)
{
  char address[ADDRESS_TEXT_MAX];

  format_address(endpoint, address);
  if (endpoint->any.sa_family == AF_INET6)
    g_snprintf(text, FWD_ENDPOINT_TEXT_MAX, "[%s]:%u", address, fwd_endpoint_port(endpoint));
  else if (endpoint->any.sa_family == AF_INET)
    g_snprintf(text, FWD_ENDPOINT_TEXT_MAX, "%s:%u", address, fwd_endpoint_port(endpoint));
  else
    g_strlcpy(text, address, FWD_ENDPOINT_TEXT_MAX);
  return text;
}

char *
fwd_endpoint_to_string(const FwdEndpoint *endpoint)
{
  char text[FWD_ENDPOINT_TEXT_MAX];

  return g_strdup(fwd_endpoint_format(endpoint, text));
}

char *
fwd_endpoint_address_to_string(const FwdEndpoint *endpoint)
{
  char address[ADDRESS_TEXT_MAX];

  format_address(endpoint, address);
  return g_strdup(address);
}

FwdEndpoint *
fwd_endpoint_copy(const FwdEndpoint *endpoint)
{
  return g_memdup2(endpoint, sizeof *endpoint);
}

void
fwd_endpoint_free(FwdEndpoint *endpoint)
{
  g_free(endpoint);
}

gboolean
fwd_endpoint_same_address(const FwdEndpoint *a, const FwdEndpoint *b)
{
  gsize length;
  const guint8 *bytes = address_bytes(a, &length);

  return a->any.sa_family == b->any.sa_family && scope_of(a) == scope_of(b) &&
         memcmp(bytes, address_bytes(b, &length), length) == 0;
}

gboolean
fwd_endpoint_equal(const FwdEndpoint *a, const FwdEndpoint *b)
{
  return fwd_endpoint_same_address(a, b) && fwd_endpoint_port(a) == fwd_endpoint_port(b);
}

guint
fwd_endpoint_hash(const FwdEndpoint *endpoint)
{
  gsize length;
  const guint8 *bytes = address_bytes(endpoint, &length);
  guint hash = fwd_endpoint_port(endpoint) + 5381u;

  for (gsize i = 0; i < length; i++)
    hash = hash * 33u + bytes[i];
  return hash;
}

int
fwd_endpoint_family(const FwdEndpoint *endpoint)
{
  return endpoint->any.sa_family;
}

socklen_t
fwd_endpoint_length(const FwdEndpoint *endpoint)
{
  switch (endpoint->any.sa_family) {
  case AF_INET:
    return sizeof endpoint->in4;
  case AF_INET6:
    return sizeof endpoint->in6;
  default:
    return 0;
  }
}

guint16
fwd_endpoint_port(const FwdEndpoint *endpoint)
{
  switch (endpoint->any.sa_family) {
  case AF_INET:
    return ntohs(endpoint->in4.sin_port);
  case AF_INET6:
    return ntohs(endpoint->in6.sin6_port);
  default:
    return 0;
  }
}

void
fwd_endpoint_set_port(FwdEndpoint *endpoint, guint16 port)
{
  if (endpoint->any.sa_family == AF_INET)
    endpoint->in4.sin_port = htons(port);
  else if (endpoint->any.sa_family == AF_INET6)
    endpoint->in6.sin6_port = htons(port);
}

static gboolean
has_prefix(const guint8 *bytes, const guint8 *prefix, guint bits)
{
  guint whole = bits / 8, rest = bits % 8;

  return memcmp(bytes, prefix, whole) == 0 &&
         (rest == 0 || ((bytes[whole] ^ prefix[whole]) >> (8 - rest)) == 0);
}

typedef struct {
  int family;
  guint8 prefix[2];
  guint bits;
} Network;

static gboolean
in_networks(const FwdEndpoint *endpoint, const Network *networks, gsize count)
{
  gsize length;
  const guint8 *bytes = address_bytes(endpoint, &length);

  for (gsize i = 0; i < count; i++)
    if (networks[i].family == endpoint->any.sa_family &&
        has_prefix(bytes, networks[i].prefix, networks[i].bits))
      return TRUE;
  return FALSE;
}

gboolean
fwd_endpoint_is_any(const FwdEndpoint *endpoint)
{
  FwdEndpoint any;

  fwd_endpoint_any(endpoint->any.sa_family, &any);
  return fwd_endpoint_length(endpoint) > 0 && fwd_endpoint_same_address(endpoint, &any);
}

gboolean
fwd_endpoint_is_loopback(const FwdEndpoint *endpoint)
{
  static const Network loopback[] = {{AF_INET, {127, 0}, 8}};

  return in_networks(endpoint, loopback, G_N_ELEMENTS(loopback)) ||
         (endpoint->any.sa_family == AF_INET6 &&
          IN6_IS_ADDR_LOOPBACK(&endpoint->in6.sin6_addr));
}

gboolean
fwd_endpoint_is_link_local(const FwdEndpoint *endpoint)
{
  static const Network link_local[] = {{AF_INET, {169, 254}, 16}, {AF_INET6, {0xfe, 0x80}, 10}};

  return in_networks(endpoint, link_local, G_N_ELEMENTS(link_local));
}

gboolean
fwd_endpoint_is_private(const FwdEndpoint *endpoint)
{
  static const Network private[] = {
      {AF_INET, {10, 0}, 8},    {AF_INET, {172, 16}, 12}, {AF_INET, {192, 168}, 16},
      {AF_INET, {100, 64}, 10}, {AF_INET6, {0xfc, 0}, 7},
  };

  return in_networks(endpoint, private, G_N_ELEMENTS(private));
}

gboolean
fwd_endpoint_same_network(const FwdEndpoint *a, const FwdEndpoint *b, guint prefix_length)
{
  gsize length, other;
  const guint8 *bytes = address_bytes(a, &length);
  const guint8 *other_bytes = address_bytes(b, &other);

  if (length == 0 || a->any.sa_family != b->any.sa_family || scope_of(a) != scope_of(b))
    return FALSE;
  return has_prefix(bytes, other_bytes, MIN(prefix_length, (guint)length * 8));
}

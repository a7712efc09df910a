/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network-state.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <stunfwd/endpoint.h>
#include <string.h>

/* A router of the internet has more; what is beyond it is not read. */
#define TABLE_MAX     (1 << 20)
#define INTERFACE_MAX (IF_NAMESIZE + 1)
#define DIGITS        16

typedef struct {
  char interface[INTERFACE_MAX];
  char gateway[40]; /* in the digits of the table, "" for a link without one */
  guint metric;
} Route;

const FwdNetworkFiles fwd_network_files = {
    .routes = "/proc/net/route",
    .routes6 = "/proc/net/ipv6_route",
    .arp = "/proc/net/arp",
};

static GStrv
read_lines(const char *file)
{
  g_autofree char *text = NULL;
  gsize length;

  /* /proc tells no size beforehand, so the limit is one on what is looked at. */
  if (!g_file_get_contents(file, &text, &length, NULL))
    return g_new0(char *, 1);
  if (length > TABLE_MAX)
    text[TABLE_MAX] = '\0';
  return g_strsplit(text, "\n", -1);
}

static gboolean
parse_route(const char *line, Route *route)
{
  char destination[9], gateway[9], mask[9];
  guint flags;

  if (sscanf(line, "%16s %8s %8s %x %*d %*d %u %8s", route->interface, destination, gateway,
             &flags, &route->metric, mask) != 6 ||
      strcmp(destination, "00000000") != 0 || strcmp(mask, "00000000") != 0 ||
      (flags & RTF_UP) == 0 || (flags & RTF_REJECT) != 0)
    return FALSE;
  g_strlcpy(route->gateway, strcmp(gateway, "00000000") == 0 ? "" : gateway,
            sizeof route->gateway);
  return TRUE;
}

static gboolean
parse_route6(const char *line, Route *route)
{
  char destination[33], gateway[33];
  guint prefix, flags;

  if (sscanf(line, "%32s %x %*32s %*x %32s %x %*x %*x %x %16s", destination, &prefix, gateway,
             &route->metric, &flags, route->interface) != 6 ||
      prefix != 0 || strspn(destination, "0") != 32 || (flags & RTF_UP) == 0 ||
      (flags & RTF_REJECT) != 0)
    return FALSE;
  g_strlcpy(route->gateway, gateway, sizeof route->gateway);
  return TRUE;
}

/* Of Route. */
static GArray *
list_routes(const char *file, gboolean (*parse)(const char *line, Route *route))
{
  g_auto(GStrv) lines = read_lines(file);
  GArray *routes = g_array_new(FALSE, TRUE, sizeof(Route));

  for (guint i = 0; lines[i] != NULL; i++) {
    Route route = {0};

    if (parse(lines[i], &route) && strcmp(route.interface, "lo") != 0)
      g_array_append_val(routes, route);
  }
  return routes;
}

/* The table has addresses as the machine's words. */
static gboolean
gateway_address(const Route *route, char *text, gsize size)
{
  guint word;
  const guint8 *bytes = (const guint8 *)&word;

  if (sscanf(route->gateway, "%8x", &word) != 1)
    return FALSE;
  g_snprintf(text, size, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
  return TRUE;
}

/* The hardware address that the table has for @address on @interface (transfer full), or NULL.
 */
static char *
find_hardware(const char *file, const char *address, const char *interface)
{
  g_auto(GStrv) lines = read_lines(file);

  for (guint i = 0; lines[i] != NULL; i++) {
    char ip[16], hardware[33], device[INTERFACE_MAX];

    if (sscanf(lines[i], "%15s %*x %*x %32s %*s %16s", ip, hardware, device) == 3 &&
        strcmp(ip, address) == 0 && strcmp(device, interface) == 0 &&
        strspn(hardware, "0:") != strlen(hardware))
      return g_strdup(hardware);
  }
  return NULL;
}

char *
fwd_network_identify(const FwdNetworkFiles *files)
{
  g_autoptr(GArray) routes = list_routes(files->routes, parse_route);
  g_autofree char *hardware = NULL, *text = NULL, *digest = NULL;
  const Route *best = NULL;
  char address[16];

  for (guint i = 0; i < routes->len; i++) {
    const Route *route = &g_array_index(routes, Route, i);

    if (best == NULL || route->metric < best->metric)
      best = route;
  }
  if (best == NULL || !gateway_address(best, address, sizeof address))
    return NULL;
  hardware = find_hardware(files->arp, address, best->interface);
  if (hardware == NULL)
    return NULL;
  text = g_strjoin(" ", best->interface, address, hardware, NULL);
  digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
  return g_strndup(digest, DIGITS);
}

static gboolean
has_route(const GArray *routes, const char *interface)
{
  for (guint i = 0; i < routes->len; i++)
    if (strcmp(g_array_index(routes, Route, i).interface, interface) == 0)
      return TRUE;
  return FALSE;
}

static void
describe_routes(GPtrArray *lines, const GArray *routes)
{
  for (guint i = 0; i < routes->len; i++) {
    const Route *route = &g_array_index(routes, Route, i);

    g_ptr_array_add(lines, g_strdup_printf("%s via %s", route->interface, route->gateway));
  }
}

static void
describe_address(GPtrArray *lines, const struct ifaddrs *item)
{
  socklen_t length = item->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                                          : sizeof(struct sockaddr_in6);
  g_autofree char *address = NULL;
  FwdEndpoint endpoint;

  if (!fwd_endpoint_from_sockaddr(item->ifa_addr, length, &endpoint) ||
      fwd_endpoint_is_link_local(&endpoint) || fwd_endpoint_is_loopback(&endpoint))
    return;
  address = fwd_endpoint_address_to_string(&endpoint);
  g_ptr_array_add(lines, g_strdup_printf("%s has %s%s", item->ifa_name, address,
                                         item->ifa_flags & IFF_RUNNING ? "" : ", down"));
}

static void
describe_addresses(GPtrArray *lines, const GArray *routes, const GArray *routes6)
{
  struct ifaddrs *all = NULL;

  if (getifaddrs(&all) != 0)
    return;
  for (const struct ifaddrs *item = all; item != NULL; item = item->ifa_next)
    if (item->ifa_addr != NULL &&
        (item->ifa_addr->sa_family == AF_INET || item->ifa_addr->sa_family == AF_INET6) &&
        ((routes->len == 0 && routes6->len == 0) || has_route(routes, item->ifa_name) ||
         has_route(routes6, item->ifa_name)))
      describe_address(lines, item);
  freeifaddrs(all);
}

static int
compare(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *
fwd_network_describe(const FwdNetworkFiles *files)
{
  g_autoptr(GArray) routes = list_routes(files->routes, parse_route);
  g_autoptr(GArray) routes6 = list_routes(files->routes6, parse_route6);
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

  describe_routes(lines, routes);
  describe_routes(lines, routes6);
  describe_addresses(lines, routes, routes6);
  /* The kernel's order is that of events, which is not what counts. */
  g_ptr_array_sort(lines, compare);
  g_ptr_array_add(lines, NULL);
  return g_strjoinv("\n", (char **)lines->pdata);
}

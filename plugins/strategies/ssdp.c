/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ssdp.h"

#include "port-lease.h"
#include <string.h>
#include <unistd.h>

#define PORT      1900
#define MULTICAST "239.255.255.250"
#define TTL       2

/* Each kind is asked for twice: UDP loses packets. */
#define ROUND_MS 500
#define ROUNDS   4

/* Descriptions that are looked into; a router may be a media server besides. */
#define LOCATIONS_MAX 8

static const char *const kinds[] = {"urn:schemas-upnp-org:device:InternetGatewayDevice:1",
                                    "upnp:rootdevice"};

static gboolean
is_plain(const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isgraph(*c))
      return FALSE;
  return text[0] != '\0' && strlen(text) <= FWD_SSDP_LOCATION_MAX;
}

char *
fwd_ssdp_read_location(const guint8 *data, gsize length)
{
  static const char field[] = "LOCATION:";
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;

  if (length > FWD_SSDP_MESSAGE_MAX || memchr(data, '\0', length) != NULL)
    return NULL;
  text = g_strndup((const char *)data, length);
  lines = g_strsplit(text, "\r\n", -1);
  if (lines[0] == NULL || !g_str_has_prefix(lines[0], "HTTP/1.1 200"))
    return NULL;
  for (guint i = 1; lines[i] != NULL && lines[i][0] != '\0'; i++) {
    if (g_ascii_strncasecmp(lines[i], field, strlen(field)) != 0)
      continue;
    const char *location = g_strstrip(lines[i] + strlen(field));
    return is_plain(location) ? g_strdup(location) : NULL;
  }
  return NULL;
}

static int
open_socket(const FwdEndpoint *local)
{
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), ttl = TTL;
  FwdEndpoint any_port = *local;

  fwd_endpoint_set_port(&any_port, 0);
  if (fd >= 0 && bind(fd, &any_port.any, fwd_endpoint_length(&any_port)) == 0 &&
      setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &local->in4.sin_addr,
                 sizeof local->in4.sin_addr) == 0 &&
      setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl) == 0)
    return fd;
  if (fd >= 0)
    close(fd);
  return -1;
}

/* To all, as the standard has it; and to the router, for networks that drop multicast. */
static void
send_search(int fd, const FwdEndpoint *gateway, const char *kind)
{
  g_autofree char *search = g_strdup_printf("M-SEARCH * HTTP/1.1\r\n"
                                            "HOST: " MULTICAST ":%d\r\n"
                                            "MAN: \"ssdp:discover\"\r\n"
                                            "MX: 1\r\n"
                                            "ST: %s\r\n\r\n",
                                            PORT, kind);
  FwdEndpoint to[2];

  fwd_endpoint_from_address(MULTICAST, PORT, &to[0]);
  to[1] = *gateway;
  fwd_endpoint_set_port(&to[1], PORT);
  for (guint i = 0; i < G_N_ELEMENTS(to); i++)
    sendto(fd, search, strlen(search), MSG_NOSIGNAL, &to[i].any, fwd_endpoint_length(&to[i]));
}

/* NULL for what the router did not say. */
static char *
receive(int fd, const FwdEndpoint *gateway)
{
  guint8 data[FWD_SSDP_MESSAGE_MAX + 1];
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  FwdEndpoint from;
  const gssize length = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&address, &size);

  if (length <= 0 ||
      !fwd_endpoint_from_sockaddr((const struct sockaddr *)&address, size, &from) ||
      !fwd_endpoint_same_address(&from, gateway))
    return NULL;
  return fwd_ssdp_read_location(data, length);
}

static gboolean
listen_until(int fd, const FwdEndpoint *gateway, gint64 until, GCancellable *cancellable,
             GPtrArray *known, FwdSsdpVerdict verdict, gpointer user_data)
{
  while (fwd_port_wait(fd, cancellable, (until - g_get_monotonic_time()) / 1000)) {
    g_autofree char *location = receive(fd, gateway);
    if (location == NULL || known->len >= LOCATIONS_MAX ||
        g_ptr_array_find_with_equal_func(known, location, g_str_equal, NULL))
      continue;
    if (verdict(location, user_data))
      return TRUE;
    g_ptr_array_add(known, g_steal_pointer(&location));
  }
  return FALSE;
}

gboolean
fwd_ssdp_search(const FwdEndpoint *gateway, const FwdEndpoint *local, GCancellable *cancellable,
                FwdSsdpVerdict verdict, gpointer user_data)
{
  g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func(g_free);
  gboolean found = FALSE;
  const int fd = open_socket(local);

  if (fd < 0)
    return FALSE;
  for (guint i = 0; i < ROUNDS && !found && !g_cancellable_is_cancelled(cancellable); i++) {
    send_search(fd, gateway, kinds[i * G_N_ELEMENTS(kinds) / ROUNDS]);
    found = listen_until(fd, gateway, g_get_monotonic_time() + ROUND_MS * 1000, cancellable,
                         known, verdict, user_data);
  }
  close(fd);
  return found;
}

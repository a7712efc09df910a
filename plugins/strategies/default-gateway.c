/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "default-gateway.h"

#include <net/route.h>
#include <stdio.h>
#include <unistd.h>

/* RFC 863; nothing is sent there. */
#define DISCARD_PORT 9

static void
set_gateway(FwdEndpoint *gateway, guint32 address)
{
  fwd_endpoint_any(AF_INET, gateway);
  gateway->in4.sin_addr.s_addr = address;
}

/* The kernel writes addresses as the hexadecimal value of their network byte order in memory.
 */
gboolean
fwd_default_gateway_parse(const char *table, FwdEndpoint *gateway)
{
  g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
  guint best = G_MAXUINT;
  gboolean found = FALSE;

  for (guint i = 0; lines[i] != NULL; i++) {
    guint destination, address, flags, metric, mask;
    if (sscanf(lines[i], "%*15s %8x %8x %4x %*d %*d %u %8x", &destination, &address, &flags,
               &metric, &mask) != 5 ||
        destination != 0 || mask != 0 ||
        (flags & (RTF_UP | RTF_GATEWAY)) != (RTF_UP | RTF_GATEWAY) || (found && metric >= best))
      continue;
    set_gateway(gateway, address);
    best = metric;
    found = TRUE;
  }
  return found;
}

gboolean
fwd_default_gateway_read(FwdEndpoint *gateway)
{
  g_autofree char *table = NULL;

  return g_file_get_contents("/proc/net/route", &table, NULL, NULL) &&
         fwd_default_gateway_parse(table, gateway);
}

gboolean
fwd_default_gateway_get_local(const FwdEndpoint *gateway, FwdEndpoint *local)
{
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  FwdEndpoint remote = *gateway;
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  gboolean known;

  if (fd < 0)
    return FALSE;
  fwd_endpoint_set_port(&remote, DISCARD_PORT);
  known = connect(fd, &remote.any, fwd_endpoint_length(&remote)) == 0 &&
          getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
          fwd_endpoint_from_sockaddr((struct sockaddr *)&address, length, local);
  close(fd);
  fwd_endpoint_set_port(local, 0);
  return known;
}

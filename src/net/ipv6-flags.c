/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipv6-flags.h"

#include <linux/if_addr.h>
#include <stdio.h>

#define UNUSABLE     (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)
#define ADDRESS_SIZE 16

static gboolean
read_address(const char *digits, FwdEndpoint *endpoint)
{
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

  for (guint i = 0; i < ADDRESS_SIZE; i++) {
    int high = g_ascii_xdigit_value(digits[2 * i]);
    int low = high < 0 ? -1 : g_ascii_xdigit_value(digits[2 * i + 1]);

    if (low < 0)
      return FALSE;
    in6.sin6_addr.s6_addr[i] = (guint8)(high << 4 | low);
  }
  return fwd_endpoint_from_sockaddr((struct sockaddr *)&in6, sizeof in6, endpoint);
}

/* Address, index, prefix length, scope, flags and the interface's name; numbers are
 * hexadecimal. */
static gboolean
read_line(const char *line, FwdEndpoint *endpoint, guint *flags)
{
  char digits[2 * ADDRESS_SIZE + 1];

  return sscanf(line, "%32s %*x %*x %*x %x", digits, flags) == 2 &&
         read_address(digits, endpoint);
}

GArray *
fwd_ipv6_flags_unusable(const char *file)
{
  GArray *unusable = g_array_new(FALSE, FALSE, sizeof(FwdEndpoint));
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;

  if (!g_file_get_contents(file, &text, NULL, NULL))
    return unusable;
  lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    FwdEndpoint endpoint;
    guint flags;

    if (read_line(*line, &endpoint, &flags) && (flags & UNUSABLE) != 0)
      g_array_append_val(unusable, endpoint);
  }
  return unusable;
}

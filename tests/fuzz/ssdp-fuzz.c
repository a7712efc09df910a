/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A datagram from the router: a location is short, and can be printed. */
#include "ssdp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  g_autofree char *location = fwd_ssdp_read_location(data, size);

  if (location == NULL)
    return 0;
  g_assert_cmpuint(size, <=, FWD_SSDP_MESSAGE_MAX);
  g_assert_cmpuint(strlen(location), >, 0);
  g_assert_cmpuint(strlen(location), <=, FWD_SSDP_LOCATION_MAX);
  for (const char *c = location; *c != '\0'; c++)
    g_assert_true(g_ascii_isgraph(*c));
  return 0;
}

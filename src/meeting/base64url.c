/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meeting/base64url.h"

#include <sodium.h>

/* libsodium 1.0.18 takes bytes over 127 for a character of the alphabet. */
static gboolean
is_ascii(const char *text, gsize length)
{
  guchar all = 0;

  for (gsize i = 0; i < length; i++)
    all |= (guchar)text[i];
  return all < 0x80;
}

gboolean
fwd_base64url_decode(const char *text, gsize length, guint8 *bytes, gsize size, gsize *decoded)
{
  return is_ascii(text, length) &&
         sodium_base642bin(bytes, size, text, length, NULL, decoded, NULL,
                           sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * Decodes base64url without padding (RFC 4648, 5): only its 64 characters, only
 * the one text that @bytes encode to. FALSE when @text is another, or gives
 * more than @size bytes. *@decoded is how many there are.
 */
gboolean fwd_base64url_decode(const char *text, gsize length, guint8 *bytes, gsize size,
                              gsize *decoded);

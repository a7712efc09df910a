/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A look at JSON text from outside before json-glib gets it, which recurses
 * without limit and takes more than JSON (comments, "var x =", single quotes,
 * hexadecimal numbers). Checks the tokens of RFC 8259, not their order.
 */
#pragma once

#include <glib.h>

/**
 * Whether @text is UTF-8, has only JSON's tokens, nests at most @depth_max
 * deep and is one object. Strings have no zero character and no half surrogate
 * pairs; integers are at most 16 digits long. Errors: FWD_MEETING_ERROR with
 * INVALID, or LIMIT for the depth.
 */
gboolean fwd_json_check(const char *text, guint depth_max, GError **error);

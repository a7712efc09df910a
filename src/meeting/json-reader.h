/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Reads the fields of a JSON object that came from outside, each with its type
 * and limits. A field that is missing or wrong gives FALSE and an error in
 * FWD_MEETING_ERROR that names it: INVALID, or LIMIT for too many or too long.
 */
#pragma once

#include <json-glib/json-glib.h>

/** The member's node, or NULL without an error when it is missing. */
JsonNode *fwd_json_find(JsonObject *object, const char *name);

/** (transfer none); at most @limit bytes, no control characters. */
const char *
fwd_json_get_string(JsonObject *object, const char *name, gsize limit, GError **error);
gboolean fwd_json_get_integer(JsonObject *object, const char *name, gint64 least, gint64 most,
                              gint64 *value, GError **error);
gboolean
fwd_json_get_boolean(JsonObject *object, const char *name, gboolean *value, GError **error);
/** Exactly @size bytes as lower case hexadecimal digits. */
gboolean fwd_json_get_bytes(JsonObject *object, const char *name, guint8 *bytes, gsize size,
                            GError **error);
/** (transfer none) */
JsonObject *fwd_json_get_object(JsonObject *object, const char *name, GError **error);
/** At most @limit elements (transfer none). */
JsonArray *
fwd_json_get_array(JsonObject *object, const char *name, guint limit, GError **error);

/** Text of a string node, or NULL if it is no string, empty, too long or has control
 * characters. */
const char *fwd_json_node_text(JsonNode *node, gsize limit);

/** Sets "NAME: WHAT". Returns FALSE. */
gboolean fwd_json_invalid(GError **error, const char *name, const char *what);
gboolean fwd_json_limit(GError **error, const char *name, const char *what);

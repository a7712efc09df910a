/* SPDX-License-Identifier: GPL-2.0-or-later */
/** JSON as the commands print it. */
#pragma once

#include <json-glib/json-glib.h>

/** Prints a JSON text, indented, on stdout. */
void fwd_json_print(const char *text);

/** Member @name as text ("" if absent), whatever its type (transfer full). */
char *fwd_json_get_text(JsonObject *object, const char *name);

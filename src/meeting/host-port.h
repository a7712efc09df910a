/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * "HOST:PORT", "[V6]:PORT" or a bare host, read strictly: no white space, no
 * empty parts, no scope ids (they mean nothing on another machine).
 */
#pragma once

#include <glib.h>

/** Longest name (RFC 1035, 2.3.4). */
#define FWD_HOST_MAX 253

/** Whether @host is a name of letters, digits, '-' and '_', or a numeric address without
 * brackets. */
gboolean fwd_host_is_valid(const char *host);

/**
 * *@host (transfer full) comes without brackets. A text without a port gives
 * @default_port; when that is 0 the port must be there. FALSE when @text is
 * anything else; then nothing is set.
 */
gboolean
fwd_host_port_parse(const char *text, guint16 default_port, char **host, guint16 *port);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * The signaling server: listeners, the STUN servers beside them, and the
 * sockets that come of them. Main thread only.
 */
#pragma once

#include "options.h"

typedef struct FwdServer FwdServer;

/**
 * Opens all that @options name. Errors: one line that names the address, in
 * the domain of what failed.
 */
FwdServer *fwd_server_new(const FwdOptions *options, GError **error);
void fwd_server_free(FwdServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdServer, fwd_server_free)

/** What is open, a line for each: "WebSocket on ws://127.0.0.1:8080/" (transfer full). */
GStrv fwd_server_list_endpoints(const FwdServer *server);

/**
 * Takes no more connections and says goodbye (1001) to those there are;
 * @stopped is called when they have gone, or after 2 s.
 */
void fwd_server_stop(FwdServer *server, GSourceFunc stopped, gpointer user_data);

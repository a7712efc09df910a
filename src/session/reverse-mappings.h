/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The ports that one client has asked the server to open. They bind to
 * loopback only, and no port below 1024: what a client may ask for without the
 * server's owner knowing. Main thread only.
 */
#pragma once

#include "session/mapping-table.h"

/** Reverse mappings of one client. */
#define FWD_REVERSE_MAPPINGS_MAX 64

typedef struct FwdReverseMappings FwdReverseMappings;

FwdReverseMappings *fwd_reverse_mappings_new(FwdPluginRegistry *registry, FwdEventBus *bus);
/** Closes the ports. */
void fwd_reverse_mappings_free(FwdReverseMappings *reverse);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdReverseMappings, fwd_reverse_mappings_free)

/** Where connections go; NULL while there is no tunnel. */
void fwd_reverse_mappings_set_tunnel(FwdReverseMappings *reverse, FwdTunnel *tunnel);

/**
 * Makes the ports those of @texts. Returns what became of each of them:
 * "MAPPING=PORT" or "MAPPING!reason" (transfer full).
 */
GStrv fwd_reverse_mappings_set(FwdReverseMappings *reverse, const char *const *texts);

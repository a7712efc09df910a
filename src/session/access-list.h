/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What targets a peer may be led to. Loopback is allowed from the start, all
 * else takes a rule:
 *
 *   tcp:HOST:PORT    HOST an address, a network (10.0.0.0/8, [fd00::]/8) or a
 *   udp:HOST:PORT    glob over names (*.example.net); PORT a number, a range
 *                    (8000-8010) or *
 *   unix:GLOB        over paths
 *
 * Main thread only.
 */
#pragma once

#include <glib.h>

typedef struct FwdAccessList FwdAccessList;

/** Allows loopback. */
FwdAccessList *fwd_access_list_new(void);
/** Allows nothing. */
FwdAccessList *fwd_access_list_new_empty(void);
void fwd_access_list_free(FwdAccessList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdAccessList, fwd_access_list_free)

/** Errors: FWD_SETTINGS_ERROR with INVALID, naming the rule and what is wrong with it. */
gboolean fwd_access_list_add(FwdAccessList *list, const char *rule, GError **error);

/** A rule that allows exactly one target, as a peer of its own mapping names it. */
void fwd_access_list_add_exact(FwdAccessList *list, const char *forwarder, const char *target);

gboolean
fwd_access_list_allows(const FwdAccessList *list, const char *forwarder, const char *target);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What was measured slowly of the NAT of a network, kept in the state directory so
 * that the next start there need not wait for it. Main thread only; blocks shortly.
 */
#pragma once

#include <stunfwd/nat.h>

/** Most networks kept; the one not seen for longest makes room. */
#define FWD_NETWORK_MEMORY_MAX 32
/** Figures older than this are not believed. */
#define FWD_NETWORK_MEMORY_DAYS 7

/** The file in the state directory (transfer full). */
char *fwd_network_memory_default_path(void);

/**
 * Fills the ports, hairpinning, hops and lifetime of @report from what is kept of
 * @network (fwd_network_identify()), where they are unknown. FALSE when there is
 * nothing, or nothing valid. @now: seconds since 1970.
 */
gboolean fwd_network_memory_recall(const char *path, const char *network, gint64 now,
                                   FwdNatReport *report);

/** Keeps those of @report. What cannot be written is lost, which is logged. */
void fwd_network_memory_keep(const char *path, const char *network, gint64 now,
                             const FwdNatReport *report);

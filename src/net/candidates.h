/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The host candidates of this machine (RFC 8445, 5.1.1.1). */
#pragma once

#include <stunfwd/nat.h>

/** Most host candidates that are offered to a peer. */
#define FWD_HOST_CANDIDATES_MAX 16

/**
 * An array of FwdCandidate (transfer full), best first: every address of every
 * interface that is up, but loopback, multicast, deprecated and temporary-expired
 * ones. Interfaces that bridge containers or carry VPNs come last. Where there is
 * nothing else, the loopback addresses. @port4 and
 * @port6 are the ports of the session's sockets; 0 leaves that family out.
 */
GArray *fwd_candidates_gather(guint16 port4, guint16 port6);

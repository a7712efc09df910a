/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * STUN over TCP (RFC 8489, 6.2.2) on one address: a client learns its outside TCP
 * endpoint, and may keep the connection for as long as it asks now and then. Reads
 * from the main context that was the default of the thread when it was made.
 */
#pragma once

#include "rate-limit.h"

/** Most connections, of all clients and of one client address. */
#define FWD_STUN_TCP_CONNECTIONS 256
#define FWD_STUN_TCP_PER_CLIENT  16
/** A connection without a request for so long is closed. */
#define FWD_STUN_TCP_IDLE_S 30

typedef struct FwdStunTcp FwdStunTcp;

/**
 * @limits is shared with others and outlives it. Errors: FWD_NET_ERROR with REFUSED
 * (the address is in use), FAILED.
 */
FwdStunTcp *fwd_stun_tcp_new(const FwdEndpoint *address, FwdRateLimit *limits, GError **error);
void fwd_stun_tcp_free(FwdStunTcp *tcp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdStunTcp, fwd_stun_tcp_free)

guint fwd_stun_tcp_count(const FwdStunTcp *tcp);
/** Closes what has been idle; called by a timer, and by tests. @now: monotonic, microseconds.
 */
void fwd_stun_tcp_expire(FwdStunTcp *tcp, gint64 now);

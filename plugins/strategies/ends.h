/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What the NAT reports of two peers mean for punching between them. Main thread only. */
#pragma once

#include <stunfwd/stunfwd.h>

/** Whether an address can be reached from everywhere. */
gboolean fwd_ends_is_public(const FwdEndpoint *endpoint);

/**
 * Whether outside ports depend on the destination, and so cannot be known from
 * a STUN server: mapping by address or port (RFC 4787, 4.1), ports not preserved.
 */
gboolean fwd_ends_is_symmetric(const FwdNatReport *nat);

/** Whether it filters by address and port (RFC 4787, 5), or that is not known. */
gboolean fwd_ends_is_strict(const FwdNatReport *nat);

/**
 * Whether just one of the NATs is symmetric, and the other one strict: what
 * simple punching cannot do and port-prediction and birthday are for. If not,
 * *@why_not is a clause for people (transfer full).
 */
gboolean fwd_ends_is_hard_pair(FwdAttempt *attempt, char **why_not);

/** The IPv4 endpoint at which the peer's shared socket is seen. FALSE if none is known. */
gboolean fwd_ends_find_peer(FwdAttempt *attempt, FwdEndpoint *endpoint);

/** The first STUN server of IPv4, or NULL. */
const FwdEndpoint *fwd_ends_find_stun_server(FwdAttempt *attempt);

/** The TTL of a packet that is to open the own NAT and end just outside it; 0 if that is
 * unknown. */
guint fwd_ends_find_first_ttl(FwdAttempt *attempt);

/**
 * The step from one outside port to the next, from @count ports that the NAT
 * gave in this order; 0 when they follow no order.
 */
gint fwd_ends_find_step(const guint16 *ports, guint count);

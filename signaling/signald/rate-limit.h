/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * Token buckets, one for each client network: an IPv4 address, or the first 64
 * bits of an IPv6 one. The table has a fixed size, so a flood of forged
 * addresses costs no memory; those that fall into one bucket share it. Time is
 * a parameter (microseconds, monotonic).
 */
#pragma once

#include <stunfwd/endpoint.h>

typedef struct FwdRateLimit FwdRateLimit;

/** @rate: tokens a second; @burst: most tokens saved up. Both at least 1. */
FwdRateLimit *fwd_rate_limit_new(guint rate, guint burst);
void fwd_rate_limit_free(FwdRateLimit *limits);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdRateLimit, fwd_rate_limit_free)

/** A number for the network of a client: the same for all that share a bucket's address. */
guint64 fwd_rate_limit_network(const FwdEndpoint *client);

/** Takes one token; FALSE when there is none. */
gboolean fwd_rate_limit_take(FwdRateLimit *limits, const FwdEndpoint *client, gint64 now);

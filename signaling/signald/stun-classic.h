/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * Answers to clients of RFC 3489, which know no magic cookie (RFC 5389, 12.2):
 * old ones that name a NAT by its classic type. IPv4 only, as that RFC. Any thread.
 */
#pragma once

#include "stun-answer.h"

/** Whether a datagram may be a Binding request of RFC 3489. */
gboolean fwd_stun_classic_is_likely(const guint8 *data, gsize length);

/** As fwd_stun_answer(). RESPONSE-ADDRESS, by which others could be hit, gets none. */
gboolean fwd_stun_classic_answer(const FwdStunSite *site, guint socket, const FwdEndpoint *from,
                                 const guint8 *data, gsize length, FwdStunAnswer *answer);

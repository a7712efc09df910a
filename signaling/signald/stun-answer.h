/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * What a STUN server says (RFC 8489 Binding, RFC 5780 with four sockets): from
 * a datagram to a datagram, without sockets. Any thread.
 */
#pragma once

#include "net/stun-message.h"

/** Bits of a socket's index. */
#define FWD_STUN_OTHER_PORT   1u
#define FWD_STUN_OTHER_IP     2u
#define FWD_STUN_SITE_SOCKETS 4u
#define FWD_STUN_ANSWER_MAX   256u

/** Where the sockets of a server are: one, or both addresses with both ports. */
typedef struct {
  guint count; /**< 1 or 4 */
  FwdEndpoint local[FWD_STUN_SITE_SOCKETS];
} FwdStunSite;

typedef struct {
  guint socket; /**< index of the socket to send from */
  gsize length;
  guint8 data[FWD_STUN_ANSWER_MAX];
} FwdStunAnswer;

/**
 * The answer to a datagram that came to socket @socket. FALSE for what is not a
 * valid Binding request: that gets no answer. With IP and UDP headers an answer
 * is less than three times as large as its request.
 */
gboolean fwd_stun_answer(const FwdStunSite *site, guint socket, const FwdEndpoint *from,
                         const guint8 *data, gsize length, FwdStunAnswer *answer);

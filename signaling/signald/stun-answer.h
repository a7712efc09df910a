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
/** Bytes of the longest list of unknown attributes in an answer. */
#define FWD_STUN_UNKNOWN_SIZE 16u

/** Where the sockets of a server are: one, or both addresses with both ports. */
typedef struct {
  guint count;        /**< 1 or 4 */
  gboolean is_stream; /**< TCP: an answer goes where the request came from, and nowhere else */
  FwdEndpoint local[FWD_STUN_SITE_SOCKETS];
} FwdStunSite;

typedef struct {
  guint socket;   /**< index of the socket to send from */
  FwdEndpoint to; /**< the sender; with RESPONSE-PORT another port of its address */
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

/**
 * The types that must be understood and are not (RFC 8489, 14.13), in network order,
 * into @list of FWD_STUN_UNKNOWN_SIZE bytes; how many there are.
 */
guint
fwd_stun_list_unknown(const FwdStunSite *site, const FwdStunMessage *request, guint8 *list);

/** The index of the socket that answers when CHANGE-REQUEST has these flags. */
guint fwd_stun_answering_socket(guint arrived, guint32 change);

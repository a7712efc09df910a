/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The one question that is asked of a STUN server over TCP (RFC 8489, 6.2.2):
 * where does this connection come from? Messages stand in the stream without
 * further framing: their header has their length.
 */
#pragma once

#include <stunfwd/endpoint.h>

#define FWD_TCP_STUN_REQUEST_SIZE 20
/** Largest answer that is read. */
#define FWD_TCP_STUN_ANSWER_MAX 548

/** Writes a binding request with a new transaction id. */
void fwd_tcp_stun_write_request(guint8 *request);

/**
 * @data is what has come so far. Returns 0 when more is needed, 1 when it is the
 * answer to @request and *@seen is set, -1 when it never will be.
 */
int fwd_tcp_stun_read_answer(const guint8 *data, gsize length, const guint8 *request,
                             FwdEndpoint *seen);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * STUN over TCP (RFC 8489, 6.2.2): messages follow one another, each as long as
 * its header says; there is no other framing. No state; any thread.
 */
#pragma once

#include "stun-message.h"

/**
 * Length of the first message in @data, once all of it is there; 0 while more is
 * needed, -1 for what is no STUN or longer than FWD_STUN_MESSAGE_MAX.
 */
gssize fwd_stun_stream_next(const guint8 *data, gsize length);

/** Writes a Binding request of FWD_STUN_HEADER_SIZE bytes, and its new @transaction. */
void fwd_stun_stream_ask(guint8 *request, guint8 *transaction);

/** Whether @data is the successful answer to @transaction; @mapped: where the server sees us.
 */
gboolean fwd_stun_stream_read_answer(const guint8 *data, gsize length,
                                     const guint8 *transaction, FwdEndpoint *mapped);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** One Binding request and its answer (RFC 8489, 7 and 8), without a transaction's timers. */
#pragma once

#include "net/stun-message.h"

/** Writes a request with a new transaction id, and returns its length; 0 when it does not fit.
 */
gsize fwd_stun_binding_write(guint8 *buffer, gsize size, guint8 *transaction);

/** Whether @data is a success response: its transaction id, and how the server saw us. */
gboolean fwd_stun_binding_read(const guint8 *data, gsize length, guint8 *transaction,
                               FwdEndpoint *mapped);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Checks: STUN binding requests and responses with MESSAGE-INTEGRITY-SHA256
 * under the probe key. USERNAME is "RECEIVER:SENDER", two peer ids (RFC 8445,
 * 7.1.2). Any thread; nothing allocates.
 */
#pragma once

#include "net/stun-message.h"
#include "path/packet-loss.h"

#define FWD_PROBE_KEY_SIZE 32
/** A peer's id: 16 hexadecimal digits. */
#define FWD_PEER_ID_SIZE 16
/** Largest check that is ever written. */
#define FWD_PROBE_SIZE_MAX 160

typedef struct {
  FwdStunClass message_class;
  const guint8 *transaction;
  char sender[FWD_PEER_ID_SIZE + 1]; /**< of a request; empty for a response */
  FwdEndpoint mapped;                /**< of a response: how the peer saw us */
  gboolean counted;                  /**< of a response: it tells */
  FwdPacketCounts counts;            /**< the peer's, of this path */
} FwdProbe;

/** Writes a request and returns its length. */
gsize
fwd_probe_write_request(guint8 *buffer, gsize size, const guint8 *key, const char *receiver,
                        const char *sender, const guint8 *transaction);

/**
 * Writes the success response to a request that came from @from. With the responder's @counts
 * of the path, if it is known to be one (PACKET-COUNTS: sent and received, 32 bits each); else
 * NULL.
 */
gsize fwd_probe_write_response(guint8 *buffer, gsize size, const guint8 *key,
                               const guint8 *transaction, const FwdEndpoint *from,
                               const FwdPacketCounts *counts);

/**
 * Reads a check and proves that it was made with @key; a request must name
 * @self as its receiver. FALSE for all else: STUN of other kinds included.
 */
gboolean fwd_probe_read(const guint8 *data, gsize length, const guint8 *key, const char *self,
                        FwdProbe *probe);

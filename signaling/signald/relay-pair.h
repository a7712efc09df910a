/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * Two WebSocket connections whose binary messages go from one to the other. A
 * pair lives in the thread that runs its context. It reads from one side only
 * while there is room for the other.
 */
#pragma once

#include "net/stream-socket.h"

typedef struct FwdRelayPair FwdRelayPair;

typedef struct {
  guint64 rate;        /**< bytes a second, both directions together; 0: no limit */
  gint64 idle_us;      /**< silence of one side that ends it */
  gint64 keepalive_us; /**< between two pings */
} FwdRelayPairConfig;

/** It is gone after this call; in the thread of the pair. */
typedef void (*FwdRelayPairEnded)(FwdRelayPair *pair, guint64 bytes, const char *why,
                                  gpointer user_data);

/**
 * Takes over both streams, says "paired" to each (a text message) and starts in
 * the thread that runs @context, which calls this.
 */
FwdRelayPair *
fwd_relay_pair_new(const FwdRelayPairConfig *config, GMainContext *context,
                   const FwdStreamSocket *streams, FwdRelayPairEnded ended, gpointer user_data);

/** Says goodbye with @code (RFC 6455, 7.4.1) as far as it goes at once; calls ended. */
void fwd_relay_pair_end(FwdRelayPair *pair, guint16 code, const char *why);

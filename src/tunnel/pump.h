/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The only place where an application's descriptor meets a stream: moves bytes
 * between a stream's queues and its descriptor, as far as both allow. Loop
 * thread only.
 */
#pragma once

#include "tunnel/stream.h"

typedef enum {
  FWD_PUMP_FINE,
  FWD_PUMP_BROKEN, /**< the descriptor has failed: reset both sides */
} FwdPumpResult;

/**
 * Makes the descriptor ready to be pumped and watches it. @own: the loop itself
 * has made it, a non-blocking socket with its options set and without a copy.
 */
void fwd_pump_attach(FwdStream *stream, int fd, gboolean own, FwdTraffic *traffic);
/** Stops and closes; @reset: the application sees a reset. Harmless without a descriptor. */
void fwd_pump_detach(FwdStream *stream, gboolean reset);

/**
 * Stream to descriptor. Returns in *@written what left the queue. This and
 * fwd_pump_collect() close the descriptor when both directions have ended.
 */
FwdPumpResult fwd_pump_deliver(FwdStream *stream, gsize *written);
/** Descriptor to stream, until @limit bytes wait to be sent. */
FwdPumpResult fwd_pump_collect(FwdStream *stream, gsize limit);

/** Closes so that a TCP peer sees a reset. */
void fwd_pump_reset_descriptor(int fd);

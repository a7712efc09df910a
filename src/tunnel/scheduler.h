/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Which stream sends next: a round robin by bytes in the manner of FQ-CoDel
 * (RFC 8290, 4.2). A stream that had nothing to send goes before the others,
 * but for one quantum only: short answers overtake bulk and cannot starve it.
 * Loop thread only.
 */
#pragma once

#include "tunnel/stream.h"

/** What a stream may send in its turn. */
#define FWD_SCHEDULER_QUANTUM 16384
/** The same where that takes no time: longer turns make fewer and larger writes at the other end. */
#define FWD_SCHEDULER_QUANTUM_NEAR 65536

typedef struct {
  GQueue fresh, old;
  gboolean near; /**< the path is fast, and its round trip short */
} FwdScheduler;

/** @stream has something to send. */
void fwd_scheduler_add(FwdScheduler *scheduler, FwdStream *stream);
void fwd_scheduler_remove(FwdScheduler *scheduler, FwdStream *stream);
/** The stream has no window: it waits for fwd_scheduler_unblock(). */
void fwd_scheduler_block(FwdScheduler *scheduler, FwdStream *stream);
void fwd_scheduler_unblock(FwdScheduler *scheduler, FwdStream *stream);
/** Whose turn it is; NULL when nobody has anything to send. */
FwdStream *fwd_scheduler_next(FwdScheduler *scheduler);
/** @stream has sent @length bytes. */
void fwd_scheduler_charge(FwdStream *stream, gsize length);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Carries what a demultiplexer finds to the main thread. A flood of packets
 * from strangers must not become a flood of messages: there is a limit of
 * reports on their way, and challenges from one endpoint are told once in 20 ms.
 */
#pragma once

#include "tunnel/demultiplexer.h"

/** Reports on their way to the main thread; more are dropped. */
#define FWD_REPORTS_MAX 256

typedef struct FwdReporter FwdReporter;

FwdReporter *
fwd_reporter_new(FwdDataLoop *loop, const FwdDemultiplexerEvents *events, gpointer user_data);
/** When the loop has ended. */
void fwd_reporter_free(FwdReporter *reporter);

/* Loop thread. FALSE: dropped. @now in nanoseconds. */
gboolean fwd_reporter_stun(FwdReporter *reporter, const FwdEndpoint *from, const guint8 *data,
                           gsize length, gint64 now);
gboolean fwd_reporter_checked(FwdReporter *reporter, const guint8 *transaction,
                              const FwdEndpoint *from, gint64 now);
/** One that comes too soon after its like is no drop: TRUE. */
gboolean fwd_reporter_challenged(FwdReporter *reporter, const char *peer,
                                 const FwdEndpoint *from, gint64 now);

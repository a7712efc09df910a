/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What became of each strategy between two networks, kept in the state
 * directory: what has worked goes first the next time, what never has waits a
 * little. A network is known by its public address. Main thread.
 */
#pragma once

#include <stunfwd/endpoint.h>

typedef struct FwdHistory FwdHistory;

/** Most pairs of networks that are remembered; the one not heard of for longest makes room. */
#define FWD_HISTORY_MAX 256

/** @path (NULL: none is read or written): a missing or a bad file is an empty history. */
FwdHistory *fwd_history_new(const char *path);
/** The file in the state directory (transfer full). */
char *fwd_history_default_path(void);
void fwd_history_free(FwdHistory *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdHistory, fwd_history_free)

/** Remembers it and writes the file. @now: seconds since 1970. */
void
fwd_history_record(FwdHistory *history, const FwdEndpoint *local, const FwdEndpoint *remote,
                   const char *strategy, gboolean success, gint64 now);

/** Above 0: it has worked, the more the better; below: it has failed every time so far. */
gint fwd_history_rate(const FwdHistory *history, const FwdEndpoint *local,
                      const FwdEndpoint *remote, const char *strategy);

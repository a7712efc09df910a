/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What attempts that go in steps share: a task, a timer that is asked when it
 * is due next, the limit of time, the cancellable. A strategy's state starts
 * with a FwdRun. Main thread only.
 */
#pragma once

#include <stunfwd/stunfwd.h>

typedef struct FwdRun FwdRun;

typedef struct {
  const char *name; /**< of the task and its timer */
  guint limit_ms;
  /** Does what is due and returns when the next step is (microseconds); may end the run. */
  gint64 (*tick)(FwdRun *run, gint64 now);
  /** Before the end: nothing may be heard of the run afterwards. Called once. */
  void (*stop)(FwdRun *run);
  /** One clause for people: what was sent in vain (transfer full). */
  char *(*describe)(FwdRun *run);
} FwdRunKind;

struct FwdRun {
  const FwdRunKind *kind;
  FwdAttempt *attempt;
  GTask *task; /**< owned by the timer; NULL when the run has ended */
  GSource *timer;
  gint64 started;
};

/**
 * Begins with @run, which is the head of a g_new0() that the task frees. The
 * first tick comes from the main loop. FALSE: it was cancelled before, and @run
 * is freed.
 */
gboolean
fwd_run_begin(FwdRun *run, const FwdRunKind *kind, FwdStrategy *strategy, FwdAttempt *attempt,
              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/** Ticks on the next turn of the main loop: for signal handlers, which only record. */
void fwd_run_wake(FwdRun *run);

/** Ends it with @path (transfer full); NULL is an inner failure. Only from a tick. */
void fwd_run_succeed(FwdRun *run, FwdPath *path);

/** Ends it with an error in FWD_STRATEGY_ERROR, and tells the story why. Only from a tick. */
void fwd_run_fail(FwdRun *run, FwdErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** A strategy's attempt_finish. */
FwdPath *fwd_run_finish(FwdStrategy *strategy, GAsyncResult *result, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A monotonic clock that stands still while there is something to do and jumps
 * to the next timeout when the default main context would sleep. A program
 * that links this has it from fake_clock_start() on; then ten seconds take no
 * time, and every run is the same. Only for tests that wait for timers alone.
 */
#pragma once

#include <glib.h>

void fake_clock_start(void);
gint64 fake_clock_now(void);

/** Runs the default context until @done is true or @limit_ms have passed; FALSE if it was
 * those. */
gboolean fake_clock_run(const gboolean *done, guint limit_ms);

/** Runs what is due now, without letting time pass. */
void fake_clock_settle(void);

/** Whether nothing is left that a timeout of the default context would wake up for. */
gboolean fake_clock_is_idle(void);

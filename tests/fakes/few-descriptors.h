/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What a process does that has no descriptors left. */
#pragma once

#include <glib.h>

/** No new descriptor can be had; returns how many could. */
guint fwd_few_descriptors_begin(void);
void fwd_few_descriptors_end(guint before);

/** Runs @test in a process of its own, which must say once that it cannot accept connections.
 */
void fwd_few_descriptors_run(void (*test)(void));

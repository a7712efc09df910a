/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * A thread with a context of its own in which relay pairs live. Made, given
 * work and freed by the main thread.
 */
#pragma once

#include "relay-pair.h"

typedef struct FwdRelayThread FwdRelayThread;

/** A pair is over. On the main thread's default context. */
typedef void (*FwdRelayThreadEnded)(guint64 bytes, const char *why, gpointer user_data);

FwdRelayThread *
fwd_relay_thread_new(const FwdRelayPairConfig *config, FwdRelayThreadEnded ended);

/** Begins a pair of @streams (two of them, taken over). */
void fwd_relay_thread_add(FwdRelayThread *thread, const FwdStreamSocket *streams,
                          gpointer user_data);

/** Says goodbye (1001) to all and waits for the thread; ended is still called for each pair. */
void fwd_relay_thread_free(FwdRelayThread *thread);

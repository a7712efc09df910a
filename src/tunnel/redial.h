/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Channels that ask for what another was just led to: the loop connects them
 * itself. When that fails the main thread is asked as for any other, which
 * finds out why and says so. Loop thread only.
 */
#pragma once

#include "tunnel/tunnel-end.h"

/** Begins to connect @stream; FALSE when nobody was led there lately. */
gboolean fwd_redial(FwdStream *stream);
/** The descriptor has failed before it was connected: asks the main thread instead. */
void fwd_redial_failed(FwdStream *stream);
/** Gives up on those that take too long. */
void fwd_redial_expire(FwdTunnelEnd *end, gint64 now);

/**
 * The main thread has led @stream to @endpoint, under the rules of @generation:
 * nothing is remembered when others hold by now.
 */
void fwd_redial_remember(FwdStream *stream, const FwdEndpoint *endpoint, guint generation);

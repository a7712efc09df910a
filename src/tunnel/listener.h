/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Listening sockets whose connections the loop takes by itself: each becomes a
 * channel at once, without a turn of the main thread. Loop thread only.
 */
#pragma once

#include "tunnel/tunnel-end.h"

/** Takes a listening socket over (transfer full); its connections ask with @header. */
void fwd_listeners_add(FwdTunnelEnd *end, int fd, const char *header, FwdTraffic *traffic);
/** Closes it; its connections go on. FALSE when @fd is none of these. */
gboolean fwd_listeners_release(FwdTunnelEnd *end, int fd);
/** Takes what waits. */
void fwd_listeners_serve(FwdTunnelEnd *end);
void fwd_listeners_clear(FwdTunnelEnd *end);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Channels that this side opens: at once, or as soon as there is a connection
 * whose peer allows one more stream, within 10 s. Loop thread only.
 */
#pragma once

#include "tunnel/tunnel-end.h"

/** Opens a channel now or when it can be (transfer full). */
void fwd_openings_take(FwdTunnelEnd *end, FwdTunnelOpen *open);
/** Opens those that waited, as many as can be. */
void fwd_openings_serve(FwdTunnelEnd *end);
/** Turns those away that have waited too long. */
void fwd_openings_expire(FwdTunnelEnd *end, gint64 now);
void fwd_openings_clear(FwdTunnelEnd *end);

/** Closes what will never be opened, a connection with a reset. Any thread. */
void fwd_opening_refuse(FwdChannelKind kind, int fd);

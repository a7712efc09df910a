/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A path over a reliable byte stream: TCP or TLS, bare or behind a WebSocket. */
#pragma once

#include <gio/gio.h>
#include <stunfwd/path.h>

/**
 * Packets that need not fit a frame of Ethernet: TCP cuts them as it likes. Three times the
 * size costs a third of what each packet costs.
 */
#define FWD_FRAMED_MTU 4096

/**
 * @stream (transfer full) is a connected GSocketConnection, or a GTlsConnection
 * over one whose handshake is done; nothing of it is read yet that belongs to the
 * path. Called on the main thread, which leaves @stream alone from then on. What
 * is not sent yet stays small, so that nothing new waits long behind it.
 */
FwdPath *fwd_framed_path_new(GIOStream *stream, FwdFraming framing, FwdPathClass path_class,
                             const char *strategy, guint32 rtt_us);

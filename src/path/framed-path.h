/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A path over a reliable byte stream: TCP or TLS, bare or behind a WebSocket. */
#pragma once

#include <gio/gio.h>
#include <stunfwd/path.h>

/**
 * @stream (transfer full) is a connected GSocketConnection, or a GTlsConnection
 * over one whose handshake is done; nothing of it is read yet that belongs to the
 * path. Called on the main thread, which leaves @stream alone from then on. What
 * is not sent yet stays small, so that nothing new waits long behind it.
 */
FwdPath *fwd_framed_path_new(GIOStream *stream, FwdFraming framing, FwdPathClass path_class,
                             const char *strategy, guint32 rtt_us);

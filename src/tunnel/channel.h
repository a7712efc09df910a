/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** FwdChannel over a stream of a QUIC tunnel. Main thread only. */
#pragma once

#include "tunnel/tunnel-end.h"
#include <stunfwd/tunnel.h>

#define FWD_TYPE_QUIC_CHANNEL (fwd_quic_channel_get_type())
G_DECLARE_FINAL_TYPE(FwdQuicChannel, fwd_quic_channel, FWD, QUIC_CHANNEL, GObject)

/** What the opener's header asks for, or NULL when it is none: FWD_ERROR_INVALID. */
FwdQuicChannel *fwd_quic_channel_new(FwdTunnelEnd *end, FwdChannelKind kind, gint64 stream,
                                     const char *header, GError **error);

/**
 * Reads a header of the peer. Sets what it finds (transfer full), or NULL; FALSE
 * unless both were there, plain text and no longer than allowed. Any thread.
 */
gboolean fwd_quic_channel_parse_header(const char *header, char **forwarder, char **target);

/** The header that asks for @target of the peer's @forwarder (transfer full). */
char *fwd_quic_channel_format_header(const char *forwarder, const char *target);

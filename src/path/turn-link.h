/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The way to a TURN server, over UDP, TCP or TLS: messages in and out, without
 * waiting. One thread at a time: the main thread while there is no path over it,
 * then the data-loop. Nothing allocates but making it, and TLS.
 */
#pragma once

#include <gio/gio.h>
#include <stunfwd/path.h>

typedef struct FwdTurnLink FwdTurnLink;

/** @fd, a UDP socket, is taken, whatever happens. NULL when it cannot speak to @server. */
FwdTurnLink *fwd_turn_link_new_datagram(int fd, const FwdEndpoint *server);
/** @stream (transfer full) as for fwd_stream_socket_init(). NULL when it is of no use. */
FwdTurnLink *fwd_turn_link_new_stream(GIOStream *stream);
/** Closes it. */
void fwd_turn_link_free(FwdTurnLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdTurnLink, fwd_turn_link_free)

int fwd_turn_link_get_fd(const FwdTurnLink *link);
gboolean fwd_turn_link_is_stream(const FwdTurnLink *link);
const FwdEndpoint *fwd_turn_link_get_server(const FwdTurnLink *link);

/**
 * The next message of the server, valid until the next call. 1, 0 when there
 * is none now, -errno when the link is dead.
 */
int fwd_turn_link_next(FwdTurnLink *link, const guint8 **message, gsize *length);

/** Sends one message of up to FWD_STUN_MESSAGE_MAX bytes; it may be lost. */
void fwd_turn_link_send(FwdTurnLink *link, const guint8 *message, gsize length);

/**
 * Sends packets to @peer, as ChannelData if @channel is not 0, else as Send
 * indications. Returns as ops->send_batch does.
 */
gssize fwd_turn_link_send_batch(FwdTurnLink *link, guint16 channel, const FwdEndpoint *peer,
                                const FwdPacketBatch *batch);

/** As ops->flush. */
int fwd_turn_link_flush(FwdTurnLink *link);

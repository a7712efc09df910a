/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A set of UDP sockets of a strategy's own, one of which is to find the peer.
 *
 * The first of them over which the peer is heard, by a check of its own or by
 * an answer to ours, is chosen, and the peer's checks are answered on that one
 * alone: so the two ends agree on one way even if several would do. When the
 * chosen one has found no answer after a second, the next may be chosen. Main
 * thread only.
 */
#pragma once

#include <stunfwd/stunfwd.h>

typedef struct FwdOwnSockets FwdOwnSockets;

/** @changed: something was heard. It only takes note of that, and calls nothing here. */
FwdOwnSockets *fwd_own_sockets_new(FwdAttempt *attempt, void (*changed)(gpointer user_data),
                                   gpointer user_data);
/** Closes them. */
void fwd_own_sockets_free(FwdOwnSockets *sockets);

/** Opens one more, of IPv4; its index is the count before. FALSE with errno. */
gboolean fwd_own_sockets_open(FwdOwnSockets *sockets);
guint fwd_own_sockets_get_count(const FwdOwnSockets *sockets);
/** Closes all. */
void fwd_own_sockets_clear(FwdOwnSockets *sockets);

/** Asks a STUN server how it sees the socket. FALSE when that could not leave. */
gboolean fwd_own_sockets_query(FwdOwnSockets *sockets, guint index, const FwdEndpoint *server);
/** What the server answered, or NULL. */
const FwdEndpoint *fwd_own_sockets_get_mapped(const FwdOwnSockets *sockets, guint index);
/** Whether the first @count queries are answered. */
gboolean fwd_own_sockets_are_mapped(const FwdOwnSockets *sockets, guint count);

/** Sends a check from a socket. FALSE when it could not leave. */
gboolean fwd_own_sockets_check(FwdOwnSockets *sockets, guint index, const FwdEndpoint *remote,
                               guint ttl);

/** Repeats the check on the chosen socket; returns when that is due next. */
gint64 fwd_own_sockets_tick(FwdOwnSockets *sockets, gint64 now);

/** Whether a socket is chosen. */
gboolean fwd_own_sockets_have_heard(const FwdOwnSockets *sockets);
/** Where the peer answered on the chosen socket, or NULL. */
const FwdEndpoint *fwd_own_sockets_get_answered(const FwdOwnSockets *sockets);
/** The path over the chosen socket, once that is answered (transfer full). */
FwdPath *fwd_own_sockets_take_path(FwdOwnSockets *sockets);

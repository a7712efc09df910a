/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A TCP connection that has to prove whom it leads to before it becomes a path.
 * Both ends send a check (attempt.h) in a frame (path.h, FWD_FRAMING_LENGTH) and
 * answer the other's. Of several connections that are proven the controlling end
 * nominates one, by a last frame; behind it the connection is the path's. Main
 * thread.
 *
 *   controlling                controlled
 *       check ---------------> <--------------- check
 *       response ------------> <------------ response
 *       "nominate" ---------->                          then packets, both ways
 */
#pragma once

#include <stunfwd/attempt.h>

typedef struct FwdTcpLink FwdTcpLink;

typedef enum {
  FWD_TCP_LINK_NOMINATED, /**< both ends know of it: take the descriptor */
  FWD_TCP_LINK_STRANGER,  /**< not the peer, or it has not proved to be within the limit */
  FWD_TCP_LINK_CLOSED,    /**< by the other end or the network */
} FwdTcpLinkEnd;

/** Called once, on a turn of the main loop of its own; may free the link. */
typedef void (*FwdTcpLinkFunc)(FwdTcpLink *link, FwdTcpLinkEnd end, gpointer user_data);

/** Takes @fd, which is connected to @remote. */
FwdTcpLink *fwd_tcp_link_new(FwdAttempt *attempt, int fd, const FwdEndpoint *remote,
                             guint limit_ms, FwdTcpLinkFunc func, gpointer user_data);
const FwdEndpoint *fwd_tcp_link_get_remote(FwdTcpLink *self);
guint fwd_tcp_link_get_rtt_us(FwdTcpLink *self);
/** The descriptor, which the caller owns from now on. */
int fwd_tcp_link_steal(FwdTcpLink *self);
/** Resets the connection unless it was stolen. */
void fwd_tcp_link_free(FwdTcpLink *self);

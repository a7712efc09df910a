/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Listens on one local port and connects from that port to remote endpoints,
 * again and again (simultaneous open, RFC 9293, 3.5). Each SYN opens the NAT here
 * for one of the peer. Main thread.
 */
#pragma once

#include <stunfwd/endpoint.h>

typedef struct FwdTcpKnocker FwdTcpKnocker;

typedef struct {
  guint sent;     /**< times that it began to connect */
  guint refused;  /**< of these, those that were answered with a reset */
  guint rejected; /**< those that the system or a router on the way would not send */
} FwdTcpKnockerCounts;

/** A connection is there, whichever end began it; takes @fd. Must not free the knocker. */
typedef void (*FwdTcpKnockerFunc)(int fd, const FwdEndpoint *remote, gpointer user_data);

/** @local with port 0: any port. NULL when that port cannot be had. */
FwdTcpKnocker *
fwd_tcp_knocker_new(const FwdEndpoint *local, FwdTcpKnockerFunc func, gpointer user_data);
const FwdEndpoint *fwd_tcp_knocker_get_local(FwdTcpKnocker *self);
/** Begins at once. The caller sees to it that each is added once. */
void fwd_tcp_knocker_add(FwdTcpKnocker *self, const FwdEndpoint *remote);
FwdTcpKnockerCounts fwd_tcp_knocker_get_counts(FwdTcpKnocker *self);
void fwd_tcp_knocker_free(FwdTcpKnocker *self);

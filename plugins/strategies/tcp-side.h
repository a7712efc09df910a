/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * This peer's side of the strategy "tcp-punch": its ports, where the world sees
 * them (STUN over TCP, the router's port mapping, or the guess that the NAT
 * preserves ports), and the endpoints that all of them connect to. Main thread.
 */
#pragma once

#include "tcp-knocker.h"
#include "tcp-message.h"
#include <stunfwd/attempt.h>

typedef struct FwdTcpSide FwdTcpSide;

typedef struct {
  FwdTcpKnockerFunc connected;         /**< takes the descriptor */
  void (*changed)(gpointer user_data); /**< fwd_tcp_side_describe() has more to tell */
} FwdTcpSideEvents;

/** Opens ports and asks servers. @events and @attempt outlive it. */
FwdTcpSide *
fwd_tcp_side_new(FwdAttempt *attempt, const FwdTcpSideEvents *events, gpointer user_data);

/** What the peer should know. FALSE until the servers have had their time. */
gboolean fwd_tcp_side_describe(FwdTcpSide *self, FwdTcpMessage *message);

/**
 * Opens 443 or else 80 as well, for a peer that reaches nothing else. FALSE when
 * neither can be had. Once is enough.
 */
gboolean fwd_tcp_side_open_web_port(FwdTcpSide *self);

/** Connects to @remote from every port, also from those opened later. */
void fwd_tcp_side_knock(FwdTcpSide *self, const FwdEndpoint *remote);

FwdTcpKnockerCounts fwd_tcp_side_get_counts(FwdTcpSide *self);
/** Whether two servers saw one port of ours as two: the NAT's mapping is not independent. */
gboolean fwd_tcp_side_is_scattered(FwdTcpSide *self);
void fwd_tcp_side_free(FwdTcpSide *self);

/** Whether the peer may name @endpoint: a host on the internet, or one known to be
 * untranslated. */
gboolean fwd_tcp_is_reachable(const FwdEndpoint *endpoint, const FwdNatReport *nat);
/** Whether some candidate of a side, or its report, is an address that the other may see. */
gboolean fwd_tcp_is_seen(const GArray *candidates, const FwdNatReport *nat);

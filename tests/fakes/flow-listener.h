/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A bound UDP socket on loopback whose flows the client's tunnel of a pair
 * carries, and an application that uses it.
 */
#pragma once

#include "fakes/tunnel-pair.h"

typedef struct {
  FwdTunnelPair *pair;
  int bound; /**< the tunnel's */
  int application;
} FwdFlowListener;

FwdFlowListener fwd_flow_listener_new(FwdTunnelPair *pair);
/** Another application that speaks to it. Receiving gives up after 20 s. */
int fwd_flow_listener_add_application(const FwdFlowListener *listener);
/** Sends the first datagram of @application's flow; what serves it at the far end. */
int fwd_flow_listener_open_flow(const FwdFlowListener *listener, int application);
/**
 * Sends datagrams of @sizes from @application while the tunnel looks away: it
 * finds them all at once. Each byte is the datagram's number.
 */
void fwd_flow_listener_burst(const FwdFlowListener *listener, int application,
                             const gsize *sizes, guint count);
/** Expects one of those at @fd. */
void fwd_flow_expect(int fd, guint number, gsize size);

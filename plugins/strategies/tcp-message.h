/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What the two peers of the strategy "tcp-punch" tell each other through the room. */
#pragma once

#include <stunfwd/endpoint.h>

/** Most endpoints of one message; further ones are left out. */
#define FWD_TCP_MESSAGE_ENDPOINTS_MAX 8

typedef struct {
  FwdEndpoint endpoints[FWD_TCP_MESSAGE_ENDPOINTS_MAX]; /**< where to connect to */
  guint count;
  gboolean web_only; /**< it seems to reach no ports but 80 and 443 */
} FwdTcpMessage;

/** Adds an endpoint that is new. FALSE when it is not, or there is no room. */
gboolean fwd_tcp_message_add(FwdTcpMessage *message, const FwdEndpoint *endpoint);

/** (floating) */
GVariant *fwd_tcp_message_write(const FwdTcpMessage *message);
/** FALSE for what is no such message. Endpoints may be any: the caller judges them. */
gboolean fwd_tcp_message_read(GVariant *variant, FwdTcpMessage *message);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The router that this machine's packets to the internet go to, over IPv4. Any thread. */
#pragma once

#include <stunfwd/endpoint.h>

/**
 * Finds the default route of the lowest metric that has a gateway in @table,
 * a text in the form of /proc/net/route. The port of @gateway is 0.
 */
gboolean fwd_default_gateway_parse(const char *table, FwdEndpoint *gateway);

/** The same from the system's own table; FALSE when there is none. */
gboolean fwd_default_gateway_read(FwdEndpoint *gateway);

/** This machine's own address on the way to @gateway, with port 0; FALSE without a route. */
gboolean fwd_default_gateway_get_local(const FwdEndpoint *gateway, FwdEndpoint *local);

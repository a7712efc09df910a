/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Why there is no mapping, in one line for people. Errors in FWD_STRATEGY_ERROR. */
#pragma once

#include "port-lease.h"

#define FWD_PORT_PROTOCOLS 3

/** What follows from the failures of all protocols (transfer full). */
GError *
fwd_port_failure_explain(const FwdEndpoint *gateway, const FwdPortProtocol *const *protocols,
                         GError *const *failures);

/**
 * The reason why a mapping to @outside does not lead to the internet (transfer
 * full), or NULL if it does, as far as is known. @seen is the public address
 * that a STUN server told, family AF_UNSPEC when unknown.
 */
GError *fwd_port_failure_useless(const FwdEndpoint *gateway, const FwdEndpoint *outside,
                                 const FwdEndpoint *seen);

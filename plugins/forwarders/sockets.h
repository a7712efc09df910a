/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** IP sockets as forwarders use them: non-blocking, closed on exec, with errors for people. */
#pragma once

#include <stunfwd/stunfwd.h>

/**
 * A socket of @type (SOCK_STREAM or SOCK_DGRAM) bound to the local address and
 * port of @mapping; -1 with an error in FWD_FORWARDER_ERROR.
 */
int forwarder_bind(int type, const FwdMapping *mapping, GError **error);

/** The port to which @fd is bound. */
guint16 forwarder_local_port(int fd);

/** Room for bursts. */
void forwarder_tune_datagrams(int fd);

/** What an errno of connect() means to the caller. */
FwdErrorCode forwarder_error_code(int errnum);

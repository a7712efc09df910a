/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * A STUN server on UDP, and on TCP at the same ports: one socket, or the four of
 * RFC 5780 when it has an alternate address. It reads from the main context that was the
 * default of the thread when it was made, and limits the requests of each client.
 */
#pragma once

#include "stun-answer.h"

/** Requests a second, and at once, that one client address may send. */
#define FWD_STUN_RATE  100
#define FWD_STUN_BURST 1000

typedef struct FwdStunServer FwdStunServer;

/**
 * @alternate differs from @address in IP and port, and neither is a wildcard;
 * NULL for none. Port 0 takes any free one. Errors: FWD_ERROR_INVALID in
 * FWD_NET_ERROR for a pair that cannot be, and those of fwd_datagram_socket_open().
 */
FwdStunServer *
fwd_stun_server_new(const FwdEndpoint *address, const FwdEndpoint *alternate, GError **error);
void fwd_stun_server_free(FwdStunServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdStunServer, fwd_stun_server_free)

/** Where its sockets are, with their real ports. */
const FwdStunSite *fwd_stun_server_get_site(const FwdStunServer *server);

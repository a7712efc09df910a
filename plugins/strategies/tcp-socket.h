/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * TCP sockets that share one local port: a listener, and any number that
 * connect from it. All are non-blocking. Functions return a descriptor or -errno.
 */
#pragma once

#include <stunfwd/endpoint.h>

/** @local with port 0: any port, which *@local has afterwards. Others may share it at once. */
int fwd_tcp_socket_listen(FwdEndpoint *local, int backlog);
/** Starts to connect; the descriptor is writable when that has succeeded or failed. */
int fwd_tcp_socket_connect(const FwdEndpoint *local, const FwdEndpoint *remote);
/** -EAGAIN when there is nobody to accept. */
int fwd_tcp_socket_accept(int listener, FwdEndpoint *remote);

/** How connecting went: 0 or -errno. */
int fwd_tcp_socket_outcome(int fd);
/** The peer's SYN has come: whoever closes now breaks a connection that is nearly there. */
gboolean fwd_tcp_socket_is_half_open(int fd);
/** Whether nobody listens on @local, not even one who shares. */
gboolean fwd_tcp_socket_is_free(const FwdEndpoint *local);

/** Closes without leaving the pair of endpoints in TIME_WAIT, where it could not be used again.
 */
void fwd_tcp_socket_abort(int fd);

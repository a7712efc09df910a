/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * UDP sockets with what the data path needs: non-blocking, large buffers,
 * segmentation offload both ways (UDP_SEGMENT, UDP_GRO), a TTL per packet.
 * A descriptor and plain functions; any thread may send, one thread reads.
 */
#pragma once

#include <stunfwd/endpoint.h>
#include <sys/types.h>

/** Most packets the kernel takes in one segmented send (UDP_MAX_SEGMENTS). */
#define FWD_DATAGRAM_BATCH_MAX 64
/** Room for the largest batch, sent or received. */
#define FWD_DATAGRAM_BUFFER_SIZE 65536
/** What a receive buffer should have (bytes). */
#define FWD_DATAGRAM_RECEIVE_BUFFER (4 << 20)

/**
 * Opens a socket bound to @bind; an IPv6 one takes IPv6 only. Returns the
 * descriptor, or -1. Errors: FWD_NET_ERROR with UNSUPPORTED (no such family
 * here), REFUSED (address in use), DENIED, FAILED.
 */
int fwd_datagram_socket_open(const FwdEndpoint *bind, GError **error);

/**
 * Makes any UDP socket one of these, with @remote as the only one it speaks to.
 * FALSE, errno set, when @fd is none.
 */
gboolean fwd_datagram_socket_adopt(int fd, const FwdEndpoint *remote);

/**
 * Bytes that wait in the socket at most. Less than FWD_DATAGRAM_RECEIVE_BUFFER: the
 * system's limit (net.core.rmem_max) is in the way, and bursts lose packets.
 */
gsize fwd_datagram_socket_get_receive_buffer(int fd);

/** The endpoint the socket is bound to. */
gboolean fwd_datagram_socket_get_local(int fd, FwdEndpoint *endpoint);

/**
 * Sends @length bytes as packets of @segment bytes to @to, or where the socket is
 * connected to if that is NULL. Returns the bytes taken, 0 when the socket's
 * buffer is full, -errno for an error of the socket itself. Errors that speak of
 * the remote (ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EPERM, EMSGSIZE) count as
 * packets lost: taken. Without segmentation offload on the route it sends one by
 * one.
 */
gssize fwd_datagram_socket_send(int fd, const FwdEndpoint *to, const guint8 *data, gsize length,
                                gsize segment);

/** Sends one packet, with @ttl (and not without @to) if not 0. Returns 0 or -errno, errors of the remote included. */
int fwd_datagram_socket_send_one(int fd, const FwdEndpoint *to, guint ttl, const guint8 *data,
                                 gsize length);

/**
 * Receives one batch: packets of *@segment bytes from one sender, the last may
 * be shorter. Returns its length, 0 when there is none, -errno.
 */
gssize fwd_datagram_socket_receive(int fd, guint8 *buffer, gsize size, FwdEndpoint *from,
                                   gsize *segment);

/**
 * The address from which the system would speak to @remote, with port 0: what
 * routing says now. Sends nothing. FALSE without a route.
 */
gboolean fwd_datagram_socket_find_source(const FwdEndpoint *remote, FwdEndpoint *local);

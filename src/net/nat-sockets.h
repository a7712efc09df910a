/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Sockets for measurements that a session's own socket must not be used for:
 * fresh ones, whose mappings are new and may be left to die. One descriptor to
 * poll for all of them. Belongs to one thread.
 */
#pragma once

#include <stunfwd/endpoint.h>

#define FWD_NAT_SOCKETS_MAX 16

typedef struct FwdNatSockets FwdNatSockets;

typedef struct {
  void (*received)(guint socket, const FwdEndpoint *from, const guint8 *data, gsize length,
                   gpointer user_data);
  /** A router said that a packet's hops were used up (ICMP time exceeded). */
  void (*expired)(guint socket, const FwdEndpoint *router, gpointer user_data);
} FwdNatSocketsEvents;

/** @count sockets of @family on any port. Errors: those of fwd_datagram_socket_open(). */
FwdNatSockets *fwd_nat_sockets_new(int family, guint count, const FwdNatSocketsEvents *events,
                                   gpointer user_data, GError **error);
void fwd_nat_sockets_free(FwdNatSockets *sockets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdNatSockets, fwd_nat_sockets_free)

guint fwd_nat_sockets_count(const FwdNatSockets *sockets);
/** Its local port. */
guint16 fwd_nat_sockets_get_port(const FwdNatSockets *sockets, guint socket);
/** @hops: the TTL, 0 for the usual one. What cannot be sent is a packet lost. */
void fwd_nat_sockets_send(FwdNatSockets *sockets, guint socket, guint hops,
                          const FwdEndpoint *to, const guint8 *data, gsize length);

/** Readable when there is something for fwd_nat_sockets_read(); owned by @sockets. */
int fwd_nat_sockets_get_fd(const FwdNatSockets *sockets);
/** Tells of all that has arrived. The events must not free @sockets. */
void fwd_nat_sockets_read(FwdNatSockets *sockets);

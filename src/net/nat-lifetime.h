/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * How long a NAT keeps an idle UDP mapping (RFC 5780, 4.6). Fresh sockets each make
 * a mapping and are silent for a time of their own. Then, if the server knows
 * RESPONSE-PORT, another socket has it send to the mapping; if not, and ports are
 * not preserved, the socket asks again and looks whether its port is a new one. A
 * second round narrows the result down. It takes minutes, and a few dozen packets.
 * Passive: sends through a function, time is a parameter (microseconds). One thread.
 */
#pragma once

#include <stunfwd/endpoint.h>

/** Sockets that wait, one to speak for them, and one to try RESPONSE-PORT with. */
#define FWD_NAT_LIFETIME_PROBES  9
#define FWD_NAT_LIFETIME_SOCKETS (FWD_NAT_LIFETIME_PROBES + 2)
/** The longest wait: a mapping that outlives it is kept for that long at least. */
#define FWD_NAT_LIFETIME_MAX_S 180

typedef struct FwdNatLifetime FwdNatLifetime;

typedef struct {
  void (*send)(guint socket, const FwdEndpoint *to, const guint8 *data, gsize length,
               gpointer user_data);
  /**
   * A mapping was still there after @seconds; 0 when it could not be measured. Comes
   * after the first round, and with @is_final at the end, when it may free the object.
   * Never from fwd_nat_lifetime_new().
   */
  void (*found)(guint seconds, gboolean is_final, gpointer user_data);
} FwdNatLifetimeEvents;

/** @server: known to answer. @ports: the local ports of the FWD_NAT_LIFETIME_SOCKETS sockets.
 */
FwdNatLifetime *
fwd_nat_lifetime_new(const FwdEndpoint *server, const guint16 *ports,
                     const FwdNatLifetimeEvents *events, gpointer user_data, gint64 now);
void fwd_nat_lifetime_free(FwdNatLifetime *lifetime);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdNatLifetime, fwd_nat_lifetime_free)

/** Takes any datagram that came to @socket. */
void fwd_nat_lifetime_receive(FwdNatLifetime *lifetime, guint socket, const FwdEndpoint *from,
                              const guint8 *data, gsize length, gint64 now);
/** When fwd_nat_lifetime_tick() is next due; G_MAXINT64 at the end. */
gint64 fwd_nat_lifetime_deadline(const FwdNatLifetime *lifetime);
void fwd_nat_lifetime_tick(FwdNatLifetime *lifetime, gint64 now);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Finds out what NAT is in front of a UDP socket by asking STUN servers, in
 * the terms of RFC 5780, and what the socket's server-reflexive candidates are.
 * Passive, like the STUN client: sends through a function, time is a parameter.
 */
#pragma once

#include "stun-client.h"
#include <stunfwd/nat.h>

typedef struct FwdNatDiscovery FwdNatDiscovery;

typedef struct {
  /** Sends from the socket under test of the family of @to. */
  FwdStunSend send;
  /** Sends from another socket of that family, one that nothing was sent from before. */
  FwdStunSend send_fresh;
  /**
   * A server-reflexive candidate was learned: called at once, before the rest is
   * known, and once for each. Do not free the discovery in it.
   */
  void (*candidate)(const FwdCandidate *candidate, gpointer user_data);
  /**
   * More is known of the mapping; the rest of the report may still be unknown. Do
   * not free the discovery in it.
   */
  void (*progress)(const FwdNatReport *report, gpointer user_data);
  /**
   * The report is complete, as far as the servers allow: of IPv4, or of IPv6 when
   * no IPv4 server answered. Called once, never from fwd_nat_discovery_new(); it
   * may free the discovery.
   */
  void (*done)(const FwdNatReport *report, gpointer user_data);
} FwdNatDiscoveryEvents;

/**
 * @servers: array of FwdEndpoint, at least one; the first 16 of each family are
 * asked. @host: array of FwdCandidate, the host candidates of the socket (by
 * which "no NAT" is recognised). Both are copied.
 */
FwdNatDiscovery *fwd_nat_discovery_new(const GArray *servers, const GArray *host,
                                       const FwdNatDiscoveryEvents *events, gpointer user_data,
                                       gint64 now);
void fwd_nat_discovery_free(FwdNatDiscovery *discovery);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdNatDiscovery, fwd_nat_discovery_free)

/** Takes any datagram of either socket; FALSE when it was no answer to a query of this discovery. */
gboolean fwd_nat_discovery_receive(FwdNatDiscovery *discovery, const FwdEndpoint *from,
                                   const guint8 *data, gsize length, gint64 now);
/** When fwd_nat_discovery_tick() is next due; G_MAXINT64 after the report. */
gint64 fwd_nat_discovery_deadline(const FwdNatDiscovery *discovery);
void fwd_nat_discovery_tick(FwdNatDiscovery *discovery, gint64 now);

/** The first server of the family that told a mapped endpoint, or NULL. */
const FwdEndpoint *fwd_nat_discovery_get_server(const FwdNatDiscovery *discovery, int family);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What a number of STUN queries from one socket, in one address family, tell
 * about the NAT in front of it (RFC 4787, RFC 5780). No state; any thread.
 */
#pragma once

#include <stunfwd/nat.h>

/** Flags of CHANGE-REQUEST (RFC 5780, 7.2). */
#define FWD_STUN_CHANGE_ADDRESS 0x4u
#define FWD_STUN_CHANGE_PORT    0x2u

/** One query and its outcome. Endpoints not learned have family AF_UNSPEC. */
typedef struct {
  FwdEndpoint server;     /**< where it was sent */
  guint32 change_request; /**< 0 when the server was to answer from where it was asked */
  gboolean is_answered;   /**< an error is an answer too */
  FwdEndpoint source;     /**< of a successful answer */
  FwdEndpoint mapped;     /**< the public endpoint the server saw */
  FwdEndpoint other;      /**< the server's OTHER-ADDRESS */
} FwdNatObservation;

typedef struct {
  const FwdNatObservation *items;
  guint count;
  const GArray *host; /**< of FwdCandidate: the socket's own endpoints */
} FwdNatObservations;

/** Whether the endpoint is the socket's own. */
gboolean fwd_nat_is_host_endpoint(const GArray *host, const FwdEndpoint *endpoint);

/** Whether a query went to exactly this endpoint. */
gboolean fwd_nat_was_asked(const FwdNatObservations *observations, const FwdEndpoint *endpoint);

/**
 * Mapping, from what servers at different endpoints saw. A mapping that depends
 * on the address, and perhaps on the port, is called dependent on both.
 */
FwdNatBehaviour fwd_nat_mapping(const FwdNatObservations *observations);

/** Filtering, from the queries with a change request, which must all have ended. */
FwdNatBehaviour fwd_nat_filtering(const FwdNatObservations *observations);

/** FWD_PORTS_PRESERVED or FWD_PORTS_UNKNOWN. */
FwdPortPattern fwd_nat_ports(const FwdNatObservations *observations);

/** How many different public addresses were seen. */
guint fwd_nat_public_addresses(const FwdNatObservations *observations);

/** The first endpoint learned, translated ones first, or NULL. */
const FwdEndpoint *fwd_nat_public_endpoint(const FwdNatObservations *observations);

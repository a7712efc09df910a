/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What is known of the NAT a peer is behind, in the terms of RFC 4787 and
 * RFC 5780, and the candidates (RFC 8445) at which the peer may be reached.
 */
#pragma once

#include <stunfwd/endpoint.h>

G_BEGIN_DECLS

/** How mapping or filtering depends on the remote endpoint (RFC 4787, 4.1 and 5). */
typedef enum {
  FWD_NAT_UNKNOWN,
  FWD_NAT_NONE, /**< the public endpoint is the host's own */
  FWD_NAT_ENDPOINT_INDEPENDENT,
  FWD_NAT_ADDRESS_DEPENDENT,
  FWD_NAT_ADDRESS_AND_PORT_DEPENDENT,
} FwdNatBehaviour;

typedef enum { FWD_ANSWER_UNKNOWN, FWD_ANSWER_NO, FWD_ANSWER_YES } FwdAnswer;

/** How outside ports are chosen. */
typedef enum {
  FWD_PORTS_UNKNOWN,
  FWD_PORTS_PRESERVED,
  FWD_PORTS_SEQUENTIAL, /**< see port_delta and port_spread */
  FWD_PORTS_RANDOM,
} FwdPortPattern;

/** A plain value. What was not measured is UNKNOWN or 0. */
typedef struct {
  gboolean udp_blocked; /**< no STUN server answered over UDP */
  FwdNatBehaviour mapping;
  FwdNatBehaviour filtering;
  FwdAnswer hairpinning;
  FwdPortPattern ports;
  gint port_delta;        /**< step from one mapping to the next */
  guint port_spread;      /**< how far predictions miss, in ports */
  guint lifetime_seconds; /**< of an idle UDP mapping */
  guint hops;             /**< to the outermost NAT of one's own */
  guint public_addresses; /**< how many were seen */
  FwdEndpoint public4;    /**< family AF_UNSPEC when unknown */
  FwdEndpoint public6;
  gboolean has_second_address; /**< a STUN server answered that can do RFC 5780 */
} FwdNatReport;

const char *fwd_nat_behaviour_to_string(FwdNatBehaviour behaviour);
FwdNatBehaviour fwd_nat_behaviour_from_string(const char *text);
const char *fwd_port_pattern_to_string(FwdPortPattern pattern);
FwdPortPattern fwd_port_pattern_from_string(const char *text);

/** The name RFC 3489 would give it: "full cone", "symmetric"...; static. */
const char *fwd_nat_report_classic_name(const FwdNatReport *report);

/** RFC 8445, 5.1.1; MAPPED is a port that a router was asked to open (PCP, NAT-PMP, UPnP). */
typedef enum {
  FWD_CANDIDATE_HOST,
  FWD_CANDIDATE_SERVER_REFLEXIVE,
  FWD_CANDIDATE_PEER_REFLEXIVE,
  FWD_CANDIDATE_MAPPED,
  FWD_CANDIDATE_RELAYED,
} FwdCandidateType;

typedef struct {
  FwdCandidateType type;
  FwdEndpoint endpoint; /**< where to send to reach the peer */
  FwdEndpoint base;     /**< the local endpoint behind it; for a host candidate the same */
  guint prefix_length;  /**< of the on-link network of a host candidate, else 0 */
} FwdCandidate;

const char *fwd_candidate_type_to_string(FwdCandidateType type);
/** FALSE when @text names no type. */
gboolean fwd_candidate_type_from_string(const char *text, FwdCandidateType *type);

G_END_DECLS

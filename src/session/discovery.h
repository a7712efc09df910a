/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What a session knows of its own place in the network: host candidates, what
 * STUN servers say, the NAT report. Keeps the NAT's mapping of the shared
 * sockets alive, and notices when it changes. Main thread only.
 */
#pragma once

#include "tunnel/data-plane.h"
#include <stunfwd/nat.h>

#define FWD_TYPE_DISCOVERY (fwd_discovery_get_type())
G_DECLARE_FINAL_TYPE(FwdDiscovery, fwd_discovery, FWD, DISCOVERY, GObject)

/**
 * Signals:
 *  "changed" ()  the candidates or the report are not what they were
 *  "done"    ()  the report is as complete as the servers allow
 *  "network-changed" ()  the machine is on another network, or has slept: all is measured anew
 */
FwdDiscovery *fwd_discovery_new(FwdDataPlane *plane);

/** Asks @servers ("HOST:PORT" each), forgetting what others said before. */
void fwd_discovery_start(FwdDiscovery *self, const char *const *servers);

/** Asks the same servers again: the NAT may have forgotten us. */
void fwd_discovery_refresh(FwdDiscovery *self);

/** Ends all activity for good: until the next start nothing is asked again. */
void fwd_discovery_stop(FwdDiscovery *self);

/**
 * Off at first. @measures_lifetime: that of an idle mapping, once for each network; it
 * takes minutes and tells of itself by "changed". @memory: the file in which slow
 * results are kept (session/network-memory.h), NULL for none.
 */
void fwd_discovery_set_background(FwdDiscovery *self, gboolean measures_lifetime,
                                  const char *memory);
/** Whether the lifetime is being measured. */
gboolean fwd_discovery_is_measuring(FwdDiscovery *self);

/**
 * "ADDRESS:PORT" at which a signaling server sees us, or NULL: where no STUN server
 * answers it is the report's public endpoint, for strategies over TCP.
 */
void fwd_discovery_set_seen_at(FwdDiscovery *self, const char *endpoint);

/** FwdCandidate each, best first (transfer none); valid until "changed". */
const GArray *fwd_discovery_get_candidates(FwdDiscovery *self);
/** Of FwdEndpoint: the STUN servers as far as their names are resolved (transfer none). */
const GArray *fwd_discovery_get_servers(FwdDiscovery *self);
const FwdNatReport *fwd_discovery_get_report(FwdDiscovery *self);
/** Whether a STUN server has answered, or none can. */
gboolean fwd_discovery_is_settled(FwdDiscovery *self);
/** Whether a STUN server has answered since the last start. */
gboolean fwd_discovery_was_answered(FwdDiscovery *self);

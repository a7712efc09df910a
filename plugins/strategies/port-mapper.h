/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Holds one port of the default gateway's router open for this machine, by
 * whichever of PCP (RFC 6887), NAT-PMP (RFC 6886) and UPnP IGD answers first:
 * asks, renews at half the lifetime, asks anew when a renewal fails or the
 * gateway is another one, and removes the mapping when it is disposed of (in a
 * thread; the end of the process waits for that, for 2 s at most). Main thread.
 *
 * Properties, all but the first three read-only; "notify" tells of changes:
 *  "tcp"      gboolean, construct-only  TCP rather than UDP
 *  "port"     guint, construct-only     the port of this machine
 *  "lifetime" guint, construct-only     seconds to ask for
 *  "state"    guint                     FwdPortMapperState
 *  "outside"  FwdEndpoint *             where the world reaches the port; NULL unless MAPPED
 *  "way"      const char *              "PCP", "NAT-PMP" or "UPnP"; NULL unless MAPPED
 *  "granted"  guint                     seconds; 0 unless MAPPED
 *  "gateway"  FwdEndpoint *             the router, without port; NULL when there is none
 *  "error"    GError *                  why not, in FWD_STRATEGY_ERROR; NULL unless FAILED
 *
 * Action signal:
 *  "refresh"  (FwdEndpoint *seen)  somebody is about to rely on the mapping: an answer that
 *             is some seconds old is asked for again. @seen (may be NULL) is the public
 *             address that a STUN server told: a mapping that leads elsewhere is useless.
 *
 * Each plugin that is linked with this has a type of its own, so strangers use
 * the object by its properties and signal alone.
 */
#pragma once

#include <glib-object.h>

typedef enum {
  FWD_PORT_MAPPER_ASKING,
  FWD_PORT_MAPPER_MAPPED,
  FWD_PORT_MAPPER_FAILED,
} FwdPortMapperState;

#define FWD_PORT_MAPPER_LIFETIME 3600

#define FWD_TYPE_PORT_MAPPER (fwd_port_mapper_get_type())
G_DECLARE_FINAL_TYPE(FwdPortMapper, fwd_port_mapper, FWD, PORT_MAPPER, GObject)

/** Begins to ask at once, for FWD_PORT_MAPPER_LIFETIME seconds. */
FwdPortMapper *fwd_port_mapper_new(gboolean tcp, guint16 port);

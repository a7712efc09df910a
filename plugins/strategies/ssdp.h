/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Where the router describes its UPnP services: SSDP (UPnP Device Architecture
 * 1.1, section 1.3), of which only the search for a gateway at a known address
 * is needed. A library would wait for all devices of the network; the first
 * answer of the router is enough here.
 */
#pragma once

#include <gio/gio.h>
#include <stunfwd/endpoint.h>

/** Largest answer that is read, in bytes. */
#define FWD_SSDP_MESSAGE_MAX 1500
/** Longest URL that is taken. */
#define FWD_SSDP_LOCATION_MAX 255

/**
 * The LOCATION of an answer to a search (transfer full), made of printable
 * ASCII without spaces; NULL when it is no such answer.
 */
char *fwd_ssdp_read_location(const guint8 *data, gsize length);

/** Whether this is the device that was looked for. */
typedef gboolean (*FwdSsdpVerdict)(const char *location, gpointer user_data);

/**
 * Searches from the address of @local for 2 s at most, or until @verdict takes
 * a location that was told from the address of @gateway, or @cancellable (may
 * be NULL) is cancelled. Blocks.
 */
gboolean fwd_ssdp_search(const FwdEndpoint *gateway, const FwdEndpoint *local,
                         GCancellable *cancellable, FwdSsdpVerdict verdict, gpointer user_data);

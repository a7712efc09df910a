/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What the kernel says of the way out: which network this is, and whether it is
 * still the same. Reads /proc and the interfaces' addresses. Any thread.
 */
#pragma once

#include <glib.h>

/** Where the tables are read from; tests have their own. */
typedef struct {
  const char *routes;  /**< /proc/net/route */
  const char *routes6; /**< /proc/net/ipv6_route */
  const char *arp;     /**< /proc/net/arp */
} FwdNetworkFiles;

extern const FwdNetworkFiles fwd_network_files;

/**
 * A name for the network behind the IPv4 default route: of its interface, its
 * gateway and the gateway's hardware address; 16 hex digits (transfer full). NULL
 * without a gateway whose hardware address is known: addresses alone are the same
 * in a million homes.
 */
char *fwd_network_identify(const FwdNetworkFiles *files);

/**
 * A text that changes when the way out does (transfer full): the interfaces with a
 * default route, whether they run, their gateways and addresses. Without any
 * default route, all addresses but those of loopback. What containers come and go
 * with is not in it.
 */
char *fwd_network_describe(const FwdNetworkFiles *files);

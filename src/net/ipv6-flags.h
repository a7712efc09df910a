/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Which IPv6 addresses of this machine are fit for use (RFC 4862, 5.4 and 5.5.4). */
#pragma once

#include <stunfwd/endpoint.h>

/** The kernel's list of its IPv6 addresses. */
#define FWD_IPV6_ADDRESSES_FILE "/proc/net/if_inet6"

/**
 * The addresses in such a file that must not be offered: tentative, duplicate or
 * deprecated ones. An array of FwdEndpoint with port 0 (transfer full), empty
 * when the file can't be read; lines that are not understood are left out.
 */
GArray *fwd_ipv6_flags_unusable(const char *file);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Paths over UDP to one remote endpoint. */
#pragma once

#include <stunfwd/path.h>

/** UDP payload that fits an Ethernet frame over IPv4 and IPv6. */
#define FWD_UDP_MTU4 1472
#define FWD_UDP_MTU6 1452
/** What every path carries (RFC 9000, 14). */
#define FWD_UDP_MTU_MIN 1200

/** Over the session's shared socket: @fd is shared and stays open when the path is closed. */
FwdPath *fwd_udp_path_new(int fd, const FwdEndpoint *local, const FwdEndpoint *remote,
                          FwdPathClass path_class, const char *strategy, guint32 rtt_us);

/**
 * Over a socket that is the path's own: @fd is taken, whatever happens. NULL
 * when it is no UDP socket that can speak to @remote.
 */
FwdPath *fwd_udp_path_new_own(int fd, const FwdEndpoint *remote, FwdPathClass path_class,
                              const char *strategy, guint32 rtt_us);

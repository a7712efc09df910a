/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The data plane of one session as the main thread sees it: the shared
 * sockets, the data-loop that reads them, and the checks that strategies send.
 * Main thread only.
 */
#pragma once

#include "tunnel/demultiplexer.h"
#include "tunnel/identity.h"

#define FWD_TYPE_DATA_PLANE (fwd_data_plane_get_type())
G_DECLARE_FINAL_TYPE(FwdDataPlane, fwd_data_plane, FWD, DATA_PLANE, GObject)

/**
 * Signals:
 *  "stun"       (FwdEndpoint *from, GBytes *datagram)   not a check of ours
 *  "challenged" (const char *peer, FwdEndpoint *from)
 *  "checked"    (const char *peer, FwdEndpoint *remote, guint rtt_us)
 *
 * Opens an IPv4 and an IPv6 socket on ephemeral ports of the wildcard address;
 * one of the two may be missing. @identity is kept. Errors: FWD_TUNNEL_ERROR,
 * FWD_NET_ERROR.
 */
FwdDataPlane *
fwd_data_plane_new(const guint8 *probe_key, FwdIdentity *identity, GError **error);

/** Closes the sockets and ends the loop. All tunnels must have been closed before. */
void fwd_data_plane_shutdown(FwdDataPlane *self);

/** 0 when there is no socket of that family. */
guint16 fwd_data_plane_get_port(FwdDataPlane *self, int family);

/** Sends one packet from the shared socket. 0 or -errno. */
int fwd_data_plane_send(FwdDataPlane *self, const FwdEndpoint *to, guint ttl,
                        const guint8 *data, gsize length);

/** Sends a check to @peer at @to; "checked" tells its answer, within 5 s or never. 0 or -errno.
 */
int fwd_data_plane_send_check(FwdDataPlane *self, const char *peer, const FwdEndpoint *to,
                              guint ttl);

/** A path on the shared socket (transfer full), or NULL without a socket of that family. */
FwdPath *
fwd_data_plane_create_path(FwdDataPlane *self, const FwdEndpoint *remote,
                           FwdPathClass path_class, const char *strategy, guint32 rtt_us);

/* For tunnels. (transfer none) */
FwdDataLoop *fwd_data_plane_get_loop(FwdDataPlane *self);
FwdDemultiplexer *fwd_data_plane_get_demultiplexer(FwdDataPlane *self);
FwdIdentity *fwd_data_plane_get_identity(FwdDataPlane *self);
const guint8 *fwd_data_plane_get_probe_key(FwdDataPlane *self);

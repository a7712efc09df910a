/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A lease is a port that a router opened for us; a protocol is a way to ask for
 * one. Protocols block, for a few seconds at most, and belong into a thread of
 * their own. Errors are in FWD_STRATEGY_ERROR:
 *
 *  UNREACHABLE  the router does not answer this protocol
 *  DENIED       it answers, and mapping is disabled
 *  UNSUPPORTED  it answers, and has no address outside
 *  REFUSED      it answers, and refused for the reason in the message
 *  FAILED       this machine could not ask
 */
#pragma once

#include "pcp-message.h"
#include <gio/gio.h>

/** A plain value. */
typedef struct {
  gboolean tcp;
  guint32 lifetime;                 /**< to ask for, in seconds */
  FwdEndpoint gateway;              /**< the router, without port */
  FwdEndpoint local;                /**< the inner end of the mapping */
  guint8 nonce[FWD_PCP_NONCE_SIZE]; /**< PCP: whose mapping it is, in all its life */

  FwdEndpoint outside; /**< the outer end, once granted */
  guint32 granted;     /**< seconds */

  char control_url[256]; /**< UPnP: where to send SOAP to */
  char service[128];     /**< UPnP: the service's type */
} FwdPortLease;

typedef struct {
  const char *name; /**< "PCP" */
  /** So much later than the others it starts, in milliseconds. */
  guint head_start_ms;
  /** Looks for the router's service, without changing anything there; may be NULL. */
  gboolean (*find)(FwdPortLease *lease, GCancellable *cancellable, GError **error);
  /**
   * Makes the mapping, or renews it for a lease that was granted before. Once
   * the router was asked for it, @cancellable stops nothing: the answer counts.
   */
  gboolean (*map)(FwdPortLease *lease, GCancellable *cancellable, GError **error);
  void (*unmap)(const FwdPortLease *lease);
} FwdPortProtocol;

extern const FwdPortProtocol fwd_port_pcp, fwd_port_natpmp, fwd_port_upnp;

/**
 * Waits until @fd is readable, for @timeout_ms at most. FALSE when the time is
 * over (0 or less: at once) or @cancellable (may be NULL) was cancelled. @fd may be -1.
 */
gboolean fwd_port_wait(int fd, GCancellable *cancellable, gint64 timeout_ms);

/**
 * Makes or renews a lease in a thread of its own. @enough: no need for it any
 * more, so it ends early unless the router was asked already, and then still
 * tells what came of it. @gone: nobody will want it; what is granted is removed
 * again in the thread. Main thread; the callback has no source object.
 */
void fwd_port_map_async(const FwdPortProtocol *protocol, const FwdPortLease *lease,
                        GCancellable *enough, GCancellable *gone, GAsyncReadyCallback callback,
                        gpointer user_data);
gboolean fwd_port_map_finish(GAsyncResult *result, FwdPortLease *lease, GError **error);

/** Removes a mapping in a thread of its own. */
void fwd_port_unmap(const FwdPortProtocol *protocol, const FwdPortLease *lease);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The other end of the control service, for `ctl`. Synchronous; one thread. */
#pragma once

#include <gio/gio.h>

typedef struct FwdControlClient FwdControlClient;

/** Errors: FWD_CONTROL_ERROR with UNREACHABLE, naming the socket. */
FwdControlClient *fwd_control_client_new(const char *socket, GError **error);
void fwd_control_client_free(FwdControlClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdControlClient, fwd_control_client_free)

/**
 * Calls @method with @parameters (a tuple, consumed if floating; NULL for none)
 * and returns the reply (transfer full). Errors: FWD_CONTROL_ERROR with REFUSED
 * and the service's own words, or UNREACHABLE. Waits at most 5 s.
 */
GVariant *fwd_control_client_call(FwdControlClient *client, const char *method,
                                  GVariant *parameters, GError **error);

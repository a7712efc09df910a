/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The control service: org.stunfwd.Control1 over a private D-Bus socket that
 * only the same user and root can use. A FwdComponent. Main thread only.
 */
#pragma once

#include "session/session.h"

#define FWD_CONTROL_INTERFACE "org.stunfwd.Control1"
#define FWD_CONTROL_PATH      "/org/stunfwd/Control1"

#define FWD_TYPE_CONTROL_SERVICE (fwd_control_service_get_type())
G_DECLARE_FINAL_TYPE(FwdControlService, fwd_control_service, FWD, CONTROL_SERVICE, GObject)

/**
 * @socket: path of the socket. Its folder is made if missing; a socket that
 * nobody listens to any more is replaced; one that is in use fails the start
 * with FWD_CONTROL_ERROR REFUSED, another kind of file with INVALID.
 */
FwdControlService *fwd_control_service_new(FwdApplication *application, const char *socket);

/** Puts a session under control (kept). */
void fwd_control_service_add_session(FwdControlService *self, FwdSession *session);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The server: stands next to the services, waits for clients in its room, runs
 * the races that they order, serves the channels that they open, and listens
 * for their reverse mappings. Main thread only.
 */
#pragma once

#include "session/session.h"

#define FWD_TYPE_SERVER_SESSION (fwd_server_session_get_type())
G_DECLARE_FINAL_TYPE(FwdServerSession, fwd_server_session, FWD, SERVER_SESSION, FwdSession)

FwdServerSession *fwd_server_session_new(FwdApplication *application, FwdProfile *profile);

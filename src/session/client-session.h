/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The client: opens local ports that lead to the server's services, and is the
 * controlling side: it chooses the server, orders every race, numbers the
 * tunnels, tries again. Main thread only.
 */
#pragma once

#include "session/session.h"

#define FWD_TYPE_CLIENT_SESSION (fwd_client_session_get_type())
G_DECLARE_FINAL_TYPE(FwdClientSession, fwd_client_session, FWD, CLIENT_SESSION, FwdSession)

FwdClientSession *fwd_client_session_new(FwdApplication *application, FwdProfile *profile);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Why a peer is reached the way it is: both sides' story of every strategy, as
 * the JSON that `explain --json` prints. Its shape is promised to scripts, as
 * that of the status is. Main thread only.
 */
#pragma once

#include "session/session.h"
#include <json-glib/json-glib.h>

/** One session (transfer full). */
JsonObject *fwd_explain_session(FwdSession *session);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What a session is doing, as the JSON that `ctl --json status` prints. Its
 * shape is promised to scripts: add to it, rename nothing. Main thread only.
 */
#pragma once

#include "session/session.h"
#include <json-glib/json-glib.h>

/** One session (transfer full). */
JsonObject *fwd_status_describe_session(FwdSession *session);

/** Parts of it, for others that tell more (transfer full). */
JsonObject *fwd_status_describe_nat(const FwdNatReport *report);
JsonObject *fwd_status_describe_peer(FwdPeer *peer);

/** What is told of one session (transfer full). */
typedef JsonObject *(*FwdStatusDescribe)(FwdSession *session);

/** A session as it stands alone; several as {"profiles": {NAME: …}} (transfer full). */
char *fwd_status_collect(GPtrArray *sessions, FwdStatusDescribe describe);
/** The same of fwd_status_describe_session(). */
char *fwd_status_to_text(GPtrArray *sessions);

/** The plugins found, as `stunfwd plugins --json` prints them (transfer full). */
char *fwd_status_describe_plugins(FwdPluginRegistry *registry);

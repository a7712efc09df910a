/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Tells a peer the story of the strategies at this end, whenever there is more
 * to it, so that either peer can explain both ends.
 */
#pragma once

#include "session/session.h"

/** From now on, for as long as both live. Called once for each peer. */
void fwd_teller_attach(FwdSession *session, FwdPeer *peer);

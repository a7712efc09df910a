/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A path through an allocation on a TURN server to one peer. */
#pragma once

#include "net/turn-client.h"
#include "path/turn-link.h"

/**
 * @link and @client, which is allocated, are the path's from now on. It asks for
 * a channel to @peer; until the server grants it, packets go as indications. The
 * client is kept up by what is sent and received: at least a check in every few
 * seconds.
 */
FwdPath *fwd_turn_path_new(FwdTurnLink *link, FwdTurnClient *client, const FwdEndpoint *peer,
                           const char *strategy, guint32 rtt_us);

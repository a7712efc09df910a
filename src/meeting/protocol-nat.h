/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Reads the parts of a hello that tell where a peer may be reached. */
#pragma once

#include "meeting/protocol.h"

#include <json-glib/json-glib.h>

/** Errors: FWD_MEETING_ERROR with INVALID. */
gboolean fwd_protocol_read_nat(JsonObject *object, FwdNatReport *nat, GError **error);

/** Of FwdCandidate (transfer full). Errors: as above, and LIMIT. */
GArray *fwd_protocol_read_candidates(JsonObject *object, GError **error);

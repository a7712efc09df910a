/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Writes and reads the story of a message, see story.h. */
#pragma once

#include "meeting/protocol.h"

#include <json-glib/json-glib.h>

/** Ways to cut a story, each to less than the one before. */
#define FWD_PROTOCOL_STORY_CUTS 6

/**
 * Adds the member "story"; @cut counts from 0, which leaves only out what is over
 * the limits of the protocol. Whatever @story holds, the last one gives less
 * than FWD_ENVELOPE_PLAINTEXT_MAX bytes with the rest of a message.
 */
void fwd_protocol_add_story(JsonBuilder *builder, const FwdStory *story, guint cut);

/**
 * (transfer full). Strategies with an outcome that is not known here are left
 * out; characters that could do more to a terminal than be printed are replaced.
 * Errors: FWD_MEETING_ERROR with INVALID, LIMIT.
 */
FwdStory *fwd_protocol_read_story(JsonObject *object, GError **error);

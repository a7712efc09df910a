/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Seals signaling messages: XChaCha20-Poly1305 under the room's sealing key, a
 * random nonce of 24 bytes in front, the sender's role as associated data, so
 * that nothing can be reflected. The result is base64url text, which every
 * transport can carry.
 */
#pragma once

#include "meeting/keys.h"
#include <stunfwd/signaling.h>

/** Largest plaintext, so that the envelope fits FWD_SIGNALING_MESSAGE_MAX. */
#define FWD_ENVELOPE_PLAINTEXT_MAX 12000

/** Errors: FWD_MEETING_ERROR with LIMIT. */
GBytes *fwd_envelope_seal(const FwdRoomKeys *keys, FwdRole sender, const char *plaintext,
                          GError **error);

/**
 * Returns the plaintext, zero-terminated (transfer full). Errors:
 * FWD_MEETING_ERROR with INVALID (not an envelope), DENIED (wrong key or
 * altered), LIMIT.
 */
char *fwd_envelope_open(const FwdRoomKeys *keys, FwdRole sender, GBytes *envelope,
                        GError **error);

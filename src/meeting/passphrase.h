/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/** A shorter passphrase is weak. */
#define FWD_PASSPHRASE_LENGTH_MIN 12
/** One with fewer different characters is weak. */
#define FWD_PASSPHRASE_VARIETY_MIN 5

/**
 * Whether a passphrase can be guessed in spite of Argon2id. A rough rule that
 * a user can follow: it is too short, of too few different characters, or it is
 * one of the commonest words, alone or with digits and signs around it
 * ("password123456"), or has no letters at all. Lengths count characters of UTF-8, bytes if it is not.
 */
gboolean fwd_passphrase_is_weak(const char *passphrase);

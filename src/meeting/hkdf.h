/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** HKDF-SHA256 (RFC 5869), its two steps. */
#pragma once

#include <glib.h>

#define FWD_HKDF_HASH_SIZE 32
/** Most output that one expansion gives. */
#define FWD_HKDF_OUTPUT_MAX (255 * FWD_HKDF_HASH_SIZE)

/** 2.2: @salt may be NULL with a size of 0. */
void fwd_hkdf_extract(const guint8 *salt, gsize salt_size, const guint8 *secret,
                      gsize secret_size, guint8 key[FWD_HKDF_HASH_SIZE]);

/** 2.3: fills @output, at most FWD_HKDF_OUTPUT_MAX bytes. */
void fwd_hkdf_expand(const guint8 key[FWD_HKDF_HASH_SIZE], const guint8 *info, gsize info_size,
                     guint8 *output, gsize output_size);

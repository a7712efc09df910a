/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What was probably meant by a word that is not known. Any thread. */
#pragma once

#include <glib.h>

/**
 * The word of @known (NULL-terminated) nearest to @word by edit distance, or
 * NULL if none is near enough to be meant (transfer none).
 */
const char *fwd_spelling_find(const char *word, const char *const *known);

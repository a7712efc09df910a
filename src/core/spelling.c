/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/spelling.h"

#include <string.h>

/* No word that is meant to be known is longer: the work stays bounded. */
#define WORD_MAX 64

/* Levenshtein's distance, in bytes, one row of the table at a time. */
static gsize
measure_distance(const char *a, const char *b)
{
  gsize row[WORD_MAX + 1];
  gsize length = strlen(b);

  for (gsize j = 0; j <= length; j++)
    row[j] = j;
  for (gsize i = 0; a[i] != '\0'; i++) {
    gsize diagonal = row[0];

    row[0] = i + 1;
    for (gsize j = 0; j < length; j++) {
      gsize replaced = diagonal + (a[i] != b[j]);

      diagonal = row[j + 1];
      row[j + 1] = MIN(replaced, MIN(row[j], diagonal) + 1);
    }
  }
  return row[length];
}

const char *
fwd_spelling_find(const char *word, const char *const *known)
{
  const char *best = NULL;
  gsize least = MIN(strlen(word) / 2, 3) + 1;

  if (strlen(word) > WORD_MAX)
    return NULL;
  for (gsize i = 0; known[i] != NULL; i++) {
    gsize distance = strlen(known[i]) <= WORD_MAX ? measure_distance(word, known[i]) : least;

    if (distance < least) {
      least = distance;
      best = known[i];
    }
  }
  return best;
}

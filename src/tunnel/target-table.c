/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/target-table.h"

#include <string.h>

#define LIFETIME (FWD_TARGET_SECONDS * (gint64)G_USEC_PER_SEC * 1000)

/** FNV-1a, 32 bits: keeps most of the comparisons short; the bytes decide. */
static guint
hash_header(const char *header, gsize length)
{
  guint hash = 2166136261u;

  for (gsize i = 0; i < length; i++)
    hash = (hash ^ (guint8)header[i]) * 16777619u;
  return hash;
}

static FwdTarget *
find(const FwdTargetTable *table, const char *header, gsize length)
{
  const guint hash = hash_header(header, length);

  for (guint i = 0; i < FWD_TARGETS_MAX; i++) {
    const FwdTarget *target = &table->targets[i];

    if (target->header != NULL && target->hash == hash && target->length == length &&
        memcmp(target->header, header, length) == 0)
      return (FwdTarget *)target;
  }
  return NULL;
}

static void
clear_target(FwdTarget *target)
{
  g_free(target->header);
  *target = (FwdTarget){0};
}

/** A free place expires at 0. */
static FwdTarget *
first_to_expire(FwdTargetTable *table)
{
  FwdTarget *first = &table->targets[0];

  for (guint i = 1; i < FWD_TARGETS_MAX; i++)
    if (table->targets[i].expires < first->expires)
      first = &table->targets[i];
  return first;
}

void
fwd_target_table_remember(FwdTargetTable *table, const char *header, gsize length,
                          const FwdEndpoint *endpoint, guint generation, gint64 now)
{
  FwdTarget *target;

  fwd_target_table_forget(table, header, length);
  target = first_to_expire(table);
  clear_target(target);
  *target = (FwdTarget){
      .header = g_memdup2(header, length),
      .length = length,
      .hash = hash_header(header, length),
      .endpoint = *endpoint,
      .generation = generation,
      .expires = now + LIFETIME,
  };
}

const FwdEndpoint *
fwd_target_table_find(const FwdTargetTable *table, const char *header, gsize length,
                      guint generation, gint64 now)
{
  const FwdTarget *target = find(table, header, length);

  if (target == NULL || target->generation != generation || target->expires <= now)
    return NULL;
  return &target->endpoint;
}

void
fwd_target_table_forget(FwdTargetTable *table, const char *header, gsize length)
{
  FwdTarget *target = find(table, header, length);

  if (target != NULL)
    clear_target(target);
}

void
fwd_target_table_clear(FwdTargetTable *table)
{
  for (guint i = 0; i < FWD_TARGETS_MAX; i++)
    clear_target(&table->targets[i]);
}

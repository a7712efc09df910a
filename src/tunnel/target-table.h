/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Endpoints to which channels were led that the main thread allowed: who asks
 * for the same again is connected by the loop. An entry holds for some seconds,
 * and only as long as the rules are those under which it came about, which the
 * generation stands for. Any thread, one at a time; time is a parameter.
 */
#pragma once

#include <glib.h>
#include <stunfwd/endpoint.h>

#define FWD_TARGETS_MAX    64
#define FWD_TARGET_SECONDS 10

typedef struct {
  char *header; /**< as the opener wrote it; NULL: the place is free */
  gsize length;
  guint hash;
  FwdEndpoint endpoint;
  guint generation;
  gint64 expires;
} FwdTarget;

/** Zero-initialise. */
typedef struct {
  FwdTarget targets[FWD_TARGETS_MAX];
} FwdTargetTable;

/** Replaces what was remembered of this header, or the entry that would expire first. */
void fwd_target_table_remember(FwdTargetTable *table, const char *header, gsize length,
                               const FwdEndpoint *endpoint, guint generation, gint64 now);
/** Where to connect, or NULL; valid until the table changes. */
const FwdEndpoint *fwd_target_table_find(const FwdTargetTable *table, const char *header,
                                         gsize length, guint generation, gint64 now);
void fwd_target_table_forget(FwdTargetTable *table, const char *header, gsize length);
void fwd_target_table_clear(FwdTargetTable *table);

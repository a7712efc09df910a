/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The checks that the main thread has sent and that may still be answered: at
 * most FWD_CHECKS_MAX, the oldest makes room. Time is in microseconds.
 */
#pragma once

#include "path/probe.h"

#define FWD_CHECKS_MAX 1024
/** How long an answer is waited for. */
#define FWD_CHECK_LIFETIME_US (5 * G_USEC_PER_SEC)

typedef struct FwdCheckTable FwdCheckTable;

FwdCheckTable *fwd_check_table_new(void);
void fwd_check_table_free(FwdCheckTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdCheckTable, fwd_check_table_free)

void fwd_check_table_add(FwdCheckTable *table, const guint8 *transaction, const char *peer,
                         gint64 now);

/**
 * Takes a check out by its answer; copies the peer's id (FWD_PEER_ID_SIZE + 1
 * bytes) and tells the round trip. FALSE if it is unknown, too old or was
 * answered before.
 */
gboolean fwd_check_table_take(FwdCheckTable *table, const guint8 *transaction, gint64 now,
                              char *peer, guint *rtt_us);

guint fwd_check_table_get_count(const FwdCheckTable *table);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/check-table.h"
#include <string.h>

typedef struct {
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE];
  char peer[FWD_PEER_ID_SIZE + 1];
  gint64 sent;
  GList link; /* in the queue by age */
} Check;

struct FwdCheckTable {
  GHashTable *checks; /* of Check by its transaction */
  GQueue by_age;      /* the oldest first */
};

static guint
hash_transaction(gconstpointer transaction)
{
  guint hash;

  /* Transactions are random already. */
  memcpy(&hash, transaction, sizeof hash);
  return hash;
}

static gboolean
equal_transactions(gconstpointer a, gconstpointer b)
{
  return memcmp(a, b, FWD_STUN_TRANSACTION_SIZE) == 0;
}

FwdCheckTable *
fwd_check_table_new(void)
{
  FwdCheckTable *table = g_new0(FwdCheckTable, 1);

  table->checks = g_hash_table_new_full(hash_transaction, equal_transactions, NULL, g_free);
  g_queue_init(&table->by_age);
  return table;
}

void
fwd_check_table_free(FwdCheckTable *table)
{
  g_hash_table_unref(table->checks);
  g_free(table);
}

static void
forget(FwdCheckTable *table, Check *check)
{
  g_queue_unlink(&table->by_age, &check->link);
  g_hash_table_remove(table->checks, check->transaction);
}

static void
age(FwdCheckTable *table, gint64 now)
{
  Check *oldest;

  while ((oldest = g_queue_peek_head(&table->by_age)) != NULL &&
         now >= oldest->sent + FWD_CHECK_LIFETIME_US)
    forget(table, oldest);
}

void
fwd_check_table_add(FwdCheckTable *table, const guint8 *transaction, const char *peer,
                    gint64 now)
{
  Check *check;

  age(table, now);
  if (g_hash_table_size(table->checks) >= FWD_CHECKS_MAX)
    forget(table, g_queue_peek_head(&table->by_age));
  check = g_new0(Check, 1);
  memcpy(check->transaction, transaction, sizeof check->transaction);
  g_strlcpy(check->peer, peer, sizeof check->peer);
  check->sent = now;
  check->link.data = check;
  g_queue_push_tail_link(&table->by_age, &check->link);
  g_hash_table_insert(table->checks, check->transaction, check);
}

gboolean
fwd_check_table_take(FwdCheckTable *table, const guint8 *transaction, gint64 now, char *peer,
                     guint *rtt_us)
{
  Check *check;

  age(table, now);
  check = g_hash_table_lookup(table->checks, transaction);
  if (check == NULL)
    return FALSE;
  memcpy(peer, check->peer, sizeof check->peer);
  *rtt_us = (guint)MAX(now - check->sent, 0);
  forget(table, check);
  return TRUE;
}

guint
fwd_check_table_get_count(const FwdCheckTable *table)
{
  return g_hash_table_size(table->checks);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/check-table.h"
#include <string.h>

#define PEER "0123456789abcdef"

static void
make_transaction(guint number, guint8 *transaction)
{
  memset(transaction, 0, FWD_STUN_TRANSACTION_SIZE);
  memcpy(transaction, &number, sizeof number);
}

static void
add(FwdCheckTable *table, guint number, gint64 now)
{
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE];

  make_transaction(number, transaction);
  fwd_check_table_add(table, transaction, PEER, now);
}

static gboolean
take(FwdCheckTable *table, guint number, gint64 now, guint *rtt_us)
{
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE];
  char peer[FWD_PEER_ID_SIZE + 1] = "";

  make_transaction(number, transaction);
  if (!fwd_check_table_take(table, transaction, now, peer, rtt_us))
    return FALSE;
  g_assert_cmpstr(peer, ==, PEER);
  return TRUE;
}

static void
test_take(void)
{
  g_autoptr(FwdCheckTable) table = fwd_check_table_new();
  guint rtt_us = 0;

  add(table, 1, 100);
  add(table, 2, 150);
  g_assert_true(take(table, 1, 175, &rtt_us));
  g_assert_cmpuint(rtt_us, ==, 75);
  g_assert_false(take(table, 1, 175, &rtt_us));
  g_assert_false(take(table, 3, 175, &rtt_us));
  g_assert_true(take(table, 2, 140, &rtt_us));
  g_assert_cmpuint(rtt_us, ==, 0);
}

static void
test_age(void)
{
  g_autoptr(FwdCheckTable) table = fwd_check_table_new();
  guint rtt_us;

  add(table, 1, 100);
  add(table, 2, 101);
  g_assert_false(take(table, 1, 100 + FWD_CHECK_LIFETIME_US, &rtt_us));
  g_assert_cmpuint(fwd_check_table_get_count(table), ==, 1);
  g_assert_true(take(table, 2, 100 + FWD_CHECK_LIFETIME_US, &rtt_us));
}

static void
test_limit(void)
{
  g_autoptr(FwdCheckTable) table = fwd_check_table_new();
  guint rtt_us;

  for (guint i = 0; i < FWD_CHECKS_MAX + 3; i++)
    add(table, i, 100);
  g_assert_cmpuint(fwd_check_table_get_count(table), ==, FWD_CHECKS_MAX);
  g_assert_false(take(table, 2, 100, &rtt_us));
  g_assert_true(take(table, 3, 100, &rtt_us));
  g_assert_true(take(table, FWD_CHECKS_MAX + 2, 100, &rtt_us));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/check-table/take", test_take);
  g_test_add_func("/check-table/age", test_age);
  g_test_add_func("/check-table/limit", test_limit);
  return g_test_run();
}

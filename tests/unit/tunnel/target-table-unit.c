/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/target-table.h"

#include <string.h>

#define SECOND ((gint64)1000000000)

typedef struct {
  FwdTargetTable table;
  FwdEndpoint endpoint;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  (void)data;
  g_assert_true(fwd_endpoint_from_address("127.0.0.1", 80, &fixture->endpoint));
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  (void)data;
  fwd_target_table_clear(&fixture->table);
}

static void
remember(Fixture *fixture, const char *header, guint generation, gint64 now)
{
  fwd_target_table_remember(&fixture->table, header, strlen(header), &fixture->endpoint,
                            generation, now);
}

static const FwdEndpoint *
find(Fixture *fixture, const char *header, guint generation, gint64 now)
{
  return fwd_target_table_find(&fixture->table, header, strlen(header), generation, now);
}

static void
test_exact(Fixture *fixture, gconstpointer data)
{
  (void)data;
  g_assert_null(find(fixture, "a", 1, 0));
  remember(fixture, "abc", 1, 0);
  g_assert_true(fwd_endpoint_equal(find(fixture, "abc", 1, 1), &fixture->endpoint));
  g_assert_null(find(fixture, "ab", 1, 1));
  g_assert_null(find(fixture, "abcd", 1, 1));
  g_assert_null(find(fixture, "abC", 1, 1));
  g_assert_null(fwd_target_table_find(&fixture->table, "abc\0", 4, 1, 1));
  g_assert_null(find(fixture, "", 1, 1));
}

static void
test_generation(Fixture *fixture, gconstpointer data)
{
  (void)data;
  remember(fixture, "a", 1, 0);
  g_assert_null(find(fixture, "a", 2, 1));
  g_assert_null(find(fixture, "a", 0, 1));
  remember(fixture, "a", 2, 1);
  g_assert_nonnull(find(fixture, "a", 2, 1));
  g_assert_null(find(fixture, "a", 1, 1));
}

static void
test_expires(Fixture *fixture, gconstpointer data)
{
  (void)data;
  remember(fixture, "a", 1, 5 * SECOND);
  g_assert_nonnull(find(fixture, "a", 1, (5 + FWD_TARGET_SECONDS) * SECOND - 1));
  g_assert_null(find(fixture, "a", 1, (5 + FWD_TARGET_SECONDS) * SECOND));
  remember(fixture, "a", 1, 40 * SECOND);
  g_assert_nonnull(find(fixture, "a", 1, 41 * SECOND));
}

static void
test_forget(Fixture *fixture, gconstpointer data)
{
  (void)data;
  remember(fixture, "a", 1, 0);
  remember(fixture, "b", 1, 0);
  fwd_target_table_forget(&fixture->table, "a", 1);
  fwd_target_table_forget(&fixture->table, "never", 5);
  g_assert_null(find(fixture, "a", 1, 1));
  g_assert_nonnull(find(fixture, "b", 1, 1));
}

/* However many a peer asks for: the oldest goes. */
static void
test_full(Fixture *fixture, gconstpointer data)
{
  (void)data;
  for (guint i = 0; i < 3 * FWD_TARGETS_MAX; i++) {
    g_autofree char *header = g_strdup_printf("target %u", i);

    remember(fixture, header, 1, i);
    if (i % 2 == 0)
      remember(fixture, header, 1, i);
  }
  for (guint i = 0; i < 3 * FWD_TARGETS_MAX; i++) {
    g_autofree char *header = g_strdup_printf("target %u", i);

    g_assert_true((find(fixture, header, 1, SECOND) != NULL) == (i >= 2 * FWD_TARGETS_MAX));
  }
}

#define ADD(path, test)                                                                        \
  g_test_add("/target-table/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("exact", test_exact);
  ADD("generation", test_generation);
  ADD("expires", test_expires);
  ADD("forget", test_forget);
  ADD("full", test_full);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/spelling.h"

#include <string.h>

static const char *const words[] = {"mappings", "ticket", "ticket-file", "role", NULL};

static void
test_near(void)
{
  g_assert_cmpstr(fwd_spelling_find("mapings", words), ==, "mappings");
  g_assert_cmpstr(fwd_spelling_find("mappigns", words), ==, "mappings");
  g_assert_cmpstr(fwd_spelling_find("ticket_file", words), ==, "ticket-file");
  g_assert_cmpstr(fwd_spelling_find("tickets", words), ==, "ticket");
  g_assert_cmpstr(fwd_spelling_find("rol", words), ==, "role");
  g_assert_cmpstr(fwd_spelling_find("role", words), ==, "role");
}

static void
test_far(void)
{
  g_assert_null(fwd_spelling_find("colour", words));
  g_assert_null(fwd_spelling_find("x", words));
  g_assert_null(fwd_spelling_find("", words));
}

static void
test_long(void)
{
  g_autofree char *longest = g_strnfill(100000, 'm');
  const char *const known[] = {longest, NULL};

  g_assert_null(fwd_spelling_find(longest, words));
  g_assert_null(fwd_spelling_find("mmm", known));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/core/spelling/near", test_near);
  g_test_add_func("/core/spelling/far", test_far);
  g_test_add_func("/core/spelling/long", test_long);
  return g_test_run();
}

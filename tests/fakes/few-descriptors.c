/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/few-descriptors.h"
#include <sys/resource.h>

static guint
set_limit(guint descriptors)
{
  struct rlimit limit;
  guint before;

  g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
  before = (guint)limit.rlim_cur;
  limit.rlim_cur = descriptors;
  g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
  return before;
}

guint
fwd_few_descriptors_begin(void)
{
  return set_limit(3);
}

void
fwd_few_descriptors_end(guint before)
{
  set_limit(before);
}

void
fwd_few_descriptors_run(void (*test)(void))
{
  if (g_test_subprocess()) {
    test();
    return;
  }
  g_test_trap_subprocess(NULL, 0, 0);
  g_test_trap_assert_passed();
  g_test_trap_assert_stderr("*cannot accept connections for now*");
  g_test_trap_assert_stderr_unmatched("*cannot accept*cannot accept*");
}

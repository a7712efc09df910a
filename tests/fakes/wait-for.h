/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Waiting for what comes of the main loop, without sleeping for luck. */
#pragma once

#include <glib.h>

#define WAIT_LIMIT_MS 20000

static inline gboolean
wait_for_on_limit(gpointer reached)
{
  *(gboolean *)reached = TRUE;
  return G_SOURCE_CONTINUE;
}

/** Lets the default main context run until @condition holds; fails after the limit. */
#define WAIT_FOR(condition)                                                                    \
  G_STMT_START                                                                                 \
  {                                                                                            \
    gboolean wait_is_over = FALSE;                                                             \
    guint wait_source = g_timeout_add(WAIT_LIMIT_MS, wait_for_on_limit, &wait_is_over);        \
    while (!(condition) && !wait_is_over)                                                      \
      g_main_context_iteration(NULL, TRUE);                                                    \
    g_source_remove(wait_source);                                                              \
    g_assert_true(condition);                                                                  \
  }                                                                                            \
  G_STMT_END

/** Lets all run that is due now. */
static inline void
wait_until_idle(void)
{
  while (g_main_context_iteration(NULL, FALSE))
    ;
}

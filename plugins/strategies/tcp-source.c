/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tcp-source.h"

void
fwd_tcp_source_clear(GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy(*source);
  g_clear_pointer(source, g_source_unref);
}

static void
put(GSource **source, GSource *fresh, GSourceFunc func, gpointer user_data)
{
  fwd_tcp_source_clear(source);
  g_source_set_callback(fresh, func, user_data, NULL);
  g_source_attach(fresh, g_main_context_get_thread_default());
  *source = fresh;
}

void
fwd_tcp_source_watch(GSource **source, int fd, GIOCondition condition, GUnixFDSourceFunc func,
                     gpointer user_data)
{
  put(source, g_unix_fd_source_new(fd, condition), G_SOURCE_FUNC(func), user_data);
}

void
fwd_tcp_source_timeout(GSource **source, guint ms, GSourceFunc func, gpointer user_data)
{
  put(source, g_timeout_source_new(ms), func, user_data);
}

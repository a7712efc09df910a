/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Sources on this thread's main context, each in a variable of its owner. */
#pragma once

#include <glib-unix.h>

/** Each takes the place of what *@source was, and may be called from its callback. */
void fwd_tcp_source_watch(GSource **source, int fd, GIOCondition condition,
                          GUnixFDSourceFunc func, gpointer user_data);
void fwd_tcp_source_timeout(GSource **source, guint ms, GSourceFunc func, gpointer user_data);
void fwd_tcp_source_clear(GSource **source);

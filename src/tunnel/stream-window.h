/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * How much a stream may receive beyond what was delivered. It grows with what is
 * read in a round trip, out of a purse that all streams of a tunnel share: so many
 * streams that nobody reads cannot fill the memory, and need not stop the others
 * for it. Passive; time in nanoseconds.
 */
#pragma once

#include <glib.h>

/** What each has to begin with, whatever is in the purse. */
#define FWD_STREAM_WINDOW_MIN (256 * 1024)
/** 1 Gbit/s over 80 ms holds 10 MB, and BBR a quarter more. */
#define FWD_STREAM_WINDOW_MAX (24 * 1024 * 1024)
/** Of all streams, beyond what each begins with. */
#define FWD_STREAM_PURSE ((gsize)128 * 1024 * 1024)

typedef struct {
  gsize size;
  gsize delivered; /**< since @since */
  gint64 since;
} FwdStreamWindow;

void fwd_stream_window_init(FwdStreamWindow *window);
/** Gives what it has taken back to *@spent. */
void fwd_stream_window_clear(FwdStreamWindow *window, gsize *spent);
/** @length bytes were delivered. TRUE: a whole window since it last grew, or could have. */
gboolean fwd_stream_window_delivered(FwdStreamWindow *window, gsize length);
/** After that; @rtt is the round trip. Returns by how many bytes the window grows. */
gsize fwd_stream_window_grow(FwdStreamWindow *window, gint64 rtt, gint64 now, gsize *spent);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/stream-window.h"

/* A whole window delivered in less than this held the sender up, or nearly: where packets are
 * lost what follows them waits for another round trip or two. */
#define ROUND_TRIPS 4

void
fwd_stream_window_init(FwdStreamWindow *window)
{
  *window = (FwdStreamWindow){.size = FWD_STREAM_WINDOW_MIN};
}

void
fwd_stream_window_clear(FwdStreamWindow *window, gsize *spent)
{
  *spent -= window->size - FWD_STREAM_WINDOW_MIN;
  fwd_stream_window_init(window);
}

gboolean
fwd_stream_window_delivered(FwdStreamWindow *window, gsize length)
{
  window->delivered += length;
  return window->delivered >= window->size;
}

gsize
fwd_stream_window_grow(FwdStreamWindow *window, gint64 rtt, gint64 now, gsize *spent)
{
  gsize more = 0;

  if (now - window->since < ROUND_TRIPS * rtt)
    more = MIN(window->size, FWD_STREAM_WINDOW_MAX - window->size);
  more = MIN(more, FWD_STREAM_PURSE - *spent);
  *spent += more;
  window->size += more;
  window->delivered = 0;
  window->since = now;
  return more;
}

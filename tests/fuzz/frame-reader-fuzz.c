/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/frame-reader.h"
#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* The first byte is the framing, the second one into what pieces the rest is cut. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  static FwdFrameReader reader;
  static guint8 buffer[65536];
  gsize piece, segment, room;

  if (size < 2)
    return 0;
  fwd_frame_reader_init(&reader, data[0] % 2 == 0 ? FWD_FRAMING_LENGTH : FWD_FRAMING_WEBSOCKET);
  piece = data[1] + 1;
  for (gsize at = 2; at < size; at += piece) {
    const gsize length = MIN(piece, size - at);
    guint8 *space = fwd_frame_reader_space(&reader, &room);
    gssize taken;

    g_assert_cmpuint(room, >=, length);
    memcpy(space, data + at, length);
    fwd_frame_reader_added(&reader, length);
    while ((taken = fwd_frame_reader_take(&reader, buffer, sizeof buffer, &segment)) > 0)
      g_assert_true(segment > 0 && segment <= (gsize)taken && (gsize)taken <= sizeof buffer);
    if (taken < 0) {
      g_assert_true(taken == -EPROTO || taken == -EPIPE);
      return 0;
    }
  }
  return 0;
}

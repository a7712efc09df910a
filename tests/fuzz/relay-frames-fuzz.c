/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay-frames.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* What goes out is whole frames of a server, whatever came in. */
static void
take_out(FwdRelayFrames *frames)
{
  gsize length;
  const guint8 *out = fwd_relay_frames_pending(frames, &length);

  g_assert_cmpuint(length, <=, FWD_RELAY_OUT_SIZE);
  for (gsize at = 0; at < length;) {
    FwdWebsocketHeader header;
    const gssize head = fwd_websocket_header_read(out + at, length - at, &header);

    g_assert_cmpint(head, >, 0);
    g_assert_false(header.masked);
    g_assert_cmpuint(header.length, <=, length - at - (gsize)head);
    at += (gsize)head + (gsize)header.length;
  }
  fwd_relay_frames_taken(frames, length);
}

/* The first byte: in what pieces the rest comes, and whether room is made at once. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  static FwdRelayFrames frames;
  FwdRelayControl control;
  FwdRelayStep step;
  gsize piece, room;

  if (size < 1)
    return 0;
  fwd_relay_frames_init(&frames);
  piece = (data[0] >> 1) + 1;
  for (gsize at = 1; at < size; at += piece) {
    const gsize length = MIN(piece, size - at);
    guint8 *space = fwd_relay_frames_space(&frames, &room);

    g_assert_cmpuint(room, >=, length);
    memcpy(space, data + at, length);
    fwd_relay_frames_added(&frames, length);
    while ((step = fwd_relay_frames_run(&frames, &control)) == FWD_RELAY_CONTROL) {
      if (control.opcode == FWD_WEBSOCKET_PING)
        fwd_relay_frames_say(&frames, FWD_WEBSOCKET_PONG, control.data, control.length);
    }
    if (step == FWD_RELAY_FULL || (data[0] & 1) != 0)
      take_out(&frames);
    if (step == FWD_RELAY_INVALID)
      return 0;
  }
  take_out(&frames);
  return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay-frames.h"

#include <string.h>

/* Of the room for what goes out, kept for control frames. */
#define CONTROL_ROOM (16 * (FWD_WEBSOCKET_HEADER_MAX + FWD_WEBSOCKET_CONTROL_MAX))
/* A long frame is not cut into smaller pieces than this for want of room. */
#define PIECE_MIN 4096

void
fwd_relay_frames_init(FwdRelayFrames *frames)
{
  memset(frames, 0, G_STRUCT_OFFSET(FwdRelayFrames, in));
}

guint8 *
fwd_relay_frames_space(FwdRelayFrames *frames, gsize *size)
{
  memmove(frames->in, frames->in + frames->in_start, frames->in_end - frames->in_start);
  frames->in_end -= frames->in_start;
  frames->in_start = 0;
  *size = sizeof frames->in - frames->in_end;
  return frames->in + frames->in_end;
}

void
fwd_relay_frames_added(FwdRelayFrames *frames, gsize length)
{
  frames->in_end += length;
}

/* What goes out. */

/** Room behind what goes out, made as large as it can be. */
static gsize
make_room(FwdRelayFrames *frames, gsize wanted)
{
  const gsize length = frames->out_end - frames->out_start;

  if (sizeof frames->out - frames->out_end < wanted && frames->out_start > 0) {
    memmove(frames->out, frames->out + frames->out_start, length);
    frames->out_start = 0;
    frames->out_end = length;
  }
  return sizeof frames->out - frames->out_end;
}

static void
put(FwdRelayFrames *frames, const FwdWebsocketHeader *header, gconstpointer payload)
{
  frames->out_end += fwd_websocket_header_write(frames->out + frames->out_end, header);
  memcpy(frames->out + frames->out_end, payload, (gsize)header->length);
  frames->out_end += (gsize)header->length;
}

gboolean
fwd_relay_frames_say(FwdRelayFrames *frames, FwdWebsocketOpcode opcode, gconstpointer data,
                     gsize length)
{
  const FwdWebsocketHeader header = {.opcode = opcode, .final = TRUE, .length = length};
  const gsize wanted = FWD_WEBSOCKET_HEADER_MAX + length;

  if (make_room(frames, wanted) < wanted)
    return FALSE;
  put(frames, &header, data);
  return TRUE;
}

const guint8 *
fwd_relay_frames_pending(const FwdRelayFrames *frames, gsize *length)
{
  *length = frames->out_end - frames->out_start;
  return frames->out + frames->out_start;
}

void
fwd_relay_frames_taken(FwdRelayFrames *frames, gsize length)
{
  frames->out_start += length;
  if (frames->out_start == frames->out_end)
    frames->out_start = frames->out_end = 0;
}

/* What comes in: each step returns TRUE when it got on, or sets *@step. */

static gsize
available(const FwdRelayFrames *frames)
{
  return frames->in_end - frames->in_start;
}

/** The next piece of the present frame, in a frame of its own. */
static gboolean
pass_piece(FwdRelayFrames *frames, FwdRelayStep *step)
{
  const FwdWebsocketHeader *frame = &frames->frame;
  const guint64 left = frame->length - frames->frame_done;
  const gsize ready = (gsize)MIN(left, available(frames));
  const gsize wanted = MIN(ready, PIECE_MIN) + FWD_WEBSOCKET_HEADER_MAX + CONTROL_ROOM;
  const gsize room = make_room(frames, wanted);
  guint8 *payload = frames->in + frames->in_start;
  FwdWebsocketHeader header = {.opcode = frames->frame_done == 0 ? frame->opcode
                                                                 : FWD_WEBSOCKET_CONTINUATION};

  *step = ready == 0 && left > 0 ? FWD_RELAY_HUNGRY : FWD_RELAY_FULL;
  if (*step == FWD_RELAY_HUNGRY || room < wanted)
    return FALSE;
  header.length = MIN(ready, room - FWD_WEBSOCKET_HEADER_MAX - CONTROL_ROOM);
  header.final = frame->final && header.length == left;
  fwd_websocket_mask(payload, (gsize)header.length, frame->mask, frames->frame_done);
  put(frames, &header, payload);
  frames->in_start += (gsize)header.length;
  frames->frame_done += header.length;
  frames->in_frame = header.length < left;
  return TRUE;
}

static gboolean
take_control(FwdRelayFrames *frames, const FwdWebsocketHeader *header, gsize size,
             FwdRelayControl *control, FwdRelayStep *step)
{
  *step = FWD_RELAY_HUNGRY;
  if (available(frames) - size < header->length)
    return FALSE;
  control->opcode = header->opcode;
  control->length = (gsize)header->length;
  memcpy(control->data, frames->in + frames->in_start + size, control->length);
  fwd_websocket_mask(control->data, control->length, header->mask, 0);
  frames->in_start += size + control->length;
  *step = FWD_RELAY_CONTROL;
  return FALSE;
}

static gboolean
belongs_here(const FwdRelayFrames *frames, const FwdWebsocketHeader *header)
{
  const FwdWebsocketOpcode opcode =
      frames->in_message ? FWD_WEBSOCKET_CONTINUATION : FWD_WEBSOCKET_BINARY;

  /* A client masks (5.1). */
  return header->masked &&
         (fwd_websocket_is_control(header->opcode) || header->opcode == opcode);
}

static gboolean
begin_frame(FwdRelayFrames *frames, FwdRelayControl *control, FwdRelayStep *step)
{
  FwdWebsocketHeader header;
  const gssize size =
      fwd_websocket_header_read(frames->in + frames->in_start, available(frames), &header);

  *step = size == 0 ? FWD_RELAY_HUNGRY : FWD_RELAY_INVALID;
  if (size <= 0 || !belongs_here(frames, &header))
    return FALSE;
  if (fwd_websocket_is_control(header.opcode))
    return take_control(frames, &header, (gsize)size, control, step);
  frames->in_start += (gsize)size;
  frames->frame = header;
  frames->frame_done = 0;
  frames->in_frame = TRUE;
  frames->in_message = !header.final;
  return TRUE;
}

FwdRelayStep
fwd_relay_frames_run(FwdRelayFrames *frames, FwdRelayControl *control)
{
  FwdRelayStep step = FWD_RELAY_HUNGRY;

  while (frames->in_frame ? pass_piece(frames, &step) : begin_frame(frames, control, &step))
    continue;
  return step;
}

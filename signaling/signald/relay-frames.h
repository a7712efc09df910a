/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * One direction of a relay: masked frames of one client in, the same payload in
 * unmasked frames for the other client out (RFC 6455, 5). Long frames leave in
 * pieces as they come, so that nothing waits for their end. Bounded, passive.
 */
#pragma once

#include "net/websocket-frame.h"

#define FWD_RELAY_IN_SIZE  (64 * 1024)
#define FWD_RELAY_OUT_SIZE (128 * 1024)

typedef struct {
  gsize in_start, in_end;
  gsize out_start, out_end;
  FwdWebsocketHeader frame; /**< the present data frame */
  guint64 frame_done;       /**< of its payload */
  gboolean in_frame;        /**< some of it is still to come */
  gboolean in_message;      /**< between the first and the last frame of a message */
  guint8 in[FWD_RELAY_IN_SIZE];
  guint8 out[FWD_RELAY_OUT_SIZE];
} FwdRelayFrames;

typedef enum {
  FWD_RELAY_HUNGRY,  /**< needs more bytes in */
  FWD_RELAY_FULL,    /**< needs room: some of what is out must be taken */
  FWD_RELAY_CONTROL, /**< a control frame was taken */
  FWD_RELAY_INVALID, /**< what came breaks the RFC or is no binary message */
} FwdRelayStep;

typedef struct {
  FwdWebsocketOpcode opcode;
  gsize length;
  guint8 data[FWD_WEBSOCKET_CONTROL_MAX];
} FwdRelayControl;

void fwd_relay_frames_init(FwdRelayFrames *frames);

/** Where to put bytes; *@size is never 0 after FWD_RELAY_HUNGRY. */
guint8 *fwd_relay_frames_space(FwdRelayFrames *frames, gsize *size);
void fwd_relay_frames_added(FwdRelayFrames *frames, gsize length);

/** Works until there is something to tell; call it again after FWD_RELAY_CONTROL. */
FwdRelayStep fwd_relay_frames_run(FwdRelayFrames *frames, FwdRelayControl *control);

/** Adds a control frame to what goes out; FALSE without room. */
gboolean fwd_relay_frames_say(FwdRelayFrames *frames, FwdWebsocketOpcode opcode,
                              gconstpointer data, gsize length);

/** What goes out; *@length 0: nothing. */
const guint8 *fwd_relay_frames_pending(const FwdRelayFrames *frames, gsize *length);
void fwd_relay_frames_taken(FwdRelayFrames *frames, gsize length);

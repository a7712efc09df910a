/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Packets out of a byte stream: what a framed path receives. Each packet has a
 * 16-bit big-endian length before it; with FWD_FRAMING_WEBSOCKET these stand in
 * binary messages of a WebSocket server (RFC 6455), split in any way. Bounded,
 * passive: the caller puts bytes in and takes packets out.
 */
#pragma once

#include "net/websocket-frame.h"
#include <stunfwd/path.h>

/** Length before a packet. */
#define FWD_FRAME_PREFIX 2
/** Largest message of a WebSocket that is taken, all its frames together. */
#define FWD_FRAME_MESSAGE_MAX (1024 * 1024)
/** Holds the longest packet that is not complete, and as much again. */
#define FWD_FRAME_READER_SIZE (128 * 1024)

typedef struct {
  FwdFraming framing;
  /* In @bytes: packets from @head, then the stream as it came from @raw to @end. */
  gsize head, tail, raw, end;
  guint64 frame_left;   /**< payload of the present frame that has not come yet */
  gsize message_length; /**< of the present message until now */
  gboolean in_message;  /**< between the first and the last frame of a message */
  gboolean final;       /**< the present frame is the last one of its message */
  gboolean closed;      /**< the other end said goodbye */
  gboolean pinged;      /**< a pong with what is in @ping is due */
  guint8 ping_length;
  guint8 ping[FWD_WEBSOCKET_CONTROL_MAX];
  guint8 bytes[FWD_FRAME_READER_SIZE];
} FwdFrameReader;

void fwd_frame_reader_init(FwdFrameReader *reader, FwdFraming framing);

/** Where to put bytes; *@size is never 0 after a take that returned 0. */
guint8 *fwd_frame_reader_space(FwdFrameReader *reader, gsize *size);
/** So many were put there. */
void fwd_frame_reader_added(FwdFrameReader *reader, gsize length);

/**
 * Takes the next packets of one size, the last may be shorter, into @buffer of
 * at least 65,536 bytes. Returns their length and sets *@segment; 0 when more
 * bytes are needed; -EPIPE after a goodbye, -EPROTO for what breaks the framing.
 */
gssize
fwd_frame_reader_take(FwdFrameReader *reader, guint8 *buffer, gsize size, gsize *segment);

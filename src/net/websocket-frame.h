/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The frames of a WebSocket (RFC 6455, 5.2): their headers and the masking of
 * what follows. Plain functions over the caller's bytes.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef enum {
  FWD_WEBSOCKET_CONTINUATION = 0x0,
  FWD_WEBSOCKET_TEXT = 0x1,
  FWD_WEBSOCKET_BINARY = 0x2,
  FWD_WEBSOCKET_CLOSE = 0x8,
  FWD_WEBSOCKET_PING = 0x9,
  FWD_WEBSOCKET_PONG = 0xA,
} FwdWebsocketOpcode;

/** Longest header there is. */
#define FWD_WEBSOCKET_HEADER_MAX 14
/** Most that a control frame may hold (5.5). */
#define FWD_WEBSOCKET_CONTROL_MAX 125
#define FWD_WEBSOCKET_MASK_SIZE   4

typedef struct {
  FwdWebsocketOpcode opcode;
  gboolean final; /**< the last frame of its message */
  gboolean masked;
  guint8 mask[FWD_WEBSOCKET_MASK_SIZE];
  guint64 length; /**< of the payload */
} FwdWebsocketHeader;

/**
 * Reads the header at the start of @data. Returns its size; 0 when @size bytes
 * do not hold all of it; -1 when it breaks the RFC: reserved bits or opcodes, a
 * length in a longer form than needed, a control frame that is split or too long.
 */
gssize fwd_websocket_header_read(const guint8 *data, gsize size, FwdWebsocketHeader *header);

/** Writes it to @data, which has room for FWD_WEBSOCKET_HEADER_MAX; returns its size. */
gsize fwd_websocket_header_write(guint8 *data, const FwdWebsocketHeader *header);

/** Whether it stands between frames of messages: close, ping, pong. */
gboolean fwd_websocket_is_control(FwdWebsocketOpcode opcode);

/** Masks or unmasks in place (5.3). @offset: where in the payload @data starts. */
void fwd_websocket_mask(guint8 *data, gsize length, const guint8 *mask, guint64 offset);

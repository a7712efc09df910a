/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What carries application data through a TURN server (RFC 8656): ChannelData
 * (12.4), Send and Data indications (11), and where one message ends and the next
 * begins in a byte stream (12.5). In place, nothing allocates. Any thread.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |         Channel Number        |            Length             |
 *  /                       Application Data                        /
 */
#pragma once

#include "stun-message.h"

#define FWD_TURN_CHANNEL_HEADER 4
#define FWD_TURN_CHANNEL_MIN    0x4000
#define FWD_TURN_CHANNEL_MAX    0x4FFF
/** What a Send indication to an IPv6 peer adds to its data, padding included. */
#define FWD_TURN_INDICATION_OVERHEAD (FWD_STUN_HEADER_SIZE + 24 + 4 + 3)
/** Largest message of a stream: a STUN header with the largest length it can name. */
#define FWD_TURN_FRAME_MAX (FWD_STUN_HEADER_SIZE + 0x10000)

/** Data from a peer, inside somebody else's buffer. */
typedef struct {
  FwdEndpoint peer;
  const guint8 *data;
  gsize length;
} FwdTurnPacket;

/** Fills the header in front of @length bytes of data. */
void fwd_turn_channel_write(guint8 *header, guint16 channel, gsize length);

/**
 * Reads ChannelData with or without padding behind it. @packet gets its data,
 * not its peer. FALSE for anything else, and for one that is cut off.
 */
gboolean fwd_turn_channel_read(const guint8 *data, gsize length, guint16 *channel,
                               FwdTurnPacket *packet);

/** Writes a Send indication to @peer and returns its length; 0 when @size is too small. */
gsize fwd_turn_send_write(guint8 *buffer, gsize size, const FwdEndpoint *peer,
                          const guint8 *data, gsize length);

/** Reads a Data indication. FALSE for anything else. */
gboolean fwd_turn_data_read(const guint8 *data, gsize length, FwdTurnPacket *packet);

/**
 * The length, padding included, of the message that a stream's next bytes
 * begin: at most FWD_TURN_FRAME_MAX. 0 when more bytes are needed to tell, -1
 * when it is neither STUN nor ChannelData and the stream is lost.
 */
gssize fwd_turn_frame_length(const guint8 *data, gsize available);

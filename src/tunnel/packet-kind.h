/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What a datagram is by its first bytes (RFC 7983, RFC 9443), and whose QUIC it is. */
#pragma once

#include <glib.h>

typedef enum { FWD_PACKET_OTHER, FWD_PACKET_STUN, FWD_PACKET_QUIC } FwdPacketKind;

/**
 * Sets *@connection_id of QUIC: the destination connection id, which has
 * FWD_CONNECTION_ID_SIZE bytes, or else the packet is OTHER (RFC 8999, 5).
 */
FwdPacketKind fwd_packet_classify(const guint8 *data, gsize length, guint64 *connection_id);

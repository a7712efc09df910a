/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The messages between a member and a signaling server: one JSON object in one
 * WebSocket text frame (docs/signaling.md). Plugin and server share this code.
 * Any thread.
 */
#pragma once

#include <stunfwd/signaling.h>
#include <stunfwd/turn.h>

/** Largest frame, in bytes: the largest envelope and what is around it. */
#define FWD_ROOM_FRAME_MAX 20480
/** The WebSocket subprotocol (RFC 6455, 1.9). */
#define FWD_ROOM_SUBPROTOCOL "stunfwd.1"
/** Either end asks for a sign of life this often, and gives up after that long without one. */
#define FWD_ROOM_KEEPALIVE_S 30
#define FWD_ROOM_SILENCE_S   75
/** Longest room and longest member id; both of [A-Za-z0-9._~-]. */
#define FWD_ROOM_NAME_MAX 128
/** Most members and most STUN servers that "joined" may list. */
#define FWD_ROOM_MEMBERS_MAX      256
#define FWD_ROOM_STUN_SERVERS_MAX 8
/** Most TURN servers in "joined", and the longest of their texts: about 3 KB in all. */
#define FWD_ROOM_TURN_SERVERS_MAX 4
#define FWD_ROOM_TURN_TEXT_MAX    256

typedef enum {
  FWD_ROOM_JOIN,        /**< to the server: room, role */
  FWD_ROOM_SEND,        /**< to the server: member, data */
  FWD_ROOM_JOINED,      /**< member (one's own id), members, stun, turn, you */
  FWD_ROOM_PEER_JOINED, /**< member, role */
  FWD_ROOM_PEER_LEFT,   /**< member */
  FWD_ROOM_MESSAGE,     /**< member (the sender), data */
  FWD_ROOM_ERROR,       /**< code, text */
} FwdRoomMessageType;

typedef struct {
  char *id;
  FwdRole role;
} FwdRoomPeer;

/** A zeroed one is empty; which fields are set, the type tells. */
typedef struct {
  FwdRoomMessageType type;
  FwdRole role;
  char *room;
  char *member;
  char *data;
  char *code; /**< "limit", "invalid", "unknown-member" or "full" */
  char *text;
  GArray *members; /**< FwdRoomPeer */
  GStrv stun;
  GPtrArray *turn; /**< FwdTurnServer; NULL: the server has none */
  char *you; /**< "ADDRESS:PORT" that the connection came from, or NULL */
} FwdRoomMessage;

/**
 * Reads @length bytes into @message, which is empty. Unknown fields are passed
 * over; a field that is missing, of a wrong type or over its limit is not.
 * Errors: FWD_ERROR_INVALID in FWD_SIGNALING_ERROR; @message is then empty.
 */
gboolean
fwd_room_message_parse(const char *text, gsize length, FwdRoomMessage *message, GError **error);

/** The text of @message (transfer full). */
char *fwd_room_message_encode(const FwdRoomMessage *message);

/** Frees what it holds and leaves it empty. */
void fwd_room_message_clear(FwdRoomMessage *message);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FwdRoomMessage, fwd_room_message_clear)

/** An empty array of FwdRoomPeer that frees what it holds (transfer full). */
GArray *fwd_room_peers_new(void);
void fwd_room_peers_add(GArray *peers, const char *id, FwdRole role);

/** 1 to 128 characters of [A-Za-z0-9._~-]. */
gboolean fwd_room_name_is_valid(const char *name);
/** UTF-8 without control characters, not empty, at most FWD_SIGNALING_MESSAGE_MAX bytes. */
gboolean fwd_room_data_is_valid(const char *data, gsize length);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * One WebSocket connection, and the member it is once it has joined. It owns
 * itself: when the connection is gone, so is the socket. Main thread only.
 */
#pragma once

#include "rate-limit.h"
#include "rooms.h"
#include "turn-credentials.h"
#include <libsoup/soup.h>

typedef struct FwdSocket FwdSocket;

/** What all sockets of a server share. Outlives them. */
typedef struct {
  FwdRooms *rooms;                     /**< made with fwd_socket_tell_presence() */
  FwdRateLimit *messages;              /**< frames that a client address may send */
  const FwdTurnCredentials *turn;      /**< what "joined" tells anew each time, or NULL */
  GHashTable *open;                    /**< the set of sockets; each puts itself in and out */
  void (*emptied)(gpointer user_data); /**< the last of them has gone */
  gpointer user_data;
} FwdSocketGroup;

/** Takes over @connection, which is open. @stun is copied: what "joined" tells. */
void fwd_socket_start(FwdSocketGroup *group, SoupWebsocketConnection *connection,
                      const FwdEndpoint *client, const char *const *stun);

/** Says goodbye; it is gone once the other end has answered, or 5 s later. */
void fwd_socket_close(FwdSocket *socket, SoupWebsocketCloseCode code, const char *reason);

/** Ends all sockets of @group here and now. */
void fwd_socket_group_clear(FwdSocketGroup *group);

/** For fwd_rooms_new(): the owners of members are sockets. */
void fwd_socket_tell_presence(FwdMember *member, const FwdMember *other, gboolean present,
                              gpointer user_data);

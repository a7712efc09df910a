/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The answers of a TURN server to one client, without sockets and without time. */
#pragma once

#include "net/stun-message.h"

typedef struct {
  const char *username, *password, *realm;
  char nonce[16];      /**< what a request must carry; change it, and it is stale */
  guint32 lifetime;    /**< of allocations, in seconds */
  FwdEndpoint relayed; /**< given to the client */
  FwdEndpoint mapped;
  guint refusal;         /**< the error code of every answer, if not 0 */
  guint16 refused;       /**< the only method that is refused; 0: all */
  FwdEndpoint alternate; /**< told with a refusal of 300 */
  guint requests;        /**< seen so far */
  guint16 method;        /**< of the last one */
  gboolean allocated;
  guint16 channel; /**< bound last */
  FwdEndpoint channel_peer;
  FwdEndpoint peer; /**< permitted or bound last */
} FakeTurnServer;

void fake_turn_server_init(FakeTurnServer *server);

/** The answer to a request, written to @response; 0 for what gets none. */
gsize fake_turn_server_answer(FakeTurnServer *server, const guint8 *data, gsize length,
                              guint8 *response, gsize size);

/** A Data indication from @peer. */
gsize fake_turn_server_data(const FwdEndpoint *peer, const void *data, gsize length,
                            guint8 *message, gsize size);

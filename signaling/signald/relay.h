/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * The relay: two WebSocket connections that name the same token are joined, and
 * what one sends the other gets (docs/signaling.md). Who waits for the other one
 * is kept here; pairs have threads of their own. Main thread only.
 */
#pragma once

#include <libsoup/soup.h>
#include <stunfwd/endpoint.h>

#define FWD_RELAY_SUBPROTOCOL "stunfwd.relay.1"
/** Key of the token in the query of the URL. */
#define FWD_RELAY_QUERY "relay"
/** Characters of a token. */
#define FWD_RELAY_TOKEN_MIN 32
#define FWD_RELAY_TOKEN_MAX 64
/** Who is alone for so long is let go. */
#define FWD_RELAY_WAIT_S 30
/** Connections at a time, of all clients and of one network (rate-limit.h). */
#define FWD_RELAY_CONNECTIONS_MAX 2000
#define FWD_RELAY_NETWORK_MAX     256

typedef struct FwdRelay FwdRelay;

/** @rate: bytes a second of one pair, both ways together; 0 for no limit. */
FwdRelay *fwd_relay_new(guint64 rate);
/** Ends all that there is. */
void fwd_relay_free(FwdRelay *relay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdRelay, fwd_relay_free)

/** Answers a request of @client whose query has a token: with 101, or with what is wrong. */
void fwd_relay_answer(FwdRelay *relay, SoupServerMessage *message, const char *token,
                      const FwdEndpoint *client);

/** Connections there are, waiting ones too. */
guint fwd_relay_count(const FwdRelay *relay);

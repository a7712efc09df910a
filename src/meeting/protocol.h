/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The messages that peers exchange through the room: one JSON object each,
 * inside an envelope, one encode and decode pair for all. Unknown fields are
 * ignored, unknown types decode to FWD_MESSAGE_UNKNOWN.
 *
 * Freshness needs no clock: each session has a random nonce; a message echoes
 * the nonce of the session that it is for, once that is known, and counts up.
 */
#pragma once

#include "meeting/story.h"

#include <gio/gio.h>
#include <stunfwd/nat.h>
#include <stunfwd/signaling.h>

#define FWD_SESSION_NONCE_SIZE 16
/** Most candidates, strategies and mappings that a message may name. */
#define FWD_PROTOCOL_CANDIDATES_MAX 32
#define FWD_PROTOCOL_STRATEGIES_MAX 16
#define FWD_PROTOCOL_MAPPINGS_MAX   256
/** Longest text of one mapping in a message, in bytes. */
#define FWD_PROTOCOL_MAPPING_TEXT_MAX 512
/** Longest body of a strategy's message, as JSON text in bytes. */
#define FWD_PROTOCOL_BODY_MAX 4096
/** Longest id of a strategy: lower case letters, digits, '-'. */
#define FWD_PROTOCOL_STRATEGY_ID_MAX 23
/** Most lines and pieces of advice that a story tells of one strategy, and their bytes. */
#define FWD_PROTOCOL_STORY_LINES_MAX  24
#define FWD_PROTOCOL_STORY_ADVICE_MAX 8
#define FWD_PROTOCOL_STORY_TEXT_MAX   200
/** Deepest nesting of objects and arrays that is read. */
#define FWD_PROTOCOL_DEPTH_MAX 16
/** Highest sequence number: what a double holds exactly. */
#define FWD_PROTOCOL_SEQUENCE_MAX (G_GUINT64_CONSTANT(1) << 53)

typedef enum {
  FWD_MESSAGE_UNKNOWN,
  FWD_MESSAGE_HELLO,    /**< who I am and where I may be reached; again when that changes */
  FWD_MESSAGE_ATTEMPT,  /**< client to server: run these strategies now */
  FWD_MESSAGE_STOP,     /**< client to server: these strategies are not needed any more */
  FWD_MESSAGE_STRATEGY, /**< from a strategy to the same strategy */
  FWD_MESSAGE_MAPPINGS, /**< client to server: the reverse mappings that it wants served */
  FWD_MESSAGE_PORTS,    /**< server to client: what became of them */
  FWD_MESSAGE_STORY,    /**< what became of the strategies at the sender's end */
  FWD_MESSAGE_BYE,      /**< the session ends */
} FwdMessageType;

typedef struct {
  FwdMessageType type;
  char sender[17];                      /**< peer id, 16 hexadecimal digits */
  guint8 nonce[FWD_SESSION_NONCE_SIZE]; /**< of the sender's session */
  gboolean has_echo;
  guint8 echo[FWD_SESSION_NONCE_SIZE]; /**< the receiver's nonce */
  guint64 sequence;                    /**< counts up from 1 within the sender's session */

  /* HELLO */
  FwdRole role;
  guint8 fingerprint[32];
  FwdNatReport nat;
  GArray *candidates; /**< of FwdCandidate */
  GStrv strategies;   /**< ids that the sender can run; also of ATTEMPT, which to run, and of STOP */

  /* ATTEMPT, STRATEGY */
  guint32 attempt; /**< number of the race, chosen by the client */
  guint32 tunnel;  /**< ATTEMPT: number of the tunnel that the paths are for, from 1 */
  char *strategy;  /**< id */
  GVariant *body;  /**< STRATEGY: any value that JSON can carry; decoded, an object is an a{sv},
                        an array an av, an integer an x, null an mv of nothing */

  /* MAPPINGS: texts; PORTS: "MAPPING=PORT" or "MAPPING!reason" */
  GStrv mappings;

  FwdStory *story; /**< STORY */
} FwdMessage;

/** With a role of SERVER, all else empty; arrays NULL, which means none. */
FwdMessage *fwd_message_new(FwdMessageType type);
void fwd_message_free(FwdMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdMessage, fwd_message_free)

/**
 * JSON text (transfer full). Scope ids of IPv6 endpoints are left out: they mean
 * nothing to the peer. Whether the text is short enough, sealing tells; a story is cut
 * until it is.
 */
char *fwd_message_encode(const FwdMessage *message);

/**
 * Errors: FWD_MEETING_ERROR with INVALID, which names the field; LIMIT. All
 * that it returns is within the limits above and well-formed: candidates and
 * public endpoints are unicast with a port; a base is what the peer says of its
 * own side, of family AF_UNSPEC when it does not. Candidates of types not known
 * here are left out.
 */
FwdMessage *fwd_message_decode(const char *text, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * STUN transactions over UDP with retransmission (RFC 8489, 6.2.1). Passive:
 * it sends through a function, is told what arrives, and time is a parameter
 * (microseconds, monotonic). Belongs to one thread.
 */
#pragma once

#include "stun-message.h"

typedef struct FwdStunClient FwdStunClient;

typedef void (*FwdStunSend)(const FwdEndpoint *to, const guint8 *data, gsize length,
                            gpointer user_data);

/**
 * The end of a transaction. @response is the answer, an error answer too; it
 * and @from are NULL after the last retransmission went unanswered, or when the
 * answer held attributes that must be understood and are not (6.3.3). @rtt_us
 * counts from the first request. It may start new transactions, but not free
 * the client.
 */
typedef void (*FwdStunDone)(const FwdStunMessage *response, const FwdEndpoint *from,
                            guint32 rtt_us, gpointer user_data);

/** @rto_ms: first retransmission timeout, doubled each time; @tries: requests sent in all. */
FwdStunClient *fwd_stun_client_new(guint rto_ms, guint tries, FwdStunSend send,
                                   gpointer send_data);
/** Forgets all transactions without a call. */
void fwd_stun_client_free(FwdStunClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdStunClient, fwd_stun_client_free)

/**
 * Starts a Binding transaction with @server. @change_request: RFC 5780 flags
 * (0x4 change IP, 0x2 change port), 0 for none. At most 64 at a time; FALSE over that.
 */
gboolean fwd_stun_client_start(FwdStunClient *client, const FwdEndpoint *server,
                               guint32 change_request, gint64 now, FwdStunDone done,
                               gpointer user_data);

/**
 * TRUE if the message was the answer to a transaction: its id, and from the
 * server asked (with a change request: from any endpoint of that family).
 */
gboolean fwd_stun_client_receive(FwdStunClient *client, const FwdEndpoint *from,
                                 const guint8 *data, gsize length, gint64 now);

/** When fwd_stun_client_tick() is next due; G_MAXINT64 when idle. */
gint64 fwd_stun_client_deadline(const FwdStunClient *client);
void fwd_stun_client_tick(FwdStunClient *client, gint64 now);

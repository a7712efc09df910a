/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A ticket is all that a client needs: where the signaling server is, and a
 * 256-bit secret. Its text:
 *
 *   stunfwd://HOST[:PORT][/PATH]?t=SCHEME[&stun=HOST:PORT]...#SECRET
 *
 * SCHEME is that of the signaling URL, "ws" when absent; SECRET is base64url
 * without padding (RFC 4648, 5) of 32 bytes. Unknown parameters are ignored.
 */
#pragma once

#include <gio/gio.h>

#define FWD_SECRET_SIZE 32
/** Longest ticket that is read. */
#define FWD_TICKET_MAX 2048

typedef struct {
  GUri *url;   /**< of the signaling server */
  GStrv stun;  /**< "HOST:PORT" each, or NULL */
  guint8 secret[FWD_SECRET_SIZE];
} FwdTicket;

/** A ticket with a fresh secret. @url: ws, wss, http, https, mqtt or mqtts. */
FwdTicket *fwd_ticket_new(GUri *url, const char *const *stun);
/** Wipes the secret. */
void fwd_ticket_free(FwdTicket *ticket);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdTicket, fwd_ticket_free)

/** Errors: FWD_MEETING_ERROR with INVALID, which says what is wrong and never shows the secret. */
FwdTicket *fwd_ticket_parse(const char *text, GError **error);
/** (transfer full) */
char *fwd_ticket_to_string(const FwdTicket *ticket);

/** Reads the first line of a file of at most FWD_TICKET_MAX bytes. */
FwdTicket *fwd_ticket_load(const char *path, GError **error);
/** Writes it readable by the owner alone, atomically. */
gboolean fwd_ticket_save(const FwdTicket *ticket, const char *path, GError **error);

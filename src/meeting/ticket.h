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
/** Longest ticket that is read or made. */
#define FWD_TICKET_MAX 2048
/** Most STUN servers that a ticket names. */
#define FWD_TICKET_STUN_MAX 8

typedef struct {
  GUri *url;  /**< of the signaling server; G_URI_FLAGS_ENCODED, port -1 when not given */
  GStrv stun; /**< "HOST:PORT" each, or NULL */
  guint8 secret[FWD_SECRET_SIZE];
} FwdTicket;

/**
 * Whether a ticket can hold @url and @stun (or NULL): ws, wss, http, https,
 * mqtt or mqtts, a host, no user info, no query, no fragment; not too many
 * servers, all "HOST:PORT". Errors: FWD_MEETING_ERROR with INVALID.
 */
gboolean fwd_ticket_check(GUri *url, const char *const *stun, GError **error);

/** A ticket with a fresh secret, for what passed fwd_ticket_check(). */
FwdTicket *fwd_ticket_new(GUri *url, const char *const *stun);
/** Wipes the secret. */
void fwd_ticket_free(FwdTicket *ticket);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdTicket, fwd_ticket_free)

/**
 * White space around it, as pasted, is ignored. Errors: FWD_MEETING_ERROR with
 * INVALID, which says what is wrong and never shows the secret.
 */
FwdTicket *fwd_ticket_parse(const char *text, GError **error);
/** (transfer full); it holds the secret: wipe it after use. */
char *fwd_ticket_to_string(const FwdTicket *ticket);

/**
 * Reads the only line, or the first one, of a file not longer than a ticket. Errors:
 * G_FILE_ERROR when it cannot be read (NOENT: there is none), else as parse.
 */
FwdTicket *fwd_ticket_load(const char *path, GError **error);
/** Writes it readable by the owner alone, atomically. Errors: G_FILE_ERROR. */
gboolean fwd_ticket_save(const FwdTicket *ticket, const char *path, GError **error);

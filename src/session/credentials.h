/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Where a session meets its peers and under which keys, from what the profile
 * says: a ticket, a file with one, or a room id with a passphrase.
 */
#pragma once

#include "core/settings.h"
#include "meeting/keys.h"
#include <stunfwd/turn.h>

typedef struct {
  GUri *url;  /**< of the signaling server */
  GStrv stun; /**< what the profile and the ticket name; may be empty, never NULL */
  GPtrArray *turn; /**< FwdTurnServer that the profile names; may be empty, never NULL */
  FwdRoomKeys keys;
  char *place;   /**< for messages: 'room "home" at ws://…' or 'the ticket's room at …' */
  gboolean weak; /**< the passphrase can be guessed */
} FwdCredentials;

/**
 * Errors: FWD_SETTINGS_ERROR or FWD_MEETING_ERROR with INVALID: which option or
 * file, and what is wrong. With a passphrase it takes about 0.1 s.
 */
FwdCredentials *fwd_credentials_new(FwdProfile *profile, GError **error);
/** Wipes the keys. */
void fwd_credentials_free(FwdCredentials *credentials);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdCredentials, fwd_credentials_free)

/**
 * The STUN servers to ask first: what was named, else the signaling server,
 * which usually answers STUN too (transfer full).
 */
GStrv fwd_credentials_list_stun(const FwdCredentials *credentials);

/**
 * The ticket that a server without one uses: kept in the state directory, made
 * at the first call, with the same secret whatever @url and @stun are now
 * (transfer full). *@path, if not NULL: the file. Errors: FWD_MEETING_ERROR,
 * FWD_SETTINGS_ERROR.
 */
FwdTicket *fwd_credentials_keep_ticket(const char *url, const char *const *stun, char **path,
                                       GError **error);

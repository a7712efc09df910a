/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * Credentials for TURN servers that hold for a time: the user name is the end of
 * that time with a random part, the password an HMAC of it under a secret that
 * the TURN server shares (coturn's use-auth-secret). Any thread.
 */
#pragma once

#include <stunfwd/turn.h>

/** How long they hold, in seconds. An allocation may be refreshed as long as they do. */
#define FWD_TURN_CREDENTIALS_LIFETIME (12 * 60 * 60)

typedef struct FwdTurnCredentials FwdTurnCredentials;

/** Both are copied; each of @uris is one that fwd_turn_uri_parse() takes. */
FwdTurnCredentials *fwd_turn_credentials_new(const char *const *uris, const char *secret);
void fwd_turn_credentials_free(FwdTurnCredentials *credentials);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdTurnCredentials, fwd_turn_credentials_free)

/** The servers, with credentials for one member from @now on, in Unix time (transfer full). */
GPtrArray *fwd_turn_credentials_make(const FwdTurnCredentials *credentials, gint64 now);

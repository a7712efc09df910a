/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The command line of stunfwd-signald, read and checked. */
#pragma once

#include "turn-credentials.h"
#include <gio/gio.h>
#include <stunfwd/endpoint.h>

typedef struct {
  GArray *listen;               /**< FwdEndpoint, at least one */
  GArray *stun;                 /**< FwdEndpoint; may be empty */
  GArray *stun_alternate;       /**< FwdEndpoint; the nth belongs to the nth of @stun */
  GTlsCertificate *certificate; /**< NULL: no TLS */
  FwdTurnCredentials *turn;     /**< NULL: no TURN server */
  char *public_host;            /**< host of --public-url; NULL: none was given */
  guint max_rooms;
  guint rate;         /**< messages a second from one client address */
  gboolean relay;     /**< whether there is one */
  guint64 relay_rate; /**< bytes a second of one pair; 0: no limit */
  gboolean version;
} FwdOptions;

/**
 * Reads @arguments (as of g_strdupv(); changed). Errors: G_OPTION_ERROR, or
 * FWD_ERROR_INVALID in FWD_SETTINGS_ERROR; one line that names the option.
 */
FwdOptions *fwd_options_parse(char ***arguments, GError **error);
void fwd_options_free(FwdOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdOptions, fwd_options_free)

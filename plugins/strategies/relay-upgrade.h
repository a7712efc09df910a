/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Turns a connection to the signaling server into a WebSocket at its relay
 * (docs/signaling.md) and waits for the peer. Main thread only.
 */
#pragma once

#include <gio/gio.h>

/** An answer that is longer is refused. */
#define FWD_UPGRADE_RESPONSE_MAX 8192

typedef struct FwdUpgrade FwdUpgrade;

typedef enum {
  FWD_UPGRADE_WAITING, /**< it is a WebSocket; the peer is not there yet */
  FWD_UPGRADE_PAIRED,  /**< all that comes from now on is the peer's */
} FwdUpgradeStep;

/**
 * PAIRED and an error come once, and last. @error (transfer full) is of
 * FWD_STRATEGY_ERROR: REFUSED, UNSUPPORTED or CLOSED; or of G_IO_ERROR.
 */
typedef void (*FwdUpgradeTold)(FwdUpgradeStep step, GError *error, gpointer user_data);

/**
 * The URL of the signaling server as one of the scheme http or https with its
 * port, by which proxies are chosen (transfer full); NULL if it is of another kind.
 */
GUri *fwd_upgrade_parse_url(const char *text);
/** What to connect to, without path and user (transfer full). */
char *fwd_upgrade_connect_url(GUri *url);

/** @stream, connected to @url, is not read beyond what the relay itself says. */
FwdUpgrade *fwd_upgrade_new(GIOStream *stream, GUri *url, const char *token,
                            GCancellable *cancellable, FwdUpgradeTold told, gpointer user_data);
/** Allowed from within told. */
void fwd_upgrade_free(FwdUpgrade *upgrade);

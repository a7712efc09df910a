/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Whom TLS trusts. Main thread, before the first connection. */
#pragma once

#include <glib.h>

/**
 * If SSL_CERT_FILE names a file (PEM, one certificate or more), these certificate
 * authorities are trusted in place of the system's, by all that GIO connects.
 * Errors: FWD_SETTINGS_ERROR with INVALID.
 */
gboolean fwd_trust_init(GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * TLS 1.3 for QUIC (RFC 9001) with raw public keys on both sides (RFC 7250).
 * Whoever proves the expected key is the peer; there are no certificates.
 */
#pragma once

#include "tunnel/identity.h"
#include <ngtcp2/ngtcp2_crypto.h>

/** What a session needs to find its connection and to know its peer. Outlives the session. */
typedef struct {
  ngtcp2_crypto_conn_ref reference; /**< first: GnuTLS's session pointer leads here */
  guint8 fingerprint[FWD_FINGERPRINT_SIZE];
  gboolean wrong_key; /**< the peer has shown another key */
} FwdQuicTlsPeer;

/** NULL when GnuTLS refuses. gnutls_deinit() ends it. */
gnutls_session_t fwd_quic_tls_new(FwdIdentity *identity, gboolean server, FwdQuicTlsPeer *peer);

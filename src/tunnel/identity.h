/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Who this process is: a TLS key pair made at the start, used as a raw public
 * key (RFC 7250), known by the SHA-256 of its SubjectPublicKeyInfo, which the
 * sealed hello carries. Immutable once made: any thread may read it.
 */
#pragma once

#include <glib.h>
#include <gnutls/gnutls.h>

#define FWD_FINGERPRINT_SIZE 32

typedef struct FwdIdentity FwdIdentity;

/** Errors: FWD_TUNNEL_ERROR with FAILED. */
FwdIdentity *fwd_identity_new(GError **error);
FwdIdentity *fwd_identity_ref(FwdIdentity *identity);
void fwd_identity_unref(FwdIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdIdentity, fwd_identity_unref)

/** FWD_FINGERPRINT_SIZE bytes. */
const guint8 *fwd_identity_get_fingerprint(const FwdIdentity *identity);
/** The first 16 hexadecimal digits of the fingerprint: what peers call us. */
const char *fwd_identity_get_peer_id(const FwdIdentity *identity);
gnutls_certificate_credentials_t fwd_identity_get_credentials(const FwdIdentity *identity);

/** Whether the key that the peer of @session has proved has this fingerprint. */
gboolean fwd_identity_verify_peer(gnutls_session_t session, const guint8 *fingerprint);

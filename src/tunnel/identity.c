/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/identity.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <stunfwd/error.h>

#define PEER_ID_BYTES 8

struct FwdIdentity {
  gatomicrefcount references;
  gnutls_certificate_credentials_t credentials;
  guint8 fingerprint[FWD_FINGERPRINT_SIZE];
  char peer_id[2 * PEER_ID_BYTES + 1];
};

static gboolean
hash_key(const gnutls_datum_t *key_info, guint8 *fingerprint)
{
  return gnutls_hash_fast(GNUTLS_DIG_SHA256, key_info->data, key_info->size, fingerprint) ==
         GNUTLS_E_SUCCESS;
}

/** Makes a key pair and exports both halves; each is freed with gnutls_free(). */
static int
generate_key(gnutls_datum_t *key_info, gnutls_datum_t *private_key)
{
  gnutls_privkey_t key = NULL;
  gnutls_pubkey_t public_key = NULL;
  gnutls_x509_privkey_t exportable = NULL;
  int result = gnutls_privkey_init(&key);

  if (result == 0)
    result = gnutls_privkey_generate(key, GNUTLS_PK_ECDSA,
                                     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
  if (result == 0)
    result = gnutls_pubkey_init(&public_key);
  if (result == 0)
    result = gnutls_pubkey_import_privkey(public_key, key, 0, 0);
  if (result == 0)
    result = gnutls_pubkey_export2(public_key, GNUTLS_X509_FMT_DER, key_info);
  if (result == 0)
    result = gnutls_privkey_export_x509(key, &exportable);
  if (result == 0)
    result = gnutls_x509_privkey_export2_pkcs8(exportable, GNUTLS_X509_FMT_DER, NULL, 0,
                                               private_key);
  if (exportable != NULL)
    gnutls_x509_privkey_deinit(exportable);
  if (public_key != NULL)
    gnutls_pubkey_deinit(public_key);
  if (key != NULL)
    gnutls_privkey_deinit(key);
  return result;
}

static void
write_peer_id(FwdIdentity *identity)
{
  for (guint i = 0; i < PEER_ID_BYTES; i++)
    g_snprintf(identity->peer_id + 2 * i, 3, "%02x", identity->fingerprint[i]);
}

static int
fill(FwdIdentity *identity)
{
  gnutls_datum_t key_info = {NULL, 0}, private_key = {NULL, 0};
  int result = gnutls_certificate_allocate_credentials(&identity->credentials);

  if (result == 0)
    result = generate_key(&key_info, &private_key);
  if (result == 0)
    result =
        gnutls_certificate_set_rawpk_key_mem(identity->credentials, &key_info, &private_key,
                                             GNUTLS_X509_FMT_DER, NULL, 0, NULL, 0, 0);
  if (result == 0 && !hash_key(&key_info, identity->fingerprint))
    result = GNUTLS_E_HASH_FAILED;
  write_peer_id(identity);
  if (private_key.data != NULL)
    gnutls_memset(private_key.data, 0, private_key.size);
  gnutls_free(private_key.data);
  gnutls_free(key_info.data);
  return result;
}

FwdIdentity *
fwd_identity_new(GError **error)
{
  g_autoptr(FwdIdentity) identity = g_new0(FwdIdentity, 1);
  int result;

  g_atomic_ref_count_init(&identity->references);
  result = fill(identity);
  if (result < 0) {
    g_set_error(error, FWD_TUNNEL_ERROR, FWD_ERROR_FAILED, "cannot make a TLS key: %s",
                gnutls_strerror(result));
    return NULL;
  }
  return g_steal_pointer(&identity);
}

FwdIdentity *
fwd_identity_ref(FwdIdentity *identity)
{
  g_atomic_ref_count_inc(&identity->references);
  return identity;
}

void
fwd_identity_unref(FwdIdentity *identity)
{
  if (!g_atomic_ref_count_dec(&identity->references))
    return;
  if (identity->credentials != NULL)
    gnutls_certificate_free_credentials(identity->credentials);
  g_free(identity);
}

const guint8 *
fwd_identity_get_fingerprint(const FwdIdentity *identity)
{
  return identity->fingerprint;
}

const char *
fwd_identity_get_peer_id(const FwdIdentity *identity)
{
  return identity->peer_id;
}

gnutls_certificate_credentials_t
fwd_identity_get_credentials(const FwdIdentity *identity)
{
  return identity->credentials;
}

gboolean
fwd_identity_verify_peer(gnutls_session_t session, const guint8 *fingerprint)
{
  guint8 actual[FWD_FINGERPRINT_SIZE];
  const gnutls_datum_t *key_info;
  unsigned int count = 0;

  if (gnutls_certificate_type_get2(session, GNUTLS_CTYPE_PEERS) != GNUTLS_CRT_RAWPK)
    return FALSE;
  key_info = gnutls_certificate_get_peers(session, &count);
  return key_info != NULL && count == 1 && hash_key(key_info, actual) &&
         gnutls_memcmp(actual, fingerprint, FWD_FINGERPRINT_SIZE) == 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "tunnel/quic-tls.h"

#include "tunnel/packet-protection.h"

#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#ifdef __aarch64__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#define PROTOCOL "stunfwd/1"
#define PRIORITY(ciphers)                                                                      \
  "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:" ciphers                                         \
  ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:-CTYPE-ALL:+CTYPE-RAWPK"                         \
  ":%DISABLE_TLS13_COMPAT_MODE"
#define PRIORITY_AES    PRIORITY("+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305")
#define PRIORITY_CHACHA PRIORITY("+CHACHA20-POLY1305:+AES-128-GCM:+AES-256-GCM")

static gboolean
cpu_has_aes(void)
{
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports("aes");
#elif defined(__aarch64__)
  return (getauxval(AT_HWCAP) & HWCAP_AES) != 0;
#else
  return FALSE;
#endif
}

static int
verify(gnutls_session_t session)
{
  FwdQuicTlsPeer *peer = gnutls_session_get_ptr(session);

  peer->wrong_key = !fwd_identity_verify_peer(session, peer->fingerprint);
  return peer->wrong_key ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

static int
configure(gnutls_session_t session, FwdIdentity *identity, gboolean server,
          FwdQuicTlsPeer *peer)
{
  const gnutls_datum_t protocol = {(unsigned char *)PROTOCOL, sizeof PROTOCOL - 1};
  int result =
      gnutls_priority_set_direct(session, cpu_has_aes() ? PRIORITY_AES : PRIORITY_CHACHA, NULL);

  if (result == 0)
    result = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                                    fwd_identity_get_credentials(identity));
  if (result == 0)
    result = gnutls_alpn_set_protocols(session, &protocol, 1, GNUTLS_ALPN_MANDATORY);
  if (result == 0)
    result = server ? ngtcp2_crypto_gnutls_configure_server_session(session)
                    : ngtcp2_crypto_gnutls_configure_client_session(session);
#ifdef HAVE_IPSEC_MB
  fwd_packet_protection_begin(session);
#endif
  if (server)
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
  gnutls_session_set_ptr(session, peer);
  gnutls_session_set_verify_function(session, verify);
  return result;
}

gnutls_session_t
fwd_quic_tls_new(FwdIdentity *identity, gboolean server, FwdQuicTlsPeer *peer)
{
  const unsigned int flags = GNUTLS_ENABLE_RAWPK | GNUTLS_NO_END_OF_EARLY_DATA |
                             GNUTLS_NO_TICKETS | GNUTLS_NO_AUTO_SEND_TICKET;
  gnutls_session_t session = NULL;

  if (gnutls_init(&session, (server ? GNUTLS_SERVER : GNUTLS_CLIENT) | flags) != 0)
    return NULL;
  if (configure(session, identity, server, peer) != 0) {
    gnutls_deinit(session);
    return NULL;
  }
  return session;
}

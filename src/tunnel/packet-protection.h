/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * AES-128-GCM for QUIC's packets after the handshake (RFC 9001, 5) with the
 * processor's vector instructions, by libipsec-mb: a packet of 1,472 bytes takes
 * it a third of the time that it takes GnuTLS. GnuTLS makes the secrets, protects
 * the handshake, and does all where the library or the instructions are missing,
 * or where another cipher was agreed on. Loop threads.
 */
#pragma once

#include <glib.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>

/** Has @session's packets protected here, if that is possible; before its handshake. */
void fwd_packet_protection_begin(gnutls_session_t session);

/**
 * Keys (transfer full) of 16 bytes each, for fwd_packet_protection_free_key() and
 * _free_mask_key(). FALSE where the library cannot be used.
 */
gboolean fwd_packet_protection_make_keys(const guint8 *bytes, const guint8 *mask_bytes,
                                         ngtcp2_crypto_aead_ctx *key,
                                         ngtcp2_crypto_cipher_ctx *mask_key);

/* Callbacks of ngtcp2, for keys of either kind. */
int fwd_packet_protection_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                                  const ngtcp2_crypto_aead_ctx *key, const uint8_t *plain,
                                  size_t length, const uint8_t *nonce, size_t nonce_length,
                                  const uint8_t *header, size_t header_length);
int fwd_packet_protection_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                                  const ngtcp2_crypto_aead_ctx *key, const uint8_t *cipher,
                                  size_t length, const uint8_t *nonce, size_t nonce_length,
                                  const uint8_t *header, size_t header_length);
int fwd_packet_protection_mask(uint8_t *dest, const ngtcp2_crypto_cipher *cipher,
                               const ngtcp2_crypto_cipher_ctx *key, const uint8_t *sample);
int
fwd_packet_protection_update(ngtcp2_conn *quic, uint8_t *rx_secret, uint8_t *tx_secret,
                             ngtcp2_crypto_aead_ctx *rx_key, uint8_t *rx_iv,
                             ngtcp2_crypto_aead_ctx *tx_key, uint8_t *tx_iv,
                             const uint8_t *current_rx_secret, const uint8_t *current_tx_secret,
                             size_t secret_length, void *user_data);
void
fwd_packet_protection_free_key(ngtcp2_conn *quic, ngtcp2_crypto_aead_ctx *key, void *user_data);
void fwd_packet_protection_free_mask_key(ngtcp2_conn *quic, ngtcp2_crypto_cipher_ctx *key,
                                         void *user_data);

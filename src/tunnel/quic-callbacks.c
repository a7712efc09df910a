/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ngtcp2's callbacks: they record and enqueue, and never call into the connection. */
#include "config.h"
#include "tunnel/quic-connection.h"

#include "tunnel/packet-protection.h"
#include <gnutls/crypto.h>

static int
handshake_completed(ngtcp2_conn *quic, void *user_data)
{
  FwdQuicConnection *connection = user_data;

  (void)quic;
  /* GnuTLS has asked before; this is the last door. */
  if (!fwd_identity_verify_peer(connection->tls, connection->peer.fingerprint)) {
    connection->peer.wrong_key = TRUE;
    return NGTCP2_ERR_CALLBACK_FAILURE;
  }
  connection->connected = TRUE;
  if (connection->server)
    connection->confirmed = TRUE;
  return 0;
}

static int
handshake_confirmed(ngtcp2_conn *quic, void *user_data)
{
  FwdQuicConnection *connection = user_data;

  (void)quic;
  connection->confirmed = TRUE;
  return 0;
}

static int
stream_open(ngtcp2_conn *quic, int64_t id, void *user_data)
{
  FwdQuicConnection *connection = user_data;
  FwdStream *stream = connection->events->stream_opened(id, connection->user_data);

  return ngtcp2_conn_set_stream_user_data(quic, id, stream);
}

static int
recv_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t offset,
                 const uint8_t *data, size_t length, void *user_data, void *stream)
{
  FwdQuicConnection *connection = user_data;

  (void)quic;
  (void)id;
  (void)offset;
  connection->received += length;
  if (stream != NULL)
    fwd_stream_received(stream, data, length, (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
  return 0;
}

static int
acked_stream_data_offset(ngtcp2_conn *quic, int64_t id, uint64_t offset, uint64_t length,
                         void *user_data, void *stream)
{
  (void)quic;
  (void)id;
  (void)offset;
  (void)user_data;
  if (stream != NULL)
    fwd_stream_acknowledged(stream, length);
  return 0;
}

static int
stream_close(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t code, void *user_data,
             void *stream)
{
  (void)quic;
  (void)id;
  (void)code;
  (void)user_data;
  if (stream != NULL)
    fwd_stream_was_closed(stream, (flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) != 0);
  return 0;
}

static int
stream_reset(ngtcp2_conn *quic, int64_t id, uint64_t final_size, uint64_t code, void *user_data,
             void *stream)
{
  (void)quic;
  (void)id;
  (void)final_size;
  (void)code;
  (void)user_data;
  if (stream != NULL)
    fwd_stream_was_reset(stream);
  return 0;
}

static int
stream_stop_sending(ngtcp2_conn *quic, int64_t id, uint64_t code, void *user_data, void *stream)
{
  return stream_reset(quic, id, 0, code, user_data, stream);
}

static int
extend_max_stream_data(ngtcp2_conn *quic, int64_t id, uint64_t max_data, void *user_data,
                       void *stream)
{
  FwdQuicConnection *connection = user_data;

  (void)quic;
  (void)id;
  (void)max_data;
  if (stream != NULL)
    connection->events->stream_unblocked(stream, connection->user_data);
  return 0;
}

static int
extend_max_local_streams(ngtcp2_conn *quic, uint64_t max_streams, void *user_data)
{
  FwdQuicConnection *connection = user_data;

  (void)quic;
  (void)max_streams;
  connection->events->streams_allowed(connection->user_data);
  return 0;
}

static int
recv_datagram(ngtcp2_conn *quic, uint32_t flags, const uint8_t *data, size_t length,
              void *user_data)
{
  FwdQuicConnection *connection = user_data;

  (void)quic;
  (void)flags;
  connection->events->datagram(data, length, connection->user_data);
  return 0;
}

static int
ack_datagram(ngtcp2_conn *quic, uint64_t tag, void *user_data)
{
  FwdQuicConnection *connection = user_data;

  (void)quic;
  connection->events->datagram_settled(tag, FALSE, connection->user_data);
  return 0;
}

static int
lost_datagram(ngtcp2_conn *quic, uint64_t tag, void *user_data)
{
  FwdQuicConnection *connection = user_data;

  (void)quic;
  connection->events->datagram_settled(tag, TRUE, connection->user_data);
  return 0;
}

static int
path_validation(ngtcp2_conn *quic, uint32_t flags, const ngtcp2_path *path,
                ngtcp2_path_validation_result result, void *user_data)
{
  FwdQuicConnection *connection = user_data;

  (void)quic;
  (void)flags;
  (void)result;
  if (fwd_path_set_id_of(path->local.addr) == connection->migrating)
    connection->migrating = 0;
  return 0;
}

static void
randomize(uint8_t *data, size_t length, const ngtcp2_rand_ctx *context)
{
  (void)context;
  gnutls_rnd(GNUTLS_RND_NONCE, data, length);
  /* ngtcp2 asks here whether to clear the fixed bit of its packets (RFC 9287), which
     is what tells QUIC from the rest on a shared socket (RFC 9443): never. Its other
     use, the phase in which BBR probes, does not care for the lowest bit. */
  if (length == 1)
    data[0] &= ~1;
}

static int
get_new_connection_id(ngtcp2_conn *quic, ngtcp2_cid *id, uint8_t *token, size_t length,
                      void *user_data)
{
  (void)quic;
  (void)length;
  fwd_quic_connection_issue(user_data, id);
  return gnutls_rnd(GNUTLS_RND_RANDOM, token, NGTCP2_STATELESS_RESET_TOKENLEN) == 0
             ? 0
             : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int
remove_connection_id(ngtcp2_conn *quic, const ngtcp2_cid *id, void *user_data)
{
  FwdQuicConnection *connection = user_data;

  (void)quic;
  fwd_demultiplexer_remove_connection_id(connection->demultiplexer,
                                         fwd_quic_connection_id_value(id));
  return 0;
}

const ngtcp2_callbacks fwd_quic_callbacks = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .handshake_completed = handshake_completed,
    .handshake_confirmed = handshake_confirmed,
    .recv_stream_data = recv_stream_data,
    .acked_stream_data_offset = acked_stream_data_offset,
    .stream_open = stream_open,
    .stream_close = stream_close,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .extend_max_local_streams_bidi = extend_max_local_streams,
    .extend_max_local_streams_uni = extend_max_local_streams,
    .rand = randomize,
    .get_new_connection_id = get_new_connection_id,
    .remove_connection_id = remove_connection_id,
    .path_validation = path_validation,
    .stream_reset = stream_reset,
    .extend_max_stream_data = extend_max_stream_data,
    .recv_datagram = recv_datagram,
    .ack_datagram = ack_datagram,
    .lost_datagram = lost_datagram,
    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
    .stream_stop_sending = stream_stop_sending,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
#ifdef HAVE_IPSEC_MB
    .encrypt = fwd_packet_protection_encrypt,
    .decrypt = fwd_packet_protection_decrypt,
    .hp_mask = fwd_packet_protection_mask,
    .update_key = fwd_packet_protection_update,
    .delete_crypto_aead_ctx = fwd_packet_protection_free_key,
    .delete_crypto_cipher_ctx = fwd_packet_protection_free_mask_key,
#else
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .update_key = ngtcp2_crypto_update_key_cb,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
#endif
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "tunnel"
#include "tunnel/quic-connection.h"

#include "core/log.h"
#include "path/udp-path.h"
#include <gnutls/crypto.h>
#include <stunfwd/error.h>
#include <string.h>

#define KIB                1024
#define MIB                (1024 * KIB)
#define STREAMS_MAX        4096
#define WINDOW_MAX         (32 * MIB)
#define IDLE_TIMEOUT       (30 * NGTCP2_SECONDS)
#define HANDSHAKE_TIMEOUT  (30 * NGTCP2_SECONDS)
#define KEEP_ALIVE         (10 * NGTCP2_SECONDS)
#define INITIAL_RTT_MIN    (10 * NGTCP2_MILLISECONDS)
#define INITIAL_RTT        (200 * NGTCP2_MILLISECONDS)
#define LAN_RTT_US         1000
#define ACK_DELAY          (25 * NGTCP2_MILLISECONDS)
#define MIGRATION_INTERVAL (200 * (gint64)NGTCP2_MILLISECONDS)
/* Lifts the cap that ngtcp2's CUBIC puts on its window; packets have the path's size. */
#define LAN_PAYLOAD_MAX 65527
/* Some more than FWD_FLOW_LARGE_MAX and the heartbeat, for what the peer knows of late. */
#define ONE_WAY_STREAMS_MAX 256

guint64
fwd_quic_connection_id_value(const ngtcp2_cid *id)
{
  guint64 value = 0;

  memcpy(&value, id->data, MIN(id->datalen, sizeof value));
  return GUINT64_FROM_BE(value);
}

static void
id_from_value(ngtcp2_cid *id, guint64 value)
{
  const guint64 big_endian = GUINT64_TO_BE(value);

  ngtcp2_cid_init(id, (const guint8 *)&big_endian, FWD_CONNECTION_ID_SIZE);
}

void
fwd_quic_connection_issue(FwdQuicConnection *connection, ngtcp2_cid *id)
{
  guint8 random[FWD_CONNECTION_ID_SIZE];

  gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof random);
  ngtcp2_cid_init(id, random, sizeof random);
  fwd_demultiplexer_add_connection_id(connection->demultiplexer,
                                      fwd_quic_connection_id_value(id), connection->receiver);
}

typedef struct {
  ngtcp2_path path;
  struct sockaddr_in6 local, remote;
} SyntheticPath;

static const ngtcp2_path *
synthesize(SyntheticPath *synthetic, FwdPathId id)
{
  fwd_path_set_addresses(id, &synthetic->local, &synthetic->remote);
  synthetic->path = (ngtcp2_path){
      .local = {(ngtcp2_sockaddr *)&synthetic->local, sizeof synthetic->local},
      .remote = {(ngtcp2_sockaddr *)&synthetic->remote, sizeof synthetic->remote},
  };
  return &synthetic->path;
}

static ngtcp2_conn *
get_quic(ngtcp2_crypto_conn_ref *reference)
{
  return ((FwdQuicConnection *)reference->user_data)->quic;
}

void
fwd_quic_connection_init(FwdQuicConnection *connection, FwdIdentity *identity,
                         const FwdQuicTunnelConfig *config)
{
  connection->identity = fwd_identity_ref(identity);
  connection->connection_id = config->connection_id;
  connection->server = config->role == FWD_ROLE_SERVER;
  connection->peer.reference.get_conn = get_quic;
  connection->peer.reference.user_data = connection;
  memcpy(connection->peer.fingerprint, config->fingerprint, FWD_FINGERPRINT_SIZE);
}

static void
drop_quic(FwdQuicConnection *connection)
{
  g_clear_pointer(&connection->quic, ngtcp2_conn_del);
  g_clear_pointer(&connection->tls, gnutls_deinit);
}

void
fwd_quic_connection_clear(FwdQuicConnection *connection)
{
  drop_quic(connection);
  g_clear_pointer(&connection->identity, fwd_identity_unref);
}

gboolean
fwd_quic_connection_is_near(const FwdPath *path)
{
  return path->path_class != FWD_PATH_CLASS_RELAY && path->rtt_us > 0 &&
         path->rtt_us < LAN_RTT_US;
}

static void
fill_settings(FwdQuicConnection *connection, const FwdPath *path, gint64 now,
              ngtcp2_settings *settings)
{
  ngtcp2_settings_default(settings);
  connection->paced = !fwd_quic_connection_is_near(path);
  settings->cc_algo = connection->paced ? NGTCP2_CC_ALGO_BBR : NGTCP2_CC_ALGO_CUBIC;
  settings->max_tx_udp_payload_size =
      connection->paced ? MAX(path->mtu, FWD_UDP_MTU4) : LAN_PAYLOAD_MAX;
  settings->initial_ts = now;
  settings->initial_rtt = path->rtt_us == 0
                              ? INITIAL_RTT
                              : MAX(path->rtt_us * NGTCP2_MICROSECONDS, INITIAL_RTT_MIN);
  settings->handshake_timeout = HANDSHAKE_TIMEOUT;
  settings->max_window = WINDOW_MAX;
  settings->no_tx_udp_payload_size_shaping = 1;
  settings->no_pmtud = 1;
  fwd_log_debug("a connection over a %s path, round trip %u us: %s",
                fwd_path_class_to_string(path->path_class), path->rtt_us,
                connection->paced ? "BBR" : "CUBIC");
}

static void
fill_parameters(const FwdPath *path, ngtcp2_transport_params *parameters)
{
  ngtcp2_transport_params_default(parameters);
  parameters->initial_max_data = 1 * MIB;
  parameters->initial_max_stream_data_bidi_local = FWD_STREAM_WINDOW_MIN;
  parameters->initial_max_stream_data_bidi_remote = FWD_STREAM_WINDOW_MIN;
  parameters->initial_max_stream_data_uni = FWD_STREAM_WINDOW_MIN;
  parameters->initial_max_streams_bidi = STREAMS_MAX;
  parameters->initial_max_streams_uni = ONE_WAY_STREAMS_MAX;
  parameters->max_idle_timeout = IDLE_TIMEOUT;
  parameters->max_datagram_frame_size = 65535;
  parameters->active_connection_id_limit = 8;
  parameters->max_ack_delay = fwd_quic_connection_is_near(path) ? FWD_QUIC_PATIENCE : ACK_DELAY;
}

/** After ngtcp2_conn_..._new() with @result. */
static gboolean
adopt(FwdQuicConnection *connection, int result, FwdPathId id)
{
  if (result != 0)
    return FALSE;
  connection->first = connection->heard = id;
  connection->tls =
      fwd_quic_tls_new(connection->identity, connection->server, &connection->peer);
  if (connection->tls == NULL) {
    drop_quic(connection);
    return FALSE;
  }
  ngtcp2_conn_set_tls_native_handle(connection->quic, connection->tls);
  ngtcp2_conn_set_keep_alive_timeout(connection->quic, KEEP_ALIVE);
  return TRUE;
}

gboolean
fwd_quic_connection_start(FwdQuicConnection *connection, FwdPathId id, const FwdPath *path,
                          gint64 now)
{
  ngtcp2_transport_params parameters;
  ngtcp2_settings settings;
  SyntheticPath synthetic;
  ngtcp2_cid destination, source;

  fill_settings(connection, path, now, &settings);
  fill_parameters(path, &parameters);
  id_from_value(&destination, connection->connection_id);
  fwd_quic_connection_issue(connection, &source);
  return adopt(connection,
               ngtcp2_conn_client_new(&connection->quic, &destination, &source,
                                      synthesize(&synthetic, id), NGTCP2_PROTO_VER_V1,
                                      &fwd_quic_callbacks, &settings, &parameters, NULL,
                                      connection),
               id);
}

static gboolean
accept_initial(FwdQuicConnection *connection, FwdPathId id, const FwdPath *path,
               const guint8 *packet, gsize length, gint64 now)
{
  ngtcp2_transport_params parameters;
  ngtcp2_settings settings;
  SyntheticPath synthetic;
  ngtcp2_pkt_hd header;
  ngtcp2_cid source;

  if (ngtcp2_accept(&header, packet, length) != 0 ||
      fwd_quic_connection_id_value(&header.dcid) != connection->connection_id)
    return FALSE;
  fill_settings(connection, path, now, &settings);
  fill_parameters(path, &parameters);
  parameters.original_dcid = header.dcid;
  fwd_quic_connection_issue(connection, &source);
  return adopt(connection,
               ngtcp2_conn_server_new(&connection->quic, &header.scid, &source,
                                      synthesize(&synthetic, id), header.version,
                                      &fwd_quic_callbacks, &settings, &parameters, NULL,
                                      connection),
               id);
}

int
fwd_quic_connection_read(FwdQuicConnection *connection, FwdPathId id, const FwdPath *path,
                         const guint8 *packet, gsize length, gint64 now)
{
  SyntheticPath synthetic;
  int result;

  if (connection->quic == NULL &&
      (!connection->server || !accept_initial(connection, id, path, packet, length, now)))
    return 0;
  connection->heard = id;
  /* QUIC cannot migrate before the handshake is confirmed; the path set can. */
  result = ngtcp2_conn_read_pkt(
      connection->quic, synthesize(&synthetic, connection->confirmed ? id : connection->first),
      NULL, packet, length, now);
  if (result == NGTCP2_ERR_DROP_CONN && !connection->connected) {
    drop_quic(connection);
    return 0;
  }
  return result == NGTCP2_ERR_DISCARD_PKT || result == NGTCP2_ERR_RETRY ? 0 : result;
}

void
fwd_quic_connection_extend(FwdQuicConnection *connection, guint64 withheld)
{
  if (connection->received <= withheld)
    return;
  ngtcp2_conn_extend_max_offset(connection->quic, connection->received - withheld);
  connection->received = withheld;
}

FwdPathId
fwd_quic_connection_route(const FwdQuicConnection *connection, FwdPathId id)
{
  FwdPathId active;

  if (connection->confirmed)
    return id;
  if (connection->server)
    return connection->heard;
  active = fwd_path_set_get_active(connection->receiver->paths);
  return active != 0 ? active : id;
}

FwdPathId
fwd_quic_connection_path(const FwdQuicConnection *connection)
{
  if (connection->quic == NULL)
    return 0;
  return fwd_path_set_id_of(ngtcp2_conn_get_path(connection->quic)->local.addr);
}

guint16
fwd_quic_connection_mtu(const FwdQuicConnection *connection, const FwdPath *path)
{
  if (path == NULL)
    return 0;
  return (guint16)MIN(path->mtu, ngtcp2_conn_get_max_tx_udp_payload_size(connection->quic));
}

void
fwd_quic_connection_migrate(FwdQuicConnection *connection, FwdPathId id, gboolean broken,
                            gint64 now)
{
  SyntheticPath synthetic;
  int result;

  if (connection->migrating == id && (!broken || now < connection->next_migration))
    return;
  if (connection->migrating != id || broken)
    connection->migrating = 0;
  if (now < connection->next_migration && !broken)
    return;
  synthesize(&synthetic, id);
  result =
      broken ? ngtcp2_conn_initiate_immediate_migration(connection->quic, &synthetic.path, now)
             : ngtcp2_conn_initiate_migration(connection->quic, &synthetic.path, now);
  connection->next_migration = now + MIGRATION_INTERVAL;
  if (result == 0)
    connection->migrating = id;
}

gsize
fwd_quic_connection_write_close(FwdQuicConnection *connection, int reason, guint8 *packet,
                                gsize size, FwdPathId *id, gint64 now)
{
  ngtcp2_connection_close_error why;
  ngtcp2_path_storage path;
  ngtcp2_ssize length;

  if (connection->quic == NULL || ngtcp2_conn_is_in_draining_period(connection->quic))
    return 0;
  ngtcp2_connection_close_error_default(&why);
  if (reason == 0)
    ngtcp2_connection_close_error_set_application_error(&why, 0, NULL, 0);
  else if (reason == NGTCP2_ERR_CRYPTO)
    ngtcp2_connection_close_error_set_transport_error_tls_alert(
        &why, ngtcp2_conn_get_tls_alert(connection->quic), NULL, 0);
  else
    ngtcp2_connection_close_error_set_transport_error_liberr(&why, reason, NULL, 0);
  ngtcp2_path_storage_zero(&path);
  length = ngtcp2_conn_write_connection_close(connection->quic, &path.path, NULL, packet, size,
                                              &why, now);
  if (length <= 0)
    return 0;
  *id = fwd_quic_connection_route(connection, fwd_path_set_id_of(path.path.local.addr));
  return length;
}

/** What the peer's CONNECTION_CLOSE says. */
static GError *
remote_error(const FwdQuicConnection *connection)
{
  ngtcp2_connection_close_error why;

  ngtcp2_conn_get_connection_close_error(connection->quic, &why);
  if (why.type == NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION)
    return g_error_new(FWD_TUNNEL_ERROR, FWD_ERROR_CLOSED, "the peer has closed the tunnel");
  if ((why.error_code & ~(guint64)0xff) == NGTCP2_CRYPTO_ERROR)
    return g_error_new(FWD_TUNNEL_ERROR, FWD_ERROR_DENIED,
                       "the peer does not accept our key (TLS alert %u)",
                       (guint)(why.error_code & 0xff));
  return g_error_new(FWD_TUNNEL_ERROR, FWD_ERROR_CLOSED,
                     "the peer has closed the tunnel with QUIC error 0x%" G_GINT64_MODIFIER "x",
                     (guint64)why.error_code);
}

GError *
fwd_quic_connection_error(const FwdQuicConnection *connection, int result)
{
  if (connection->peer.wrong_key)
    return g_error_new(FWD_TUNNEL_ERROR, FWD_ERROR_DENIED,
                       "the peer has proved another key than its hello announced");
  switch (result) {
  case NGTCP2_ERR_DRAINING:
    return remote_error(connection);
  case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
    return g_error_new(FWD_TUNNEL_ERROR, FWD_ERROR_TIMEOUT,
                       "the handshake did not end within %u s",
                       (guint)(HANDSHAKE_TIMEOUT / NGTCP2_SECONDS));
  case NGTCP2_ERR_IDLE_CLOSE:
    return g_error_new(FWD_TUNNEL_ERROR, FWD_ERROR_TIMEOUT,
                       "nothing was heard of the peer for %u s",
                       (guint)(IDLE_TIMEOUT / NGTCP2_SECONDS));
  default:
    return g_error_new(FWD_TUNNEL_ERROR, FWD_ERROR_FAILED, "QUIC: %s", ngtcp2_strerror(result));
  }
}

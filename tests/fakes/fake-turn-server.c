/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/fake-turn-server.h"
#include <gnutls/crypto.h>
#include <string.h>

void
fake_turn_server_init(FakeTurnServer *server)
{
  *server = (FakeTurnServer){.username = "user",
                             .password = "secret",
                             .realm = "example.org",
                             .nonce = "nonce-1",
                             .lifetime = 600};
  fwd_endpoint_parse("192.0.2.15:49152", &server->relayed, NULL);
  fwd_endpoint_parse("198.51.100.7:40000", &server->mapped, NULL);
}

static void
make_key(const FakeTurnServer *server, guint8 *key)
{
  g_autofree char *text =
      g_strdup_printf("%s:%s:%s", server->username, server->realm, server->password);

  g_assert_cmpint(gnutls_hash_fast(GNUTLS_DIG_MD5, text, strlen(text), key), ==, 0);
}

static gboolean
holds(const FwdStunMessage *request, guint16 attribute, const char *text)
{
  gsize length;
  const guint8 *value = fwd_stun_message_find(request, attribute, &length);

  return value != NULL && length == strlen(text) && memcmp(value, text, length) == 0;
}

/* The error code that the request deserves, or 0. */
static guint
judge(const FakeTurnServer *server, const FwdStunMessage *request, const guint8 *key)
{
  gsize length;
  guint16 method = fwd_stun_message_method(request);

  if (server->refusal == 300)
    return 300;
  if (fwd_stun_message_find(request, FWD_STUN_MESSAGE_INTEGRITY, &length) == NULL ||
      !holds(request, FWD_STUN_USERNAME, server->username) ||
      !fwd_stun_message_verify(request, key, 16))
    return 401;
  if (!holds(request, FWD_STUN_NONCE, server->nonce))
    return 438;
  if (server->refusal != 0 && (server->refused == 0 || server->refused == method))
    return server->refusal;
  return method == FWD_STUN_ALLOCATE && server->allocated ? 437 : 0;
}

static void
begin(FwdStunWriter *writer, const FwdStunMessage *request, FwdStunClass message_class,
      guint8 *response, gsize size)
{
  fwd_stun_writer_begin(writer, response, size, message_class, fwd_stun_message_method(request),
                        fwd_stun_message_transaction(request));
}

static void
refuse(const FakeTurnServer *server, FwdStunWriter *writer, guint code)
{
  fwd_stun_writer_add_error(writer, code, "as you like it");
  if (code == 401 || code == 438) {
    fwd_stun_writer_add(writer, FWD_STUN_REALM, server->realm, strlen(server->realm));
    fwd_stun_writer_add(writer, FWD_STUN_NONCE, server->nonce, strlen(server->nonce));
  }
  if (code == 300)
    fwd_stun_writer_add_endpoint(writer, FWD_STUN_ALTERNATE_SERVER, &server->alternate);
}

static void
grant(FakeTurnServer *server, const FwdStunMessage *request, FwdStunWriter *writer)
{
  guint16 method = fwd_stun_message_method(request);
  guint32 value;

  fwd_stun_message_get_endpoint(request, FWD_STUN_XOR_PEER_ADDRESS, &server->peer);
  if (fwd_stun_message_get_uint32(request, FWD_STUN_CHANNEL_NUMBER, &value)) {
    server->channel = (guint16)(value >> 16);
    server->channel_peer = server->peer;
  }
  if (method != FWD_STUN_ALLOCATE && method != FWD_STUN_REFRESH)
    return;
  server->allocated =
      !fwd_stun_message_get_uint32(request, FWD_STUN_LIFETIME, &value) || value != 0;
  fwd_stun_writer_add_uint32(writer, FWD_STUN_LIFETIME,
                             server->allocated ? server->lifetime : 0);
  if (method == FWD_STUN_REFRESH)
    return;
  fwd_stun_writer_add_endpoint(writer, FWD_STUN_XOR_RELAYED_ADDRESS, &server->relayed);
  fwd_stun_writer_add_endpoint(writer, FWD_STUN_XOR_MAPPED_ADDRESS, &server->mapped);
}

gsize
fake_turn_server_answer(FakeTurnServer *server, const guint8 *data, gsize length,
                        guint8 *response, gsize size)
{
  FwdStunMessage request;
  FwdStunWriter writer;
  guint8 key[16];
  guint code;

  if (!fwd_stun_message_parse(data, length, &request) ||
      fwd_stun_message_class(&request) != FWD_STUN_REQUEST)
    return 0;
  server->requests++;
  server->method = fwd_stun_message_method(&request);
  make_key(server, key);
  code = judge(server, &request, key);
  begin(&writer, &request, code != 0 ? FWD_STUN_FAILURE : FWD_STUN_SUCCESS, response, size);
  if (code != 0)
    refuse(server, &writer, code);
  else
    grant(server, &request, &writer);
  if (code != 401 && code != 438 && code != 300)
    fwd_stun_writer_add_integrity(&writer, key, sizeof key);
  return writer.length;
}

gsize
fake_turn_server_data(const FwdEndpoint *peer, const void *data, gsize length, guint8 *message,
                      gsize size)
{
  static const guint8 transaction[FWD_STUN_TRANSACTION_SIZE];
  FwdStunWriter writer;

  fwd_stun_writer_begin(&writer, message, size, FWD_STUN_INDICATION, FWD_STUN_DATA,
                        transaction);
  fwd_stun_writer_add_endpoint(&writer, FWD_STUN_XOR_PEER_ADDRESS, peer);
  fwd_stun_writer_add(&writer, FWD_STUN_DATA_VALUE, data, length);
  return writer.length;
}

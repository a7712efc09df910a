/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/probe.h"
#include <string.h>

#define USERNAME_SIZE (2 * FWD_PEER_ID_SIZE + 1)

static gsize
finish(FwdStunWriter *writer, const guint8 *key)
{
  fwd_stun_writer_add_integrity_sha256(writer, key, FWD_PROBE_KEY_SIZE);
  fwd_stun_writer_add_fingerprint(writer);
  return writer->length;
}

gsize
fwd_probe_write_request(guint8 *buffer, gsize size, const guint8 *key, const char *receiver,
                        const char *sender, const guint8 *transaction)
{
  char username[USERNAME_SIZE + 1];
  FwdStunWriter writer;
  int length = g_snprintf(username, sizeof username, "%s:%s", receiver, sender);

  fwd_stun_writer_begin(&writer, buffer, size, FWD_STUN_REQUEST, FWD_STUN_BINDING, transaction);
  fwd_stun_writer_add(&writer, FWD_STUN_USERNAME, username, MIN(length, USERNAME_SIZE));
  return finish(&writer, key);
}

gsize
fwd_probe_write_response(guint8 *buffer, gsize size, const guint8 *key,
                         const guint8 *transaction, const FwdEndpoint *from,
                         const FwdPacketCounts *counts)
{
  FwdStunWriter writer;

  fwd_stun_writer_begin(&writer, buffer, size, FWD_STUN_SUCCESS, FWD_STUN_BINDING, transaction);
  fwd_stun_writer_add_endpoint(&writer, FWD_STUN_XOR_MAPPED_ADDRESS, from);
  if (counts != NULL) {
    const guint32 value[] = {g_htonl(counts->sent), g_htonl(counts->received)};
    fwd_stun_writer_add(&writer, FWD_STUN_PACKET_COUNTS, value, sizeof value);
  }
  return finish(&writer, key);
}

static gboolean
is_peer_id(const char *id)
{
  for (guint i = 0; i < FWD_PEER_ID_SIZE; i++)
    if (!g_ascii_isxdigit(id[i]))
      return FALSE;
  return TRUE;
}

static gboolean
read_username(const FwdStunMessage *message, const char *self, FwdProbe *probe)
{
  gsize length;
  const char *username =
      (const char *)fwd_stun_message_find(message, FWD_STUN_USERNAME, &length);
  const char *sender;

  if (username == NULL || length != USERNAME_SIZE || username[FWD_PEER_ID_SIZE] != ':' ||
      strlen(self) != FWD_PEER_ID_SIZE || memcmp(username, self, FWD_PEER_ID_SIZE) != 0)
    return FALSE;
  sender = username + FWD_PEER_ID_SIZE + 1;
  if (!is_peer_id(sender))
    return FALSE;
  memcpy(probe->sender, sender, FWD_PEER_ID_SIZE);
  probe->sender[FWD_PEER_ID_SIZE] = '\0';
  return TRUE;
}

static gboolean
read_response(const FwdStunMessage *message, FwdProbe *probe)
{
  guint32 value[2];
  gsize length;
  const guint8 *counts = fwd_stun_message_find(message, FWD_STUN_PACKET_COUNTS, &length);

  if (counts != NULL && length == sizeof value) {
    memcpy(value, counts, sizeof value);
    probe->counts = (FwdPacketCounts){g_ntohl(value[0]), g_ntohl(value[1])};
    probe->counted = TRUE;
  }
  return fwd_stun_message_get_endpoint(message, FWD_STUN_XOR_MAPPED_ADDRESS, &probe->mapped);
}

static gboolean
read_contents(const FwdStunMessage *message, const char *self, FwdProbe *probe)
{
  switch (probe->message_class) {
  case FWD_STUN_REQUEST:
    return read_username(message, self, probe);
  case FWD_STUN_SUCCESS:
    return read_response(message, probe);
  default:
    return FALSE;
  }
}

gboolean
fwd_probe_read(const guint8 *data, gsize length, const guint8 *key, const char *self,
               FwdProbe *probe)
{
  FwdStunMessage message;

  if (!fwd_stun_message_is_likely(data, length) ||
      !fwd_stun_message_parse(data, length, &message) ||
      fwd_stun_message_method(&message) != FWD_STUN_BINDING)
    return FALSE;
  *probe = (FwdProbe){.message_class = fwd_stun_message_class(&message),
                      .transaction = fwd_stun_message_transaction(&message)};
  /* What costs little comes first: a stranger's packet is not worth an HMAC. */
  return read_contents(&message, self, probe) &&
         fwd_stun_message_verify(&message, key, FWD_PROBE_KEY_SIZE);
}

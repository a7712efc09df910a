/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/probe.h"
#include "tunnel/demultiplexer.h"
#include "tunnel/packet-kind.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static const guint8 key[FWD_PROBE_KEY_SIZE] = {1};
static const char self[] = "0123456789abcdef";
static const char peer[] = "fedcba9876543210";

/* Whatever passes for a check without the key is a fault, unless it is this one. */
static void
read_as_check(const guint8 *data, gsize size)
{
  FwdProbe probe;

  if (!fwd_probe_read(data, size, key, self, &probe))
    return;
  g_assert_true(probe.message_class == FWD_STUN_REQUEST ||
                probe.message_class == FWD_STUN_SUCCESS);
  g_assert_true(strlen(probe.sender) == FWD_PEER_ID_SIZE ||
                probe.message_class == FWD_STUN_SUCCESS);
}

/* One changed byte of a good check is noticed, wherever MESSAGE-INTEGRITY covers it. */
static void
change_a_check(const guint8 *data, gsize size)
{
  guint8 buffer[FWD_PROBE_SIZE_MAX], transaction[FWD_STUN_TRANSACTION_SIZE] = {0};
  FwdProbe probe;
  gsize length, at;

  if (size < 2 || data[1] == 0)
    return;
  length = fwd_probe_write_request(buffer, sizeof buffer, key, self, peer, transaction);
  at = data[0] % (length - 8);
  buffer[at] ^= data[1];
  g_assert_false(fwd_probe_read(buffer, length, key, self, &probe));
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  guint64 connection_id = 0;

  if (fwd_packet_classify(data, size, &connection_id) == FWD_PACKET_QUIC)
    g_assert_cmpuint(size, >, FWD_CONNECTION_ID_SIZE);
  read_as_check(data, size);
  change_a_check(data, size);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/channel.h"
#include "tunnel/varint.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* What is accepted can be written again, and means the same. */
static void
read_as_header(const guint8 *data, gsize size)
{
  g_autofree char *header = g_strndup((const char *)data, size);
  g_autofree char *forwarder = NULL, *target = NULL;
  g_autofree char *again = NULL, *forwarder_again = NULL, *target_again = NULL;

  if (!fwd_quic_channel_parse_header(header, &forwarder, &target))
    return;
  g_assert_cmpuint(strlen(forwarder), >, 0);
  g_assert_cmpuint(strlen(forwarder), <=, 32);
  g_assert_cmpuint(strlen(target), >, 0);
  g_assert_cmpuint(strlen(target), <=, 1024);
  g_assert_true(g_utf8_validate(target, -1, NULL));
  again = fwd_quic_channel_format_header(forwarder, target);
  g_assert_true(fwd_quic_channel_parse_header(again, &forwarder_again, &target_again));
  g_assert_cmpstr(forwarder, ==, forwarder_again);
  g_assert_cmpstr(target, ==, target_again);
}

/* The flow id before a datagram. */
static void
read_as_flow_id(const guint8 *data, gsize size)
{
  guint8 buffer[FWD_VARINT_MAX];
  guint64 id, again;
  const gsize length = fwd_varint_read(data, size, &id);

  g_assert_cmpuint(length, <=, MIN(size, FWD_VARINT_MAX));
  if (length == 0)
    return;
  g_assert_cmpuint(id, <, G_GUINT64_CONSTANT(1) << 62);
  g_assert_cmpuint(fwd_varint_write(buffer, id), <=, length);
  g_assert_cmpuint(fwd_varint_read(buffer, sizeof buffer, &again), >, 0);
  g_assert_cmpuint(again, ==, id);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  if (size > FWD_STREAM_HEADER_MAX)
    return 0;
  read_as_header(data, size);
  read_as_flow_id(data, size);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of endpoints of a peer's message, or after a zero byte a STUN server's answer. */
#include "tcp-message.h"
#include "tcp-stun.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void
read_answer(const guint8 *data, gsize size)
{
  guint8 request[FWD_TCP_STUN_REQUEST_SIZE] = {0};
  FwdEndpoint seen;
  int kind;

  memcpy(request, data, MIN(size, sizeof request));
  kind = fwd_tcp_stun_read_answer(data, size, request, &seen);
  g_assert_true(kind >= -1 && kind <= 1);
  if (kind == 1)
    g_assert_cmpint(fwd_endpoint_family(&seen), !=, AF_UNSPEC);
}

static void
read_list(const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  FwdTcpMessage message, back;

  if (!g_utf8_validate(text, -1, NULL))
    return;
  g_autoptr(GVariant) variant =
      g_variant_ref_sink(g_variant_new_parsed("{'endpoints': <%s>}", text));
  if (!fwd_tcp_message_read(variant, &message))
    return;
  g_assert_cmpuint(message.count, <=, FWD_TCP_MESSAGE_ENDPOINTS_MAX);
  g_autoptr(GVariant) written = g_variant_ref_sink(fwd_tcp_message_write(&message));
  g_assert_true(fwd_tcp_message_read(written, &back));
  g_assert_cmpuint(back.count, ==, message.count);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  if (size > 0 && data[0] == 0)
    read_answer(data + 1, size - 1);
  else
    read_list(data, size);
  return 0;
}

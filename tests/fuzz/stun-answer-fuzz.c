/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A datagram to the STUN server: whatever it answers is a message, and no amplifier. */
#include "stun-classic.h"

#include "net/stun-stream.h"

#define IP_UDP_HEADERS 28

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void
ask(const FwdStunSite *site, const FwdEndpoint *from, const guint8 *data, gsize size)
{
  FwdStunAnswer answer;
  FwdStunMessage message;

  if (!fwd_stun_answer(site, 0, from, data, size, &answer))
    return;
  g_assert_true(fwd_stun_message_parse(answer.data, answer.length, &message));
  g_assert_true(fwd_endpoint_same_address(&answer.to, from));
  g_assert_cmpuint(answer.socket, <, site->count);
  g_assert_cmpuint(answer.length + IP_UDP_HEADERS, <, 3 * (size + IP_UDP_HEADERS));
}

static void
ask_classic(const FwdStunSite *site, const FwdEndpoint *from, const guint8 *data, gsize size)
{
  FwdStunAnswer answer;

  if (!fwd_stun_classic_answer(site, 0, from, data, size, &answer))
    return;
  g_assert_cmpuint(answer.socket, <, site->count);
  g_assert_true(fwd_endpoint_equal(&answer.to, from));
  g_assert_cmpuint(answer.length + IP_UDP_HEADERS, <, 3 * (size + IP_UDP_HEADERS));
}

/* As a stream: however it is cut, each step takes something or ends. */
static void
read_stream(const guint8 *data, gsize size)
{
  FwdEndpoint mapped;
  gssize length;

  while ((length = fwd_stun_stream_next(data, size)) > 0) {
    g_assert_cmpuint((gsize)length, <=, size);
    fwd_stun_stream_read_answer(data, (gsize)length, data + 8, &mapped);
    data += length;
    size -= (gsize)length;
  }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  static const char *const locals[] = {"192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1",
                                       "192.0.2.2:2"};
  FwdStunSite site = {.count = 1};
  FwdEndpoint from;

  g_assert_true(fwd_endpoint_parse("198.51.100.7:7000", &from, NULL));
  for (guint i = 0; i < G_N_ELEMENTS(locals); i++)
    g_assert_true(fwd_endpoint_parse(locals[i], &site.local[i], NULL));
  ask(&site, &from, data, size);
  ask_classic(&site, &from, data, size);
  site.count = FWD_STUN_SITE_SOCKETS;
  ask(&site, &from, data, size);
  ask_classic(&site, &from, data, size);
  read_stream(data, size);
  return 0;
}

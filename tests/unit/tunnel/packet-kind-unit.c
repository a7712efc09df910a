/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/packet-kind.h"

#define ID       0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88
#define ID_VALUE G_GUINT64_CONSTANT(0x1122334455667788)

static void
test_short_header(void)
{
  static const guint8 packet[] = {0x41, ID, 0xaa};
  guint64 id = 0;

  g_assert_cmpint(fwd_packet_classify(packet, sizeof packet, &id), ==, FWD_PACKET_QUIC);
  g_assert_cmpuint(id, ==, ID_VALUE);
  for (gsize length = 0; length < 9; length++)
    g_assert_cmpint(fwd_packet_classify(packet, length, &id), ==, FWD_PACKET_OTHER);
}

static void
test_long_header(void)
{
  guint8 packet[] = {0xc3, 0, 0, 0, 1, 8, ID, 0};
  guint64 id = 0;

  g_assert_cmpint(fwd_packet_classify(packet, sizeof packet, &id), ==, FWD_PACKET_QUIC);
  g_assert_cmpuint(id, ==, ID_VALUE);
  for (gsize length = 0; length < 14; length++)
    g_assert_cmpint(fwd_packet_classify(packet, length, &id), ==, FWD_PACKET_OTHER);
  packet[5] = 7;
  g_assert_cmpint(fwd_packet_classify(packet, sizeof packet, &id), ==, FWD_PACKET_OTHER);
  packet[5] = 20;
  g_assert_cmpint(fwd_packet_classify(packet, sizeof packet, &id), ==, FWD_PACKET_OTHER);
}

static void
test_first_bytes(void)
{
  for (guint first = 0; first < 256; first++) {
    guint8 packet[] = {(guint8)first, 0, 0, 0, 1, 8, ID, 0};
    guint64 id;
    FwdPacketKind expected = first < 4                    ? FWD_PACKET_STUN
                             : first >= 0xc0              ? FWD_PACKET_QUIC
                             : first >= 64 && first < 128 ? FWD_PACKET_QUIC
                                                          : FWD_PACKET_OTHER;
    g_assert_cmpint(fwd_packet_classify(packet, sizeof packet, &id), ==, expected);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/packet-kind/short", test_short_header);
  g_test_add_func("/packet-kind/long", test_long_header);
  g_test_add_func("/packet-kind/first-bytes", test_first_bytes);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/turn-message.h"

#include <string.h>

static void
test_channel(void)
{
  guint8 message[] = {0, 0, 0, 0, 'a', 'b', 'c', 0, 0xff};
  const guint8 expected[] = {0x40, 0x01, 0x00, 0x03};
  FwdTurnPacket packet;
  guint16 channel;

  fwd_turn_channel_write(message, 0x4001, 3);
  g_assert_cmpmem(message, 4, expected, sizeof expected);
  for (gsize length = 7; length <= sizeof message; length++) {
    g_assert_true(fwd_turn_channel_read(message, length, &channel, &packet));
    g_assert_cmphex(channel, ==, 0x4001);
    g_assert_cmpmem(packet.data, packet.length, "abc", 3);
  }
  for (gsize length = 0; length < 7; length++)
    g_assert_false(fwd_turn_channel_read(message, length, &channel, &packet));
}

static void
test_channel_numbers(void)
{
  static const struct {
    guint16 number;
    gboolean valid;
  } cases[] = {{0x3fff, FALSE}, {0x4000, TRUE}, {0x4fff, TRUE}, {0x5000, FALSE}, {0, FALSE}};
  guint8 message[4];
  FwdTurnPacket packet;
  guint16 channel;

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    fwd_turn_channel_write(message, cases[i].number, 0);
    g_assert_cmpint(fwd_turn_channel_read(message, sizeof message, &channel, &packet), ==,
                    cases[i].valid);
  }
}

static void
assert_send(const char *peer_text)
{
  guint8 buffer[100];
  FwdEndpoint peer, read;
  FwdStunMessage message;
  const guint8 *value;
  gsize length;

  g_assert_true(fwd_endpoint_parse(peer_text, &peer, NULL));
  length = fwd_turn_send_write(buffer, sizeof buffer, &peer, (const guint8 *)"hello", 5);
  g_assert_cmpuint(length, >, 0);
  g_assert_cmpuint(length, <=, 5 + FWD_TURN_INDICATION_OVERHEAD);
  g_assert_true(fwd_stun_message_parse(buffer, length, &message));
  g_assert_cmphex(buffer[0] << 8 | buffer[1], ==, 0x0016);
  g_assert_true(fwd_stun_message_get_endpoint(&message, FWD_STUN_XOR_PEER_ADDRESS, &read));
  g_assert_true(fwd_endpoint_equal(&read, &peer));
  value = fwd_stun_message_find(&message, FWD_STUN_DATA_VALUE, &length);
  g_assert_cmpmem(value, length, "hello", 5);
  g_assert_cmpuint(fwd_turn_send_write(buffer, 30, &peer, value, length), ==, 0);
}

static void
test_send(void)
{
  assert_send("203.0.113.5:1000");
  assert_send("[2001:db8::5]:1000");
}

/* As in RFC 8656, 12: type 0x0017, an XOR-PEER-ADDRESS and DATA of two bytes. */
static const guint8 data_indication[] = {
    0x00, 0x17, 0x00, 0x14, 0x21, 0x12, 0xa4, 0x42, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
    0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x00, 0x12, 0x00, 0x08, 0x00, 0x01, 0x22, 0xfa,
    0xea, 0x12, 0xd5, 0x47, 0x00, 0x13, 0x00, 0x02, 'h',  'i',  0x00, 0x00};

static void
test_data(void)
{
  g_autofree guint8 *copy = g_memdup2(data_indication, sizeof data_indication);
  FwdEndpoint peer;
  FwdTurnPacket packet;

  g_assert_true(fwd_endpoint_parse("203.0.113.5:1000", &peer, NULL));
  g_assert_true(fwd_turn_data_read(copy, sizeof data_indication, &packet));
  g_assert_cmpmem(packet.data, packet.length, "hi", 2);
  g_assert_true(fwd_endpoint_equal(&packet.peer, &peer));
  for (gsize length = 0; length < sizeof data_indication; length++)
    g_assert_false(fwd_turn_data_read(copy, length, &packet));
  copy[1] = 0x16;
  g_assert_false(fwd_turn_data_read(copy, sizeof data_indication, &packet));
}

static void
test_data_without_peer_or_data(void)
{
  g_autofree guint8 *copy = g_memdup2(data_indication, sizeof data_indication);
  FwdTurnPacket packet;

  copy[21] = 0x80;
  copy[20] = 0xff;
  g_assert_false(fwd_turn_data_read(copy, sizeof data_indication, &packet));
  copy[20] = 0x00;
  copy[21] = 0x12;
  copy[32] = 0xff;
  g_assert_false(fwd_turn_data_read(copy, sizeof data_indication, &packet));
}

static void
test_frames(void)
{
  static const struct {
    guint8 bytes[4];
    gssize length;
  } cases[] = {{{0x40, 0x00, 0x00, 0x00}, 4},  {{0x40, 0x00, 0x00, 0x01}, 8},
               {{0x4f, 0xff, 0x00, 0x04}, 8},  {{0x7f, 0xff, 0xff, 0xff}, 65540},
               {{0x00, 0x17, 0x00, 0x14}, 40}, {{0x00, 0x17, 0xff, 0xfc}, 65552},
               {{0x00, 0x17, 0x00, 0x13}, -1}, {{0x80, 0x00, 0x00, 0x00}, -1},
               {{0xff, 0xff, 0xff, 0xff}, -1}};

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    gssize length = fwd_turn_frame_length(cases[i].bytes, 4);
    g_assert_cmpint(length, ==, cases[i].length);
    g_assert_cmpint(length, <=, FWD_TURN_FRAME_MAX);
    g_assert_cmpint(fwd_turn_frame_length(cases[i].bytes, 3), ==, 0);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/turn-message/channel", test_channel);
  g_test_add_func("/turn-message/channel-numbers", test_channel_numbers);
  g_test_add_func("/turn-message/send", test_send);
  g_test_add_func("/turn-message/data", test_data);
  g_test_add_func("/turn-message/data-without-peer-or-data", test_data_without_peer_or_data);
  g_test_add_func("/turn-message/frames", test_frames);
  return g_test_run();
}

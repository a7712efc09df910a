/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/websocket-frame.h"
#include <string.h>

/* The examples of RFC 6455, 5.7, and where the two longer forms of a length begin. */
static const struct {
  guint8 bytes[14];
  gsize size;
  FwdWebsocketHeader header;
} good[] = {
    {{0x81, 0x05}, 2, {.opcode = FWD_WEBSOCKET_TEXT, .final = TRUE, .length = 5}},
    {{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d},
     6,
     {.opcode = FWD_WEBSOCKET_TEXT,
      .final = TRUE,
      .masked = TRUE,
      .mask = {0x37, 0xfa, 0x21, 0x3d},
      .length = 5}},
    {{0x01, 0x03}, 2, {.opcode = FWD_WEBSOCKET_TEXT, .length = 3}},
    {{0x80, 0x02}, 2, {.opcode = FWD_WEBSOCKET_CONTINUATION, .final = TRUE, .length = 2}},
    {{0x89, 0x7d}, 2, {.opcode = FWD_WEBSOCKET_PING, .final = TRUE, .length = 125}},
    {{0x82, 0x7e, 0x00, 0x7e}, 4, {.opcode = 2, .final = TRUE, .length = 126}},
    {{0x82, 0x7e, 0xff, 0xff}, 4, {.opcode = 2, .final = TRUE, .length = 65535}},
    {{0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}, 10, {.opcode = 2, .final = TRUE, .length = 65536}},
    {{0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4},
     14,
     {.opcode = 2, .final = TRUE, .masked = TRUE, .mask = {1, 2, 3, 4}, .length = G_MAXINT64}},
};

static void
test_headers(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
    FwdWebsocketHeader header;
    guint8 bytes[FWD_WEBSOCKET_HEADER_MAX];
    gsize size = fwd_websocket_header_write(bytes, &good[i].header);

    g_assert_cmpmem(bytes, size, good[i].bytes, good[i].size);
    for (gsize cut = 0; cut < size; cut++)
      g_assert_cmpint(fwd_websocket_header_read(bytes, cut, &header), ==, 0);
    g_assert_cmpint(fwd_websocket_header_read(bytes, size, &header), ==, (gssize)size);
    g_assert_cmpint(header.opcode, ==, good[i].header.opcode);
    g_assert_cmpint(header.final, ==, good[i].header.final);
    g_assert_cmpint(header.masked, ==, good[i].header.masked);
    g_assert_cmpmem(header.mask, 4, good[i].header.mask, 4);
    g_assert_cmpuint(header.length, ==, good[i].header.length);
  }
}

static void
test_bad_headers(void)
{
  static const guint8 bad[][10] = {
      {0xc2, 0x01},                         /* a reserved bit */
      {0x83, 0x01},                         /* a reserved opcode */
      {0x8b, 0x01},                         /* a reserved control opcode */
      {0x09, 0x00},                         /* a control frame that is split */
      {0x89, 0x7e, 0x00, 0x7e},             /* one that is too long */
      {0x82, 0x7e, 0x00, 0x7d},             /* a length that fits seven bits */
      {0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff}, /* a length that fits sixteen */
      {0x82, 0x7f, 0x80},                   /* the highest bit of the length */
  };

  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    FwdWebsocketHeader header;
    g_assert_cmpint(fwd_websocket_header_read(bad[i], sizeof bad[i], &header), ==, -1);
  }
}

static void
test_mask(void)
{
  static const guint8 mask[] = {0x37, 0xfa, 0x21, 0x3d};
  static const guint8 masked[] = {0x7f, 0x9f, 0x4d, 0x51, 0x58};
  guint8 data[64], whole[64];

  memcpy(data, masked, sizeof masked);
  fwd_websocket_mask(data, sizeof masked, mask, 0);
  g_assert_cmpmem(data, sizeof masked, "Hello", 5);

  /* In any two pieces, wherever they start. */
  for (gsize i = 0; i < sizeof whole; i++)
    whole[i] = (guint8)(i * 7) ^ mask[i % 4];
  for (gsize cut = 0; cut <= sizeof data; cut++) {
    for (gsize i = 0; i < sizeof data; i++)
      data[i] = (guint8)(i * 7);
    fwd_websocket_mask(data, cut, mask, 0);
    fwd_websocket_mask(data + cut, sizeof data - cut, mask, cut);
    g_assert_cmpmem(data, sizeof data, whole, sizeof whole);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/net/websocket-frame/headers", test_headers);
  g_test_add_func("/net/websocket-frame/bad-headers", test_bad_headers);
  g_test_add_func("/net/websocket-frame/mask", test_mask);
  return g_test_run();
}

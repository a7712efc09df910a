/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/frame-reader.h"
#include <errno.h>
#include <string.h>

#define BUFFER 65536

typedef struct {
  FwdFrameReader *reader;
  guint8 *buffer;
  GString *story; /* batches as "LENGTH/SEGMENT " */
} Fixture;

static void
begin(Fixture *fixture, FwdFraming framing)
{
  fwd_frame_reader_init(fixture->reader, framing);
  g_string_truncate(fixture->story, 0);
}

static void
set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  fixture->reader = g_new(FwdFrameReader, 1);
  fixture->buffer = g_malloc(BUFFER);
  fixture->story = g_string_new(NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_free(fixture->reader);
  g_free(fixture->buffer);
  g_string_free(fixture->story, TRUE);
}

/* Each packet is full of one letter. */
static void
note_batch(Fixture *fixture, gsize length, gsize segment)
{
  for (gsize offset = 0; offset < length; offset += segment)
    for (gsize i = offset; i < MIN(offset + segment, length); i++)
      g_assert_cmpint(fixture->buffer[i], ==, fixture->buffer[offset]);
  g_string_append_printf(fixture->story, "%" G_GSIZE_FORMAT "/%" G_GSIZE_FORMAT "%c ", length,
                         segment, fixture->buffer[0]);
}

static gssize
take_all(Fixture *fixture)
{
  gsize segment;
  gssize length;

  while ((length = fwd_frame_reader_take(fixture->reader, fixture->buffer, BUFFER, &segment)) >
         0)
    note_batch(fixture, (gsize)length, segment);
  return length;
}

static gssize
feed(Fixture *fixture, const guint8 *data, gsize length)
{
  gsize room;

  while (length > 0) {
    guint8 *space = fwd_frame_reader_space(fixture->reader, &room);
    const gsize part = MIN(room, length);
    gssize result;

    g_assert_cmpuint(part, >, 0);
    memcpy(space, data, part);
    fwd_frame_reader_added(fixture->reader, part);
    result = take_all(fixture);
    if (result < 0)
      return result;
    data += part;
    length -= part;
  }
  return 0;
}

static void
add_packet(GByteArray *bytes, gsize length, char letter)
{
  const guint8 prefix[] = {(guint8)(length >> 8), (guint8)length};
  g_autofree guint8 *packet = g_malloc(length + 1);

  memset(packet, letter, length);
  g_byte_array_append(bytes, prefix, sizeof prefix);
  g_byte_array_append(bytes, packet, (guint)length);
}

static void
add_frame(GByteArray *bytes, FwdWebsocketOpcode opcode, gboolean final, const guint8 *data,
          gsize length)
{
  const FwdWebsocketHeader header = {.opcode = opcode, .final = final, .length = length};
  guint8 head[FWD_WEBSOCKET_HEADER_MAX];

  g_byte_array_append(bytes, head, (guint)fwd_websocket_header_write(head, &header));
  g_byte_array_append(bytes, data, (guint)length);
}

static GByteArray *
new_packets(void)
{
  GByteArray *bytes = g_byte_array_new();

  add_packet(bytes, 100, 'a');
  add_packet(bytes, 100, 'b');
  add_packet(bytes, 40, 'c');
  add_packet(bytes, 0, '-');
  add_packet(bytes, 50, 'd');
  add_packet(bytes, 300, 'e');
  return bytes;
}

/* One message in three pieces, a ping in between, then a message of its own. */
static GByteArray *
new_messages(void)
{
  g_autoptr(GByteArray) packets = new_packets();
  GByteArray *bytes = g_byte_array_new();

  add_frame(bytes, FWD_WEBSOCKET_BINARY, FALSE, packets->data, 51);
  add_frame(bytes, FWD_WEBSOCKET_PING, TRUE, (const guint8 *)"hello", 5);
  add_frame(bytes, FWD_WEBSOCKET_CONTINUATION, FALSE, packets->data + 51, 100);
  add_frame(bytes, FWD_WEBSOCKET_CONTINUATION, FALSE, NULL, 0);
  add_frame(bytes, FWD_WEBSOCKET_PONG, TRUE, NULL, 0);
  add_frame(bytes, FWD_WEBSOCKET_CONTINUATION, TRUE, packets->data + 151, packets->len - 151);
  g_byte_array_set_size(packets, 0);
  add_packet(packets, 300, 'f');
  add_frame(bytes, FWD_WEBSOCKET_BINARY, TRUE, packets->data, packets->len);
  return bytes;
}

static void
test_batches(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GByteArray) packets = new_packets();

  begin(fixture, FWD_FRAMING_LENGTH);
  g_assert_cmpint(feed(fixture, packets->data, packets->len), ==, 0);
  g_assert_cmpstr(fixture->story->str, ==, "240/100a 50/50d 300/300e ");
}

/* Cut in two at each place, the same packets come out, whatever batches they make. */
static void
check_cuts(Fixture *fixture, FwdFraming framing, const GByteArray *bytes, gsize total)
{
  for (gsize cut = 0; cut <= bytes->len; cut++) {
    gsize sum = 0;
    g_auto(GStrv) batches = NULL;

    begin(fixture, framing);
    g_assert_cmpint(feed(fixture, bytes->data, cut), ==, 0);
    g_assert_cmpint(feed(fixture, bytes->data + cut, bytes->len - cut), ==, 0);
    batches = g_strsplit(fixture->story->str, " ", -1);
    for (guint i = 0; batches[i] != NULL; i++)
      sum += g_ascii_strtoull(batches[i], NULL, 10);
    g_assert_cmpuint(sum, ==, total);
    g_assert_true(g_str_has_prefix(fixture->story->str, "100/100a ") ||
                  g_str_has_prefix(fixture->story->str, "200/100a ") ||
                  g_str_has_prefix(fixture->story->str, "240/100a "));
  }
}

static void
test_cuts(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GByteArray) packets = new_packets();
  g_autoptr(GByteArray) messages = new_messages();

  check_cuts(fixture, FWD_FRAMING_LENGTH, packets, 590);
  check_cuts(fixture, FWD_FRAMING_WEBSOCKET, messages, 890);
}

static void
test_byte_by_byte(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GByteArray) messages = new_messages();

  begin(fixture, FWD_FRAMING_WEBSOCKET);
  for (guint i = 0; i < messages->len; i++)
    g_assert_cmpint(feed(fixture, messages->data + i, 1), ==, 0);
  g_assert_cmpstr(fixture->story->str, ==,
                  "100/100a 100/100b 40/40c 50/50d 300/300e 300/300f ");
  g_assert_true(fixture->reader->pinged);
  g_assert_cmpmem(fixture->reader->ping, fixture->reader->ping_length, "hello", 5);
}

static void
test_largest(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GByteArray) packets = g_byte_array_new();

  for (guint i = 0; i < 5; i++)
    add_packet(packets, G_MAXUINT16, (char)('a' + i));
  begin(fixture, FWD_FRAMING_LENGTH);
  g_assert_cmpint(feed(fixture, packets->data, packets->len), ==, 0);
  g_assert_cmpstr(fixture->story->str, ==,
                  "65535/65535a 65535/65535b 65535/65535c 65535/65535d 65535/65535e ");
}

static void
test_goodbye(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GByteArray) bytes = new_messages();

  add_frame(bytes, FWD_WEBSOCKET_CLOSE, TRUE, (const guint8 *)"\x03\xe9", 2);
  begin(fixture, FWD_FRAMING_WEBSOCKET);
  g_assert_cmpint(feed(fixture, bytes->data, bytes->len), ==, -EPIPE);
  g_assert_true(g_str_has_suffix(fixture->story->str, "300/300f "));
  g_assert_cmpint(take_all(fixture), ==, -EPIPE);
}

/* What breaks the rules of a server's messages, and what does not end where a packet ends. */
static void
test_garbage(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const struct {
    guint8 bytes[16];
    gsize length;
  } bad[] = {
      {{0x82, 0x81, 1, 2, 3, 4, 5}, 7},              /* masked */
      {{0x81, 0x01, 'x'}, 3},                        /* text */
      {{0x80, 0x01, 'x'}, 3},                        /* goes on with what has not begun */
      {{0x02, 0x00, 0x82, 0x00}, 4},                 /* begins before the last one ended */
      {{0x82, 0x02, 0x00, 0x05, 0x82, 0}, 6},        /* ends in the middle of a packet */
      {{0x82, 0x01, 0x00, 0x82, 0}, 5},              /* ends in the middle of a length */
      {{0x82, 0x7f, 0, 0, 0, 0, 0, 0x10, 0, 1}, 10}, /* a message of 1 MiB and a byte */
      {"HTTP/1.1 400", 12},
  };

  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    begin(fixture, FWD_FRAMING_WEBSOCKET);
    g_assert_cmpint(feed(fixture, bad[i].bytes, bad[i].length), ==, -EPROTO);
  }
}

/* The limit holds for all frames of a message together. */
static void
test_long_message(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GByteArray) packets = g_byte_array_new();
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  guint frames = 0;

  add_packet(packets, 32766, 'x');
  begin(fixture, FWD_FRAMING_WEBSOCKET);
  add_frame(bytes, FWD_WEBSOCKET_BINARY, FALSE, packets->data, packets->len);
  while (feed(fixture, bytes->data, bytes->len) == 0) {
    g_byte_array_set_size(bytes, 0);
    add_frame(bytes, FWD_WEBSOCKET_CONTINUATION, FALSE, packets->data, packets->len);
    frames++;
  }
  g_assert_cmpuint(frames, ==, FWD_FRAME_MESSAGE_MAX / 32768);
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("/path/frame-reader/batches", test_batches);
  ADD("/path/frame-reader/cuts", test_cuts);
  ADD("/path/frame-reader/byte-by-byte", test_byte_by_byte);
  ADD("/path/frame-reader/largest", test_largest);
  ADD("/path/frame-reader/goodbye", test_goodbye);
  ADD("/path/frame-reader/garbage", test_garbage);
  ADD("/path/frame-reader/long-message", test_long_message);
  return g_test_run();
}

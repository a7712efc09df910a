/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay-frames.h"
#include <string.h>

typedef struct {
  FwdRelayFrames *frames;
  GByteArray *out;   /* all that went out */
  GString *controls; /* "OPCODE:TEXT " */
} Fixture;

static const guint8 mask[] = {0x12, 0x34, 0x56, 0x78};

static void
set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  fixture->frames = g_new(FwdRelayFrames, 1);
  fwd_relay_frames_init(fixture->frames);
  fixture->out = g_byte_array_new();
  fixture->controls = g_string_new(NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_free(fixture->frames);
  g_byte_array_unref(fixture->out);
  g_string_free(fixture->controls, TRUE);
}

static void
add_frame(GByteArray *bytes, FwdWebsocketOpcode opcode, gboolean final, const guint8 *data,
          gsize length)
{
  FwdWebsocketHeader header = {
      .opcode = opcode, .final = final, .masked = TRUE, .length = length};
  guint8 head[FWD_WEBSOCKET_HEADER_MAX];
  guint at;

  memcpy(header.mask, mask, sizeof mask);
  g_byte_array_append(bytes, head, (guint)fwd_websocket_header_write(head, &header));
  at = bytes->len;
  g_byte_array_append(bytes, data, (guint)length);
  fwd_websocket_mask(bytes->data + at, length, mask, 0);
}

static void
take_out(Fixture *fixture)
{
  gsize length;
  const guint8 *data = fwd_relay_frames_pending(fixture->frames, &length);

  g_byte_array_append(fixture->out, data, (guint)length);
  fwd_relay_frames_taken(fixture->frames, length);
}

static FwdRelayStep
run(Fixture *fixture, gboolean drain)
{
  FwdRelayControl control;
  FwdRelayStep step;

  while ((step = fwd_relay_frames_run(fixture->frames, &control)) == FWD_RELAY_CONTROL ||
         (drain && step == FWD_RELAY_FULL)) {
    if (step == FWD_RELAY_FULL)
      take_out(fixture);
    else
      g_string_append_printf(fixture->controls, "%d:%.*s ", control.opcode, (int)control.length,
                             control.data);
  }
  return step;
}

static FwdRelayStep
feed(Fixture *fixture, const guint8 *data, gsize length)
{
  FwdRelayStep step = FWD_RELAY_HUNGRY;

  while (length > 0 && step == FWD_RELAY_HUNGRY) {
    gsize room;
    guint8 *space = fwd_relay_frames_space(fixture->frames, &room);
    const gsize part = MIN(room, length);

    g_assert_cmpuint(part, >, 0);
    memcpy(space, data, part);
    fwd_relay_frames_added(fixture->frames, part);
    step = run(fixture, TRUE);
    data += part;
    length -= part;
  }
  take_out(fixture);
  return step;
}

/** The payload of all that went out; messages end with a '|'. */
static char *
read_out(const Fixture *fixture)
{
  GString *text = g_string_new(NULL);
  gboolean in_message = FALSE;

  for (gsize at = 0; at < fixture->out->len;) {
    FwdWebsocketHeader header;
    const gssize size =
        fwd_websocket_header_read(fixture->out->data + at, fixture->out->len - at, &header);

    g_assert_cmpint(size, >, 0);
    g_assert_false(header.masked);
    g_assert_cmpint(header.opcode, ==,
                    in_message ? FWD_WEBSOCKET_CONTINUATION : FWD_WEBSOCKET_BINARY);
    in_message = !header.final;
    g_string_append_len(text, (const char *)fixture->out->data + at + size,
                        (gssize)header.length);
    if (header.final)
      g_string_append_c(text, '|');
    at += (gsize)size + (gsize)header.length;
  }
  return g_string_free(text, FALSE);
}

static GByteArray *
new_story(void)
{
  GByteArray *bytes = g_byte_array_new();

  add_frame(bytes, FWD_WEBSOCKET_BINARY, TRUE, (const guint8 *)"one", 3);
  add_frame(bytes, FWD_WEBSOCKET_PING, TRUE, (const guint8 *)"are you there", 13);
  add_frame(bytes, FWD_WEBSOCKET_BINARY, FALSE, (const guint8 *)"two", 3);
  add_frame(bytes, FWD_WEBSOCKET_PONG, TRUE, (const guint8 *)"", 0);
  add_frame(bytes, FWD_WEBSOCKET_CONTINUATION, FALSE, (const guint8 *)"", 0);
  add_frame(bytes, FWD_WEBSOCKET_CONTINUATION, TRUE, (const guint8 *)" three", 6);
  add_frame(bytes, FWD_WEBSOCKET_BINARY, TRUE, (const guint8 *)"", 0);
  add_frame(bytes, FWD_WEBSOCKET_CLOSE, TRUE, (const guint8 *)"", 0);
  return bytes;
}

static void
test_cuts(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GByteArray) bytes = new_story();

  for (gsize cut = 0; cut <= bytes->len; cut++) {
    g_autofree char *text = NULL;

    fwd_relay_frames_init(fixture->frames);
    g_byte_array_set_size(fixture->out, 0);
    g_string_truncate(fixture->controls, 0);
    g_assert_cmpint(feed(fixture, bytes->data, cut), ==, FWD_RELAY_HUNGRY);
    g_assert_cmpint(feed(fixture, bytes->data + cut, bytes->len - cut), ==, FWD_RELAY_HUNGRY);
    text = read_out(fixture);
    g_assert_cmpstr(text, ==, "one|two three||");
    g_assert_cmpstr(fixture->controls->str, ==, "9:are you there 10: 8: ");
  }
}

/* A frame longer than all buffers together leaves in pieces. */
static void
test_long_frame(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  g_autofree guint8 *payload = g_malloc(1000000);
  g_autofree char *text = NULL;

  for (gsize i = 0; i < 1000000; i++)
    payload[i] = 'a' + i % 23;
  add_frame(bytes, FWD_WEBSOCKET_BINARY, TRUE, payload, 1000000);
  g_assert_cmpint(feed(fixture, bytes->data, bytes->len), ==, FWD_RELAY_HUNGRY);
  text = read_out(fixture);
  g_assert_cmpuint(strlen(text), ==, 1000001);
  g_assert_cmpmem(text, 1000000, payload, 1000000);
}

/* Nothing is taken that has no room, and control frames find some even then. */
static void
test_full(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree guint8 *payload = g_malloc0(60000);
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  FwdRelayStep step;
  guint frames = 0;
  gsize length, room;

  add_frame(bytes, FWD_WEBSOCKET_BINARY, TRUE, payload, 60000);
  do {
    guint8 *space = fwd_relay_frames_space(fixture->frames, &room);
    g_assert_cmpuint(room, >=, bytes->len);
    memcpy(space, bytes->data, bytes->len);
    fwd_relay_frames_added(fixture->frames, bytes->len);
    step = run(fixture, FALSE);
    g_assert_cmpuint(++frames, <, 10);
  } while (step == FWD_RELAY_HUNGRY);
  g_assert_cmpint(step, ==, FWD_RELAY_FULL);
  g_assert_true(fwd_relay_frames_say(fixture->frames, FWD_WEBSOCKET_PING, "x", 1));
  fwd_relay_frames_pending(fixture->frames, &length);
  g_assert_cmpuint(length, <=, FWD_RELAY_OUT_SIZE);
  while (fwd_relay_frames_say(fixture->frames, FWD_WEBSOCKET_PING, payload, 125))
    continue;
  fwd_relay_frames_pending(fixture->frames, &length);
  g_assert_cmpuint(length, <=, FWD_RELAY_OUT_SIZE);
  fwd_relay_frames_taken(fixture->frames, 70000);
  g_assert_cmpint(run(fixture, FALSE), ==, FWD_RELAY_HUNGRY);
}

static void
test_garbage(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const struct {
    guint8 bytes[16];
    gsize length;
  } bad[] = {
      {{0x82, 0x01, 'x'}, 3},             /* not masked */
      {{0x81, 0x81, 0, 0, 0, 0, 'x'}, 7}, /* text */
      {{0x80, 0x81, 0, 0, 0, 0, 'x'}, 7}, /* goes on with what has not begun */
      {{0x02, 0x80, 0, 0, 0, 0, 0x82, 0x80, 0, 0, 0, 0}, 12}, /* begins before the end */
      {{0xf2, 0x80}, 2},                                      /* an extension */
      {"GET / HTTP/1.1", 14},
  };

  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    fwd_relay_frames_init(fixture->frames);
    g_assert_cmpint(feed(fixture, bad[i].bytes, bad[i].length), ==, FWD_RELAY_INVALID);
  }
}

#define ADD(name, function)                                                                    \
  g_test_add("/signald/relay-frames/" name, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("cuts", test_cuts);
  ADD("long-frame", test_long_frame);
  ADD("full", test_full);
  ADD("garbage", test_garbage);
  return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "room-message.h"

#include <stunfwd/error.h>

static void
assert_invalid(const char *text)
{
  g_auto(FwdRoomMessage) message = {0};
  g_autoptr(GError) error = NULL;

  if (fwd_room_message_parse(text, strlen(text), &message, &error))
    g_error("accepted: %s", text);
  g_assert_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID);
  g_assert_null(message.room);
  g_assert_null(message.member);
  g_assert_null(message.data);
  g_assert_null(message.members);
  g_assert_null(message.stun);
}

static void
parse(const char *text, FwdRoomMessage *message)
{
  g_autoptr(GError) error = NULL;

  fwd_room_message_parse(text, strlen(text), message, &error);
  g_assert_no_error(error);
}

/* What is written reads back as the same, and is written the same again. */
static void
assert_round_trip(const FwdRoomMessage *message, const char *expected)
{
  g_autofree char *text = fwd_room_message_encode(message);
  g_auto(FwdRoomMessage) read = {0};
  g_autofree char *again = NULL;

  g_assert_cmpstr(text, ==, expected);
  parse(text, &read);
  g_assert_cmpint(read.type, ==, message->type);
  again = fwd_room_message_encode(&read);
  g_assert_cmpstr(again, ==, text);
}

static void
test_to_server(void)
{
  assert_round_trip(
      &(FwdRoomMessage){.type = FWD_ROOM_JOIN, .room = (char *)"r.1", .role = FWD_ROLE_CLIENT},
      "{\"type\":\"join\",\"room\":\"r.1\",\"role\":\"client\"}");
  assert_round_trip(
      &(FwdRoomMessage){.type = FWD_ROOM_SEND,
                        .member = (char *)"ab",
                        .data = (char *)"a \"quoted\" \\ word"},
      "{\"type\":\"send\",\"to\":\"ab\",\"data\":\"a \\\"quoted\\\" \\\\ word\"}");
}

static void
test_to_member(void)
{
  assert_round_trip(&(FwdRoomMessage){.type = FWD_ROOM_PEER_JOINED,
                                      .member = (char *)"ab",
                                      .role = FWD_ROLE_SERVER},
                    "{\"type\":\"peer-joined\",\"id\":\"ab\",\"role\":\"server\"}");
  assert_round_trip(&(FwdRoomMessage){.type = FWD_ROOM_PEER_LEFT, .member = (char *)"ab"},
                    "{\"type\":\"peer-left\",\"id\":\"ab\"}");
  assert_round_trip(&(FwdRoomMessage){.type = FWD_ROOM_MESSAGE,
                                      .member = (char *)"ab",
                                      .data = (char *)"xyz"},
                    "{\"type\":\"message\",\"from\":\"ab\",\"data\":\"xyz\"}");
  assert_round_trip(&(FwdRoomMessage){.type = FWD_ROOM_ERROR,
                                      .code = (char *)"full",
                                      .text = (char *)"no room"},
                    "{\"type\":\"error\",\"code\":\"full\",\"message\":\"no room\"}");
}

static void
test_joined(void)
{
  g_autoptr(GArray) members = fwd_room_peers_new();
  const char *stun[] = {"example.org:3478", "[2001:db8::1]:3478", NULL};

  fwd_room_peers_add(members, "ab", FWD_ROLE_SERVER);
  fwd_room_peers_add(members, "cd", FWD_ROLE_CLIENT);
  assert_round_trip(&(FwdRoomMessage){.type = FWD_ROOM_JOINED,
                                      .member = (char *)"me",
                                      .members = members,
                                      .stun = (GStrv)stun,
                                      .you = (char *)"192.0.2.7:5000"},
                    "{\"type\":\"joined\",\"id\":\"me\",\"members\":[{\"id\":\"ab\",\"role\":"
                    "\"server\"},{\"id\":\"cd\",\"role\":\"client\"}],\"stun\":["
                    "\"example.org:3478\",\"[2001:db8::1]:3478\"],\"you\":\"192.0.2.7:5000\"}");
}

static void
test_joined_with_turn(void)
{
  g_autoptr(GArray) members = fwd_room_peers_new();
  g_autoptr(GPtrArray) turn = fwd_turn_servers_new();
  g_auto(FwdRoomMessage) message = {0};
  const char *stun[] = {NULL};
  const char *text = "{\"type\":\"joined\",\"id\":\"me\",\"members\":[],\"stun\":[],\"turn\":[{"
                     "\"uri\":\"turn:a:1\",\"username\":\"u\",\"password\":\"p\"}]}";

  g_ptr_array_add(turn, fwd_turn_server_new("turn:a:1", "u", "p"));
  assert_round_trip(&(FwdRoomMessage){.type = FWD_ROOM_JOINED,
                                      .member = (char *)"me",
                                      .members = members,
                                      .stun = (GStrv)stun,
                                      .turn = turn},
                    text);
  parse(text, &message);
  g_assert_cmpuint(message.turn->len, ==, 1);
  g_assert_cmpstr(((FwdTurnServer *)message.turn->pdata[0])->uri, ==, "turn:a:1");
  g_assert_cmpstr(((FwdTurnServer *)message.turn->pdata[0])->username, ==, "u");
  g_assert_cmpstr(((FwdTurnServer *)message.turn->pdata[0])->password, ==, "p");
}

static void
assert_turn_is_refused(const char *turn)
{
  g_autofree char *text = g_strdup_printf(
      "{\"type\":\"joined\",\"id\":\"a\",\"members\":[],\"stun\":[],\"turn\":%s}", turn);
  g_auto(FwdRoomMessage) message = {0};
  g_autoptr(GError) error = NULL;

  g_test_message("%s", text);
  g_assert_false(fwd_room_message_parse(text, strlen(text), &message, &error));
  g_assert_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID);
  g_assert_null(message.turn);
}

static void
test_wrong_turn(void)
{
  g_autofree char *name = g_strnfill(FWD_ROOM_TURN_TEXT_MAX + 1, 'a');
  g_autofree char *long_name =
      g_strdup_printf("[{\"uri\":\"u\",\"username\":\"%s\",\"password\":\"p\"}]", name);
  g_autoptr(GString) many = g_string_new("[");

  for (guint i = 0; i <= FWD_ROOM_TURN_SERVERS_MAX; i++)
    g_string_append_printf(many, "%s{\"uri\":\"u\",\"username\":\"n\",\"password\":\"p\"}",
                           i > 0 ? "," : "");
  g_string_append(many, "]");
  assert_turn_is_refused("7");
  assert_turn_is_refused("null");
  assert_turn_is_refused("[7]");
  assert_turn_is_refused("[{}]");
  assert_turn_is_refused("[{\"uri\":\"u\",\"username\":\"n\"}]");
  assert_turn_is_refused("[{\"uri\":\"\",\"username\":\"n\",\"password\":\"p\"}]");
  assert_turn_is_refused("[{\"uri\":\"u\",\"username\":\"n\",\"password\":7}]");
  assert_turn_is_refused(long_name);
  assert_turn_is_refused(many->str);
}

static void
test_unknown_fields(void)
{
  g_auto(FwdRoomMessage) message = {0};

  parse("{\"later\":[{}],\"type\":\"peer-left\",\"id\":\"ab\",\"data\":7}", &message);
  g_assert_cmpint(message.type, ==, FWD_ROOM_PEER_LEFT);
  g_assert_cmpstr(message.member, ==, "ab");
  g_assert_null(message.data);
}

static void
test_invalid(void)
{
  static const char *const texts[] = {
      "",
      " ",
      "x",
      "7",
      "null",
      "[]",
      "\"join\"",
      "{",
      "{}",
      "{\"type\":7}",
      "{\"type\":null}",
      "{\"type\":\"\"}",
      "{\"type\":\"Join\",\"room\":\"r\",\"role\":\"client\"}",
      "{\"type\":\"join\"}",
      "{\"type\":\"join\",\"room\":\"r\"}",
      "{\"type\":\"join\",\"role\":\"client\"}",
      "{\"type\":\"join\",\"room\":\"r\",\"role\":\"admin\"}",
      "{\"type\":\"join\",\"room\":\"r\",\"role\":1}",
      "{\"type\":\"join\",\"room\":\"\",\"role\":\"client\"}",
      "{\"type\":\"join\",\"room\":\"a b\",\"role\":\"client\"}",
      "{\"type\":\"join\",\"room\":\"a/b\",\"role\":\"client\"}",
      "{\"type\":\"join\",\"room\":\"\303\251\",\"role\":\"client\"}",
      "{\"type\":\"join\",\"room\":[\"r\"],\"role\":\"client\"}",
      "{\"type\":\"join\",\"room\":null,\"role\":\"client\"}",
      "{\"type\":\"send\",\"to\":\"a\",\"data\":\"\"}",
      "{\"type\":\"send\",\"to\":\"a\",\"data\":\"a\\nb\"}",
      "{\"type\":\"send\",\"to\":\"a\",\"data\":{}}",
      "{\"type\":\"send\",\"to\":12,\"data\":\"x\"}",
      "{\"type\":\"joined\",\"id\":\"a\",\"members\":{},\"stun\":[]}",
      "{\"type\":\"joined\",\"id\":\"a\",\"members\":[]}",
      "{\"type\":\"joined\",\"id\":\"a\",\"members\":[null],\"stun\":[]}",
      "{\"type\":\"joined\",\"id\":\"a\",\"members\":[{\"id\":\"b\"}],\"stun\":[]}",
      "{\"type\":\"joined\",\"id\":\"a\",\"members\":[],\"stun\":[7]}",
      "{\"type\":\"joined\",\"id\":\"a\",\"members\":[],\"stun\":[],\"you\":7}",
      "{\"type\":\"joined\",\"id\":\"a\",\"members\":[],\"stun\":[],\"you\":\"a:1\"}",
      "{\"type\":\"joined\",\"id\":\"a\",\"members\":[],\"stun\":[],\"you\":\"[fe80::1%lo]:"
      "1\"}",
      "{\"type\":\"joined\",\"id\":\"a\",\"members\":[],\"stun\":[\"a b\"]}",
      "{\"type\":\"error\",\"code\":\"full\",\"message\":\"\\u001b[31m\"}",
      "{\"type\":\"peer-left\",\"id\":\"\377\"}",
      "{\"type\":\"peer-left\",\"id\":\"ab\"}{}",
      "0{\"type\":\"peer-left\",\"id\":\"ab\"}",
      "{/*\"*/\"type\":\"peer-left\",\"id\":\"ab\"/*\"*/}",
      "{\"type\":\"peer-left\",//\n\"id\":\"ab\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    assert_invalid(texts[i]);
}

static void
test_nul_byte(void)
{
  const char text[] = "{\"type\":\"peer-left\",\"id\":\"ab\"}\0{";
  g_auto(FwdRoomMessage) message = {0};

  g_assert_false(fwd_room_message_parse(text, sizeof text - 1, &message, NULL));
}

static void
test_name_limit(void)
{
  g_autofree char *name = g_strnfill(FWD_ROOM_NAME_MAX + 1, 'r');
  g_autofree char *over =
      g_strdup_printf("{\"type\":\"join\",\"room\":\"%s\",\"role\":\"client\"}", name);

  g_assert_false(fwd_room_name_is_valid(name));
  assert_invalid(over);
  name[FWD_ROOM_NAME_MAX] = '\0';
  g_assert_true(fwd_room_name_is_valid(name));
  g_assert_true(fwd_room_name_is_valid("AZaz09._~-"));
  g_assert_false(fwd_room_name_is_valid(""));
}

static void
test_data_limit(void)
{
  g_autofree char *data = g_strnfill(FWD_SIGNALING_MESSAGE_MAX + 1, 'd');
  g_autofree char *over =
      g_strdup_printf("{\"type\":\"send\",\"to\":\"a\",\"data\":\"%s\"}", data);
  g_autofree char *largest = NULL;
  g_auto(FwdRoomMessage) message = {0};

  assert_invalid(over);
  g_assert_false(fwd_room_data_is_valid(data, FWD_SIGNALING_MESSAGE_MAX + 1));
  g_assert_true(fwd_room_data_is_valid(data, FWD_SIGNALING_MESSAGE_MAX));
  g_assert_false(fwd_room_data_is_valid("a\0b", 3));
  g_assert_false(fwd_room_data_is_valid("\200", 1));
  g_assert_false(fwd_room_data_is_valid("", 0));
  data[FWD_SIGNALING_MESSAGE_MAX] = '\0';
  largest = g_strdup_printf("{\"type\":\"send\",\"to\":\"a\",\"data\":\"%s\"}", data);
  parse(largest, &message);
  g_assert_cmpstr(message.data, ==, data);
}

static void
test_frame_limit(void)
{
  g_autofree char *spaces = g_strnfill(FWD_ROOM_FRAME_MAX, ' ');
  g_autofree char *text = g_strconcat("{\"type\":\"peer-left\",\"id\":\"ab\"}", spaces, NULL);

  assert_invalid(text);
}

static void
test_too_many_members(void)
{
  g_autoptr(GString) text =
      g_string_new("{\"type\":\"joined\",\"id\":\"a\",\"stun\":[],\"members\":[");

  for (guint i = 0; i <= FWD_ROOM_MEMBERS_MAX; i++)
    g_string_append_printf(text, "%s{\"id\":\"b\",\"role\":\"client\"}", i > 0 ? "," : "");
  g_string_append(text, "]}");
  g_assert_cmpuint(text->len, <, FWD_ROOM_FRAME_MAX);
  assert_invalid(text->str);
}

static void
test_nesting(void)
{
  g_autofree char *open = g_strnfill(20000, '[');
  g_autofree char *inside = g_strconcat("{\"a\":", open, NULL);
  g_auto(FwdRoomMessage) message = {0};

  assert_invalid(open);
  assert_invalid(inside);
  parse("{\"a\":\"[[[[[[[[[[[[\\\"{{{{{{{{{{{{\",\"type\":\"peer-left\",\"id\":\"ab\"}",
        &message);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/room-message/to-server", test_to_server);
  g_test_add_func("/room-message/to-member", test_to_member);
  g_test_add_func("/room-message/joined", test_joined);
  g_test_add_func("/room-message/joined-with-turn", test_joined_with_turn);
  g_test_add_func("/room-message/wrong-turn", test_wrong_turn);
  g_test_add_func("/room-message/unknown-fields", test_unknown_fields);
  g_test_add_func("/room-message/invalid", test_invalid);
  g_test_add_func("/room-message/nul-byte", test_nul_byte);
  g_test_add_func("/room-message/name-limit", test_name_limit);
  g_test_add_func("/room-message/data-limit", test_data_limit);
  g_test_add_func("/room-message/frame-limit", test_frame_limit);
  g_test_add_func("/room-message/too-many-members", test_too_many_members);
  g_test_add_func("/room-message/nesting", test_nesting);
  return g_test_run();
}

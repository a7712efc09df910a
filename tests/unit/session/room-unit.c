/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/room.h"

#include "meeting/envelope.h"
#include "session/interfaces.h"
#include <fakes/fake-signaling.h>
#include <fakes/log-capture.h>
#include <fakes/wait-for.h>
#include <stunfwd/error.h>

typedef struct {
  FwdRoom *room;
  FwdRoomKeys keys;
  GPtrArray *members; /* of the other role, now present */
  guint joined, disconnected, failed, left;
  GPtrArray *types; /* of the messages that came */
  FwdMessage last;  /* scalars of the last one */
  GError *error;
} End;

typedef struct {
  FakeMeeting *meeting;
  FwdPluginRegistry *registry;
  End client, server;
} Fixture;

static void
on_joined(FwdRoom *room, End *end)
{
  end->joined++;
}

static void
on_disconnected(FwdRoom *room, End *end)
{
  end->disconnected++;
}

static void
on_failed(FwdRoom *room, const GError *error, End *end)
{
  end->failed++;
  g_clear_error(&end->error);
  end->error = g_error_copy(error);
}

static void
on_member_joined(FwdRoom *room, const char *member, End *end)
{
  g_ptr_array_add(end->members, g_strdup(member));
}

static void
on_member_left(FwdRoom *room, const char *member, End *end)
{
  guint index;

  end->left++;
  if (g_ptr_array_find_with_equal_func(end->members, member, g_str_equal, &index))
    g_ptr_array_remove_index(end->members, index);
}

static void
on_message(FwdRoom *room, const char *member, const FwdMessage *message, End *end)
{
  g_ptr_array_add(end->types, GINT_TO_POINTER(message->type));
  end->last = *message;
}

static void
make_end(End *end, FwdRole role, const char *id, guint8 secret_byte)
{
  guint8 secret[FWD_SECRET_SIZE];

  memset(secret, secret_byte, sizeof secret);
  fwd_room_keys_derive(secret, &end->keys);
  end->members = g_ptr_array_new_with_free_func(g_free);
  end->types = g_ptr_array_new();
  end->room = fwd_room_new(role, &end->keys, id);
  g_signal_connect(end->room, "joined", G_CALLBACK(on_joined), end);
  g_signal_connect(end->room, "disconnected", G_CALLBACK(on_disconnected), end);
  g_signal_connect(end->room, "failed", G_CALLBACK(on_failed), end);
  g_signal_connect(end->room, "member-joined", G_CALLBACK(on_member_joined), end);
  g_signal_connect(end->room, "member-left", G_CALLBACK(on_member_left), end);
  g_signal_connect(end->room, "message", G_CALLBACK(on_message), end);
}

static void
clear_end(End *end)
{
  g_clear_object(&end->room);
  g_ptr_array_unref(end->members);
  g_ptr_array_unref(end->types);
  g_clear_error(&end->error);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->meeting = fake_meeting_new();
  fixture->registry = fwd_plugin_registry_new();
  fwd_interfaces_define(fixture->registry);
  fake_signaling_register(fixture->registry, fixture->meeting);
  make_end(&fixture->client, FWD_ROLE_CLIENT, "00000000000000c1", 1);
  make_end(&fixture->server, FWD_ROLE_SERVER, "00000000000000f1", 1);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  clear_end(&fixture->client);
  clear_end(&fixture->server);
  wait_until_idle();
  g_object_unref(fixture->registry);
  fake_meeting_free(fixture->meeting);
}

static gboolean
try_join(Fixture *fixture, End *end, const char *text, GError **error)
{
  g_autoptr(GUri) url = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);

  return fwd_room_join(end->room, fixture->registry, url, error);
}

static void
join(Fixture *fixture, End *end)
{
  g_assert_true(try_join(fixture, end, "ws://signaling.example/", NULL));
}

static void
join_both(Fixture *fixture)
{
  join(fixture, &fixture->client);
  join(fixture, &fixture->server);
  WAIT_FOR(fixture->client.members->len == 1 && fixture->server.members->len == 1);
}

/* A member of the room that is no FwdRoom: it sends what it likes. */
static FwdSignaling *
stranger_new(Fixture *fixture, FwdRole role)
{
  g_autoptr(GUri) url = g_uri_parse("ws://signaling.example/", G_URI_FLAGS_NONE, NULL);
  FwdSignaling *stranger = fake_signaling_new(fixture->meeting);

  g_assert_true(fwd_signaling_connect(stranger, url, fixture->server.keys.room, role, NULL));
  WAIT_FOR(fwd_signaling_get_state(stranger) == FWD_SIGNALING_JOINED);
  wait_until_idle();
  return stranger;
}

static void
test_messages(Fixture *fixture, gconstpointer data)
{
  const guint8 *server_nonce = fwd_room_get_nonce(fixture->server.room);
  FwdMessage *attempt = fwd_message_new(FWD_MESSAGE_ATTEMPT);
  const char *member;

  g_assert_cmpstr(fwd_room_get_transport(fixture->client.room), ==, "");
  join_both(fixture);
  g_assert_cmpstr(fwd_room_get_transport(fixture->client.room), ==, "fake");
  member = fixture->client.members->pdata[0];
  attempt->attempt = 7;
  attempt->tunnel = 3;
  attempt->strategies = g_strsplit("lan relay", " ", -1);
  g_assert_true(fwd_room_send(fixture->client.room, member, attempt, server_nonce));
  WAIT_FOR(fixture->server.types->len == 1);
  g_assert_cmpint(fixture->server.last.type, ==, FWD_MESSAGE_ATTEMPT);
  g_assert_cmpuint(fixture->server.last.attempt, ==, 7);
  g_assert_cmpuint(fixture->server.last.tunnel, ==, 3);
  g_assert_cmpstr(fixture->server.last.sender, ==, "00000000000000c1");
  g_assert_cmpuint(fixture->server.last.sequence, ==, 1);
  g_assert_true(fixture->server.last.has_echo);
  g_assert_cmpmem(fixture->server.last.echo, FWD_SESSION_NONCE_SIZE, server_nonce,
                  FWD_SESSION_NONCE_SIZE);
  g_assert_true(
      fwd_room_send(fixture->client.room, member, fwd_message_new(FWD_MESSAGE_BYE), NULL));
  WAIT_FOR(fixture->server.types->len == 2);
  g_assert_cmpint(fixture->server.last.type, ==, FWD_MESSAGE_BYE);
  g_assert_cmpuint(fixture->server.last.sequence, ==, 2);
  g_assert_false(fixture->server.last.has_echo);
  g_assert_cmpuint(fwd_room_get_dropped(fixture->server.room), ==, 0);
}

static void
test_not_joined(Fixture *fixture, gconstpointer data)
{
  g_assert_false(fwd_room_is_joined(fixture->client.room));
  g_assert_false(
      fwd_room_send(fixture->client.room, "member-1", fwd_message_new(FWD_MESSAGE_BYE), NULL));
  g_assert_null(fwd_room_get_stun_servers(fixture->client.room));
  join(fixture, &fixture->client);
  WAIT_FOR(fwd_room_is_joined(fixture->client.room));
  g_assert_false(
      fwd_room_send(fixture->client.room, "nobody", fwd_message_new(FWD_MESSAGE_BYE), NULL));
}

/* Sends @text from @stranger to the server, sealed as @role with @keys. */
static void
send_sealed(Fixture *fixture, FwdSignaling *stranger, const FwdRoomKeys *keys, FwdRole role,
            const char *text)
{
  g_autoptr(GBytes) envelope = fwd_envelope_seal(keys, role, text, NULL);
  guint64 before = fwd_room_get_dropped(fixture->server.room) + fixture->server.types->len;

  g_assert_true(fwd_signaling_send(stranger, "member-1", envelope, NULL));
  WAIT_FOR(fwd_room_get_dropped(fixture->server.room) + fixture->server.types->len ==
           before + 1);
}

static void
send_raw(Fixture *fixture, FwdSignaling *stranger, const char *data, gsize length)
{
  g_autoptr(GBytes) envelope = g_bytes_new(data, length);
  guint64 before = fwd_room_get_dropped(fixture->server.room);

  g_assert_true(fwd_signaling_send(stranger, "member-1", envelope, NULL));
  WAIT_FOR(fwd_room_get_dropped(fixture->server.room) == before + 1);
}

/* A stranger in the room: other keys, reflections, garbage. One warning in all. */
static void
test_strangers(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdSignaling) stranger = NULL;
  g_autoptr(FwdMessage) bye = fwd_message_new(FWD_MESSAGE_BYE);
  g_autofree char *text = NULL, *log = NULL,
                  *large = g_strnfill(FWD_SIGNALING_MESSAGE_MAX, 'A');
  FwdRoomKeys other;

  memset(&other, 9, sizeof other);
  g_strlcpy(bye->sender, "00000000000000aa", sizeof bye->sender);
  bye->sequence = 1;
  text = fwd_message_encode(bye);
  join(fixture, &fixture->server);
  WAIT_FOR(fwd_room_is_joined(fixture->server.room));
  stranger = stranger_new(fixture, FWD_ROLE_CLIENT);
  log_capture_begin();
  send_sealed(fixture, stranger, &other, FWD_ROLE_CLIENT, text);
  send_sealed(fixture, stranger, &fixture->server.keys, FWD_ROLE_SERVER, text);
  send_sealed(fixture, stranger, &fixture->server.keys, FWD_ROLE_CLIENT, "{\"type\":");
  send_sealed(fixture, stranger, &fixture->server.keys, FWD_ROLE_CLIENT, "[]");
  send_raw(fixture, stranger, "\0\xff\n", 3);
  send_raw(fixture, stranger, large, FWD_SIGNALING_MESSAGE_MAX);
  log = log_capture_end();
  g_assert_cmpuint(fixture->server.types->len, ==, 0);
  g_assert_cmpuint(fwd_room_get_dropped(fixture->server.room), ==, 6);
  g_assert_cmpuint(log_capture_count(log, "was dropped"), ==, 1);
  send_sealed(fixture, stranger, &fixture->server.keys, FWD_ROLE_CLIENT, text);
  g_assert_cmpuint(fixture->server.types->len, ==, 1);
  fwd_signaling_leave(stranger);
}

/* A transport may tell of all members; the room passes on those of the other role. */
static void
test_presence(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdSignaling) same = NULL;
  g_autoptr(FwdSignaling) other = NULL;

  join(fixture, &fixture->server);
  WAIT_FOR(fixture->server.joined == 1);
  same = stranger_new(fixture, FWD_ROLE_SERVER);
  g_assert_cmpuint(fixture->server.members->len, ==, 0);
  other = stranger_new(fixture, FWD_ROLE_CLIENT);
  g_assert_cmpuint(fixture->server.members->len, ==, 1);
  fwd_signaling_leave(other);
  WAIT_FOR(fixture->server.left == 1);
  g_assert_cmpuint(fixture->server.members->len, ==, 0);
  fwd_signaling_leave(same);
}

static void
test_goes_and_comes(Fixture *fixture, gconstpointer data)
{
  g_autofree char *log = NULL;

  join_both(fixture);
  log_capture_begin();
  fake_meeting_set_online(fixture->meeting, FALSE);
  log = log_capture_end();
  g_assert_cmpuint(log_capture_count(log, "the meeting is offline; trying again"), ==, 2);
  g_assert_cmpuint(fixture->client.disconnected, ==, 1);
  g_assert_false(fwd_room_is_joined(fixture->client.room));
  g_assert_cmpuint(fixture->client.failed, ==, 0);
  fake_meeting_set_online(fixture->meeting, TRUE);
  WAIT_FOR(fixture->client.joined == 2 && fixture->server.joined == 2);
  wait_until_idle();
  g_assert_cmpuint(fixture->client.members->len, ==, 1);
}

static void
test_fails_for_good(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = g_error_new_literal(FWD_SIGNALING_ERROR, FWD_ERROR_DENIED, "no");

  join(fixture, &fixture->client);
  WAIT_FOR(fixture->client.joined == 1);
  fake_meeting_fail(fixture->meeting, error);
  g_assert_cmpuint(fixture->client.failed, ==, 1);
  g_assert_error(fixture->client.error, FWD_SIGNALING_ERROR, FWD_ERROR_DENIED);
}

static void
test_unsupported(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  g_assert_false(try_join(fixture, &fixture->client, "gopher://signaling.example/", &error));
  g_assert_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_nonnull(strstr(error->message, "gopher://"));
}

/* After leaving, nothing is heard and nothing can be sent. */
static void
test_leave(Fixture *fixture, gconstpointer data)
{
  join_both(fixture);
  fwd_room_leave(fixture->client.room);
  g_assert_false(fwd_room_is_joined(fixture->client.room));
  g_assert_cmpuint(fixture->client.disconnected, ==, 0);
  g_assert_false(
      fwd_room_send(fixture->client.room, "member-2", fwd_message_new(FWD_MESSAGE_BYE), NULL));
  WAIT_FOR(fixture->server.members->len == 0);
  fwd_room_leave(fixture->client.room);
}

static void
test_stun_servers(Fixture *fixture, gconstpointer data)
{
  static const char *const servers[] = {"192.0.2.1:3478", NULL};
  g_auto(GStrv) told = NULL;

  fake_meeting_set_stun_servers(fixture->meeting, servers);
  join(fixture, &fixture->client);
  WAIT_FOR(fixture->client.joined == 1);
  told = fwd_room_get_stun_servers(fixture->client.room);
  g_assert_true(g_strv_equal((const char *const *)told, servers));
}

#define ADD(path, test)                                                                        \
  g_test_add("/session/room/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("messages", test_messages);
  ADD("not-joined", test_not_joined);
  ADD("strangers", test_strangers);
  ADD("presence", test_presence);
  ADD("goes-and-comes", test_goes_and_comes);
  ADD("fails-for-good", test_fails_for_good);
  ADD("unsupported", test_unsupported);
  ADD("leave", test_leave);
  ADD("stun-servers", test_stun_servers);
  return g_test_run();
}

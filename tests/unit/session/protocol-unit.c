/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sessions make of messages that no session of ours would send: a member of the room, who
 * has its keys, seals them by hand. */
#include "meeting/envelope.h"
#include "session/client-session.h"
#include "session/interfaces.h"
#include "session/server-session.h"
#include <fakes/fake-forwarder.h>
#include <fakes/fake-signaling.h>
#include <fakes/wait-for.h>
#include <string.h>

typedef struct {
  FakeMeeting *meeting;
  FwdApplication *application;
  FwdProfile *profile;
  FwdSession *session;
  FwdSignaling *stranger;
  FwdRoomKeys keys;
  FwdRole role;    /* of the stranger */
  guint got;       /* messages that came to the stranger */
  FwdMessage last; /* scalars of the last one */
  gboolean stopped;
} Fixture;

static void
on_message(FwdSignaling *signaling, const char *member, GBytes *envelope, Fixture *fixture)
{
  FwdRole other = fixture->role == FWD_ROLE_CLIENT ? FWD_ROLE_SERVER : FWD_ROLE_CLIENT;
  g_autofree char *text = fwd_envelope_open(&fixture->keys, other, envelope, NULL);
  g_autoptr(FwdMessage) message = fwd_message_decode(text, NULL);

  fixture->got++;
  fixture->last = *message;
}

static void
begin_session(Fixture *fixture, const char *ticket)
{
  FwdPluginRegistry *registry;
  g_autoptr(GError) error = NULL;
  FwdRole role = fixture->role == FWD_ROLE_CLIENT ? FWD_ROLE_SERVER : FWD_ROLE_CLIENT;

  fixture->application = fwd_application_new();
  registry = fwd_application_get_registry(fixture->application);
  fwd_interfaces_define(registry);
  fake_signaling_register(registry, fixture->meeting);
  fake_forwarder_register(registry, "tcp");
  fixture->profile = fwd_profile_new("test", role);
  g_object_set(fixture->profile, "ticket", ticket, "stun",
               (const char *const[]){"127.0.0.1:9", NULL}, NULL);
  fixture->session =
      role == FWD_ROLE_SERVER
          ? FWD_SESSION(fwd_server_session_new(fixture->application, fixture->profile))
          : FWD_SESSION(fwd_client_session_new(fixture->application, fixture->profile));
  fwd_component_start(FWD_COMPONENT(fixture->session), &error);
  g_assert_no_error(error);
  WAIT_FOR(fwd_session_is_joined(fixture->session));
}

static void
set_up(Fixture *fixture, gconstpointer role)
{
  g_autoptr(GUri) url = g_uri_parse("ws://signaling.example/", G_URI_FLAGS_NONE, NULL);
  g_autoptr(FwdTicket) ticket = fwd_ticket_new(url, NULL);
  g_autofree char *text = fwd_ticket_to_string(ticket);

  fake_forwarder_reset();
  fixture->role = (FwdRole)GPOINTER_TO_INT(role);
  fixture->meeting = fake_meeting_new();
  fwd_room_keys_derive(ticket->secret, &fixture->keys);
  begin_session(fixture, text);
  fixture->stranger = fake_signaling_new(fixture->meeting);
  g_signal_connect(fixture->stranger, "message", G_CALLBACK(on_message), fixture);
  g_assert_true(
      fwd_signaling_connect(fixture->stranger, url, fixture->keys.room, fixture->role, NULL));
  WAIT_FOR(fwd_signaling_get_state(fixture->stranger) == FWD_SIGNALING_JOINED);
}

static void
on_stopped(GObject *session, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  fwd_component_stop_finish(FWD_COMPONENT(session), result);
  fixture->stopped = TRUE;
}

static void
tear_down(Fixture *fixture, gconstpointer role)
{
  fwd_component_stop_async(FWD_COMPONENT(fixture->session), 100, on_stopped, fixture);
  WAIT_FOR(fixture->stopped);
  fwd_signaling_leave(fixture->stranger);
  g_object_unref(fixture->stranger);
  g_object_unref(fixture->session);
  g_object_unref(fixture->profile);
  g_object_unref(fixture->application);
  wait_until_idle();
  fake_meeting_free(fixture->meeting);
}

/* A peer that exists in its messages only, number @number. */
static FwdMessage *
message_of(Fixture *fixture, guint number, FwdMessageType type, guint64 sequence)
{
  FwdMessage *message = fwd_message_new(type);

  for (guint i = 0; i < sizeof message->fingerprint; i++)
    message->fingerprint[i] = (guint8)(number >> (i % 4 * 8));
  for (guint i = 0; i < 8; i++)
    g_snprintf(message->sender + 2 * i, 3, "%02x", message->fingerprint[i]);
  memset(message->nonce, 7, sizeof message->nonce);
  message->role = fixture->role;
  message->sequence = sequence;
  return message;
}

static void
echo(Fixture *fixture, FwdMessage *message)
{
  FwdRoom *room = fwd_session_get_room(fixture->session);

  message->has_echo = TRUE;
  memcpy(message->echo, fwd_room_get_nonce(room), sizeof message->echo);
}

/* Takes @message; it has been heard when this returns. */
static void
say(Fixture *fixture, FwdMessage *taken)
{
  g_autoptr(FwdMessage) message = taken;
  g_autofree char *text = fwd_message_encode(message);
  g_autoptr(GBytes) envelope = fwd_envelope_seal(&fixture->keys, fixture->role, text, NULL);

  g_assert_true(fwd_signaling_send(fixture->stranger, "member-1", envelope, NULL));
  wait_until_idle();
}

static guint
count_peers(Fixture *fixture)
{
  return g_list_model_get_n_items(fwd_session_get_peers(fixture->session));
}

static FwdPeer *
only_peer(Fixture *fixture)
{
  g_autoptr(FwdPeer) peer = g_list_model_get_item(fwd_session_get_peers(fixture->session), 0);

  g_assert_cmpuint(count_peers(fixture), ==, 1);
  return peer; /* the list keeps it */
}

static void
test_hello(Fixture *fixture, gconstpointer role)
{
  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 1));
  g_assert_cmpuint(count_peers(fixture), ==, 1);
  WAIT_FOR(fixture->got == 1);
  g_assert_cmpint(fixture->last.type, ==, FWD_MESSAGE_HELLO);
  g_assert_true(fixture->last.has_echo);
  g_assert_cmpint(fixture->last.echo[0], ==, 7);
}

/* A name is made of the key: nobody can speak for another peer. */
static void
test_foreign_name(Fixture *fixture, gconstpointer role)
{
  FwdMessage *hello = message_of(fixture, 1, FWD_MESSAGE_HELLO, 1);

  hello->fingerprint[0] ^= 1;
  say(fixture, hello);
  g_assert_cmpuint(count_peers(fixture), ==, 0);
  g_assert_cmpuint(fixture->got, ==, 0);
}

/* What was heard once is not heard again; numbers count up. */
static void
test_replayed(Fixture *fixture, gconstpointer role)
{
  FwdMessage *hello = message_of(fixture, 1, FWD_MESSAGE_HELLO, 5);

  say(fixture, hello);
  WAIT_FOR(fixture->got == 1);
  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 5));
  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 4));
  g_assert_cmpuint(fixture->got, ==, 1);
  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 6));
  WAIT_FOR(fixture->got == 2);
  g_assert_cmpuint(count_peers(fixture), ==, 1);
}

/* The same name with another nonce is another session: not the one we talk to. */
static void
test_other_nonce(Fixture *fixture, gconstpointer role)
{
  FwdMessage *hello = message_of(fixture, 1, FWD_MESSAGE_HELLO, 9);

  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 1));
  WAIT_FOR(fixture->got == 1);
  memset(hello->nonce, 8, sizeof hello->nonce);
  say(fixture, hello);
  g_assert_cmpuint(fixture->got, ==, 1);
  g_assert_cmpint(fwd_peer_get_nonce(only_peer(fixture))[0], ==, 7);
}

static FwdMessage *
attempt_of(Fixture *fixture, guint number, guint64 sequence)
{
  FwdMessage *attempt = message_of(fixture, number, FWD_MESSAGE_ATTEMPT, sequence);

  attempt->attempt = 1;
  attempt->tunnel = 1;
  attempt->strategies = g_strsplit("unheard-of", " ", -1);
  return attempt;
}

static void
test_attempt_without_echo(Fixture *fixture, gconstpointer role)
{
  FwdMessage *wrong = attempt_of(fixture, 1, 3), *right = attempt_of(fixture, 1, 4);

  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 1));
  say(fixture, attempt_of(fixture, 1, 2));
  g_assert_cmpuint(fwd_peer_get_tunnel_number(only_peer(fixture)), ==, 0);
  echo(fixture, wrong);
  wrong->echo[3] ^= 1;
  say(fixture, wrong);
  g_assert_cmpuint(fwd_peer_get_tunnel_number(only_peer(fixture)), ==, 0);
  echo(fixture, right);
  say(fixture, right);
  g_assert_cmpuint(fwd_peer_get_tunnel_number(only_peer(fixture)), ==, 1);
}

static void
test_attempt_of_unknown_peer(Fixture *fixture, gconstpointer role)
{
  FwdMessage *attempt = attempt_of(fixture, 2, 1);

  echo(fixture, attempt);
  say(fixture, attempt);
  g_assert_cmpuint(count_peers(fixture), ==, 0);
}

/* Nothing in it can be run here: the race ends, and the state with it. */
static void
test_attempt_with_unknown_strategies(Fixture *fixture, gconstpointer role)
{
  FwdMessage *attempt = attempt_of(fixture, 1, 2);

  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 1));
  echo(fixture, attempt);
  say(fixture, attempt);
  g_assert_cmpint(fwd_peer_get_state(only_peer(fixture)), ==, FWD_PEER_WAITING);
  g_assert_cmpint(fwd_session_get_state(fixture->session), ==, FWD_SESSION_WAITING);
}

static void
test_malformed_strategies(Fixture *fixture, gconstpointer role)
{
  static const char *const ids[] = {
      "", "../lan", "LAN", "a b", "lan\n", "%s", "an-id-that-is-far-too-long-to-be-one"};
  FwdRoom *room = fwd_session_get_room(fixture->session);

  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 1));
  for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
    FwdMessage *attempt = attempt_of(fixture, 1, 2 + i);
    echo(fixture, attempt);
    g_strfreev(attempt->strategies);
    attempt->strategies = g_new0(char *, 2);
    attempt->strategies[0] = g_strdup(ids[i]);
    say(fixture, attempt);
    g_assert_cmpuint(fwd_room_get_dropped(room), ==, i + 1);
  }
  g_assert_cmpuint(fwd_peer_get_tunnel_number(only_peer(fixture)), ==, 0);
}

/* However many peers somebody makes up, there is an end to what we keep. */
static void
test_flood(Fixture *fixture, gconstpointer role)
{
  for (guint i = 1; i <= FWD_PEERS_MAX + 50; i++) {
    say(fixture, message_of(fixture, i, FWD_MESSAGE_HELLO, 1));
    g_assert_cmpuint(count_peers(fixture), <=, FWD_PEERS_MAX);
  }
  g_assert_cmpuint(count_peers(fixture), ==, FWD_PEERS_MAX);
}

/* One who has a tunnel does not make room for those who have none. */
static void
test_flood_spares_tunnels(Fixture *fixture, gconstpointer role)
{
  FwdMessage *attempt = attempt_of(fixture, 1, 2);

  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 1));
  echo(fixture, attempt);
  say(fixture, attempt);
  for (guint i = 2; i <= FWD_PEERS_MAX + 50; i++)
    say(fixture, message_of(fixture, i, FWD_MESSAGE_HELLO, 1));
  {
    g_autoptr(FwdPeer) first =
        g_list_model_get_item(fwd_session_get_peers(fixture->session), 0);
    g_assert_cmpuint(fwd_peer_get_tunnel_number(first), ==, 1);
  }
}

static void
test_reverse_mappings(Fixture *fixture, gconstpointer role)
{
  FwdMessage *unproven = message_of(fixture, 1, FWD_MESSAGE_MAPPINGS, 2);
  FwdMessage *proven = message_of(fixture, 1, FWD_MESSAGE_MAPPINGS, 3);

  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 1));
  unproven->mappings = g_strsplit("R:tcp:8080:3000", " ", -1);
  say(fixture, unproven);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 0);
  proven->mappings = g_strsplit("R:tcp:8080:3000 R:tcp:80:3000", " ", -1);
  echo(fixture, proven);
  say(fixture, proven);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 1);
  WAIT_FOR(fixture->last.type == FWD_MESSAGE_PORTS);
}

/* It leaves the room, or another takes its place: its ports close with it. */
static void
test_leaves(Fixture *fixture, gconstpointer role)
{
  FwdMessage *mappings = message_of(fixture, 1, FWD_MESSAGE_MAPPINGS, 2);

  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 1));
  mappings->mappings = g_strsplit("R:tcp:8080:3000", " ", -1);
  echo(fixture, mappings);
  say(fixture, mappings);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 1);
  fwd_signaling_leave(fixture->stranger);
  WAIT_FOR(count_peers(fixture) == 0);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 0);
}

/* Messages that are not for this role, and bodies for no strategy, change nothing. */
static void
test_out_of_place(Fixture *fixture, gconstpointer role)
{
  FwdMessage *ports = message_of(fixture, 1, FWD_MESSAGE_PORTS, 2);
  FwdMessage *strategy = message_of(fixture, 1, FWD_MESSAGE_STRATEGY, 3);
  FwdMessage *bye = message_of(fixture, 1, FWD_MESSAGE_BYE, 4);

  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 1));
  ports->mappings = g_strsplit("R:tcp:8080:3000=8080", " ", -1);
  echo(fixture, ports);
  say(fixture, ports);
  strategy->strategy = g_strdup("unheard-of");
  strategy->body = g_variant_ref_sink(g_variant_new_string("body"));
  strategy->attempt = 77;
  echo(fixture, strategy);
  say(fixture, strategy);
  echo(fixture, bye);
  say(fixture, bye);
  g_assert_cmpuint(count_peers(fixture), <=, 1);
  g_assert_cmpuint(fake_forwarder_count_listens(), ==, 0);
}

/* The client speaks first: a server that does not answer it is none. */
static void
test_client_wants_answers(Fixture *fixture, gconstpointer role)
{
  FwdMessage *wrong = message_of(fixture, 1, FWD_MESSAGE_HELLO, 2);
  FwdMessage *right = message_of(fixture, 1, FWD_MESSAGE_HELLO, 3);

  WAIT_FOR(fixture->got >= 1);
  say(fixture, message_of(fixture, 1, FWD_MESSAGE_HELLO, 1));
  g_assert_cmpuint(count_peers(fixture), ==, 0);
  echo(fixture, wrong);
  wrong->echo[0] ^= 1;
  say(fixture, wrong);
  g_assert_cmpuint(count_peers(fixture), ==, 0);
  echo(fixture, right);
  say(fixture, right);
  g_assert_cmpuint(count_peers(fixture), ==, 1);
}

/* Only a client gives orders. */
static void
test_client_takes_no_orders(Fixture *fixture, gconstpointer role)
{
  FwdMessage *hello = message_of(fixture, 1, FWD_MESSAGE_HELLO, 1);
  FwdMessage *attempt = attempt_of(fixture, 1, 2);
  FwdMessage *mappings = message_of(fixture, 1, FWD_MESSAGE_MAPPINGS, 3);

  echo(fixture, hello);
  say(fixture, hello);
  echo(fixture, attempt);
  say(fixture, attempt);
  mappings->mappings = g_strsplit("R:tcp:8080:3000", " ", -1);
  echo(fixture, mappings);
  say(fixture, mappings);
  g_assert_cmpuint(fwd_peer_get_tunnel_number(only_peer(fixture)), ==, 0);
  g_assert_cmpuint(fake_forwarder_count_listens(), ==, 0);
}

#define ADD(path, role, test)                                                                  \
  g_test_add("/session/protocol/" path, Fixture, GINT_TO_POINTER(role), set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("hello", FWD_ROLE_CLIENT, test_hello);
  ADD("foreign-name", FWD_ROLE_CLIENT, test_foreign_name);
  ADD("replayed", FWD_ROLE_CLIENT, test_replayed);
  ADD("other-nonce", FWD_ROLE_CLIENT, test_other_nonce);
  ADD("attempt-without-echo", FWD_ROLE_CLIENT, test_attempt_without_echo);
  ADD("attempt-of-unknown-peer", FWD_ROLE_CLIENT, test_attempt_of_unknown_peer);
  ADD("unknown-strategies", FWD_ROLE_CLIENT, test_attempt_with_unknown_strategies);
  ADD("malformed-strategies", FWD_ROLE_CLIENT, test_malformed_strategies);
  ADD("flood", FWD_ROLE_CLIENT, test_flood);
  ADD("flood-spares-tunnels", FWD_ROLE_CLIENT, test_flood_spares_tunnels);
  ADD("reverse-mappings", FWD_ROLE_CLIENT, test_reverse_mappings);
  ADD("leaves", FWD_ROLE_CLIENT, test_leaves);
  ADD("out-of-place", FWD_ROLE_CLIENT, test_out_of_place);
  ADD("client-wants-answers", FWD_ROLE_SERVER, test_client_wants_answers);
  ADD("client-takes-no-orders", FWD_ROLE_SERVER, test_client_takes_no_orders);
  return g_test_run();
}

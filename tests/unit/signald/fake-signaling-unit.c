/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fake keeps the promises of the interface, so that tests with it mean something. */
#include "fakes/fake-signaling.h"

#include <stunfwd/error.h>

static void
on_peer_joined(FwdSignaling *signaling, const char *id, guint role, GString *told)
{
  g_string_append_printf(told, "+%s ", id);
}

static void
on_peer_left(FwdSignaling *signaling, const char *id, GString *told)
{
  g_string_append_printf(told, "-%s ", id);
}

static void
on_message(FwdSignaling *signaling, const char *id, GBytes *envelope, GString *told)
{
  g_string_append_printf(told, "%s:%s ", id, (const char *)g_bytes_get_data(envelope, NULL));
}

static void
on_failed(FwdSignaling *signaling, GError *error, GString *told)
{
  g_assert_true(fwd_error_is_retryable(error));
  g_string_append(told, "failed ");
}

static FwdSignaling *
start(FakeMeeting *meeting, const char *room, FwdRole role, GString *told)
{
  FwdSignaling *signaling = fake_signaling_new(meeting);
  g_autoptr(GUri) url = g_uri_parse("fake:/", G_URI_FLAGS_NONE, NULL);

  g_signal_connect(signaling, "peer-joined", G_CALLBACK(on_peer_joined), told);
  g_signal_connect(signaling, "peer-left", G_CALLBACK(on_peer_left), told);
  g_signal_connect(signaling, "message", G_CALLBACK(on_message), told);
  g_signal_connect(signaling, "failed", G_CALLBACK(on_failed), told);
  g_assert_true(fwd_signaling_connect(signaling, url, room, role, NULL));
  g_assert_cmpint(fwd_signaling_get_state(signaling), ==, FWD_SIGNALING_CONNECTING);
  return signaling;
}

static void
settle(void)
{
  while (g_main_context_iteration(NULL, FALSE))
    ;
}

static void
assert_told(GString *told, const char *expected)
{
  settle();
  g_assert_cmpstr(told->str, ==, expected);
  g_string_truncate(told, 0);
}

static void
say(FwdSignaling *signaling, const char *to, const char *text)
{
  g_autoptr(GBytes) envelope = g_bytes_new(text, strlen(text) + 1);
  g_autoptr(GError) error = NULL;

  fwd_signaling_send(signaling, to, envelope, &error);
  g_assert_no_error(error);
}

static void
test_meeting(void)
{
  g_autoptr(FakeMeeting) meeting = fake_meeting_new();
  GString *server_told = g_string_new(NULL), *client_told = g_string_new(NULL);
  FwdSignaling *server = start(meeting, "r", FWD_ROLE_SERVER, server_told);
  FwdSignaling *client, *stranger;

  assert_told(server_told, "");
  client = start(meeting, "r", FWD_ROLE_CLIENT, client_told);
  stranger = start(meeting, "elsewhere", FWD_ROLE_CLIENT, client_told);
  assert_told(server_told, "+member-2 ");
  assert_told(client_told, "+member-1 ");
  say(client, "member-1", "one");
  say(client, "member-1", "two");
  fake_meeting_lose(meeting, 1);
  say(client, "member-1", "lost");
  say(server, "member-2", "back");
  assert_told(server_told, "member-2:one member-2:two ");
  assert_told(client_told, "member-1:back ");
  fwd_signaling_leave(client);
  assert_told(server_told, "-member-2 ");
  assert_told(client_told, "");
  g_object_unref(client);
  g_assert_finalize_object(stranger);
  g_assert_finalize_object(server);
  g_string_free(server_told, TRUE);
  g_string_free(client_told, TRUE);
}

static void
test_offline(void)
{
  g_autoptr(FakeMeeting) meeting = fake_meeting_new();
  GString *server_told = g_string_new(NULL), *client_told = g_string_new(NULL);
  FwdSignaling *server = start(meeting, "r", FWD_ROLE_SERVER, server_told);
  FwdSignaling *client = start(meeting, "r", FWD_ROLE_CLIENT, client_told);

  assert_told(server_told, "+member-2 ");
  assert_told(client_told, "+member-1 ");
  fake_meeting_set_online(meeting, FALSE);
  assert_told(server_told, "failed ");
  assert_told(client_told, "failed ");
  fake_meeting_set_online(meeting, TRUE);
  assert_told(server_told, "-member-2 +member-4 ");
  assert_told(client_told, "-member-1 +member-3 ");
  g_object_unref(client);
  assert_told(server_told, "-member-4 ");
  g_object_unref(server);
  g_string_free(server_told, TRUE);
  g_string_free(client_told, TRUE);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/fake-signaling/meeting", test_meeting);
  g_test_add_func("/fake-signaling/offline", test_offline);
  return g_test_run();
}

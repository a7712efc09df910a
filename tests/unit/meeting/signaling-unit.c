/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wrappers of the interface, over an implementation that only counts. */
#include <stunfwd/error.h>
#include <stunfwd/signaling.h>
#include <string.h>

#define COUNTER_TYPE (counter_get_type())
G_DECLARE_FINAL_TYPE(Counter, counter, TEST, COUNTER, GObject)

struct _Counter {
  GObject parent;
  guint state, connects, sends, leaves;
};

enum { PROPERTY_STATE = 1, PROPERTY_STUN_SERVERS };

static gboolean
count_connect(FwdSignaling *signaling, GUri *url, const char *room, FwdRole role,
              GError **error)
{
  TEST_COUNTER(signaling)->connects++;
  return TRUE;
}

static gboolean
count_send(FwdSignaling *signaling, const char *member, GBytes *envelope, GError **error)
{
  TEST_COUNTER(signaling)->sends++;
  return TRUE;
}

static void
count_leave(FwdSignaling *signaling)
{
  TEST_COUNTER(signaling)->leaves++;
}

static void
counter_signaling_init(FwdSignalingInterface *interface)
{
  interface->connect = count_connect;
  interface->send = count_send;
  interface->leave = count_leave;
}

G_DEFINE_FINAL_TYPE_WITH_CODE(Counter, counter, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_SIGNALING, counter_signaling_init))

static void
counter_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  static const char *const servers[] = {"stun.example.org:3478", NULL};

  if (id == PROPERTY_STATE)
    g_value_set_uint(value, TEST_COUNTER(object)->state);
  else
    g_value_set_boxed(value, servers);
}

static void
counter_class_init(CounterClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS(class);

  object_class->get_property = counter_get_property;
  g_object_class_override_property(object_class, PROPERTY_STATE, "state");
  g_object_class_override_property(object_class, PROPERTY_STUN_SERVERS, "stun-servers");
}

static void
counter_init(Counter *self)
{
}

typedef struct {
  Counter *counter;
  FwdSignaling *signaling;
  GUri *url;
  GString *seen;
} Fixture;

static void
on_peer_joined(FwdSignaling *signaling, const char *member, guint role, GString *seen)
{
  g_string_append_printf(seen, "joined %s %s;", member, fwd_role_to_string(role));
}

static void
on_peer_left(FwdSignaling *signaling, const char *member, GString *seen)
{
  g_string_append_printf(seen, "left %s;", member);
}

static void
on_message(FwdSignaling *signaling, const char *member, GBytes *envelope, GString *seen)
{
  g_string_append_printf(seen, "message %s %zu;", member, g_bytes_get_size(envelope));
}

static void
on_failed(FwdSignaling *signaling, GError *error, GString *seen)
{
  g_string_append_printf(seen, "failed %s;", error->message);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->counter = g_object_new(COUNTER_TYPE, NULL);
  fixture->signaling = FWD_SIGNALING(fixture->counter);
  fixture->url = g_uri_parse("ws://localhost", G_URI_FLAGS_NONE, NULL);
  fixture->seen = g_string_new(NULL);
  g_signal_connect(fixture->signaling, "peer-joined", G_CALLBACK(on_peer_joined),
                   fixture->seen);
  g_signal_connect(fixture->signaling, "peer-left", G_CALLBACK(on_peer_left), fixture->seen);
  g_signal_connect(fixture->signaling, "message", G_CALLBACK(on_message), fixture->seen);
  g_signal_connect(fixture->signaling, "failed", G_CALLBACK(on_failed), fixture->seen);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object(fixture->counter);
  g_uri_unref(fixture->url);
  g_string_free(fixture->seen, TRUE);
}

static gboolean
connect_to(Fixture *fixture, const char *room, GError **error)
{
  return fwd_signaling_connect(fixture->signaling, fixture->url, room, FWD_ROLE_CLIENT, error);
}

static void
check_room_refused(Fixture *fixture, const char *room)
{
  g_autoptr(GError) error = NULL;

  g_assert_false(connect_to(fixture, room, &error));
  g_assert_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID);
}

static void
test_room(Fixture *fixture, gconstpointer data)
{
  g_autofree char *longest = g_strnfill(128, 'r');
  g_autofree char *longer = g_strnfill(129, 'r');

  check_room_refused(fixture, "");
  check_room_refused(fixture, longer);
  check_room_refused(fixture, "a room");
  check_room_refused(fixture, "a/b");
  check_room_refused(fixture, "r\xc3\xa9");
  g_assert_cmpuint(fixture->counter->connects, ==, 0);
  g_assert_true(connect_to(fixture, longest, NULL));
  g_assert_cmpuint(fixture->counter->connects, ==, 1);
  check_room_refused(fixture, "again");
  g_assert_cmpuint(fixture->counter->connects, ==, 1);
}

static void
test_room_characters(Fixture *fixture, gconstpointer data)
{
  g_assert_true(connect_to(fixture, "azAZ09._~-", NULL));
}

static void
check_send(Fixture *fixture, const char *member, gsize size, gint code)
{
  g_autofree char *text = g_strnfill(size, 'e');
  g_autoptr(GBytes) envelope = g_bytes_new(text, size);
  g_autoptr(GError) error = NULL;
  gboolean sent = fwd_signaling_send(fixture->signaling, member, envelope, &error);

  g_assert_cmpint(sent, ==, code < 0);
  if (code >= 0)
    g_assert_error(error, FWD_SIGNALING_ERROR, code);
}

static void
test_send(Fixture *fixture, gconstpointer data)
{
  check_send(fixture, "m", 1, FWD_ERROR_CLOSED);
  fixture->counter->state = FWD_SIGNALING_JOINED;
  check_send(fixture, "m", FWD_SIGNALING_MESSAGE_MAX + 1, FWD_ERROR_LIMIT);
  check_send(fixture, "m", 0, FWD_ERROR_INVALID);
  check_send(fixture, "", 1, FWD_ERROR_INVALID);
  g_assert_cmpuint(fixture->counter->sends, ==, 0);
  check_send(fixture, "m", FWD_SIGNALING_MESSAGE_MAX, -1);
  g_assert_cmpuint(fixture->counter->sends, ==, 1);
  fixture->counter->state = FWD_SIGNALING_LEFT;
  check_send(fixture, "m", 1, FWD_ERROR_CLOSED);
}

static void
emit_all(Fixture *fixture)
{
  g_autoptr(GBytes) envelope = g_bytes_new_static("abc", 3);
  g_autoptr(GBytes) large =
      g_bytes_new_take(g_malloc0(FWD_SIGNALING_MESSAGE_MAX + 1), FWD_SIGNALING_MESSAGE_MAX + 1);
  g_autoptr(GError) error =
      g_error_new_literal(FWD_SIGNALING_ERROR, FWD_ERROR_TIMEOUT, "no answer");

  fwd_signaling_emit_peer_joined(fixture->signaling, "m", FWD_ROLE_SERVER);
  fwd_signaling_emit_message(fixture->signaling, "m", envelope);
  fwd_signaling_emit_message(fixture->signaling, "m", large);
  fwd_signaling_emit_peer_left(fixture->signaling, "m");
  fwd_signaling_emit_failed(fixture->signaling, error);
}

static void
test_signals(Fixture *fixture, gconstpointer data)
{
  emit_all(fixture);
  g_assert_cmpstr(fixture->seen->str, ==,
                  "joined m server;message m 3;left m;failed no answer;");
}

static void
test_leave(Fixture *fixture, gconstpointer data)
{
  fwd_signaling_leave(fixture->signaling);
  fwd_signaling_leave(fixture->signaling);
  g_assert_cmpuint(fixture->counter->leaves, ==, 1);
  emit_all(fixture);
  g_assert_cmpstr(fixture->seen->str, ==, "");
  check_room_refused(fixture, "room");
}

static void
test_properties(Fixture *fixture, gconstpointer data)
{
  g_auto(GStrv) servers = fwd_signaling_get_stun_servers(fixture->signaling);

  g_assert_cmpint(fwd_signaling_get_state(fixture->signaling), ==, FWD_SIGNALING_DISCONNECTED);
  fixture->counter->state = FWD_SIGNALING_JOINED;
  g_assert_cmpint(fwd_signaling_get_state(fixture->signaling), ==, FWD_SIGNALING_JOINED);
  g_assert_cmpstr(servers[0], ==, "stun.example.org:3478");
}

static void
test_roles(void)
{
  FwdRole role = FWD_ROLE_SERVER;

  g_assert_true(fwd_role_from_string("client", &role));
  g_assert_cmpint(role, ==, FWD_ROLE_CLIENT);
  g_assert_true(fwd_role_from_string("server", &role));
  g_assert_cmpint(role, ==, FWD_ROLE_SERVER);
  g_assert_false(fwd_role_from_string("Server", &role));
  g_assert_false(fwd_role_from_string(NULL, &role));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add("/signaling/room", Fixture, NULL, set_up, test_room, tear_down);
  g_test_add("/signaling/room/characters", Fixture, NULL, set_up, test_room_characters,
             tear_down);
  g_test_add("/signaling/send", Fixture, NULL, set_up, test_send, tear_down);
  g_test_add("/signaling/signals", Fixture, NULL, set_up, test_signals, tear_down);
  g_test_add("/signaling/leave", Fixture, NULL, set_up, test_leave, tear_down);
  g_test_add("/signaling/properties", Fixture, NULL, set_up, test_properties, tear_down);
  g_test_add_func("/signaling/roles", test_roles);
  return g_test_run();
}

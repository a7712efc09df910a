/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/event.h>

static void
test_fields(void)
{
  gint64 before = g_get_real_time();
  g_autoptr(FwdEvent) event =
      fwd_event_new(FWD_EVENT_PEER_JOINED, "session", g_variant_new_parsed("{'peer': <'a'>}"));
  g_autoptr(GVariant) peer = NULL;

  g_assert_cmpstr(fwd_event_get_name(event), ==, "peer-joined");
  g_assert_cmpuint(fwd_event_get_quark(event), ==, g_quark_from_string("peer-joined"));
  g_assert_cmpstr(fwd_event_get_source(event), ==, "session");
  g_assert_cmpint(fwd_event_get_time(event), >=, before);
  g_assert_cmpint(fwd_event_get_time(event), <=, g_get_real_time());
  peer = g_variant_lookup_value(fwd_event_get_payload(event), "peer", G_VARIANT_TYPE_STRING);
  g_assert_cmpstr(g_variant_get_string(peer, NULL), ==, "a");
}

static void
test_empty_payload(void)
{
  g_autoptr(FwdEvent) event = fwd_event_new(FWD_EVENT_SHUTDOWN, "core", NULL);

  g_assert_true(g_variant_is_of_type(fwd_event_get_payload(event), G_VARIANT_TYPE_VARDICT));
  g_assert_cmpuint(g_variant_n_children(fwd_event_get_payload(event)), ==, 0);
}

static void
test_payload_is_not_stolen(void)
{
  g_autoptr(GVariant) payload = g_variant_ref_sink(g_variant_new_parsed("{'n': <1>}"));
  FwdEvent *event = fwd_event_new(FWD_EVENT_ERROR, "core", payload);

  fwd_event_unref(event);
  g_assert_cmpuint(g_variant_n_children(payload), ==, 1);
}

static void
test_boxed(void)
{
  FwdEvent *event = fwd_event_new(FWD_EVENT_ERROR, "core", NULL);
  g_auto(GValue) value = G_VALUE_INIT;

  g_value_init(&value, FWD_TYPE_EVENT);
  g_value_set_boxed(&value, event);
  fwd_event_unref(event);
  g_assert_true(g_value_get_boxed(&value) == event);
  g_assert_cmpstr(fwd_event_get_name(g_value_get_boxed(&value)), ==, "error");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/core/event/fields", test_fields);
  g_test_add_func("/core/event/empty-payload", test_empty_payload);
  g_test_add_func("/core/event/payload-is-not-stolen", test_payload_is_not_stolen);
  g_test_add_func("/core/event/boxed", test_boxed);
  return g_test_run();
}

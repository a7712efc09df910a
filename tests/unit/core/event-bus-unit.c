/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/event.h>

typedef struct {
  FwdEventBus *bus;
  GString *seen;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->bus = fwd_event_bus_new();
  fixture->seen = g_string_new(NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_clear_object(&fixture->bus);
  g_string_free(fixture->seen, TRUE);
}

static void
note(FwdEventBus *bus, FwdEvent *event, GString *seen)
{
  g_string_append_printf(seen, "%s ", fwd_event_get_name(event));
}

static void
publish(FwdEventBus *bus, const char *type)
{
  fwd_event_bus_publish(bus, fwd_event_new(type, "test", NULL));
}

static void
test_all(Fixture *fixture, gconstpointer data)
{
  g_signal_connect(fixture->bus, "event", G_CALLBACK(note), fixture->seen);
  publish(fixture->bus, FWD_EVENT_PEER_JOINED);
  publish(fixture->bus, FWD_EVENT_PEER_LEFT);
  g_assert_cmpstr(fixture->seen->str, ==, "peer-joined peer-left ");
}

static void
test_detailed(Fixture *fixture, gconstpointer data)
{
  g_signal_connect(fixture->bus, "event::" FWD_EVENT_NAT_DETECTED, G_CALLBACK(note),
                   fixture->seen);
  publish(fixture->bus, FWD_EVENT_PEER_JOINED);
  publish(fixture->bus, FWD_EVENT_NAT_DETECTED);
  g_assert_cmpstr(fixture->seen->str, ==, "nat-detected ");
}

static void
answer(FwdEventBus *bus, FwdEvent *event, gpointer data)
{
  publish(bus, FWD_EVENT_FORWARDING_STARTED);
  publish(bus, FWD_EVENT_FORWARDING_STOPPED);
}

/* The handler that comes after the one that publishes still sees the first event first. */
static void
test_one_order_for_all(Fixture *fixture, gconstpointer data)
{
  g_signal_connect(fixture->bus, "event::" FWD_EVENT_PEER_JOINED, G_CALLBACK(answer), NULL);
  g_signal_connect(fixture->bus, "event", G_CALLBACK(note), fixture->seen);
  publish(fixture->bus, FWD_EVENT_PEER_JOINED);
  g_assert_cmpstr(fixture->seen->str, ==, "peer-joined forwarding-started forwarding-stopped ");
}

static void
drop_bus(FwdEventBus *bus, FwdEvent *event, Fixture *fixture)
{
  g_clear_object(&fixture->bus);
}

static void
test_bus_goes_while_emitting(Fixture *fixture, gconstpointer data)
{
  g_signal_connect(fixture->bus, "event::" FWD_EVENT_PEER_JOINED, G_CALLBACK(answer), NULL);
  g_signal_connect(fixture->bus, "event::" FWD_EVENT_PEER_JOINED, G_CALLBACK(drop_bus),
                   fixture);
  g_signal_connect(fixture->bus, "event", G_CALLBACK(note), fixture->seen);
  publish(fixture->bus, FWD_EVENT_PEER_JOINED);
  g_assert_null(fixture->bus);
  g_assert_cmpstr(fixture->seen->str, ==, "peer-joined forwarding-started forwarding-stopped ");
}

static void
test_nobody_listens(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdEvent) event = fwd_event_new(FWD_EVENT_ERROR, "test", NULL);

  fwd_event_bus_publish(fixture->bus, fwd_event_ref(event));
  g_assert_cmpstr(fwd_event_get_name(event), ==, "error");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                    \
  g_test_add("/core/event-bus/" name, Fixture, NULL, set_up, function, tear_down)
  ADD("all", test_all);
  ADD("detailed", test_detailed);
  ADD("one-order-for-all", test_one_order_for_all);
  ADD("bus-goes-while-emitting", test_bus_goes_while_emitting);
  ADD("nobody-listens", test_nobody_listens);
  return g_test_run();
}

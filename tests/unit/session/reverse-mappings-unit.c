/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/reverse-mappings.h"

#include <fakes/fake-forwarder.h>
#include <fakes/fake-tunnel.h>
#include <stunfwd/error.h>

typedef struct {
  FwdPluginRegistry *registry;
  FwdEventBus *bus;
  FwdReverseMappings *reverse;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->registry = fwd_plugin_registry_new();
  fake_forwarder_reset();
  fake_forwarder_register(fixture->registry, "tcp");
  fixture->bus = fwd_event_bus_new();
  fixture->reverse = fwd_reverse_mappings_new(fixture->registry, fixture->bus);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_clear_pointer(&fixture->reverse, fwd_reverse_mappings_free);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 0);
  g_object_unref(fixture->bus);
  g_object_unref(fixture->registry);
}

/* What became of the only mapping asked for (transfer full). */
static char *
ask(Fixture *fixture, const char *text)
{
  const char *const texts[] = {text, NULL};
  g_auto(GStrv) reports = fwd_reverse_mappings_set(fixture->reverse, texts);

  g_assert_cmpuint(g_strv_length(reports), ==, 1);
  return g_strdup(reports[0]);
}

static void
test_opens(Fixture *fixture, gconstpointer data)
{
  g_autofree char *report = ask(fixture, "R:tcp:8080:3000");

  g_assert_cmpstr(report, ==, "R:tcp:8080:3000=8080");
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 1);
}

static void
test_forbidden(Fixture *fixture, gconstpointer data)
{
  static const struct {
    const char *text, *why;
  } cases[] = {
      {"tcp:8080:3000", "not a reverse mapping"},
      {"R:tcp:0.0.0.0:8080:3000", "only loopback"},
      {"R:tcp:[::]:8080:3000", "only loopback"},
      {"R:tcp:192.0.2.1:8080:3000", "only loopback"},
      {"R:tcp:80:3000", "below 1024"},
      {"R:tcp:1023:3000", "below 1024"},
      {"R:unix:/run/a.sock:/run/b.sock", "!"},
      {"", "not understood"},
      {"R:", "not understood"},
      {"R:tcp:8080", "!"},
      {"R:udp:8080:3000", "udp"},
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *report = ask(fixture, cases[i].text);
    g_assert_true(g_str_has_prefix(report, cases[i].text));
    g_assert_cmpint(report[strlen(cases[i].text)], ==, '!');
    g_assert_nonnull(strstr(report, cases[i].why));
    g_assert_cmpuint(fake_forwarder_count_listens(), ==, 0);
  }
}

static void
test_lowest_port(Fixture *fixture, gconstpointer data)
{
  g_autofree char *report = ask(fixture, "R:tcp:1024:3000");

  g_assert_cmpstr(report, ==, "R:tcp:1024:3000=1024");
}

static void
test_loopback_binds(Fixture *fixture, gconstpointer data)
{
  g_autofree char *four = ask(fixture, "R:tcp:127.0.0.2:8080:3000");
  g_autofree char *six = ask(fixture, "R:tcp:[::1]:8080:3000");

  g_assert_cmpstr(four, ==, "R:tcp:127.0.0.2:8080:3000=8080");
  g_assert_cmpstr(six, ==, "R:tcp:[::1]:8080:3000=8080");
}

/* The client splits ranges; one that it sends whole opens nothing. */
static void
test_range(Fixture *fixture, gconstpointer data)
{
  g_autofree char *report = ask(fixture, "R:tcp:8000-8003:9000-9003");

  g_assert_cmpstr(report, ==, "R:tcp:8000-8003:9000-9003!a range cannot be asked for");
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 0);
}

/* However it is written, it is one mapping. */
static void
test_written_otherwise(Fixture *fixture, gconstpointer data)
{
  g_autofree char *first = ask(fixture, "R:tcp:8080:3000");
  g_autofree char *second = ask(fixture, "R:tcp:8080:localhost:3000");
  g_autofree char *third = ask(fixture, "R:tcp:127.0.0.1:8080:localhost:3000");

  g_assert_true(g_str_has_suffix(first, "=8080"));
  g_assert_true(g_str_has_suffix(second, "=8080"));
  g_assert_true(g_str_has_suffix(third, "=8080"));
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 1);
}

static void
test_occupied(Fixture *fixture, gconstpointer data)
{
  g_autofree char *first = NULL, *second = NULL;

  fake_forwarder_occupy(8080);
  first = ask(fixture, "R:tcp:8080:3000");
  g_assert_nonnull(strstr(first, "!"));
  g_assert_nonnull(strstr(first, "in use"));
  fake_forwarder_occupy(0);
  second = ask(fixture, "R:tcp:8080:3000");
  g_assert_cmpstr(second, ==, "R:tcp:8080:3000=8080");
}

/* What is named again stays open, what is not is closed. */
static void
test_changes(Fixture *fixture, gconstpointer data)
{
  static const char *const first[] = {"R:tcp:8001:1", "R:tcp:8002:2", NULL};
  static const char *const second[] = {"R:tcp:8002:2", "R:tcp:8003:3", "R:tcp:8002:2", NULL};
  static const char *const none[] = {NULL};
  g_auto(GStrv) one = fwd_reverse_mappings_set(fixture->reverse, first);
  g_auto(GStrv) two = fwd_reverse_mappings_set(fixture->reverse, second);
  g_auto(GStrv) three = NULL;

  g_assert_cmpuint(g_strv_length(one), ==, 2);
  g_assert_cmpuint(g_strv_length(two), ==, 3);
  g_assert_cmpstr(two[0], ==, "R:tcp:8002:2=8002");
  g_assert_cmpstr(two[2], ==, "R:tcp:8002:2=8002");
  g_assert_cmpuint(fake_forwarder_count_listens(), ==, 3);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 2);
  three = fwd_reverse_mappings_set(fixture->reverse, none);
  g_assert_cmpuint(g_strv_length(three), ==, 0);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 0);
}

static void
test_limit(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  g_auto(GStrv) texts = NULL, reports = NULL;

  for (guint i = 0; i < 2 * FWD_REVERSE_MAPPINGS_MAX; i++) {
    g_autofree char *text = g_strdup_printf("R:tcp:%u:3000", 2000 + i);
    g_strv_builder_add(builder, text);
  }
  texts = g_strv_builder_end(builder);
  reports = fwd_reverse_mappings_set(fixture->reverse, (const char *const *)texts);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, FWD_REVERSE_MAPPINGS_MAX);
}

/* The order changes which ones come first, never how many there are. */
static void
test_limit_holds(Fixture *fixture, gconstpointer data)
{
  for (guint round = 0; round < 3; round++) {
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) texts = NULL, reports = NULL;
    for (guint i = 0; i < FWD_REVERSE_MAPPINGS_MAX * 3; i++) {
      g_autofree char *text =
          g_strdup_printf("R:tcp:%u:3000", 2000 + (i + round * FWD_REVERSE_MAPPINGS_MAX) % 192);
      g_strv_builder_add(builder, text);
    }
    texts = g_strv_builder_end(builder);
    reports = fwd_reverse_mappings_set(fixture->reverse, (const char *const *)texts);
    g_assert_cmpuint(fake_forwarder_count_listening(), <=, FWD_REVERSE_MAPPINGS_MAX);
  }
}

static void
test_closes_with_it(Fixture *fixture, gconstpointer data)
{
  g_autofree char *report = ask(fixture, "R:tcp:8080:3000");
  g_autoptr(FakeTunnel) tunnel = fake_tunnel_new(NULL);

  fwd_reverse_mappings_set_tunnel(fixture->reverse, FWD_TUNNEL(tunnel));
  fwd_reverse_mappings_set_tunnel(fixture->reverse, NULL);
  g_clear_pointer(&fixture->reverse, fwd_reverse_mappings_free);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 0);
}

#define ADD(path, test)                                                                        \
  g_test_add("/session/reverse-mappings/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("opens", test_opens);
  ADD("forbidden", test_forbidden);
  ADD("lowest-port", test_lowest_port);
  ADD("loopback-binds", test_loopback_binds);
  ADD("range", test_range);
  ADD("written-otherwise", test_written_otherwise);
  ADD("occupied", test_occupied);
  ADD("changes", test_changes);
  ADD("limit", test_limit);
  ADD("limit-holds", test_limit_holds);
  ADD("closes-with-it", test_closes_with_it);
  return g_test_run();
}

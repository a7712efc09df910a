/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/mapping-table.h"

#include <fakes/fake-forwarder.h>
#include <fakes/fake-tunnel.h>
#include <stunfwd/error.h>

typedef struct {
  FwdPluginRegistry *registry;
  FwdEventBus *bus;
  FakeTunnel *tunnel;
  FwdMappingTable *table;
  GString *events;
  guint changes;
} Fixture;

static void
on_event(FwdEventBus *bus, FwdEvent *event, Fixture *fixture)
{
  g_string_append_printf(fixture->events, "%s ", fwd_event_get_name(event));
}

static void
on_items_changed(GListModel *model, guint position, guint removed, guint added,
                 Fixture *fixture)
{
  fixture->changes++;
}

static void
set_up(Fixture *fixture, gconstpointer local_reverse)
{
  fixture->registry = fwd_plugin_registry_new();
  fake_forwarder_register(fixture->registry, "tcp");
  fixture->bus = fwd_event_bus_new();
  fixture->tunnel = fake_tunnel_new(NULL);
  fixture->table = fwd_mapping_table_new(fixture->registry, fixture->bus,
                                         FWD_TUNNEL(fixture->tunnel), local_reverse != NULL);
  fixture->events = g_string_new(NULL);
  g_signal_connect(fixture->bus, "event", G_CALLBACK(on_event), fixture);
  g_signal_connect(fixture->table, "items-changed", G_CALLBACK(on_items_changed), fixture);
  fake_forwarder_reset();
}

static void
tear_down(Fixture *fixture, gconstpointer local_reverse)
{
  fwd_mapping_table_clear(fixture->table);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 0);
  g_object_unref(fixture->table);
  g_object_unref(fixture->tunnel);
  g_object_unref(fixture->bus);
  g_object_unref(fixture->registry);
  g_string_free(fixture->events, TRUE);
}

static guint
count(Fixture *fixture)
{
  return g_list_model_get_n_items(G_LIST_MODEL(fixture->table));
}

static void
test_add_and_remove(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  guint id = fwd_mapping_table_add(fixture->table, "tcp:8080:22", &error);
  g_autoptr(FwdMappingEntry) entry = NULL;

  g_assert_no_error(error);
  g_assert_cmpuint(id, ==, 1);
  entry = g_list_model_get_item(G_LIST_MODEL(fixture->table), 0);
  g_assert_cmpstr(fwd_mapping_entry_get_state(entry), ==, "listening");
  g_assert_cmpuint(fwd_mapping_entry_get_port(entry), ==, 8080);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 1);
  g_assert_true(fwd_mapping_table_remove(fixture->table, id, &error));
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 0);
  g_assert_cmpstr(fixture->events->str, ==,
                  "mapping-added forwarding-started forwarding-stopped mapping-removed ");
  g_assert_cmpuint(fixture->changes, ==, 2);
}

static void
test_wrong_input(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) text = NULL, twice = NULL, unknown = NULL, no_forwarder = NULL;

  g_assert_cmpuint(fwd_mapping_table_add(fixture->table, "tcp:x", &text), ==, 0);
  g_assert_error(text, FWD_SETTINGS_ERROR, FWD_ERROR_INVALID);
  g_assert_cmpuint(fwd_mapping_table_add(fixture->table, "tcp:8080:22", NULL), ==, 1);
  g_assert_cmpuint(fwd_mapping_table_add(fixture->table, "tcp:8080:22", &twice), ==, 0);
  g_assert_error(twice, FWD_SESSION_ERROR, FWD_ERROR_REFUSED);
  g_assert_false(fwd_mapping_table_remove(fixture->table, 99, &unknown));
  g_assert_error(unknown, FWD_SESSION_ERROR, FWD_ERROR_INVALID);
  g_assert_cmpuint(fwd_mapping_table_add(fixture->table, "udp:1:2", &no_forwarder), ==, 0);
  g_assert_error(no_forwarder, FWD_PLUGIN_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_cmpuint(count(fixture), ==, 1);
}

/* All ports of a range, or none. */
static void
test_range_is_whole(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  fake_forwarder_occupy(8002);
  g_assert_cmpuint(fwd_mapping_table_add(fixture->table, "tcp:8000-8003:9000-9003", &error), ==,
                   0);
  g_assert_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_REFUSED);
  g_assert_cmpuint(count(fixture), ==, 0);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 0);
  g_assert_cmpuint(fwd_mapping_table_add(fixture->table, "tcp:8010-8013:9000-9003", NULL), !=, 0);
  g_assert_cmpuint(count(fixture), ==, 4);
}

/* What the configuration no longer names goes, what it names comes, the rest stays untouched. */
static void
test_follows_the_configuration(Fixture *fixture, gconstpointer data)
{
  static const char *const first[] = {"tcp:1001:1", "tcp:1002:2", NULL};
  static const char *const then[] = {"tcp:1002:2", "tcp:1003:3", NULL};
  guint by_hand = fwd_mapping_table_add(fixture->table, "tcp:2000:1", NULL);
  guint listens;
  g_autoptr(FwdMappingEntry) kept = NULL, same = NULL;

  fwd_mapping_table_follow(fixture->table, first);
  kept = g_list_model_get_item(G_LIST_MODEL(fixture->table), 2);
  listens = fake_forwarder_count_listens();
  fwd_mapping_table_follow(fixture->table, then);
  g_assert_cmpuint(count(fixture), ==, 3);
  same = g_list_model_get_item(G_LIST_MODEL(fixture->table), 1);
  g_assert_true(same == kept);
  g_assert_cmpuint(fake_forwarder_count_listens(), ==, listens + 1);
  g_assert_true(fwd_mapping_table_remove(fixture->table, by_hand, NULL));
}

static void
test_begin_fails_at_the_first(Fixture *fixture, gconstpointer data)
{
  static const char *const texts[] = {"tcp:1001:1", "tcp:1002:2", NULL};
  g_autoptr(GError) error = NULL;

  fake_forwarder_occupy(1002);
  g_assert_false(fwd_mapping_table_begin(fixture->table, texts, &error));
  g_assert_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_REFUSED);
  g_assert_nonnull(strstr(error->message, "tcp:1002:2"));
}

/* On the client a reverse mapping is a request to the server. */
static void
test_requests(Fixture *fixture, gconstpointer data)
{
  static const char *const good[] = {"nonsense", "R:tcp:1:2", NULL};
  guint id = fwd_mapping_table_add(fixture->table, "R:tcp:8080:3000", NULL);
  g_autoptr(FwdMappingEntry) entry = g_list_model_get_item(G_LIST_MODEL(fixture->table), 0);
  g_auto(GStrv) requested = fwd_mapping_table_list_requested(fixture->table);
  g_autofree char *opened = g_strconcat(requested[0], "=8080", NULL);
  g_autofree char *refused = g_strconcat(requested[0], "!it is taken", NULL);

  g_assert_cmpuint(id, ==, 1);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 0);
  g_assert_cmpuint(g_strv_length(requested), ==, 1);
  g_assert_cmpstr(fwd_mapping_entry_get_state(entry), ==, "requested");
  fwd_mapping_table_report(fixture->table, good);
  g_assert_cmpstr(fwd_mapping_entry_get_state(entry), ==, "requested");
  fwd_mapping_table_report(fixture->table, (const char *const[]){opened, NULL});
  g_assert_cmpstr(fwd_mapping_entry_get_state(entry), ==, "listening");
  g_assert_cmpuint(fwd_mapping_entry_get_port(entry), ==, 8080);
  fwd_mapping_table_report(fixture->table, (const char *const[]){refused, NULL});
  g_assert_cmpstr(fwd_mapping_entry_get_state(entry), ==, "refused: it is taken");
}

/* On the server it is the other way round. */
static void
test_server_listens_for_reverse_only(Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  g_assert_cmpuint(fwd_mapping_table_add(fixture->table, "R:tcp:8080:3000", NULL), ==, 1);
  g_assert_cmpuint(fake_forwarder_count_listening(), ==, 1);
  g_assert_cmpuint(fwd_mapping_table_add(fixture->table, "tcp:8081:3000", &error), ==, 0);
  g_assert_error(error, FWD_SESSION_ERROR, FWD_ERROR_INVALID);
}

#define ADD(path, local_reverse, test)                                                         \
  g_test_add("/mapping-table/" path, Fixture, local_reverse, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("add-and-remove", NULL, test_add_and_remove);
  ADD("wrong-input", NULL, test_wrong_input);
  ADD("range-is-whole", NULL, test_range_is_whole);
  ADD("follows", NULL, test_follows_the_configuration);
  ADD("begin", NULL, test_begin_fails_at_the_first);
  ADD("requests", NULL, test_requests);
  ADD("server", "reverse", test_server_listens_for_reverse_only);
  return g_test_run();
}

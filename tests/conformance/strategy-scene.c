/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "strategy-scene.h"

#include <sys/resource.h>

#define DELAY_MS 30

void (*scene_before_start)(Scene *scene);

static FwdPluginRegistry *registry;
static const FwdImplementation *implementation;
static void (*easy_place)(Scene *scene);

void
scene_set_descriptor_limit(guint count)
{
  struct rlimit limit;

  g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = count > 0 ? count : limit.rlim_max;
  g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
}

const FwdPluginMeta *
scene_load(const char *strategy)
{
  /* Luck is the same in each run. */
  g_random_set_seed(4787);
  /* A fake socket has two ends. */
  scene_set_descriptor_limit(0);
  registry = fwd_plugin_registry_new();
  fwd_plugin_registry_define(registry, FWD_INTERFACE_STRATEGY, FWD_TYPE_STRATEGY);
  fwd_plugin_registry_define(registry, FWD_INTERFACE_SIGNALING, FWD_TYPE_SIGNALING);
  fwd_plugin_registry_define(registry, FWD_INTERFACE_FORWARDER, FWD_TYPE_FORWARDER);
  fwd_plugin_registry_load_all(registry, NULL);
  implementation = fwd_plugin_registry_find(registry, FWD_INTERFACE_STRATEGY, strategy);
  g_assert_nonnull(implementation);
  return &implementation->meta;
}

void
scene_set_up(Scene *scene, gconstpointer data)
{
  scene->meta = &implementation->meta;
  scene->network = fake_network_new(DELAY_MS, 0);
}

static void
place_peer(Peer *peer, FakeSite *site, gboolean controlling)
{
  g_autoptr(GError) error = NULL;

  peer->strategy =
      fwd_plugin_registry_create(registry, FWD_INTERFACE_STRATEGY, implementation->id, &error);
  g_assert_no_error(error);
  peer->attempt = fake_attempt_new(site, controlling);
  peer->cancellable = g_cancellable_new();
}

void
scene_place(Scene *scene, FakeSite *site_a, FakeSite *site_b)
{
  scene->site_a = site_a;
  scene->site_b = site_b;
  place_peer(&scene->a, site_a, TRUE);
  place_peer(&scene->b, site_b, FALSE);
}

void
scene_place_behind(Scene *scene, FwdNatBehaviour mapping_a, FwdNatBehaviour filtering_a,
                   FwdNatBehaviour mapping_b, FwdNatBehaviour filtering_b)
{
  FakeSite *a = fake_network_add_site(scene->network, "203.0.113.7", mapping_a, filtering_a);
  FakeSite *b = fake_network_add_site(scene->network, "198.51.100.9", mapping_b, filtering_b);

  scene_place(scene, a, b);
}

void
scene_add_hosts(Scene *scene)
{
  fake_attempt_add_host(scene->a.attempt, "10.0.1.2:40001", 24);
  fake_attempt_add_host(scene->b.attempt,
                        scene->site_a == scene->site_b ? "10.0.1.3:40002" : "10.0.2.3:40002",
                        24);
  fake_attempt_add_reflexive(scene->a.attempt);
  fake_attempt_add_reflexive(scene->b.attempt);
}

void
scene_place_easily(Scene *scene)
{
  FakeSite *site;

  if (easy_place != NULL) {
    easy_place(scene);
    return;
  }
  if (scene->meta->path_class == FWD_PATH_CLASS_LAN) {
    site = fake_network_add_site(scene->network, "203.0.113.7", FWD_NAT_ENDPOINT_INDEPENDENT,
                                 FWD_NAT_ADDRESS_AND_PORT_DEPENDENT);
    scene_place(scene, site, site);
    scene_add_hosts(scene);
    return;
  }
  scene_place(scene, fake_network_add_site(scene->network, NULL, 0, 0),
              fake_network_add_site(scene->network, NULL, 0, 0));
  fake_attempt_add_host(scene->a.attempt, "203.0.113.7:40001", 24);
  fake_attempt_add_host(scene->b.attempt, "198.51.100.9:40002", 24);
}

void
scene_set_easy_place(void (*place)(Scene *scene))
{
  easy_place = place;
}

gboolean
scene_has_easy_place(void)
{
  return easy_place != NULL;
}

void
scene_add_stun_server(Scene *scene)
{
  FwdEndpoint server;

  fake_network_get_stun_server(&server);
  g_array_append_val(scene->a.attempt->stun, server);
  g_array_append_val(scene->b.attempt->stun, server);
}

char *
scene_why_not(Peer *peer)
{
  char *why_not = NULL;
  const gboolean can =
      fwd_strategy_can_attempt(peer->strategy, FWD_ATTEMPT(peer->attempt), &why_not);

  g_assert_true(can == (why_not == NULL));
  return why_not;
}

static void
on_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Peer *peer = user_data;

  g_assert_false(peer->done);
  g_assert_true(source == G_OBJECT(peer->strategy));
  peer->done = TRUE;
  peer->ended = fake_clock_now();
  peer->attempt->finished = TRUE;
  peer->path = fwd_strategy_attempt_finish(peer->strategy, result, &peer->error);
  g_assert_true((peer->path == NULL) == (peer->error != NULL));
}

static void
start_peer(Peer *peer)
{
  fwd_strategy_attempt_async(peer->strategy, FWD_ATTEMPT(peer->attempt), peer->cancellable,
                             on_done, peer);
}

void
scene_start(Scene *scene)
{
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  if (scene_before_start != NULL)
    scene_before_start(scene);
  start_peer(&scene->a);
  start_peer(&scene->b);
}

void
scene_finish(Scene *scene)
{
  const gint64 limit = fake_clock_now() + scene->meta->limit_ms * (gint64)1000;

  g_assert_true(fake_clock_run(&scene->a.done, scene->meta->limit_ms + 1));
  g_assert_true(scene->b.done ||
                fake_clock_run(&scene->b.done, (limit - fake_clock_now()) / 1000 + 1));
}

void
scene_assert_connected(Scene *scene)
{
  g_assert_no_error(scene->a.error);
  g_assert_no_error(scene->b.error);
}

static void
check_budget(Scene *scene, Peer *peer)
{
  g_assert_cmpuint(peer->attempt->sent, <=, scene->meta->budget_packets);
  g_assert_cmpuint(fake_attempt_count_mappings(peer->attempt), <=,
                   scene->meta->budget_mappings);
}

static void
clear_peer(Peer *peer)
{
  g_assert_cmpuint(peer->attempt->sent_too_late, ==, 0);
  g_clear_pointer(&peer->path, fwd_path_close);
  g_assert_cmpuint(fake_attempt_count_open_sockets(peer->attempt), ==, 0);
  g_clear_error(&peer->error);
  g_assert_finalize_object(peer->strategy);
  g_assert_finalize_object(peer->attempt);
  g_assert_finalize_object(peer->cancellable);
}

/* What is still in flight lands within a second; then nothing may be waited for. */
void
scene_tear_down(Scene *scene, gconstpointer data)
{
  gboolean never = FALSE;

  fake_clock_run(&never, 1000);
  g_assert_true(fake_clock_is_idle());
  check_budget(scene, &scene->a);
  check_budget(scene, &scene->b);
  clear_peer(&scene->a);
  clear_peer(&scene->b);
  fake_network_free(scene->network);
}

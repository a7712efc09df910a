/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the strategy "lan" does beyond what every strategy does. */
#include "strategy-scene.h"

static FakeSite *
open_site(Scene *scene)
{
  return fake_network_add_site(scene->network, NULL, 0, 0);
}

static char *
why_not_between(Scene *scene, const char *a, guint prefix_a, const char *b, guint prefix_b)
{
  FakeSite *site = open_site(scene);

  scene_place(scene, site, site);
  fake_attempt_add_host(scene->a.attempt, a, prefix_a);
  fake_attempt_add_host(scene->b.attempt, b, prefix_b);
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  return scene_why_not(&scene->a);
}

static void
test_other_network(Scene *scene, gconstpointer data)
{
  g_autofree char *why_not = why_not_between(scene, "10.0.1.2:40001", 24, "10.0.2.3:40002", 24);
  g_assert_cmpstr(why_not, ==, "the peers have no local network in common");
}

static void
test_wider_prefix_of_peer(Scene *scene, gconstpointer data)
{
  g_assert_null(why_not_between(scene, "10.0.1.2:40001", 24, "10.0.2.3:40002", 16));
}

static void
test_global_v6(Scene *scene, gconstpointer data)
{
  g_assert_null(
      why_not_between(scene, "[2001:db8:1:2::5]:40001", 128, "[2001:db8:1:2::9]:40002", 64));
}

static void
test_unique_local_v6(Scene *scene, gconstpointer data)
{
  g_assert_null(why_not_between(scene, "[fd12:3456::5]:40001", 64, "[fd12:3456::9]:40002", 64));
}

static void
test_other_v6(Scene *scene, gconstpointer data)
{
  g_autofree char *why_not =
      why_not_between(scene, "[2001:db8:1:2::5]:40001", 64, "[2001:db8:1:3::9]:40002", 64);
  g_assert_nonnull(why_not);
}

static void
test_link_local_v6(Scene *scene, gconstpointer data)
{
  g_autofree char *why_not =
      why_not_between(scene, "[fe80::5]:40001", 64, "[fe80::9]:40002", 64);
  g_assert_nonnull(why_not);
}

static void
test_same_host(Scene *scene, gconstpointer data)
{
  g_assert_null(why_not_between(scene, "10.0.1.2:40001", 24, "10.0.1.2:40002", 24));
  scene_start(scene);
  scene_finish(scene);
  scene_assert_connected(scene);
  g_assert_cmpuint(fwd_endpoint_port(&scene->a.path->remote), ==, 40002);
}

/* Bridges of containers and VPNs look alike everywhere, and lead nowhere. */
static void
test_dead_addresses_delay_nothing(Scene *scene, gconstpointer data)
{
  const gint64 started = fake_clock_now();
  FakeSite *site = open_site(scene);

  scene_place(scene, site, site);
  for (guint i = 17; i < 23; i++) {
    g_autofree char *a = g_strdup_printf("172.%u.0.1:40001", i);
    g_autofree char *b = g_strdup_printf("172.%u.0.1:40002", i);
    fake_attempt_add_dead(scene->a.attempt, FWD_CANDIDATE_HOST, a, 16);
    fake_attempt_add_dead(scene->b.attempt, FWD_CANDIDATE_HOST, b, 16);
  }
  scene_add_hosts(scene);
  scene_start(scene);
  scene_finish(scene);
  scene_assert_connected(scene);
  /* One round trip of 60 ms and six checks before the one that counts. */
  g_assert_cmpint(scene->a.ended - started, <=, 100 * 1000);
}

static void
test_one_router_two_networks(Scene *scene, gconstpointer data)
{
  FakeSite *site =
      fake_network_add_site(scene->network, "203.0.113.7", FWD_NAT_ENDPOINT_INDEPENDENT,
                            FWD_NAT_ADDRESS_AND_PORT_DEPENDENT);

  scene_place(scene, site, site);
  fake_attempt_add_host(scene->a.attempt, "10.0.1.2:40001", 24);
  fake_attempt_add_host(scene->b.attempt, "10.0.2.3:40002", 24);
  fake_attempt_add_reflexive(scene->a.attempt);
  fake_attempt_add_reflexive(scene->b.attempt);
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  g_assert_null(scene_why_not(&scene->a));
  scene_start(scene);
  scene_finish(scene);
  scene_assert_connected(scene);
  g_assert_true(fake_attempt_has_noted(scene->a.attempt, "the same public address"));
}

/* Two homes with the same private network: silence, and the end within the limit. */
static void
test_same_network_elsewhere(Scene *scene, gconstpointer data)
{
  scene_place_behind(scene, FWD_NAT_ENDPOINT_INDEPENDENT, FWD_NAT_ENDPOINT_INDEPENDENT,
                     FWD_NAT_ENDPOINT_INDEPENDENT, FWD_NAT_ENDPOINT_INDEPENDENT);
  fake_attempt_add_host(scene->a.attempt, "192.168.1.2:40001", 24);
  fake_attempt_add_host(scene->b.attempt, "192.168.1.3:40002", 24);
  scene_start(scene);
  scene_finish(scene);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
}

void
strategy_add_tests(void)
{
  SCENE_TEST("other-network", test_other_network);
  SCENE_TEST("wider-prefix-of-peer", test_wider_prefix_of_peer);
  SCENE_TEST("global-v6", test_global_v6);
  SCENE_TEST("unique-local-v6", test_unique_local_v6);
  SCENE_TEST("other-v6", test_other_v6);
  SCENE_TEST("link-local-v6", test_link_local_v6);
  SCENE_TEST("same-host", test_same_host);
  SCENE_TEST("dead-addresses-delay-nothing", test_dead_addresses_delay_nothing);
  SCENE_TEST("one-router-two-networks", test_one_router_two_networks);
  SCENE_TEST("same-network-elsewhere", test_same_network_elsewhere);
}

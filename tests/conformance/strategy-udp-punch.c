/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the strategy "udp-punch" does beyond what every strategy does. */
#include "strategy-scene.h"

#define INDEPENDENT FWD_NAT_ENDPOINT_INDEPENDENT
#define BY_ADDRESS  FWD_NAT_ADDRESS_DEPENDENT
#define BY_PORT     FWD_NAT_ADDRESS_AND_PORT_DEPENDENT

static void
run_between(Scene *scene, FwdNatBehaviour mapping_a, FwdNatBehaviour filtering_a,
            FwdNatBehaviour mapping_b, FwdNatBehaviour filtering_b)
{
  scene_place_behind(scene, mapping_a, filtering_a, mapping_b, filtering_b);
  scene_add_hosts(scene);
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  g_assert_null(scene_why_not(&scene->a));
  scene_start(scene);
  scene_finish(scene);
}

/* "Port-restricted cone" on both sides: each packet opens the way for the other's. */
static void
test_port_restricted(Scene *scene, gconstpointer data)
{
  const gint64 started = fake_clock_now();

  run_between(scene, INDEPENDENT, BY_PORT, INDEPENDENT, BY_PORT);
  scene_assert_connected(scene);
  g_assert_cmpint(scene->a.ended - started, <=, 200 * 1000);
}

/* The symmetric side's port is learnt from its first check. */
static void
test_symmetric_to_address_filter(Scene *scene, gconstpointer data)
{
  run_between(scene, INDEPENDENT, BY_ADDRESS, BY_PORT, BY_PORT);
  scene_assert_connected(scene);
  g_assert_true(fake_attempt_has_noted(scene->a.attempt, "which it had not named"));
}

static void
test_symmetric_to_open(Scene *scene, gconstpointer data)
{
  scene_place(scene, fake_network_add_site(scene->network, NULL, 0, 0),
              fake_network_add_site(scene->network, "198.51.100.9", BY_PORT, BY_PORT));
  fake_attempt_add_host(scene->a.attempt, "203.0.113.7:40001", 24);
  fake_attempt_add_host(scene->b.attempt, "10.0.2.3:40002", 24);
  fake_attempt_add_reflexive(scene->b.attempt);
  scene_start(scene);
  scene_finish(scene);
  scene_assert_connected(scene);
}

static char *
why_not_between(Scene *scene, FwdNatBehaviour mapping_a, FwdNatBehaviour filtering_a,
                FwdNatBehaviour mapping_b, FwdNatBehaviour filtering_b)
{
  scene_place_behind(scene, mapping_a, filtering_a, mapping_b, filtering_b);
  scene_add_hosts(scene);
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  return scene_why_not(&scene->a);
}

static void
test_both_symmetric(Scene *scene, gconstpointer data)
{
  g_autofree char *why_not = why_not_between(scene, BY_PORT, BY_PORT, BY_ADDRESS, BY_PORT);

  g_assert_cmpstr(why_not, ==, "both NATs are symmetric: ports cannot be known");
}

static void
test_symmetric_here(Scene *scene, gconstpointer data)
{
  g_autofree char *why_not = why_not_between(scene, BY_PORT, BY_PORT, INDEPENDENT, BY_PORT);
  g_autofree char *other_way = scene_why_not(&scene->b);

  g_assert_cmpstr(why_not, ==,
                  "the NAT here is symmetric, and the peer's lets in known ports only");
  g_assert_cmpstr(other_way, ==,
                  "the peer's NAT is symmetric, and the one here lets in known ports only");
}

/* As on a router that keeps ports as long as they are free. */
static void
test_symmetric_but_preserved(Scene *scene, gconstpointer data)
{
  scene_place_behind(scene, BY_PORT, BY_PORT, INDEPENDENT, BY_PORT);
  scene_add_hosts(scene);
  scene->a.attempt->local_nat.ports = FWD_PORTS_PRESERVED;
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  g_assert_null(scene_why_not(&scene->a));
  g_assert_null(scene_why_not(&scene->b));
}

static void
test_symmetric_but_mapped(Scene *scene, gconstpointer data)
{
  scene_place_behind(scene, BY_PORT, BY_PORT, INDEPENDENT, BY_PORT);
  scene_add_hosts(scene);
  fake_attempt_add_dead(scene->a.attempt, FWD_CANDIDATE_MAPPED, "203.0.113.7:6000", 0);
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  g_assert_null(scene_why_not(&scene->a));
  g_assert_null(scene_why_not(&scene->b));
}

/* The reports come after the start. */
static void
test_in_vain_as_it_turns_out(Scene *scene, gconstpointer data)
{
  scene_place_behind(scene, BY_PORT, BY_PORT, INDEPENDENT, BY_PORT);
  scene_add_hosts(scene);
  scene->a.attempt->local_nat = scene->b.attempt->local_nat = (FwdNatReport){0};
  scene_start(scene);
  g_assert_false(fake_clock_run(&scene->a.done, 100));
  fake_site_get_report(scene->site_a, &scene->a.attempt->local_nat);
  fake_site_get_report(scene->site_b, &scene->b.attempt->local_nat);
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  g_assert_true(fake_clock_run(&scene->a.done, 10));
  scene_finish(scene);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_error(scene->b.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
}

/* The first checks end outside one's own NAT; those that follow make it. */
static void
test_hops_are_known(Scene *scene, gconstpointer data)
{
  scene_place_behind(scene, INDEPENDENT, BY_PORT, INDEPENDENT, BY_PORT);
  scene_add_hosts(scene);
  scene->a.attempt->local_nat.hops = scene->b.attempt->local_nat.hops = 2;
  scene_start(scene);
  scene_finish(scene);
  scene_assert_connected(scene);
  g_assert_cmpuint(scene->a.attempt->first_ttl, ==, 3);
  g_assert_cmpuint(scene->a.attempt->last_ttl, ==, 0);
}

static void
place_open(Scene *scene, const char *a, const char *b)
{
  scene_place(scene, fake_network_add_site(scene->network, NULL, 0, 0),
              fake_network_add_site(scene->network, NULL, 0, 0));
  fake_attempt_add_host(scene->a.attempt, a, 24);
  fake_attempt_add_host(scene->b.attempt, b, 24);
}

static void
test_blocked_here(Scene *scene, gconstpointer data)
{
  place_open(scene, "203.0.113.7:40001", "198.51.100.9:40002");
  scene->a.attempt->local_nat.udp_blocked = TRUE;
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  g_autofree char *here = scene_why_not(&scene->a);
  g_autofree char *there = scene_why_not(&scene->b);
  g_assert_cmpstr(here, ==, "UDP is blocked here");
  g_assert_cmpstr(there, ==, "UDP is blocked at the peer");
}

static void
test_blocked_but_v6(Scene *scene, gconstpointer data)
{
  place_open(scene, "[2001:db8:1::1]:40001", "[2001:db8:2::1]:40002");
  scene->a.attempt->local_nat.udp_blocked = TRUE;
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  g_assert_null(scene_why_not(&scene->a));
  scene_start(scene);
  scene_finish(scene);
  scene_assert_connected(scene);
}

static void
assert_no_public_address(Scene *scene, const char *endpoint)
{
  place_open(scene, "203.0.113.7:40001", endpoint);
  scene->b.attempt->local_nat.mapping = FWD_NAT_ENDPOINT_INDEPENDENT;
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  g_autofree char *why_not = scene_why_not(&scene->a);
  g_assert_cmpstr(why_not, ==, "the peer has no public address");
}

static void
test_private_peer(Scene *scene, gconstpointer data)
{
  assert_no_public_address(scene, "192.168.1.9:40002");
}

static void
test_shared_space_peer(Scene *scene, gconstpointer data)
{
  assert_no_public_address(scene, "100.64.3.9:40002");
}

static void
test_unique_local_peer(Scene *scene, gconstpointer data)
{
  assert_no_public_address(scene, "[fd12:3456::9]:40002");
}

/* Two networks of one company: nothing translates between them. */
static void
test_private_peer_without_nat(Scene *scene, gconstpointer data)
{
  place_open(scene, "10.1.0.7:40001", "10.2.0.9:40002");
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  g_assert_null(scene_why_not(&scene->a));
}

void
strategy_add_tests(void)
{
  SCENE_TEST("port-restricted", test_port_restricted);
  SCENE_TEST("symmetric-to-address-filter", test_symmetric_to_address_filter);
  SCENE_TEST("symmetric-to-open", test_symmetric_to_open);
  SCENE_TEST("both-symmetric", test_both_symmetric);
  SCENE_TEST("symmetric-here", test_symmetric_here);
  SCENE_TEST("symmetric-but-preserved", test_symmetric_but_preserved);
  SCENE_TEST("symmetric-but-mapped", test_symmetric_but_mapped);
  SCENE_TEST("in-vain-as-it-turns-out", test_in_vain_as_it_turns_out);
  SCENE_TEST("hops-are-known", test_hops_are_known);
  SCENE_TEST("blocked-here", test_blocked_here);
  SCENE_TEST("blocked-but-v6", test_blocked_but_v6);
  SCENE_TEST("private-peer", test_private_peer);
  SCENE_TEST("private-peer-without-nat", test_private_peer_without_nat);
  SCENE_TEST("shared-space-peer", test_shared_space_peer);
  SCENE_TEST("unique-local-peer", test_unique_local_peer);
}

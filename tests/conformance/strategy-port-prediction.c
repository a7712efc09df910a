/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the strategy "port-prediction" does beyond what every strategy does. */
#include "strategy-scene.h"

#define INDEPENDENT FWD_NAT_ENDPOINT_INDEPENDENT
#define BY_ADDRESS  FWD_NAT_ADDRESS_DEPENDENT
#define BY_PORT     FWD_NAT_ADDRESS_AND_PORT_DEPENDENT

static void
place_between(Scene *scene, FwdNatBehaviour mapping_a, FwdNatBehaviour mapping_b)
{
  scene_place_behind(scene, mapping_a, BY_PORT, mapping_b, BY_PORT);
  scene_add_hosts(scene);
  scene_add_stun_server(scene);
}

static void
place_counting_and_cone(Scene *scene)
{
  place_between(scene, BY_PORT, INDEPENDENT);
}

static void
run(Scene *scene)
{
  scene_start(scene);
  g_assert_null(scene_why_not(&scene->a));
  g_assert_null(scene_why_not(&scene->b));
  scene_finish(scene);
  scene_assert_connected(scene);
}

static void
run_with_step(Scene *scene, gint step)
{
  place_counting_and_cone(scene);
  fake_site_set_ports(scene->site_a, FWD_PORTS_SEQUENTIAL, step);
  run(scene);
  g_assert_true(fake_attempt_has_noted(scene->b.attempt, "round 1: 203.0.113.7"));
}

static void
test_step_1(Scene *scene, gconstpointer data)
{
  const gint64 started = fake_clock_now();

  run_with_step(scene, 1);
  g_assert_cmpint(scene->a.ended - started, <=, 400 * 1000);
}

static void
test_step_3(Scene *scene, gconstpointer data)
{
  run_with_step(scene, 3);
}

static void
test_step_down(Scene *scene, gconstpointer data)
{
  run_with_step(scene, -2);
}

static void
test_cone_is_controlling(Scene *scene, gconstpointer data)
{
  place_between(scene, INDEPENDENT, BY_PORT);
  run(scene);
  g_assert_true(scene->a.path->shared);
  g_assert_false(scene->b.path->shared);
}

static void
test_by_address(Scene *scene, gconstpointer data)
{
  place_between(scene, BY_ADDRESS, INDEPENDENT);
  run(scene);
}

/* Other hosts take ports in between: every second one, or three of four. */
static void
run_with_noise(Scene *scene, guint count)
{
  place_counting_and_cone(scene);
  fake_site_set_ports(scene->site_a, FWD_PORTS_SEQUENTIAL, 1);
  fake_site_set_noise(scene->site_a, count);
  run(scene);
}

static void
test_noise(Scene *scene, gconstpointer data)
{
  run_with_noise(scene, 1);
}

static void
test_much_noise(Scene *scene, gconstpointer data)
{
  run_with_noise(scene, 3);
}

static void
test_both_count(Scene *scene, gconstpointer data)
{
  place_between(scene, BY_PORT, BY_PORT);
  fake_site_set_ports(scene->site_a, FWD_PORTS_SEQUENTIAL, 1);
  fake_site_set_ports(scene->site_b, FWD_PORTS_SEQUENTIAL, 4);
  run(scene);
  g_assert_false(scene->a.path->shared);
  g_assert_false(scene->b.path->shared);
  g_assert_true(fake_attempt_has_noted(scene->a.attempt, "round 1: 198.51.100.9"));
}

/* Five ports go to others between the measurement and the row of sockets. */
static void
test_both_count_and_skip(Scene *scene, gconstpointer data)
{
  FwdEndpoint stranger, server;

  place_between(scene, BY_PORT, BY_PORT);
  scene_start(scene);
  g_assert_false(fake_clock_run(&scene->a.done, 10));
  fake_network_get_stun_server(&server);
  for (guint i = 0; i < 5; i++) {
    g_assert_true(fwd_endpoint_from_address("10.0.1.99", (guint16)(1000 + i), &stranger));
    fake_site_send(scene->site_a, &stranger, &server, (const guint8 *)"noise", 5);
  }
  scene_finish(scene);
  scene_assert_connected(scene);
  g_assert_true(fake_attempt_has_noted(scene->a.attempt, "round 1: 198.51.100.9"));
}

static void
assert_no_order(Scene *scene)
{
  scene_start(scene);
  scene_finish(scene);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_error(scene->b.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_true(fake_attempt_has_noted(scene->a.attempt, "ports in no order"));
}

static void
test_random(Scene *scene, gconstpointer data)
{
  place_counting_and_cone(scene);
  fake_site_set_ports(scene->site_a, FWD_PORTS_RANDOM, 0);
  assert_no_order(scene);
}

static void
test_random_at_peer(Scene *scene, gconstpointer data)
{
  place_between(scene, BY_PORT, BY_PORT);
  fake_site_set_ports(scene->site_a, FWD_PORTS_RANDOM, 0);
  assert_no_order(scene);
}

static void
test_no_stun_server(Scene *scene, gconstpointer data)
{
  place_counting_and_cone(scene);
  g_array_set_size(scene->a.attempt->stun, 0);
  scene_start(scene);
  scene_finish(scene);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_true(fake_attempt_has_noted(scene->b.attempt, "the peer says: there is no STUN"));
}

static void
test_no_more_sockets(Scene *scene, gconstpointer data)
{
  place_counting_and_cone(scene);
  scene->a.attempt->sockets_max = 2;
  scene_start(scene);
  scene_finish(scene);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_nonnull(scene->b.error);
}

static void
assert_why_not(Scene *scene, const char *expected)
{
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  g_autofree char *why_not = scene_why_not(&scene->a);
  g_assert_cmpstr(why_not, ==, expected);
}

static void
test_two_cones(Scene *scene, gconstpointer data)
{
  place_between(scene, INDEPENDENT, INDEPENDENT);
  assert_why_not(scene, "no NAT here gives each destination a port of its own");
}

static void
test_lenient_peer(Scene *scene, gconstpointer data)
{
  scene_place_behind(scene, BY_PORT, BY_PORT, INDEPENDENT, BY_ADDRESS);
  scene_add_hosts(scene);
  assert_why_not(scene, "the peer can be reached from any port");
}

static void
test_known_to_be_random(Scene *scene, gconstpointer data)
{
  place_counting_and_cone(scene);
  scene->a.attempt->local_nat.ports = FWD_PORTS_RANDOM;
  assert_why_not(scene, "the NAT here gives ports in no order");
  fake_attempt_introduce(scene->b.attempt, scene->a.attempt);
  g_autofree char *other_way = scene_why_not(&scene->b);
  g_assert_cmpstr(other_way, ==, "the NAT at the peer gives ports in no order");
}

static void
test_blocked(Scene *scene, gconstpointer data)
{
  place_between(scene, BY_PORT, BY_PORT);
  scene->b.attempt->local_nat.udp_blocked = TRUE;
  assert_why_not(scene, "UDP is blocked at the peer");
}

/* What a peer of another version, or a bad one, may say. */
static void
test_odd_messages(Scene *scene, gconstpointer data)
{
  static const char *const messages[] = {
      "'text'",
      "@a{sv} {}",
      "{'round': <'one'>}",
      "{'round': <int64 1>, 'address': <'203.0.113.7'>, 'first': <int64 0>, "
      "'last': <int64 9>, 'step': <int64 1>}",
      "{'round': <int64 1>, 'address': <'203.0.113.7'>, 'first': <int64 1>, "
      "'last': <int64 65535>, 'step': <int64 1>}",
      "{'round': <int64 1>, 'address': <'203.0.113.7'>, 'first': <int64 9>, "
      "'last': <int64 9>, 'step': <int64 0>}",
      "{'round': <int64 1>, 'address': <'203.0.113.7'>, 'first': <int64 9>, "
      "'last': <int64 12>, 'step': <int64 -1>}",
      "{'round': <int64 1>, 'address': <'::1'>, 'first': <int64 9>, "
      "'last': <int64 12>, 'step': <int64 1>}",
      "{'round': <int64 1>, 'address': <'0.0.0.0'>, 'first': <int64 9>, "
      "'last': <int64 12>, 'step': <int64 1>}",
      "{'round': <int64 -1>, 'address': <'203.0.113.7'>, 'first': <int64 9>, "
      "'last': <int64 12>, 'step': <int64 1>}",
      "{'round': <int64 1>, 'address': <'203.0.113.7'>, 'first': <int64 9>, "
      "'last': <int64 12>, 'step': <int64 9223372036854775807>}",
  };

  place_between(scene, INDEPENDENT, BY_PORT);
  fake_network_set_loss(scene->network, 100);
  scene_start(scene);
  for (guint i = 0; i < G_N_ELEMENTS(messages); i++)
    fwd_attempt_emit_message(FWD_ATTEMPT(scene->a.attempt), g_variant_new_parsed(messages[i]));
  g_assert_false(fake_clock_run(&scene->a.done, 500));
  g_assert_cmpuint(scene->a.attempt->sent, ==, 0);
  scene_finish(scene);
}

/* However often the peer aims anew: see the budgets in tear-down. */
static void
test_many_aims(Scene *scene, gconstpointer data)
{
  place_between(scene, INDEPENDENT, BY_PORT);
  fake_network_set_loss(scene->network, 100);
  scene_start(scene);
  for (gint64 i = 0; i < 100; i++) {
    g_assert_false(fake_clock_run(&scene->a.done, 10));
    fwd_attempt_emit_message(
        FWD_ATTEMPT(scene->a.attempt),
        g_variant_new_parsed("{'round': <int64 60>, 'address': <'203.0.113.7'>, "
                             "'first': <%x>, 'last': <%x>, 'step': <int64 1>}",
                             1000 + 100 * i, 1090 + 100 * i));
  }
  scene_finish(scene);
}

void
strategy_add_tests(void)
{
  scene_set_easy_place(place_counting_and_cone);
  SCENE_TEST("step-1", test_step_1);
  SCENE_TEST("step-3", test_step_3);
  SCENE_TEST("step-down", test_step_down);
  SCENE_TEST("cone-is-controlling", test_cone_is_controlling);
  SCENE_TEST("by-address", test_by_address);
  SCENE_TEST("noise", test_noise);
  SCENE_TEST("much-noise", test_much_noise);
  SCENE_TEST("both-count", test_both_count);
  SCENE_TEST("both-count-and-skip", test_both_count_and_skip);
  SCENE_TEST("random", test_random);
  SCENE_TEST("random-at-peer", test_random_at_peer);
  SCENE_TEST("no-stun-server", test_no_stun_server);
  SCENE_TEST("no-more-sockets", test_no_more_sockets);
  SCENE_TEST("two-cones", test_two_cones);
  SCENE_TEST("lenient-peer", test_lenient_peer);
  SCENE_TEST("known-to-be-random", test_known_to_be_random);
  SCENE_TEST("blocked", test_blocked);
  SCENE_TEST("odd-messages", test_odd_messages);
  SCENE_TEST("many-aims", test_many_aims);
}

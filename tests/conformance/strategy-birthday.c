/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the strategy "birthday" does beyond what every strategy does. */
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
place_random_and_cone(Scene *scene)
{
  place_between(scene, BY_PORT, INDEPENDENT);
  fake_site_set_ports(scene->site_a, FWD_PORTS_RANDOM, 0);
}

static void
run(Scene *scene)
{
  scene_start(scene);
  g_assert_null(scene_why_not(&scene->a));
  g_assert_null(scene_why_not(&scene->b));
  scene_finish(scene);
}

/* One socket is left, and it is the one that the other side found. */
static void
test_one_socket_is_left(Scene *scene, gconstpointer data)
{
  place_random_and_cone(scene);
  run(scene);
  scene_assert_connected(scene);
  g_assert_cmpuint(fake_attempt_count_open_sockets(scene->a.attempt), ==, 1);
  g_assert_false(scene->a.path->shared);
  g_assert_true(scene->b.path->shared);
  g_assert_cmpuint(fwd_endpoint_port(&scene->a.path->remote), ==, 20000);
}

static void
test_cone_is_controlling(Scene *scene, gconstpointer data)
{
  place_between(scene, INDEPENDENT, BY_PORT);
  fake_site_set_ports(scene->site_b, FWD_PORTS_RANDOM, 0);
  run(scene);
  scene_assert_connected(scene);
}

/* Cheaper ways have the first word. */
static void
test_head_start(Scene *scene, gconstpointer data)
{
  place_random_and_cone(scene);
  scene_start(scene);
  g_assert_false(fake_clock_run(&scene->a.done, 290));
  g_assert_cmpuint(scene->a.attempt->sent, <=, 3);
  g_assert_cmpuint(scene->b.attempt->sent, ==, 0);
  scene_finish(scene);
  scene_assert_connected(scene);
}

static gint
compare_ports(gconstpointer a, gconstpointer b)
{
  return fwd_endpoint_port(&((const FakeCheck *)a)->to) -
         fwd_endpoint_port(&((const FakeCheck *)b)->to);
}

static void
test_no_port_twice(Scene *scene, gconstpointer data)
{
  GArray *checks;

  place_random_and_cone(scene);
  scene->a.attempt->remote_nat.mapping = INDEPENDENT;
  scene_start(scene);
  g_assert_false(fake_clock_run(&scene->a.done, 350));
  fake_network_set_loss(scene->network, 100);
  scene_finish(scene);
  checks = scene->b.attempt->pending;
  g_array_sort(checks, compare_ports);
  g_assert_cmpuint(checks->len, >, 900);
  g_assert_cmpuint(fwd_endpoint_port(&g_array_index(checks, FakeCheck, 0).to), >=, 1024);
  for (guint i = 1; i < checks->len; i++)
    g_assert_cmpint(compare_ports(&g_array_index(checks, FakeCheck, i - 1),
                                  &g_array_index(checks, FakeCheck, i)),
                    <, 0);
}

/* Nothing is left to probe once a socket was hit. */
static void
test_stops_at_the_hit(Scene *scene, gconstpointer data)
{
  place_random_and_cone(scene);
  run(scene);
  scene_assert_connected(scene);
  g_assert_cmpint(ABS(scene->a.ended - scene->b.ended), <=, 100 * 1000);
  g_assert_cmpuint(scene->b.attempt->sent, <, 960);
}

static void
test_counting_nat(Scene *scene, gconstpointer data)
{
  place_between(scene, BY_PORT, INDEPENDENT);
  run(scene);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_nonnull(scene->b.error);
  g_assert_cmpuint(scene->a.attempt->sent, <=, 3);
  g_assert_cmpuint(scene->b.attempt->sent, ==, 0);
}

static void
test_known_to_be_random(Scene *scene, gconstpointer data)
{
  place_random_and_cone(scene);
  scene->a.attempt->local_nat.ports = FWD_PORTS_RANDOM;
  scene_start(scene);
  g_assert_false(fake_clock_run(&scene->a.done, 290));
  g_assert_cmpuint(scene->a.attempt->sent, ==, 0);
  scene_finish(scene);
  scene_assert_connected(scene);
}

/* With a few sockets it is up to luck, and people are told. */
static void
test_few_sockets(Scene *scene, gconstpointer data)
{
  place_random_and_cone(scene);
  scene->a.attempt->sockets_max = 100;
  run(scene);
  g_assert_true(fake_attempt_has_noted(scene->a.attempt, "100 sockets have sent"));
}

static void
test_hardly_any_sockets(Scene *scene, gconstpointer data)
{
  place_random_and_cone(scene);
  scene->a.attempt->sockets_max = 10;
  run(scene);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_LIMIT);
  g_assert_true(fake_attempt_has_noted(scene->b.attempt, "the peer says: too few sockets"));
  g_assert_cmpuint(scene->b.attempt->sent, ==, 0);
}

static void
test_descriptor_limit(Scene *scene, gconstpointer data)
{
  place_random_and_cone(scene);
  scene_set_descriptor_limit(200);
  run(scene);
  scene_set_descriptor_limit(0);
  g_assert_cmpuint(scene->a.attempt->advice->len, ==, 1);
}

static void
assert_why_not(Scene *scene, const char *expected)
{
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  g_autofree char *why_not = scene_why_not(&scene->a);
  g_assert_cmpstr(why_not, ==, expected);
}

static void
test_two_symmetric(Scene *scene, gconstpointer data)
{
  place_between(scene, BY_PORT, BY_PORT);
  assert_why_not(scene, "both NATs give each destination a port of its own");
}

static void
test_known_to_count(Scene *scene, gconstpointer data)
{
  place_random_and_cone(scene);
  scene->a.attempt->local_nat.ports = FWD_PORTS_SEQUENTIAL;
  assert_why_not(scene, "the NAT counts its ports: port-prediction is for that");
}

static void
test_lenient_here(Scene *scene, gconstpointer data)
{
  scene_place_behind(scene, INDEPENDENT, BY_ADDRESS, BY_PORT, BY_PORT);
  scene_add_hosts(scene);
  assert_why_not(scene, "we can be reached from any port");
}

/* What a peer of another version, or a bad one, may say. */
static void
test_odd_messages(Scene *scene, gconstpointer data)
{
  static const char *const messages[] = {
      "'text'",
      "@a{sv} {}",
      "{'opened': <'many'>}",
      "{'opened': <int64 -1>}",
      "{'opened': <int64 3>}",
      "{'hit': <1>}",
      "{'stop': <1>}",
  };

  place_between(scene, INDEPENDENT, BY_PORT);
  scene_start(scene);
  for (guint i = 0; i < G_N_ELEMENTS(messages); i++)
    fwd_attempt_emit_message(FWD_ATTEMPT(scene->a.attempt), g_variant_new_parsed(messages[i]));
  g_assert_false(fake_clock_run(&scene->a.done, 20));
  g_assert_cmpuint(scene->a.attempt->sent, ==, 0);
  scene_finish(scene);
}

void
strategy_add_tests(void)
{
  scene_set_easy_place(place_random_and_cone);
  SCENE_TEST("one-socket-is-left", test_one_socket_is_left);
  SCENE_TEST("cone-is-controlling", test_cone_is_controlling);
  SCENE_TEST("head-start", test_head_start);
  SCENE_TEST("no-port-twice", test_no_port_twice);
  SCENE_TEST("stops-at-the-hit", test_stops_at_the_hit);
  SCENE_TEST("counting-nat", test_counting_nat);
  SCENE_TEST("known-to-be-random", test_known_to_be_random);
  SCENE_TEST("few-sockets", test_few_sockets);
  SCENE_TEST("hardly-any-sockets", test_hardly_any_sockets);
  SCENE_TEST("descriptor-limit", test_descriptor_limit);
  SCENE_TEST("two-symmetric", test_two_symmetric);
  SCENE_TEST("known-to-count", test_known_to_count);
  SCENE_TEST("lenient-here", test_lenient_here);
  SCENE_TEST("odd-messages", test_odd_messages);
}

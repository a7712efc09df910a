/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the strategy "portmap" does beyond what every strategy does. Its mappers are fakes. */
#include "fakes/fake-port-mapper.h"
#include "strategy-scene.h"

#define INDEPENDENT FWD_NAT_ENDPOINT_INDEPENDENT
#define BY_PORT     FWD_NAT_ADDRESS_AND_PORT_DEPENDENT

static FakePortMapper *
keep_mapper(Peer *peer)
{
  FakePortMapper *mapper = fake_port_mapper_new();

  fwd_attempt_keep(FWD_ATTEMPT(peer->attempt), "udp", G_OBJECT(mapper));
  return mapper;
}

/* Where a mapping of the peer's router would be; a full cone's lets everybody in. */
static void
find_outside(Peer *peer, FwdEndpoint *outside)
{
  const FwdEndpoint *host = &g_array_index(peer->attempt->local, FwdCandidate, 0).endpoint;

  if (!fake_site_get_reflexive(peer->attempt->site, host, outside))
    *outside = *host;
}

static void
keep_mapped(Peer *peer)
{
  FwdEndpoint outside;

  find_outside(peer, &outside);
  fake_port_mapper_set_mapped(keep_mapper(peer), &outside);
}

static void
keep_failed(Peer *peer, FwdErrorCode code, const char *why)
{
  fake_port_mapper_set_failed(keep_mapper(peer),
                              g_error_new_literal(FWD_STRATEGY_ERROR, code, why));
}

static gboolean
has_mapper(Peer *peer)
{
  return fwd_attempt_get_kept(FWD_ATTEMPT(peer->attempt), "udp") != NULL;
}

/* Both sides have a mapping, unless the test has seen to it. */
static void
before_start(Scene *scene)
{
  if (!has_mapper(&scene->a))
    keep_mapped(&scene->a);
  if (!has_mapper(&scene->b))
    keep_mapped(&scene->b);
}

/* A mapping here; the worst of NATs at the peer. */
static void
place_mapped_and_symmetric(Scene *scene)
{
  scene_place_behind(scene, INDEPENDENT, INDEPENDENT, BY_PORT, BY_PORT);
  scene_add_hosts(scene);
  keep_failed(&scene->b, FWD_ERROR_UNREACHABLE, "no router");
}

static void
run(Scene *scene)
{
  scene_start(scene);
  scene_finish(scene);
}

static void
test_mapped_and_symmetric(Scene *scene, gconstpointer data)
{
  const gint64 started = fake_clock_now();

  place_mapped_and_symmetric(scene);
  run(scene);
  scene_assert_connected(scene);
  g_assert_cmpint(scene->a.ended - started, <=, 200 * 1000);
  g_assert_true(
      fake_attempt_has_noted(scene->a.attempt, "to this machine, by PCP, for 3600 s"));
  g_assert_true(fake_attempt_has_noted(scene->a.attempt, "a check of the peer came from"));
  g_assert_true(fake_attempt_has_noted(scene->a.attempt, "no mapping at the peer: no router"));
  g_assert_true(fake_attempt_has_noted(scene->b.attempt, "the peer's router maps 203.0.113.7"));
  /* Nothing was sent to where it could not arrive: two checks in a round trip of 60 ms. */
  g_assert_cmpuint(scene->a.attempt->sent, <=, 2);
}

static void
test_none_at_either_end(Scene *scene, gconstpointer data)
{
  const gint64 started = fake_clock_now();

  place_mapped_and_symmetric(scene);
  keep_failed(&scene->a, FWD_ERROR_DENIED, "mapping is disabled");
  run(scene);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_error(scene->b.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_cmpstr(
      scene->a.error->message, ==,
      "no mapping at either end; here: mapping is disabled; at the peer: no router");
  g_assert_cmpint(scene->a.ended - started, <=, 100 * 1000);
  g_assert_cmpint(scene->b.ended - started, <=, 100 * 1000);
  g_assert_cmpuint(scene->a.attempt->sent + scene->b.attempt->sent, ==, 0);
  g_assert_cmpuint(scene->a.attempt->advice->len, ==, 1);
  g_assert_cmpstr(
      scene->a.attempt->advice->pdata[0], ==,
      "allow port mapping (UPnP or NAT-PMP) to this machine at the router 10.0.1.1");
  g_assert_cmpstr(scene->b.attempt->advice->pdata[0], ==,
                  "turn on UPnP or NAT-PMP at the router 10.0.1.1");
}

static void
test_useless(Scene *scene, gconstpointer data)
{
  place_mapped_and_symmetric(scene);
  keep_failed(&scene->a, FWD_ERROR_UNSUPPORTED, "behind another NAT");
  run(scene);
  g_assert_true(g_str_has_prefix(scene->a.attempt->advice->pdata[0], "ask the provider"));
}

static void
test_late_mapping(Scene *scene, gconstpointer data)
{
  FakePortMapper *mapper;
  FwdEndpoint outside;

  place_mapped_and_symmetric(scene);
  mapper = keep_mapper(&scene->a);
  scene_start(scene);
  g_assert_false(fake_clock_run(&scene->b.done, 2500));
  find_outside(&scene->a, &outside);
  fake_port_mapper_set_mapped(mapper, &outside);
  scene_finish(scene);
  scene_assert_connected(scene);
}

/* The router has restarted and gives another port. */
static void
test_another_mapping(Scene *scene, gconstpointer data)
{
  FakePortMapper *mapper;
  FwdEndpoint outside, stale;

  place_mapped_and_symmetric(scene);
  find_outside(&scene->a, &outside);
  stale = outside;
  fwd_endpoint_set_port(&stale, 9);
  mapper = keep_mapper(&scene->a);
  fake_port_mapper_set_mapped(mapper, &stale);
  scene_start(scene);
  g_assert_false(fake_clock_run(&scene->b.done, 500));
  fake_port_mapper_set_mapped(mapper, &outside);
  scene_finish(scene);
  scene_assert_connected(scene);
}

static void
test_no_nat_here(Scene *scene, gconstpointer data)
{
  void (*const before)(Scene *) = scene_before_start;

  scene_place_easily(scene);
  keep_mapped(&scene->b);
  scene_before_start = NULL;
  run(scene);
  scene_before_start = before;
  scene_assert_connected(scene);
  g_assert_true(fake_attempt_has_noted(scene->a.attempt, "no mapping here: there is no NAT"));
}

static void
test_refreshes(Scene *scene, gconstpointer data)
{
  FakePortMapper *mapper;

  place_mapped_and_symmetric(scene);
  mapper = keep_mapper(&scene->a);
  scene->a.attempt->local_nat.public4.any.sa_family = AF_UNSPEC;
  scene_start(scene);
  g_assert_false(fake_clock_run(&scene->a.done, 20));
  g_assert_cmpuint(fake_port_mapper_get_refreshed(mapper), ==, 1);
  g_assert_cmpstr(fake_port_mapper_get_seen(mapper), ==, "");
  /* The STUN servers have answered. */
  g_assert_true(
      fwd_endpoint_parse("203.0.113.7:1", &scene->a.attempt->local_nat.public4, NULL));
  fwd_attempt_emit_candidates(FWD_ATTEMPT(scene->a.attempt));
  g_assert_cmpuint(fake_port_mapper_get_refreshed(mapper), ==, 2);
  g_assert_cmpstr(fake_port_mapper_get_seen(mapper), ==, "203.0.113.7:1");
  scene_finish(scene);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
}

static void
say(Peer *peer, const char *message)
{
  fwd_attempt_emit_message(FWD_ATTEMPT(peer->attempt), g_variant_new_parsed(message));
}

/* No message makes us send to where no mapping of the peer's can be. */
static void
test_messages_that_lie(Scene *scene, gconstpointer data)
{
  g_autofree char *longest = g_strnfill(5000, '1');
  g_autofree char *too_long = g_strdup_printf("{'mapped': <'%s'>}", longest);

  place_mapped_and_symmetric(scene);
  keep_mapper(&scene->a);
  scene_start(scene);
  g_assert_false(fake_clock_run(&scene->a.done, 20));
  say(&scene->a, "{'mapped': <'127.0.0.1:80'>}");
  say(&scene->a, "{'mapped': <'192.168.1.1:80'>}");
  say(&scene->a, "{'mapped': <'100.64.0.7:80'>}");
  say(&scene->a, "{'mapped': <'224.0.0.1:1900'>}");
  say(&scene->a, "{'mapped': <'0.0.0.0:80'>}");
  say(&scene->a, "{'mapped': <'198.51.100.9:0'>}");
  say(&scene->a, "{'mapped': <'[2001:db8::1]:80'>}");
  say(&scene->a, "{'mapped': <uint32 5>}");
  say(&scene->a, "{'mapped': <'example.org:80'>}");
  say(&scene->a, too_long);
  say(&scene->a, "'text'");
  say(&scene->a, "[1, 2]");
  say(&scene->a, "@a{sv} {}");
  scene_finish(scene);
  g_assert_cmpuint(scene->a.attempt->sent, ==, 0);
}

static void
test_many_mappings(Scene *scene, gconstpointer data)
{
  scene_place_behind(scene, BY_PORT, BY_PORT, BY_PORT, BY_PORT);
  scene_add_hosts(scene);
  scene_start(scene);
  for (guint i = 0; i < 100; i++) {
    g_autofree char *message = g_strdup_printf("{'mapped': <'198.18.0.%u:7'>}", i + 1);
    say(&scene->a, message);
  }
  fake_network_set_loss(scene->network, 100);
  scene_finish(scene);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
}

static void
test_reason_is_one_line(Scene *scene, gconstpointer data)
{
  place_mapped_and_symmetric(scene);
  keep_failed(&scene->a, FWD_ERROR_UNREACHABLE, "none");
  scene_start(scene);
  say(&scene->a, "{'none': <'\\u001b[2Jno\\nrouter'>}");
  scene_finish(scene);
  g_assert_cmpstr(scene->a.error->message, ==,
                  "no mapping at either end; here: none; at the peer: ?[2Jno?router");
}

static void
assert_why_not(Scene *scene, const char *expected)
{
  g_autofree char *why_not = NULL;

  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  why_not = scene_why_not(&scene->a);
  g_assert_cmpstr(why_not, ==, expected);
}

static void
test_udp_blocked(Scene *scene, gconstpointer data)
{
  place_mapped_and_symmetric(scene);
  assert_why_not(scene, NULL);
  scene->b.attempt->local_nat.udp_blocked = TRUE;
  assert_why_not(scene, "UDP is blocked at the peer");
  scene->a.attempt->local_nat.udp_blocked = TRUE;
  assert_why_not(scene, "UDP is blocked here");
}

static void
test_ipv6_only(Scene *scene, gconstpointer data)
{
  FakeSite *site = fake_network_add_site(scene->network, NULL, 0, 0);

  scene_place(scene, site, fake_network_add_site(scene->network, NULL, 0, 0));
  fake_attempt_add_host(scene->a.attempt, "203.0.113.7:40001", 24);
  fake_attempt_add_host(scene->b.attempt, "[2001:db8:2::1]:40002", 64);
  assert_why_not(scene, "the peer has no IPv4 address");
  g_array_set_size(scene->a.attempt->local, 0);
  assert_why_not(scene, "there is no IPv4 address here");
}

void
strategy_add_tests(void)
{
  scene_before_start = before_start;
  SCENE_TEST("mapped-and-symmetric", test_mapped_and_symmetric);
  SCENE_TEST("none-at-either-end", test_none_at_either_end);
  SCENE_TEST("useless", test_useless);
  SCENE_TEST("late-mapping", test_late_mapping);
  SCENE_TEST("another-mapping", test_another_mapping);
  SCENE_TEST("no-nat-here", test_no_nat_here);
  SCENE_TEST("refreshes", test_refreshes);
  SCENE_TEST("messages-that-lie", test_messages_that_lie);
  SCENE_TEST("many-mappings", test_many_mappings);
  SCENE_TEST("reason-is-one-line", test_reason_is_one_line);
  SCENE_TEST("udp-blocked", test_udp_blocked);
  SCENE_TEST("ipv6-only", test_ipv6_only);
}

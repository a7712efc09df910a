/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ends.h"
#include "fakes/fake-attempt.h"

static void
assert_step(guint16 a, guint16 b, guint16 c, gint step)
{
  const guint16 ports[] = {a, b, c};

  g_assert_cmpint(fwd_ends_find_step(ports, G_N_ELEMENTS(ports)), ==, step);
}

static void
test_step(void)
{
  assert_step(2000, 2001, 2002, 1);
  assert_step(2000, 2006, 2009, 3);
  assert_step(2000, 1998, 1994, -2);
  assert_step(2000, 2003, 2005, 1);
}

static void
test_no_step(void)
{
  assert_step(2000, 2000, 2001, 0);
  assert_step(2000, 2001, 2000, 0);
  assert_step(2000, 2001, 2600, 0);
  assert_step(40211, 1733, 61002, 0);
  assert_step(65535, 1024, 1025, 0);
}

static void
assert_symmetric(FwdNatBehaviour mapping, FwdPortPattern ports, gboolean expected)
{
  const FwdNatReport nat = {.mapping = mapping, .ports = ports};

  g_assert_cmpint(fwd_ends_is_symmetric(&nat), ==, expected);
}

static void
test_symmetric(void)
{
  assert_symmetric(FWD_NAT_ADDRESS_DEPENDENT, FWD_PORTS_UNKNOWN, TRUE);
  assert_symmetric(FWD_NAT_ADDRESS_AND_PORT_DEPENDENT, FWD_PORTS_RANDOM, TRUE);
  assert_symmetric(FWD_NAT_ADDRESS_AND_PORT_DEPENDENT, FWD_PORTS_PRESERVED, FALSE);
  assert_symmetric(FWD_NAT_ENDPOINT_INDEPENDENT, FWD_PORTS_RANDOM, FALSE);
  assert_symmetric(FWD_NAT_NONE, FWD_PORTS_UNKNOWN, FALSE);
  assert_symmetric(FWD_NAT_UNKNOWN, FWD_PORTS_UNKNOWN, FALSE);
}

typedef struct {
  FakeNetwork *network;
  FakeAttempt *here, *there;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  FakeSite *site;

  fixture->network = fake_network_new(10, 0);
  site = fake_network_add_site(fixture->network, NULL, 0, 0);
  fixture->here = fake_attempt_new(site, TRUE);
  fixture->there = fake_attempt_new(site, FALSE);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object(fixture->here);
  g_assert_finalize_object(fixture->there);
  fake_network_free(fixture->network);
}

/* "" for none. */
static void
assert_peer(Fixture *fixture, const char *expected)
{
  g_autofree char *text = NULL;
  FwdEndpoint peer;

  fake_attempt_introduce(fixture->here, fixture->there);
  if (fwd_ends_find_peer(FWD_ATTEMPT(fixture->here), &peer))
    text = fwd_endpoint_to_string(&peer);
  g_assert_cmpstr(text != NULL ? text : "", ==, expected);
}

static void
test_find_peer(Fixture *fixture, gconstpointer data)
{
  fixture->there->local_nat.mapping = FWD_NAT_ENDPOINT_INDEPENDENT;
  assert_peer(fixture, "");
  fake_attempt_add_dead(fixture->there, FWD_CANDIDATE_HOST, "192.168.1.2:1", 24);
  fake_attempt_add_dead(fixture->there, FWD_CANDIDATE_HOST, "[2001:db8::1]:2", 64);
  fake_attempt_add_dead(fixture->there, FWD_CANDIDATE_RELAYED, "203.0.113.1:3", 0);
  assert_peer(fixture, "");
  fake_attempt_add_dead(fixture->there, FWD_CANDIDATE_HOST, "203.0.113.1:4", 24);
  assert_peer(fixture, "203.0.113.1:4");
  fake_attempt_add_dead(fixture->there, FWD_CANDIDATE_SERVER_REFLEXIVE, "203.0.113.1:5", 0);
  assert_peer(fixture, "203.0.113.1:5");
}

static void
test_find_untranslated_peer(Fixture *fixture, gconstpointer data)
{
  fixture->there->local_nat.mapping = FWD_NAT_NONE;
  fake_attempt_add_dead(fixture->there, FWD_CANDIDATE_HOST, "10.1.0.2:1", 24);
  assert_peer(fixture, "10.1.0.2:1");
}

static void
test_find_stun_server(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint server;

  g_assert_null(fwd_ends_find_stun_server(FWD_ATTEMPT(fixture->here)));
  g_assert_true(fwd_endpoint_parse("[2001:db8::1]:3478", &server, NULL));
  g_array_append_val(fixture->here->stun, server);
  g_assert_null(fwd_ends_find_stun_server(FWD_ATTEMPT(fixture->here)));
  g_assert_true(fwd_endpoint_parse("192.0.2.1:3478", &server, NULL));
  g_array_append_val(fixture->here->stun, server);
  g_assert_true(
      fwd_endpoint_equal(fwd_ends_find_stun_server(FWD_ATTEMPT(fixture->here)), &server));
}

#define ADD(name, function)                                                                    \
  g_test_add("/ends/" name, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/ends/step", test_step);
  g_test_add_func("/ends/no-step", test_no_step);
  g_test_add_func("/ends/symmetric", test_symmetric);
  ADD("find-peer", test_find_peer);
  ADD("find-untranslated-peer", test_find_untranslated_peer);
  ADD("find-stun-server", test_find_stun_server);
  return g_test_run();
}

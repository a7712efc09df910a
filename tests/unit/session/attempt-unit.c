/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/fake-attempt.h"

typedef struct {
  FakeNetwork *network;
  FakeSite *home, *office;
  FakeAttempt *attempt, *peer;
  guint count;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->network = fake_network_new(10, 0);
  fixture->home =
      fake_network_add_site(fixture->network, "203.0.113.7", FWD_NAT_ENDPOINT_INDEPENDENT,
                            FWD_NAT_ADDRESS_AND_PORT_DEPENDENT);
  fixture->office =
      fake_network_add_site(fixture->network, "198.51.100.9", FWD_NAT_ENDPOINT_INDEPENDENT,
                            FWD_NAT_ADDRESS_AND_PORT_DEPENDENT);
  fixture->attempt = fake_attempt_new(fixture->home, TRUE);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  g_clear_object(&fixture->attempt);
  g_clear_object(&fixture->peer);
  fake_network_free(fixture->network);
}

static void
add_peer(Fixture *fixture, FakeSite *site)
{
  fixture->peer = fake_attempt_new(site, FALSE);
}

static gboolean
shares(Fixture *fixture)
{
  fake_attempt_introduce(fixture->attempt, fixture->peer);
  return fwd_attempt_shares_public_address(FWD_ATTEMPT(fixture->attempt));
}

static void
test_shared_by_reports(Fixture *fixture, gconstpointer data)
{
  add_peer(fixture, fixture->home);
  g_assert_true(shares(fixture));
}

static void
test_not_shared(Fixture *fixture, gconstpointer data)
{
  add_peer(fixture, fixture->office);
  fake_attempt_add_host(fixture->attempt, "192.168.1.2:40000", 24);
  fake_attempt_add_host(fixture->peer, "192.168.1.2:40000", 24);
  fake_attempt_add_reflexive(fixture->attempt);
  fake_attempt_add_reflexive(fixture->peer);
  g_assert_false(shares(fixture));
}

static void
test_shared_by_candidates(Fixture *fixture, gconstpointer data)
{
  add_peer(fixture, fixture->office);
  fake_attempt_add_dead(fixture->attempt, FWD_CANDIDATE_MAPPED, "192.0.2.77:1000", 0);
  fake_attempt_add_dead(fixture->peer, FWD_CANDIDATE_SERVER_REFLEXIVE, "192.0.2.77:2000", 0);
  g_assert_true(shares(fixture));
}

/* A host's own address says nothing of a NAT: every container bridge is 172.17.0.1. */
static void
test_hosts_do_not_count(Fixture *fixture, gconstpointer data)
{
  add_peer(fixture, fixture->office);
  fake_attempt_add_host(fixture->attempt, "172.17.0.1:1000", 16);
  fake_attempt_add_host(fixture->peer, "172.17.0.1:2000", 16);
  g_assert_false(shares(fixture));
}

static void
test_unknown_is_not_shared(Fixture *fixture, gconstpointer data)
{
  add_peer(fixture, fixture->office);
  fixture->attempt->local_nat = (FwdNatReport){0};
  fixture->peer->local_nat = (FwdNatReport){0};
  g_assert_false(shares(fixture));
}

static void
on_message(FwdAttempt *attempt, GVariant *message, Fixture *fixture)
{
  g_assert_cmpstr(g_variant_get_string(message, NULL), ==, "port 4");
  fixture->count++;
}

static void
test_message(Fixture *fixture, gconstpointer data)
{
  g_assert_false(
      fwd_attempt_send_message(FWD_ATTEMPT(fixture->attempt), g_variant_new_string("lost")));
  add_peer(fixture, fixture->office);
  fake_attempt_introduce(fixture->attempt, fixture->peer);
  g_signal_connect(fixture->peer, "message", G_CALLBACK(on_message), fixture);
  g_assert_true(
      fwd_attempt_send_message(FWD_ATTEMPT(fixture->attempt), g_variant_new_string("port 4")));
  g_assert_cmpuint(fixture->count, ==, 1);
}

static void
on_endpoint(FwdAttempt *attempt, const FwdEndpoint *remote, Fixture *fixture)
{
  g_assert_cmpuint(fwd_endpoint_port(remote), ==, 4242);
  fixture->count++;
}

static void
on_checked(FwdAttempt *attempt, const FwdEndpoint *remote, guint rtt_us, Fixture *fixture)
{
  g_assert_cmpuint(rtt_us, ==, 1234);
  on_endpoint(attempt, remote, fixture);
}

static void
test_endpoint_signals(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint remote;

  g_assert_true(fwd_endpoint_parse("[2001:db8::1]:4242", &remote, NULL));
  g_signal_connect(fixture->attempt, "challenged", G_CALLBACK(on_endpoint), fixture);
  g_signal_connect(fixture->attempt, "checked", G_CALLBACK(on_checked), fixture);
  fwd_attempt_emit_challenged(FWD_ATTEMPT(fixture->attempt), &remote);
  fwd_attempt_emit_checked(FWD_ATTEMPT(fixture->attempt), &remote, 1234);
  g_assert_cmpuint(fixture->count, ==, 2);
}

static void
test_note(Fixture *fixture, gconstpointer data)
{
  fwd_attempt_note(FWD_ATTEMPT(fixture->attempt), "%s %d%%", "loss", 30);
  g_assert_cmpuint(fixture->attempt->story->len, ==, 1);
  g_assert_cmpstr(g_ptr_array_index(fixture->attempt->story, 0), ==, "loss 30%");
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("/attempt/shared-address/by-reports", test_shared_by_reports);
  ADD("/attempt/shared-address/by-candidates", test_shared_by_candidates);
  ADD("/attempt/shared-address/none", test_not_shared);
  ADD("/attempt/shared-address/hosts-do-not-count", test_hosts_do_not_count);
  ADD("/attempt/shared-address/unknown", test_unknown_is_not_shared);
  ADD("/attempt/message", test_message);
  ADD("/attempt/endpoint-signals", test_endpoint_signals);
  ADD("/attempt/note", test_note);
  return g_test_run();
}

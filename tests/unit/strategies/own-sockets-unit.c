/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "own-sockets.h"
#include "fakes/fake-attempt.h"
#include "fakes/fake-clock.h"

#define COUNT 3

typedef struct {
  FakeNetwork *network;
  FakeAttempt *here, *there;
  FwdEndpoint peer;
  FwdOwnSockets *sockets;
  guint changes;
} Fixture;

static void
on_changed(gpointer user_data)
{
  ((Fixture *)user_data)->changes++;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  FakeSite *home, *away;

  fixture->network = fake_network_new(20, 0);
  home = fake_network_add_site(fixture->network, "203.0.113.7", FWD_NAT_ENDPOINT_INDEPENDENT,
                               FWD_NAT_ENDPOINT_INDEPENDENT);
  away = fake_network_add_site(fixture->network, NULL, 0, 0);
  fixture->here = fake_attempt_new(home, TRUE);
  fixture->there = fake_attempt_new(away, FALSE);
  fake_attempt_add_host(fixture->here, "10.0.1.2:40001", 24);
  fake_attempt_add_host(fixture->there, "198.51.100.9:40002", 24);
  g_assert_true(fwd_endpoint_parse("198.51.100.9:40002", &fixture->peer, NULL));
  fixture->sockets = fwd_own_sockets_new(FWD_ATTEMPT(fixture->here), on_changed, fixture);
  for (guint i = 0; i < COUNT; i++)
    g_assert_true(fwd_own_sockets_open(fixture->sockets));
}

static void
run(guint ms)
{
  gboolean never = FALSE;

  fake_clock_run(&never, ms);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  fwd_own_sockets_free(fixture->sockets);
  g_assert_cmpuint(fake_attempt_count_open_sockets(fixture->here), ==, 0);
  run(1000);
  g_assert_true(fake_clock_is_idle());
  g_assert_finalize_object(fixture->here);
  g_assert_finalize_object(fixture->there);
  fake_network_free(fixture->network);
}

static void
test_query(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint server;

  fake_network_get_stun_server(&server);
  for (guint i = 0; i < COUNT - 1; i++)
    g_assert_true(fwd_own_sockets_query(fixture->sockets, i, &server));
  run(100);
  g_assert_true(fwd_own_sockets_are_mapped(fixture->sockets, COUNT - 1));
  g_assert_false(fwd_own_sockets_are_mapped(fixture->sockets, COUNT));
  g_assert_null(fwd_own_sockets_get_mapped(fixture->sockets, COUNT - 1));
  g_assert_cmpuint(fwd_endpoint_port(fwd_own_sockets_get_mapped(fixture->sockets, 1)), ==,
                   fwd_endpoint_port(fwd_own_sockets_get_mapped(fixture->sockets, 0)) + 7);
  g_assert_false(fwd_own_sockets_have_heard(fixture->sockets));
}

/* All three could do it; both ends must take the same one. */
static void
test_first_one_is_chosen(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FwdPath) path = NULL;

  for (guint i = 0; i < COUNT; i++)
    fwd_own_sockets_check(fixture->sockets, i, &fixture->peer, 0);
  run(100);
  g_assert_true(fwd_own_sockets_have_heard(fixture->sockets));
  g_assert_true(
      fwd_endpoint_equal(fwd_own_sockets_get_answered(fixture->sockets), &fixture->peer));
  path = fwd_own_sockets_take_path(fixture->sockets);
  g_assert_cmpint(path->rtt_us, ==, 40000);
  fwd_own_sockets_clear(fixture->sockets);
  g_assert_cmpuint(fake_attempt_count_open_sockets(fixture->here), ==, 1);
}

static FwdEndpoint
outside(guint index)
{
  FwdEndpoint endpoint;

  g_assert_true(
      fwd_endpoint_from_address("203.0.113.7", (guint16)(20000 + 7 * index), &endpoint));
  return endpoint;
}

/* The peer's checks are answered on the first socket that one of them reached, alone. */
static void
test_others_do_not_answer(Fixture *fixture, gconstpointer data)
{
  const FwdEndpoint nobody = outside(99);
  FwdEndpoint found;

  for (guint i = 0; i < COUNT; i++)
    fwd_own_sockets_check(fixture->sockets, i, &nobody, 0);
  run(100);
  for (guint i = 1; i < COUNT; i++) {
    found = outside(i);
    fwd_attempt_send_check(FWD_ATTEMPT(fixture->there), &found, 0);
  }
  run(200);
  g_assert_nonnull(fwd_own_sockets_get_answered(fixture->sockets));
  g_assert_cmpuint(fixture->there->pending->len, ==, 1);
  found = outside(2);
  g_assert_true(
      fwd_endpoint_equal(&g_array_index(fixture->there->pending, FakeCheck, 0).to, &found));
}

/* A choice that comes to nothing is not for ever. */
static void
test_choice_ends(Fixture *fixture, gconstpointer data)
{
  const FwdEndpoint nobody = outside(99);
  FwdEndpoint found = outside(0);
  gint64 due;

  fwd_own_sockets_check(fixture->sockets, 0, &nobody, 0);
  run(100);
  fwd_attempt_send_check(FWD_ATTEMPT(fixture->there), &found, 0);
  run(20);
  fake_network_set_loss(fixture->network, 100);
  run(20);
  g_assert_true(fwd_own_sockets_have_heard(fixture->sockets));
  do {
    due = fwd_own_sockets_tick(fixture->sockets, fake_clock_now());
    run(50);
  } while (due != G_MAXINT64);
  g_assert_false(fwd_own_sockets_have_heard(fixture->sockets));
  g_assert_null(fwd_own_sockets_get_answered(fixture->sockets));
  g_assert_cmpuint(fixture->here->sent, <=, 25);
}

static void
test_no_more(Fixture *fixture, gconstpointer data)
{
  fixture->here->sockets_max = COUNT;
  g_assert_false(fwd_own_sockets_open(fixture->sockets));
  g_assert_cmpuint(fwd_own_sockets_get_count(fixture->sockets), ==, COUNT);
  fwd_own_sockets_clear(fixture->sockets);
  g_assert_cmpuint(fwd_own_sockets_get_count(fixture->sockets), ==, 0);
  g_assert_true(fwd_own_sockets_open(fixture->sockets));
}

#define ADD(name, function)                                                                    \
  g_test_add("/own-sockets/" name, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  fake_clock_start();
  ADD("query", test_query);
  ADD("first-one-is-chosen", test_first_one_is_chosen);
  ADD("others-do-not-answer", test_others_do_not_answer);
  ADD("choice-ends", test_choice_ends);
  ADD("no-more", test_no_more);
  return g_test_run();
}

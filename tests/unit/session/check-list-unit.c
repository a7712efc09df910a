/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/fake-attempt.h"
#include "fakes/fake-clock.h"
#include <stunfwd/check-list.h>
#include <stunfwd/error.h>

typedef struct {
  FakeNetwork *network;
  FakeSite *here, *there;
  FakeAttempt *attempt, *peer;
  FwdCheckListConfig config;
  GCancellable *cancellable;
  gint64 started;
  gboolean done;
  FwdPath *path;
  GError *error;
} Fixture;

static gboolean
accept_all(FwdAttempt *attempt, const FwdCandidate *remote)
{
  return remote->type == FWD_CANDIDATE_HOST;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->network = fake_network_new(20, 0);
  fixture->here = fake_network_add_site(fixture->network, NULL, 0, 0);
  fixture->there = fake_network_add_site(fixture->network, NULL, 0, 0);
  fixture->attempt = fake_attempt_new(fixture->here, TRUE);
  fixture->peer = fake_attempt_new(fixture->there, FALSE);
  fake_attempt_add_host(fixture->attempt, "192.0.2.1:1000", 24);
  fixture->cancellable = g_cancellable_new();
  fixture->config = (FwdCheckListConfig){
      .accepts = accept_all, .interval_ms = 100, .limit_ms = 3000};
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  gboolean never = FALSE;

  g_clear_pointer(&fixture->path, fwd_path_close);
  g_clear_error(&fixture->error);
  fixture->attempt->finished = TRUE;
  fake_clock_run(&never, 1000);
  g_assert_true(fake_clock_is_idle());
  g_assert_cmpuint(fixture->attempt->sent_too_late, ==, 0);
  g_assert_finalize_object(fixture->attempt);
  g_assert_finalize_object(fixture->peer);
  g_assert_finalize_object(fixture->cancellable);
  fake_network_free(fixture->network);
}

static void
on_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_false(fixture->done);
  fixture->done = TRUE;
  fixture->path = fwd_check_list_run_finish(FWD_ATTEMPT(source), result, &fixture->error);
}

static void
start(Fixture *fixture)
{
  fake_attempt_introduce(fixture->attempt, fixture->peer);
  fixture->started = fake_clock_now();
  fwd_check_list_run_async(FWD_ATTEMPT(fixture->attempt), &fixture->config,
                           fixture->cancellable, on_done, fixture);
}

static void
finish(Fixture *fixture)
{
  g_assert_true(fake_clock_run(&fixture->done, fixture->config.limit_ms + 100));
}

static gint64
elapsed_ms(Fixture *fixture)
{
  return (fake_clock_now() - fixture->started) / 1000;
}

static void
parse(const char *text, FwdEndpoint *endpoint)
{
  g_assert_true(fwd_endpoint_parse(text, endpoint, NULL));
}

static const FakeCheck *
nth_check(Fixture *fixture, guint n)
{
  g_assert_cmpuint(fixture->attempt->pending->len, >, n);
  return &g_array_index(fixture->attempt->pending, FakeCheck, n);
}

static void
add_silent(Fixture *fixture, guint count)
{
  for (guint i = 0; i < count; i++) {
    g_autofree char *text = g_strdup_printf("198.51.100.%u:%u", i / 200 + 1, 1000 + i);
    fake_attempt_add_dead(fixture->peer, FWD_CANDIDATE_HOST, text, 24);
  }
}

static void
test_answer(Fixture *fixture, gconstpointer data)
{
  add_silent(fixture, 3);
  fake_attempt_add_host(fixture->peer, "203.0.113.5:2000", 24);
  start(fixture);
  finish(fixture);
  g_assert_no_error(fixture->error);
  g_assert_cmpuint(fwd_endpoint_port(&fixture->path->remote), ==, 2000);
  g_assert_cmpuint(fixture->path->rtt_us, ==, 40000);
  /* Three checks before it, 5 ms each, then the round trip. */
  g_assert_cmpint(elapsed_ms(fixture), ==, 55);
  g_assert_true(fake_attempt_has_noted(fixture->attempt, "checking 4 endpoints: 198.51"));
  g_assert_true(
      fake_attempt_has_noted(fixture->attempt, "203.0.113.5:2000 answered after 55 ms"));
}

static void
test_filter(Fixture *fixture, gconstpointer data)
{
  fake_attempt_add_dead(fixture->peer, FWD_CANDIDATE_RELAYED, "203.0.113.5:2000", 0);
  fake_attempt_add_dead(fixture->peer, FWD_CANDIDATE_HOST, "203.0.113.5:0", 24);
  fake_attempt_add_dead(fixture->peer, FWD_CANDIDATE_HOST, "0.0.0.0:9", 24);
  start(fixture);
  finish(fixture);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE);
  g_assert_cmpuint(fixture->attempt->sent, ==, 0);
}

static void
test_pace(Fixture *fixture, gconstpointer data)
{
  add_silent(fixture, 10);
  start(fixture);
  finish(fixture);
  for (guint i = 1; i < fixture->attempt->pending->len; i++)
    g_assert_cmpint(nth_check(fixture, i)->sent - nth_check(fixture, i - 1)->sent, >=, 5000);
}

/* 0, 100 … 900 ms, then every 500 ms up to 2,900. */
static void
test_back_off(Fixture *fixture, gconstpointer data)
{
  add_silent(fixture, 1);
  start(fixture);
  finish(fixture);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
  g_assert_cmpint(elapsed_ms(fixture), ==, 3000);
  g_assert_cmpuint(fixture->attempt->sent, ==, 14);
  g_assert_cmpint(nth_check(fixture, 9)->sent - fixture->started, ==, 900 * 1000);
  g_assert_cmpint(nth_check(fixture, 13)->sent - fixture->started, ==, 2900 * 1000);
  g_assert_true(fake_attempt_has_noted(fixture->attempt,
                                       "no answer within 3.0 s: 14 checks to 1 endpoint"));
}

static void
test_budget(Fixture *fixture, gconstpointer data)
{
  fixture->config.budget_checks = 40;
  add_silent(fixture, 10);
  start(fixture);
  finish(fixture);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
  g_assert_cmpuint(fixture->attempt->sent, ==, 40);
  /* It lasts nearly to the end. */
  g_assert_cmpint(nth_check(fixture, 39)->sent - fixture->started, >, 2000 * 1000);
}

static void
test_most_endpoints(Fixture *fixture, gconstpointer data)
{
  add_silent(fixture, 100);
  start(fixture);
  finish(fixture);
  g_assert_true(fake_attempt_has_noted(fixture->attempt, "to 64 endpoints"));
}

static void
test_places_for_reflexive(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint remote;

  fixture->config.peer_reflexive = TRUE;
  fixture->config.budget_endpoints = 8;
  add_silent(fixture, 20);
  start(fixture);
  for (guint i = 0; i < 20; i++) {
    parse("203.0.113.5:2000", &remote);
    fwd_endpoint_set_port(&remote, 2000 + i);
    fwd_attempt_emit_challenged(FWD_ATTEMPT(fixture->attempt), &remote);
  }
  finish(fixture);
  g_assert_true(fake_attempt_has_noted(fixture->attempt, "checking 6 endpoints"));
  g_assert_true(fake_attempt_has_noted(fixture->attempt, "to 8 endpoints"));
}

static void
test_drops_unsendable(Fixture *fixture, gconstpointer data)
{
  fixture->attempt->failing = 2;
  add_silent(fixture, 2);
  fake_attempt_add_host(fixture->peer, "203.0.113.5:2000", 24);
  start(fixture);
  finish(fixture);
  g_assert_no_error(fixture->error);
  g_assert_cmpuint(fixture->attempt->sent, ==, 3);
  /* Those that could not be sent have cost no time. */
  g_assert_cmpint(elapsed_ms(fixture), ==, 40);
  g_assert_true(fake_attempt_has_noted(fixture->attempt, "198.51.100.1:1001: no way to send"));
}

static void
test_unreachable(Fixture *fixture, gconstpointer data)
{
  fixture->attempt->failing = G_MAXUINT;
  add_silent(fixture, 5);
  start(fixture);
  fake_clock_settle();
  g_assert_true(fixture->done);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE);
  g_assert_cmpuint(fixture->attempt->sent, ==, 5);
}

static void
test_waits_for_reflexive(Fixture *fixture, gconstpointer data)
{
  fixture->config.peer_reflexive = TRUE;
  start(fixture);
  finish(fixture);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
  g_assert_cmpint(elapsed_ms(fixture), ==, 3000);
  g_assert_cmpuint(fixture->attempt->sent, ==, 0);
}

static void
test_late_candidates(Fixture *fixture, gconstpointer data)
{
  add_silent(fixture, 1);
  start(fixture);
  g_assert_false(fake_clock_run(&fixture->done, 1500));
  fake_attempt_add_host(fixture->peer, "203.0.113.5:2000", 24);
  fake_attempt_introduce(fixture->attempt, fixture->peer);
  finish(fixture);
  g_assert_no_error(fixture->error);
  g_assert_cmpint(elapsed_ms(fixture), ==, 1540);
}

/* A triggered check goes before all others, and its endpoint may be the one that answers. */
static void
test_triggered(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint remote;

  fixture->config.peer_reflexive = TRUE;
  add_silent(fixture, 30);
  start(fixture);
  fake_clock_settle();
  g_assert_cmpuint(fixture->attempt->sent, ==, 1);
  fake_attempt_add_host(fixture->peer, "203.0.113.5:2000", 24);
  parse("203.0.113.5:2000", &remote);
  fwd_attempt_emit_challenged(FWD_ATTEMPT(fixture->attempt), &remote);
  finish(fixture);
  g_assert_no_error(fixture->error);
  g_assert_cmpint(elapsed_ms(fixture), ==, 45);
  g_assert_true(fake_attempt_has_noted(fixture->attempt, "203.0.113.5:2000, which it had not"));
}

static void
test_unnamed_is_ignored(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint remote;

  add_silent(fixture, 1);
  start(fixture);
  parse("203.0.113.5:2000", &remote);
  fwd_attempt_emit_challenged(FWD_ATTEMPT(fixture->attempt), &remote);
  fwd_attempt_emit_checked(FWD_ATTEMPT(fixture->attempt), &remote, 1);
  finish(fixture);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
  g_assert_cmpuint(fixture->attempt->sent, ==, 14);
}

/* A private address of the peer is for the strategy "lan", even when the peer sends from it. */
static void
test_rejected_is_ignored(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint remote;

  fixture->config.peer_reflexive = TRUE;
  fake_attempt_add_dead(fixture->peer, FWD_CANDIDATE_RELAYED, "203.0.113.5:2000", 24);
  start(fixture);
  parse("203.0.113.5:2000", &remote);
  fwd_attempt_emit_challenged(FWD_ATTEMPT(fixture->attempt), &remote);
  finish(fixture);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
  g_assert_cmpuint(fixture->attempt->sent, ==, 0);
}

static void
test_challenges_do_not_flood(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint remote;

  fixture->config.peer_reflexive = TRUE;
  start(fixture);
  parse("203.0.113.5:2000", &remote);
  for (guint i = 0; i < 50; i++) {
    fwd_attempt_emit_challenged(FWD_ATTEMPT(fixture->attempt), &remote);
    fake_clock_run(&fixture->done, 10);
  }
  g_assert_cmpuint(fixture->attempt->sent, <=, 6);
  finish(fixture);
}

static void
test_revives_dropped(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint remote;

  fixture->config.peer_reflexive = TRUE;
  fixture->attempt->failing = 1;
  fake_attempt_add_host(fixture->peer, "203.0.113.5:2000", 24);
  start(fixture);
  g_assert_false(fake_clock_run(&fixture->done, 500));
  g_assert_cmpuint(fixture->attempt->sent, ==, 1);
  parse("203.0.113.5:2000", &remote);
  fwd_attempt_emit_challenged(FWD_ATTEMPT(fixture->attempt), &remote);
  finish(fixture);
  g_assert_no_error(fixture->error);
}

static void
test_first_of_two(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint first, second;

  add_silent(fixture, 2);
  start(fixture);
  g_assert_false(fake_clock_run(&fixture->done, 20));
  parse("198.51.100.1:1001", &first);
  parse("198.51.100.1:1000", &second);
  fwd_attempt_emit_checked(FWD_ATTEMPT(fixture->attempt), &first, 7);
  fwd_attempt_emit_checked(FWD_ATTEMPT(fixture->attempt), &second, 3);
  fake_clock_settle();
  g_assert_true(fixture->done);
  g_assert_true(fwd_endpoint_equal(&fixture->path->remote, &first));
  g_assert_cmpuint(fixture->path->rtt_us, ==, 7);
}

/* Endpoints that a message named: the list waits for them, and checks each once only. */
static void
test_added(Fixture *fixture, gconstpointer data)
{
  FwdAttempt *attempt = FWD_ATTEMPT(fixture->attempt);
  FwdEndpoint remote;

  fixture->config.patient = TRUE;
  parse("203.0.113.5:2000", &remote);
  g_assert_false(fwd_check_list_add(attempt, &remote));
  start(fixture);
  g_assert_false(fake_clock_run(&fixture->done, 1500));
  g_assert_cmpuint(fixture->attempt->sent, ==, 0);
  fake_attempt_add_host(fixture->peer, "203.0.113.5:2000", 24);
  g_assert_true(fwd_check_list_add(attempt, &remote));
  g_assert_false(fwd_check_list_add(attempt, &remote));
  finish(fixture);
  g_assert_no_error(fixture->error);
  g_assert_cmpint(elapsed_ms(fixture), ==, 1540);
  g_assert_false(fwd_check_list_add(attempt, &remote));
}

static void
test_added_nonsense(Fixture *fixture, gconstpointer data)
{
  FwdAttempt *attempt = FWD_ATTEMPT(fixture->attempt);
  FwdEndpoint remote;

  fixture->config.patient = TRUE;
  fixture->config.budget_endpoints = 2;
  start(fixture);
  parse("203.0.113.5:0", &remote);
  g_assert_false(fwd_check_list_add(attempt, &remote));
  parse("0.0.0.0:2000", &remote);
  g_assert_false(fwd_check_list_add(attempt, &remote));
  for (guint i = 0; i < 4; i++) {
    parse("203.0.113.5:2000", &remote);
    fwd_endpoint_set_port(&remote, 2000 + i);
    g_assert_true(fwd_check_list_add(attempt, &remote) == (i < 2));
  }
  finish(fixture);
  g_assert_error(fixture->error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
}

static void
test_cancel(Fixture *fixture, gconstpointer data)
{
  add_silent(fixture, 5);
  start(fixture);
  g_assert_false(fake_clock_run(&fixture->done, 200));
  g_cancellable_cancel(fixture->cancellable);
  fake_clock_settle();
  g_assert_true(fixture->done);
  g_assert_error(fixture->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cancelled_before(Fixture *fixture, gconstpointer data)
{
  add_silent(fixture, 5);
  g_cancellable_cancel(fixture->cancellable);
  start(fixture);
  fake_clock_settle();
  g_assert_true(fixture->done);
  g_assert_error(fixture->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint(fixture->attempt->sent, ==, 0);
}

/* One check that only opens the own NAT; the next one, soon after it, is to arrive. */
static void
test_first_ttl(Fixture *fixture, gconstpointer data)
{
  fixture->config.first_ttl = 3;
  fake_attempt_add_dead(fixture->peer, FWD_CANDIDATE_HOST, "198.51.100.1:1000", 24);
  start(fixture);
  g_assert_false(fake_clock_run(&fixture->done, 10));
  g_assert_cmpuint(fixture->attempt->last_ttl, ==, 3);
  g_assert_cmpuint(fixture->attempt->sent, ==, 1);
  g_assert_false(fake_clock_run(&fixture->done, 20));
  g_assert_cmpuint(fixture->attempt->last_ttl, ==, 0);
  g_assert_cmpuint(fixture->attempt->sent, ==, 2);
  finish(fixture);
}

/* Where the peer's check came from, the way is open. */
static void
test_first_ttl_is_not_for_answers(Fixture *fixture, gconstpointer data)
{
  FwdEndpoint from;

  fixture->config.first_ttl = 3;
  fixture->config.peer_reflexive = TRUE;
  start(fixture);
  parse("198.51.100.1:1000", &from);
  fwd_attempt_emit_challenged(FWD_ATTEMPT(fixture->attempt), &from);
  g_assert_false(fake_clock_run(&fixture->done, 10));
  g_assert_cmpuint(fixture->attempt->sent, ==, 1);
  g_assert_cmpuint(fixture->attempt->last_ttl, ==, 0);
  finish(fixture);
}

#define ADD(name, function)                                                                    \
  g_test_add("/check-list/" name, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  fake_clock_start();
  ADD("answer", test_answer);
  ADD("filter", test_filter);
  ADD("pace", test_pace);
  ADD("back-off", test_back_off);
  ADD("budget", test_budget);
  ADD("most-endpoints", test_most_endpoints);
  ADD("places-for-reflexive", test_places_for_reflexive);
  ADD("drops-unsendable", test_drops_unsendable);
  ADD("unreachable", test_unreachable);
  ADD("waits-for-reflexive", test_waits_for_reflexive);
  ADD("late-candidates", test_late_candidates);
  ADD("triggered", test_triggered);
  ADD("unnamed-is-ignored", test_unnamed_is_ignored);
  ADD("rejected-is-ignored", test_rejected_is_ignored);
  ADD("challenges-do-not-flood", test_challenges_do_not_flood);
  ADD("revives-dropped", test_revives_dropped);
  ADD("first-of-two", test_first_of_two);
  ADD("first-ttl", test_first_ttl);
  ADD("first-ttl-is-not-for-answers", test_first_ttl_is_not_for_answers);
  ADD("added", test_added);
  ADD("added-nonsense", test_added_nonsense);
  ADD("cancel", test_cancel);
  ADD("cancelled-before", test_cancelled_before);
  return g_test_run();
}

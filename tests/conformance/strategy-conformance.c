/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every strategy must do. STRATEGY names the one under test. */
#include "strategy-scene.h"

#include <string.h>

static void
test_meta(Scene *scene, gconstpointer data)
{
  scene_place_easily(scene);
  g_assert_cmpuint(scene->meta->limit_ms, >, 0);
  g_assert_cmpuint(scene->meta->limit_ms, <=, 60000);
  g_assert_cmpuint(scene->meta->budget_packets, >, 0);
  g_assert_cmpuint(scene->meta->budget_mappings, >, 0);
  g_assert_nonnull(scene->meta->help);
  g_assert_null(strchr(scene->meta->help, '\n'));
}

static void
test_nothing_known(Scene *scene, gconstpointer data)
{
  FakeSite *site = fake_network_add_site(scene->network, NULL, 0, 0);

  scene_place(scene, site, site);
  g_autofree char *why_not = scene_why_not(&scene->a);
  g_assert_nonnull(why_not);
  g_assert_cmpuint(strlen(why_not), >, 0);
  g_assert_null(strchr(why_not, '\n'));
  g_assert_cmpuint(scene->a.attempt->sent, ==, 0);
}

static void
test_why_not_is_optional(Scene *scene, gconstpointer data)
{
  FakeSite *site = fake_network_add_site(scene->network, NULL, 0, 0);

  scene_place(scene, site, site);
  g_assert_false(
      fwd_strategy_can_attempt(scene->a.strategy, FWD_ATTEMPT(scene->a.attempt), NULL));
}

static void
test_succeeds(Scene *scene, gconstpointer data)
{
  scene_place_easily(scene);
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  g_assert_null(scene_why_not(&scene->a));
  g_assert_null(scene_why_not(&scene->b));
  g_assert_cmpuint(scene->a.attempt->sent, ==, 0);
  scene_start(scene);
  scene_finish(scene);
  scene_assert_connected(scene);
  g_assert_cmpuint(scene->a.attempt->story->len, >, 0);
}

static void
test_through_nats(Scene *scene, gconstpointer data)
{
  FakeSite *site;

  if (scene_has_easy_place()) {
    scene_place_easily(scene);
  } else if (scene->meta->path_class == FWD_PATH_CLASS_LAN) {
    site =
        fake_network_add_site(scene->network, "203.0.113.7", FWD_NAT_ADDRESS_AND_PORT_DEPENDENT,
                              FWD_NAT_ADDRESS_AND_PORT_DEPENDENT);
    scene_place(scene, site, site);
    scene_add_hosts(scene);
  } else {
    scene_place_behind(scene, FWD_NAT_ENDPOINT_INDEPENDENT, FWD_NAT_ENDPOINT_INDEPENDENT,
                       FWD_NAT_ENDPOINT_INDEPENDENT, FWD_NAT_ENDPOINT_INDEPENDENT);
    scene_add_hosts(scene);
  }
  scene_start(scene);
  scene_finish(scene);
  scene_assert_connected(scene);
}

/* A loss of 30 % each way; whatever the dice of the network say, within the limit. */
static void
test_loss(Scene *scene, gconstpointer data)
{
  scene_place_easily(scene);
  fake_network_set_loss(scene->network, 30);
  scene_start(scene);
  scene_finish(scene);
  scene_assert_connected(scene);
}

static void
test_silence(Scene *scene, gconstpointer data)
{
  const gint64 started = fake_clock_now();

  scene_place_easily(scene);
  fake_network_set_loss(scene->network, 100);
  scene_start(scene);
  scene_finish(scene);
  g_assert_error(scene->a.error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
  g_assert_error(scene->b.error, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT);
  g_assert_cmpint(scene->a.ended - started, <=, scene->meta->limit_ms * (gint64)1000);
  g_assert_cmpuint(scene->a.attempt->sent, >, 1);
}

static void
add_many(FakeAttempt *attempt)
{
  for (guint i = 0; i < 100; i++) {
    g_autofree char *near = g_strdup_printf("10.0.1.%u:%u", 50 + i, 5000 + i);
    g_autofree char *far = g_strdup_printf("198.18.0.%u:%u", 1 + i, 5000 + i);
    fake_attempt_add_dead(attempt, FWD_CANDIDATE_HOST, near, 24);
    fake_attempt_add_dead(attempt, FWD_CANDIDATE_SERVER_REFLEXIVE, far, 0);
  }
}

static void
place_hardly(Scene *scene)
{
  FakeSite *site;

  if (scene->meta->path_class == FWD_PATH_CLASS_LAN) {
    site =
        fake_network_add_site(scene->network, "203.0.113.7", FWD_NAT_ADDRESS_AND_PORT_DEPENDENT,
                              FWD_NAT_ADDRESS_AND_PORT_DEPENDENT);
    scene_place(scene, site, site);
  } else {
    scene_place_behind(scene, FWD_NAT_ADDRESS_AND_PORT_DEPENDENT,
                       FWD_NAT_ADDRESS_AND_PORT_DEPENDENT, FWD_NAT_ADDRESS_AND_PORT_DEPENDENT,
                       FWD_NAT_ADDRESS_AND_PORT_DEPENDENT);
  }
  fake_attempt_add_host(scene->a.attempt, "10.0.1.2:40001", 24);
  fake_attempt_add_host(scene->b.attempt, "10.0.1.3:40002", 24);
}

/* A peer with a hundred dead addresses costs no more than was declared: see tear-down. */
static void
test_budget(Scene *scene, gconstpointer data)
{
  if (scene_has_easy_place())
    scene_place_easily(scene);
  else
    place_hardly(scene);
  g_array_set_size(scene->a.attempt->local, 1);
  add_many(scene->b.attempt);
  fake_network_set_loss(scene->network, 100);
  scene_start(scene);
  scene_finish(scene);
  g_assert_nonnull(scene->a.error);
  g_assert_cmpuint(scene->a.attempt->sent, >, 1);
}

static void
test_cannot_send(Scene *scene, gconstpointer data)
{
  scene_place_easily(scene);
  scene->a.attempt->failing = scene->b.attempt->failing = G_MAXUINT;
  scene_start(scene);
  scene_finish(scene);
  g_assert_true(scene->a.error->domain == FWD_STRATEGY_ERROR);
  g_assert_true(scene->b.error->domain == FWD_STRATEGY_ERROR);
}

static void
cancel(Scene *scene)
{
  g_cancellable_cancel(scene->a.cancellable);
  g_cancellable_cancel(scene->b.cancellable);
  fake_clock_settle();
  g_assert_true(scene->a.done && scene->b.done);
  g_assert_error(scene->a.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_error(scene->b.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cancel(Scene *scene, gconstpointer data)
{
  scene_place_easily(scene);
  fake_network_set_loss(scene->network, 100);
  scene_start(scene);
  g_assert_false(fake_clock_run(&scene->a.done, scene->meta->limit_ms / 2));
  cancel(scene);
}

static void
test_cancel_at_once(Scene *scene, gconstpointer data)
{
  scene_place_easily(scene);
  scene_start(scene);
  cancel(scene);
}

static void
test_cancelled_before(Scene *scene, gconstpointer data)
{
  scene_place_easily(scene);
  g_cancellable_cancel(scene->a.cancellable);
  g_cancellable_cancel(scene->b.cancellable);
  scene_start(scene);
  cancel(scene);
  g_assert_cmpuint(scene->a.attempt->sent, ==, 0);
}

/* The peer's real address is told only while the attempt runs. */
static void
test_late_candidates(Scene *scene, gconstpointer data)
{
  scene_place_easily(scene);
  g_autoptr(GArray) real = g_array_copy(scene->b.attempt->local);
  for (guint i = 0; i < real->len; i++)
    fwd_endpoint_set_port(&g_array_index(scene->b.attempt->local, FwdCandidate, i).endpoint, 9);
  scene_start(scene);
  g_assert_false(fake_clock_run(&scene->a.done, 20));
  g_array_set_size(scene->b.attempt->local, 0);
  g_array_append_vals(scene->b.attempt->local, real->data, real->len);
  fake_attempt_introduce(scene->a.attempt, scene->b.attempt);
  scene_finish(scene);
  scene_assert_connected(scene);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  fake_clock_start();
  scene_load(STRATEGY);
  SCENE_TEST("meta", test_meta);
  SCENE_TEST("nothing-known", test_nothing_known);
  SCENE_TEST("why-not-is-optional", test_why_not_is_optional);
  SCENE_TEST("succeeds", test_succeeds);
  SCENE_TEST("through-nats", test_through_nats);
  SCENE_TEST("loss", test_loss);
  SCENE_TEST("silence", test_silence);
  SCENE_TEST("budget", test_budget);
  SCENE_TEST("cannot-send", test_cannot_send);
  SCENE_TEST("cancel", test_cancel);
  SCENE_TEST("cancel-at-once", test_cancel_at_once);
  SCENE_TEST("cancelled-before", test_cancelled_before);
  SCENE_TEST("late-candidates", test_late_candidates);
  strategy_add_tests();
  return g_test_run();
}

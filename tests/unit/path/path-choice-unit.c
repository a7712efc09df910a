/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/path-choice.h"

#define MS G_GINT64_CONSTANT(1000000)
#define S  (1000 * MS)

#define LAN   FWD_PATH_CLASS_LAN
#define P2P   FWD_PATH_CLASS_P2P
#define RELAY FWD_PATH_CLASS_RELAY

static FwdPathRating
path(guint32 id, FwdPathClass path_class, gint64 rtt_ms)
{
  return (FwdPathRating){.id = id, .path_class = path_class, .alive = TRUE, .rtt = rtt_ms * MS};
}

static void
test_nothing_alive(void)
{
  FwdPathChoice choice = {0};
  FwdPathRating ratings[] = {path(1, LAN, 1), path(2, RELAY, 9)};

  g_assert_cmpuint(fwd_path_choice_make(&choice, NULL, 0, 0, 0), ==, 0);
  ratings[0].alive = ratings[1].alive = FALSE;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 0), ==, 0);
}

static void
test_class_first(void)
{
  FwdPathChoice choice = {0};
  FwdPathRating ratings[] = {path(1, RELAY, 1), path(2, P2P, 50), path(3, LAN, 100)};

  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 1, 0, 0), ==, 1);
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 0), ==, 2);
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 3, 2, 0), ==, 3);
  g_assert_cmpint(fwd_path_choice_deadline(&choice), ==, G_MAXINT64);
}

static void
test_dead_active_falls_back_at_once(void)
{
  FwdPathChoice choice = {.switched = 10 * S};
  FwdPathRating ratings[] = {path(1, LAN, 1), path(2, RELAY, 80), path(3, P2P, 20)};

  ratings[0].alive = FALSE;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 3, 1, 10 * S), ==, 3);
  /* As if it had been removed. */
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings + 1, 2, 1, 10 * S), ==, 3);
}

static void
test_loss_loses_to_a_clean_relay_after_a_while(void)
{
  FwdPathChoice choice = {0};
  FwdPathRating ratings[] = {path(1, P2P, 10), path(2, RELAY, 40)};

  ratings[0].loss = 0.2;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 1 * S), ==, 1);
  ratings[0].lossy = TRUE;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 2 * S), ==, 1);
  g_assert_cmpint(fwd_path_choice_deadline(&choice), ==, 7 * S);
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 7 * S - 1), ==, 1);
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 7 * S), ==, 2);
  g_assert_cmpint(fwd_path_choice_deadline(&choice), ==, G_MAXINT64);
  /* And back as soon as it counts as clean again. */
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 2, 8 * S), ==, 2);
  ratings[0].lossy = FALSE;
  ratings[0].loss = 0;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 2, 9 * S), ==, 1);
}

static void
test_a_challenger_that_gives_in_starts_anew(void)
{
  FwdPathChoice choice = {0};
  FwdPathRating ratings[] = {path(1, P2P, 10), path(2, RELAY, 40)};

  ratings[0].lossy = TRUE;
  ratings[0].loss = 0.2;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 1 * S), ==, 1);
  ratings[1].loss = 0.075;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 3 * S), ==, 1);
  ratings[1].loss = 0;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 4 * S), ==, 1);
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 8 * S), ==, 1);
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 9 * S), ==, 2);
}

static void
test_no_flight_where_loss_has_just_ended(void)
{
  FwdPathChoice choice = {0};
  FwdPathRating ratings[] = {path(1, P2P, 10), path(2, RELAY, 40)};

  ratings[0].lossy = TRUE;
  ratings[0].loss = 0.2;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 1 * S), ==, 1);
  ratings[0].loss = 0.025;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 20 * S), ==, 1);
  g_assert_cmpint(fwd_path_choice_deadline(&choice), ==, G_MAXINT64);
}

static void
test_only_a_lossy_path_is_left_for_a_lossy_one(void)
{
  FwdPathChoice choice = {0};
  FwdPathRating ratings[] = {path(1, P2P, 10), path(2, RELAY, 40)};

  ratings[0].lossy = TRUE;
  ratings[0].loss = 0.2;
  ratings[1].loss = 0.075;
  g_assert_cmpint(fwd_path_rating_compare(&ratings[0], &ratings[1]), <, 0);
  for (gint64 now = 1 * S; now < 60 * S; now += S)
    g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 2, now), ==, 2);
  g_assert_cmpint(fwd_path_choice_deadline(&choice), ==, G_MAXINT64);
  ratings[1].lossy = TRUE;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 2, 60 * S), ==, 2);
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 2, 65 * S), ==, 1);
}

static void
test_ranks(void)
{
  /* In order, best first: class, lossy, loss. */
  static const struct {
    FwdPathClass path_class;
    gboolean lossy;
    double loss;
  } order[] = {{LAN, FALSE, 0},  {P2P, FALSE, 0.075},   {RELAY, FALSE, 0.05}, {LAN, TRUE, 0.2},
               {P2P, TRUE, 0.2}, {RELAY, FALSE, 0.075}, {RELAY, TRUE, 0.2}};

  for (guint i = 0; i + 1 < G_N_ELEMENTS(order); i++) {
    FwdPathRating a = path(1, order[i].path_class, 500);
    FwdPathRating b = path(2, order[i + 1].path_class, 1);
    a.lossy = order[i].lossy;
    a.loss = order[i].loss;
    b.lossy = order[i + 1].lossy;
    b.loss = order[i + 1].loss;
    g_assert_cmpint(fwd_path_rating_compare(&a, &b), <, 0);
    g_assert_cmpint(fwd_path_rating_compare(&b, &a), >, 0);
    a.alive = FALSE;
    g_assert_cmpint(fwd_path_rating_compare(&a, &b), >, 0);
  }
}

static void
test_round_trip_needs_a_margin(void)
{
  FwdPathChoice choice = {0};
  FwdPathRating ratings[] = {path(1, P2P, 100), path(2, P2P, 80)};

  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 6 * S), ==, 1);
  ratings[1].rtt = 79 * MS;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 6 * S), ==, 2);
  ratings[0].rtt = 6 * MS;
  ratings[1].rtt = 10 * MS;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 2, 60 * S), ==, 2);
  ratings[0].rtt = 5 * MS - 1;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 2, 60 * S), ==, 1);
}

static void
test_unknown_round_trip_wins_nothing(void)
{
  FwdPathChoice choice = {0};
  FwdPathRating ratings[] = {path(1, P2P, 0), path(2, P2P, 1)};

  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 6 * S), ==, 1);
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 2, 6 * S), ==, 2);
}

static void
test_equals_switch_once_in_five_seconds(void)
{
  FwdPathChoice choice = {0};
  FwdPathRating ratings[] = {path(1, P2P, 100), path(2, P2P, 10)};

  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 10 * S), ==, 2);
  ratings[1].rtt = 500 * MS;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 2, 15 * S - 1), ==, 2);
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 2, 15 * S), ==, 1);
  ratings[1].rtt = 10 * MS;
  ratings[0].alive = FALSE;
  g_assert_cmpuint(fwd_path_choice_make(&choice, ratings, 2, 1, 15 * S), ==, 2);
}

static void
test_class_names(void)
{
  g_assert_cmpstr(fwd_path_class_to_string(LAN), ==, "lan");
  g_assert_cmpstr(fwd_path_class_to_string(P2P), ==, "p2p");
  g_assert_cmpstr(fwd_path_class_to_string(RELAY), ==, "relay");
  g_assert_cmpstr(fwd_path_class_to_string((FwdPathClass)77), ==, "unknown");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/path-choice/nothing-alive", test_nothing_alive);
  g_test_add_func("/path-choice/class", test_class_first);
  g_test_add_func("/path-choice/dead", test_dead_active_falls_back_at_once);
  g_test_add_func("/path-choice/loss", test_loss_loses_to_a_clean_relay_after_a_while);
  g_test_add_func("/path-choice/hold", test_a_challenger_that_gives_in_starts_anew);
  g_test_add_func("/path-choice/loss/ended", test_no_flight_where_loss_has_just_ended);
  g_test_add_func("/path-choice/loss/both", test_only_a_lossy_path_is_left_for_a_lossy_one);
  g_test_add_func("/path-choice/ranks", test_ranks);
  g_test_add_func("/path-choice/rtt-margin", test_round_trip_needs_a_margin);
  g_test_add_func("/path-choice/rtt-unknown", test_unknown_round_trip_wins_nothing);
  g_test_add_func("/path-choice/interval", test_equals_switch_once_in_five_seconds);
  g_test_add_func("/path-choice/names", test_class_names);
  return g_test_run();
}

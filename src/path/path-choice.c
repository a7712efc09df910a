/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/path-choice.h"

#define MS G_GINT64_CONSTANT(1000000)
/**
 * How long a path must be better than one that works before it replaces it. Meanwhile it is
 * probed often: what loses as much as the lossy one would have shown it.
 */
#define HOLD (5000 * MS)
/** Least time between two switches within a rank. */
#define SWITCH_INTERVAL (5000 * MS)
/** What the shorter round trip must gain at least. */
#define MARGIN (5 * MS)

#define RANK_DEAD 8

guint
fwd_path_rating_rank(const FwdPathRating *rating)
{
  /*
   * The class decides, but a clean path of any class beats every lossy one,
   * while one that is only less lossy does not make up for its class.
   */
  static const guint8 ranks[][3] = {
      [FWD_PATH_CLASS_LAN] = {0, 0, 3},
      [FWD_PATH_CLASS_P2P] = {1, 1, 4},
      [FWD_PATH_CLASS_RELAY] = {2, 5, 6},
  };

  if (!rating->alive)
    return RANK_DEAD;
  if (rating->lossy)
    return ranks[rating->path_class][2];
  return ranks[rating->path_class][rating->loss < FWD_PATH_LOSS_CLEAN ? 0 : 1];
}

static gint64
known_rtt(const FwdPathRating *rating)
{
  return rating->rtt > 0 ? rating->rtt : G_MAXINT64;
}

gint
fwd_path_rating_compare(const FwdPathRating *a, const FwdPathRating *b)
{
  guint rank_a = fwd_path_rating_rank(a), rank_b = fwd_path_rating_rank(b);

  if (rank_a != rank_b)
    return rank_a < rank_b ? -1 : 1;
  if (known_rtt(a) != known_rtt(b))
    return known_rtt(a) < known_rtt(b) ? -1 : 1;
  return a->id < b->id ? -1 : a->id > b->id;
}

static const FwdPathRating *
find(const FwdPathRating *ratings, guint count, guint32 id)
{
  for (guint i = 0; i < count; i++)
    if (ratings[i].id == id)
      return &ratings[i];
  return NULL;
}

static const FwdPathRating *
find_best(const FwdPathRating *ratings, guint count)
{
  const FwdPathRating *best = NULL;

  for (guint i = 0; i < count; i++)
    if (ratings[i].alive && (best == NULL || fwd_path_rating_compare(&ratings[i], best) < 0))
      best = &ratings[i];
  return best;
}

static gboolean
is_clearly_faster(const FwdPathRating *path, const FwdPathRating *active)
{
  if (path->rtt == 0 || active->rtt == 0)
    return FALSE;
  return path->rtt + MAX(MARGIN, active->rtt / 5) < active->rtt;
}

/* Whether @path has challenged for long enough; starts its time if it is a new challenger. */
static gboolean
has_held(FwdPathChoice *choice, const FwdPathRating *path, gint64 now)
{
  if (choice->challenger != path->id) {
    choice->challenger = path->id;
    choice->since = now;
  }
  return now >= choice->since + HOLD;
}

/* Not if it ranks better for its class alone, or where the loss has just ended. */
static gboolean
is_worth_a_flight(const FwdPathRating *best, const FwdPathRating *active)
{
  if (best->lossy)
    return active->lossy;
  return active->loss > FWD_PATH_LOSS_BAD / 2;
}

/* @best is not the active path, and both are alive. */
static gboolean
should_switch(FwdPathChoice *choice, const FwdPathRating *best, const FwdPathRating *active,
              gint64 now)
{
  if (fwd_path_rating_rank(best) == fwd_path_rating_rank(active)) {
    choice->challenger = 0;
    if (!is_clearly_faster(best, active) || now < choice->switched + SWITCH_INTERVAL)
      return FALSE;
    choice->switched = now;
    return TRUE;
  }
  /* To go to a clean path of a better class is no gamble; a flight from loss is one. */
  if (best->path_class < active->path_class && !best->lossy)
    return TRUE;
  if (!is_worth_a_flight(best, active)) {
    choice->challenger = 0;
    return FALSE;
  }
  return has_held(choice, best, now);
}

guint32
fwd_path_choice_make(FwdPathChoice *choice, const FwdPathRating *ratings, guint count,
                     guint32 active_id, gint64 now)
{
  const FwdPathRating *best = find_best(ratings, count);
  const FwdPathRating *active = find(ratings, count, active_id);

  if (best != NULL && active != NULL && active->alive && best != active) {
    if (!should_switch(choice, best, active, now))
      return active_id;
  }
  choice->challenger = 0;
  return best != NULL ? best->id : 0;
}

gint64
fwd_path_choice_deadline(const FwdPathChoice *choice)
{
  return choice->challenger != 0 ? choice->since + HOLD : G_MAXINT64;
}

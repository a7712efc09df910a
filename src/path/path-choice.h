/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Which of several paths to use: a function of what was measured and of a
 * little memory that makes it sticky. Times are nanoseconds, monotonic.
 *
 * A path that is alive beats a dead one. A lossy path ranks below clean ones of
 * worse classes, and nothing but another lossy one is left for it. Among paths of
 * one rank the round trip decides, by a margin.
 */
#pragma once

#include <stunfwd/path.h>

/**
 * Round trips lost, above which a path is bad, and below which it is clean. An eighth of them
 * is lost where each way loses 6.5 % of the packets.
 */
#define FWD_PATH_LOSS_BAD   0.125
#define FWD_PATH_LOSS_CLEAN 0.06

typedef struct {
  guint32 id; /**< from 1 */
  FwdPathClass path_class;
  gboolean alive;
  gboolean lossy; /**< its loss has been bad for a while, see path-monitor.h */
  double loss;    /**< of round trips, 0 to 1 */
  gint64 rtt;     /**< 0 not measured */
} FwdPathRating;

/** What is remembered from one choice to the next; zero-initialise. */
typedef struct {
  guint32 challenger; /**< better than the active one, but not for long enough yet */
  gint64 since;
  gint64 switched; /**< when one path last took the place of another of the same rank */
} FwdPathChoice;

/** 0 is best. Dead paths rank behind all that are alive. */
guint fwd_path_rating_rank(const FwdPathRating *rating);
/** Orders by rank and round trip, best first, then by id. */
gint fwd_path_rating_compare(const FwdPathRating *a, const FwdPathRating *b);

/** The id of the path to use from now on, perhaps @active; 0 when none is alive. */
guint32 fwd_path_choice_make(FwdPathChoice *choice, const FwdPathRating *ratings, guint count,
                             guint32 active, gint64 now);

/** When the choice may change by time alone; G_MAXINT64 if it can't. */
gint64 fwd_path_choice_deadline(const FwdPathChoice *choice);

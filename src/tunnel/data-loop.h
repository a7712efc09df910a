/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A thread with its own epoll: the data plane. Objects that live here are
 * touched by no other thread; the main thread posts messages, and gets some
 * back. One round is: events, posted messages, due timers, deferred work.
 */
#pragma once

#include <glib.h>

typedef struct FwdDataLoop FwdDataLoop;
typedef void (*FwdDataLoopFunc)(gpointer data);

/**
 * Starts the thread. @main_context (NULL: the default one) is where replies
 * run; it is kept. Errors: FWD_TUNNEL_ERROR with FAILED.
 */
FwdDataLoop *fwd_data_loop_new(GMainContext *main_context, GError **error);

/**
 * Main thread: runs what was posted, stops the thread, joins it, then runs the
 * last replies. May be called from a reply. What a last reply posts never runs.
 */
void fwd_data_loop_free(FwdDataLoop *loop);

/** Any thread: runs @func on the loop, in the order of posting. */
void fwd_data_loop_post(FwdDataLoop *loop, FwdDataLoopFunc func, gpointer data);

/** Main thread: posts and waits until it has run. For closing things down, not for daily use.
 */
void fwd_data_loop_post_and_wait(FwdDataLoop *loop, FwdDataLoopFunc func, gpointer data);

/** Loop thread: runs @func on the main context, in order. */
void fwd_data_loop_reply(FwdDataLoop *loop, FwdDataLoopFunc func, gpointer data);

/* What follows is for the loop thread alone. */

/** CLOCK_MONOTONIC in ns, read once a round; refresh it after long work. */
gint64 fwd_data_loop_now(FwdDataLoop *loop);
gint64 fwd_data_loop_refresh_now(FwdDataLoop *loop);

/** Embedded in whoever waits for a descriptor; zero-initialise. */
typedef struct FwdWatch {
  int fd;
  void (*ready)(struct FwdWatch *watch, guint32 events); /**< EPOLLIN, EPOLLOUT, EPOLLHUP... */
  gboolean watched;                                      /**< the loop's own */
} FwdWatch;

/**
 * @events as for epoll, EPOLLET included if wanted; a watch that is watched
 * already changes its events. FALSE, errno set, when epoll refuses.
 */
gboolean fwd_data_loop_watch(FwdDataLoop *loop, FwdWatch *watch, guint32 events);
/**
 * Before the descriptor is closed. No event of this round reaches the watch any
 * more. Nothing happens to one that is not watched.
 */
void fwd_data_loop_unwatch(FwdDataLoop *loop, FwdWatch *watch);

/** Embedded in whoever waits for a time; zero-initialise. */
typedef struct FwdTimer {
  void (*fire)(struct FwdTimer *timer, gint64 now);
  gint64 deadline; /**< the loop's own from here on */
  guint position;  /**< in the heap, from 1; 0 when not set */
} FwdTimer;

/** Sets or moves; G_MAXINT64 stops it. */
void fwd_data_loop_set_timer(FwdDataLoop *loop, FwdTimer *timer, gint64 deadline);
void fwd_data_loop_stop_timer(FwdDataLoop *loop, FwdTimer *timer);

/** Embedded in whoever has work to gather; zero-initialise. */
typedef struct FwdDeferred {
  void (*run)(struct FwdDeferred *deferred);
  struct FwdDeferred *next; /**< the loop's own from here on */
  struct FwdDeferred *previous;
  gboolean queued;
} FwdDeferred;

/** Runs it once at the end of this round; of the next one when called from a deferred. */
void fwd_data_loop_defer(FwdDataLoop *loop, FwdDeferred *deferred);
void fwd_data_loop_cancel_deferred(FwdDataLoop *loop, FwdDeferred *deferred);

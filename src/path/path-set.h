/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The paths of one tunnel: probes all that are alive for round trip and loss,
 * finds the dead, chooses the active one with hysteresis. Lives on the tunnel's
 * data-loop. Passive: time (nanoseconds, monotonic) is a parameter, and what it
 * decides is told through callbacks after its own state is consistent.
 *
 * QUIC is shown synthetic addresses, an IP pair of its own for each path, so
 * that it can migrate although real addresses do not matter to it.
 */
#pragma once

#include "path/probe.h"
#include <stunfwd/path.h>

typedef struct FwdPathSet FwdPathSet;

/**
 * Ids count from 1 and are never used again; 0 is no path. A path gets another
 * one when QUIC shall take it for a new one: on the controlling side when it was
 * the last to die and comes back, on the other when QUIC has left it. Its former
 * ids lead to it still.
 */
typedef guint32 FwdPathId;

/** Paths a set holds at most; over that the worst standby path makes room. */
#define FWD_PATHS_MAX 16
/** Adopted paths that wait to be proven at a time. */
#define FWD_PATHS_UNPROVEN_MAX 4

typedef struct {
  const guint8 *probe_key; /**< copied */
  const char *self;        /**< own peer id, copied */
  const char *peer;        /**< the peer's id, copied */
  gboolean controlling;    /**< the client, which chooses; the server follows */
} FwdPathSetConfig;

typedef struct {
  /**
   * The active path is now @to (0: none is left alive). @broken: the former one
   * is dead, so do not wait for anything on it.
   */
  void (*active_changed)(FwdPathId from, FwdPathId to, gboolean broken, gpointer user_data);
  /** A path, active or not, has died or come to life. */
  void (*alive_changed)(gpointer user_data);
  /** @path was dropped: it is closed after this call. */
  void (*removed)(FwdPathId id, const FwdPath *path, gpointer user_data);
} FwdPathSetEvents; /**< none of them may free the set */

typedef struct {
  FwdPathId id;
  FwdPathClass path_class;
  char strategy[24];
  FwdEndpoint local, remote;
  guint16 mtu;
  guint32 rtt_us; /**< smoothed; 0 not measured yet */
  double loss;    /**< of round trips, 0 to 1; see path-monitor.h */
  gboolean alive;
  gboolean active;
} FwdPathInfo;

FwdPathSet *fwd_path_set_new(const FwdPathSetConfig *config, const FwdPathSetEvents *events,
                             gpointer user_data);
/** Closes all paths, without callbacks. */
void fwd_path_set_free(FwdPathSet *set);

/**
 * Adds a path (transfer full) and makes it active if it is better. One to the
 * same remote over the same descriptor is merged into the one that is there,
 * which takes its class and strategy if they are better, or were a guess. Returns
 * its id.
 */
FwdPathId fwd_path_set_add(FwdPathSet *set, FwdPath *path, gint64 now);

/**
 * A path to where an unexpected packet came from, over the shared socket @fd:
 * of the class and strategy of the active path. It counts as alive once it has
 * answered a check, and is dropped soon if it does not. 0 when there is no room:
 * it pushes out none but dead paths, and few may wait to be proven at a time.
 */
FwdPathId fwd_path_set_adopt(FwdPathSet *set, int fd, const FwdEndpoint *remote, gint64 now);

/** The descriptor of a path is broken; the next tick, due at once, drops it. */
void fwd_path_set_fail(FwdPathSet *set, FwdPathId id, gint64 now);

/** The path for packets from @remote on @fd; 0 if unknown. @remote NULL: a path with its own
 * fd. */
FwdPathId fwd_path_set_find(const FwdPathSet *set, int fd, const FwdEndpoint *remote);
FwdPathId fwd_path_set_get_active(const FwdPathSet *set);
/** (transfer none), or NULL. */
FwdPath *fwd_path_set_get(const FwdPathSet *set, FwdPathId id);
/** Copies what is known of up to @count paths, the active one first; returns how many. */
guint fwd_path_set_describe(const FwdPathSet *set, FwdPathInfo *info, guint count);

/** The server follows the client: tells the set which path QUIC now uses. */
void fwd_path_set_follow(FwdPathSet *set, FwdPathId id, gint64 now);
/**
 * The server's QUIC has left @id: packets from there come over a new path from
 * now on. (ngtcp2 0.12.1 asserts when a peer returns to a path that it left
 * while the next one was not validated yet.)
 */
void fwd_path_set_leave(FwdPathSet *set, FwdPathId id);

/** Synthetic addresses of a path, and the way back. */
void
fwd_path_set_addresses(FwdPathId id, struct sockaddr_in6 *local, struct sockaddr_in6 *remote);
FwdPathId fwd_path_set_id_of(const struct sockaddr *synthetic);

/**
 * Sends QUIC packets: ops->send_batch of the path; a dead path takes everything and loses it.
 * One that dies of it is dealt with by the next tick, which is then due at once.
 */
gssize
fwd_path_set_send(FwdPathSet *set, FwdPathId id, const FwdPacketBatch *batch, gint64 now);

/** What was just sent wants an answer: silence is doubtful from now on. */
void fwd_path_set_expect_answer(FwdPathSet *set, FwdPathId id, gint64 now);

/**
 * For whoever polls the descriptors: @blocked is called when a path did not take
 * all of a batch, or keeps some of it (fwd_path_flush), with the descriptor to
 * wait for. NULL: nobody.
 */
void fwd_path_set_on_blocked(FwdPathSet *set, void (*blocked)(int fd, gpointer user_data),
                             gpointer user_data);

/** @packets of QUIC, or none but a check, arrived on a path: it is alive. If it was dead, a
 * tick is due at once. */
void fwd_path_set_heard(FwdPathSet *set, FwdPathId id, guint packets, gint64 now);

/** Answers a check that came over a path from @from; FALSE if the peer did not send it. */
gboolean fwd_path_set_answer(FwdPathSet *set, FwdPathId id, const FwdProbe *probe,
                             const FwdEndpoint *from, gint64 now);

/** A check response; FALSE if it answers no probe of this set. */
gboolean
fwd_path_set_answered(FwdPathSet *set, FwdPathId id, const FwdProbe *probe, gint64 now);

/** When the next tick is due: cheap to ask. G_MAXINT64 without paths. */
gint64 fwd_path_set_deadline(const FwdPathSet *set);
/** Probes, judges, chooses, drops; callbacks come from here, from add and from follow. */
void fwd_path_set_tick(FwdPathSet *set, gint64 now);

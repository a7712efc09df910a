/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What is known of one path: when to probe it, its round trip (RFC 6298), its
 * loss, whether it is alive. Passive and plain; times are nanoseconds.
 */
#pragma once

#include "net/stun-message.h"
#include "path/packet-loss.h"

/** Probes of which loss is told. */
#define FWD_MONITOR_WINDOW 40
/** Probes that are remembered: a late answer still tells the round trip. */
#define FWD_MONITOR_PROBES 64

typedef struct {
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE];
  gint64 sent;
  gint64 rtt;      /* once it is answered */
  guint32 packets; /* of QUIC that had been sent before */
  enum {
    FWD_PROBE_NONE,
    FWD_PROBE_WAITING,
    FWD_PROBE_ANSWERED,
    FWD_PROBE_LATE, /* answered, but only after something had been sent again */
    FWD_PROBE_LOST,
  } state;
} FwdProbeRecord;

typedef enum {
  FWD_MONITOR_ACTIVE,
  FWD_MONITOR_STANDBY,
  FWD_MONITOR_NEEDED, /* in standby for an active one that is doubtful or loses much */
} FwdMonitorUse;

typedef struct {
  FwdProbeRecord probes[FWD_MONITOR_PROBES]; /* a ring */
  guint next;                                /* where the next probe goes */
  guint burst;                               /* probes of the first measurement to go */
  gint64 probed;                             /* when the last probe went */
  gint64 heard;                              /* when anything last came, or the beginning */
  gint64 sent;                               /* the first packet after that; 0 none */
  gint64 died;                               /* since when it counts as dead */
  gint64 deaths[2];                          /* the last one and the one before; 0 never */
  gint64 srtt, rttvar;                       /* 0 not measured */
  gint64 least;                              /* round trip of a probe; 0 none was answered */
  FwdPacketLoss packets;                     /* the loss of the traffic itself */
  double loss;          /* of that; negative: there is too little traffic */
  gint64 bad_since;     /* 0 not bad */
  gint64 last_loss;     /* when the last lost probe was sent, or what counts like one */
  gboolean retransmits; /* what carries it sends again what was lost: set by the owner */
  gboolean proven;      /* a probe of ours was answered, or a strategy vouches for it */
  gint64 vouched;       /* when a strategy last did so */
  gboolean one_way;     /* heard, but not answered: only an answer brings it back to life */
  gboolean alive;
  gboolean lossy;
  gboolean failed; /* its descriptor is broken: for ever */
} FwdPathMonitor;

/** @rtt: 0 unknown. An unproven path is alive once it has answered a probe. */
void fwd_path_monitor_init(FwdPathMonitor *monitor, gboolean proven, gint64 rtt, gint64 now);

/** A packet leaves that may be answered. */
static inline void
fwd_path_monitor_sent(FwdPathMonitor *monitor, gint64 now)
{
  if (monitor->sent == 0)
    monitor->sent = now;
}

/** Something arrived. TRUE if that has brought the path back to life. */
gboolean fwd_path_monitor_heard(FwdPathMonitor *monitor, gint64 now);
/** A strategy has just had an answer over the path. TRUE as for being heard. */
gboolean fwd_path_monitor_vouch(FwdPathMonitor *monitor, gint64 now);
/** The path can't be used any more. */
void fwd_path_monitor_fail(FwdPathMonitor *monitor, gint64 now);

gboolean fwd_path_monitor_is_due(const FwdPathMonitor *monitor, FwdMonitorUse use, gint64 now);
/** A probe is sent now; its transaction goes to @transaction. */
void fwd_path_monitor_probe(FwdPathMonitor *monitor, guint8 *transaction, gint64 now);
/**
 * FALSE if it is no probe that waits, or was lost, here. @counts: of the peer, when it
 * answered; NULL if it did not tell.
 */
gboolean fwd_path_monitor_answered(FwdPathMonitor *monitor, const guint8 *transaction,
                                   const FwdPacketCounts *counts, gint64 now);

/** Counts what is overdue, and finds out about death and loss. */
void fwd_path_monitor_update(FwdPathMonitor *monitor, gint64 now);
/** Whether it is alive, but does not answer, or loses much. */
gboolean fwd_path_monitor_is_doubtful(const FwdPathMonitor *monitor);
/** Whether a dead path has been given up. */
gboolean fwd_path_monitor_is_hopeless(const FwdPathMonitor *monitor, gint64 now);
/** When it must next be updated or probed; later than an @now just updated and probed for. */
gint64 fwd_path_monitor_deadline(const FwdPathMonitor *monitor, FwdMonitorUse use);

/**
 * Share of round trips, 0 to 1, of the traffic, or of the last FWD_MONITOR_WINDOW probes if
 * there is little; a path is thought clean as long as there are less. Where loss is made good
 * by sending again, it is of the probes, and an answer that came late counts as a lost one.
 */
double fwd_path_monitor_get_loss(const FwdPathMonitor *monitor);

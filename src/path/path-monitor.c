/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/path-monitor.h"
#include "path/path-choice.h"
#include <string.h>

#define MS G_GINT64_CONSTANT(1000000)

/** The first measurement: three probes, close together. */
#define BURST_PROBES   3
#define BURST_INTERVAL (50 * MS)

#define ACTIVE_INTERVAL  (1000 * MS)
#define STANDBY_INTERVAL (3000 * MS)
#define DEAD_INTERVAL    (2000 * MS)
#define LOSSY_INTERVAL   (200 * MS) /* 50 of them fill the 10 s in which it must be clean */
#define DOUBT_INTERVAL   (300 * MS) /* when a probe is overdue */

/** A probe is lost after three round trips, or this. */
#define LOST_AFTER         (300 * MS)
#define LOST_AFTER_UNKNOWN (1000 * MS)
/**
 * TCP waits 200 ms and more before it sends the last segment again (RFC 6298, 2.4: 1 s); what
 * is sent meanwhile waits for the rest of that. An answer is late that takes so much longer
 * than the shortest round trip of those remembered, or half as long again.
 */
#define LATE (50 * MS)

#define DEAD_AFTER  (1500 * MS)
#define DEAD_PROBES 3
/** A path that hears the peer while the peer does not hear us. */
#define ONE_WAY_AFTER  (4000 * MS)
#define ONE_WAY_PROBES 8
#define HOPELESS_AFTER (60000 * MS)
#define UNPROVEN_AFTER (3000 * MS)

/** How long a path that has come back must be clean, unless it dies again and again. */
#define PROBATION       (3000 * MS)
#define DEATHS_INTERVAL (60000 * MS)

/** Loss must be bad, or gone, for so long before it counts. */
#define LOSSY_AFTER (3000 * MS)
#define CLEAN_AFTER (10000 * MS)

void
fwd_path_monitor_init(FwdPathMonitor *monitor, gboolean proven, gint64 rtt, gint64 now)
{
  *monitor = (FwdPathMonitor){.burst = BURST_PROBES,
                              .probed = now - BURST_INTERVAL,
                              .heard = now,
                              .died = now,
                              .srtt = rtt,
                              .loss = -1,
                              .rttvar = rtt / 2,
                              .proven = proven,
                              .alive = proven};
}

static gboolean
is_loss(const FwdProbeRecord *record)
{
  return record->state == FWD_PROBE_LOST || record->state == FWD_PROBE_LATE;
}

/* Death was no loss: what was sent into it says nothing of the path as it is now. */
static void
forget_losses(FwdPathMonitor *monitor)
{
  for (guint i = 0; i < FWD_MONITOR_PROBES; i++)
    if (is_loss(&monitor->probes[i]))
      monitor->probes[i].state = FWD_PROBE_NONE;
}

static void
revive(FwdPathMonitor *monitor, gint64 now)
{
  const gboolean again =
      monitor->deaths[1] != 0 && monitor->deaths[0] < monitor->deaths[1] + DEATHS_INTERVAL;

  monitor->alive = TRUE;
  forget_losses(monitor);
  monitor->last_loss = now - CLEAN_AFTER + (again ? CLEAN_AFTER : PROBATION);
}

gboolean
fwd_path_monitor_heard(FwdPathMonitor *monitor, gint64 now)
{
  monitor->heard = now;
  monitor->sent = 0;
  if (monitor->alive || monitor->failed || monitor->one_way || !monitor->proven)
    return FALSE;
  revive(monitor, now);
  return TRUE;
}

gboolean
fwd_path_monitor_vouch(FwdPathMonitor *monitor, gint64 now)
{
  monitor->proven = TRUE;
  monitor->one_way = FALSE;
  monitor->vouched = now;
  return fwd_path_monitor_heard(monitor, now);
}

static void
die(FwdPathMonitor *monitor, gint64 now)
{
  if (monitor->alive) {
    monitor->deaths[1] = monitor->deaths[0];
    monitor->died = monitor->deaths[0] = now;
  }
  monitor->alive = FALSE;
  /* When it comes back it must show first that it stays. */
  monitor->lossy = TRUE;
}

void
fwd_path_monitor_fail(FwdPathMonitor *monitor, gint64 now)
{
  monitor->failed = TRUE;
  die(monitor, now);
}

/* Probes. */

static gint64
lost_after(const FwdPathMonitor *monitor)
{
  return monitor->srtt == 0 ? LOST_AFTER_UNKNOWN : MAX(3 * monitor->srtt, LOST_AFTER);
}

/* Probes that were sent since the path was last heard and are lost. */
static guint
count_unanswered(const FwdPathMonitor *monitor)
{
  guint count = 0;

  for (guint i = 0; i < FWD_MONITOR_PROBES; i++)
    count +=
        monitor->probes[i].state == FWD_PROBE_LOST && monitor->probes[i].sent >= monitor->heard;
  return count;
}

/* The last probes, all of them lost; *@since: when the first of them was sent. */
static guint
count_lost_in_a_row(const FwdPathMonitor *monitor, gint64 *since)
{
  guint count = 0;

  *since = G_MAXINT64;
  for (guint i = 1; i <= FWD_MONITOR_PROBES; i++) {
    const FwdProbeRecord *record = &monitor->probes[(monitor->next - i) % FWD_MONITOR_PROBES];
    if (record->state == FWD_PROBE_WAITING)
      continue;
    if (record->state != FWD_PROBE_LOST || record->sent < monitor->vouched)
      break;
    count++;
    *since = record->sent;
  }
  return count;
}

/* When the path will have been without an answer for too long; G_MAXINT64 if not yet known. */
static gint64
one_way_at(const FwdPathMonitor *monitor)
{
  gint64 since;

  return count_lost_in_a_row(monitor, &since) < ONE_WAY_PROBES ? G_MAXINT64
                                                               : since + ONE_WAY_AFTER;
}

/* The peer answers what is sent to it, if only with acknowledgements: silence is doubtful. */
static gint64
next_doubt(const FwdPathMonitor *monitor)
{
  if (monitor->sent == 0)
    return G_MAXINT64;
  return MAX(monitor->sent, monitor->probed) + MAX(DOUBT_INTERVAL, 2 * monitor->srtt);
}

/* One lost probe is a hint: the next ones soon tell what it was. */
static gboolean
was_lossy_lately(const FwdPathMonitor *monitor)
{
  return monitor->last_loss != 0 && monitor->probed < monitor->last_loss + CLEAN_AFTER;
}

static gint64
next_probe(const FwdPathMonitor *monitor, FwdMonitorUse use)
{
  if (monitor->failed)
    return G_MAXINT64;
  if (monitor->burst > 0)
    return monitor->probed + BURST_INTERVAL;
  if (!monitor->alive)
    return monitor->probed + (monitor->proven ? DEAD_INTERVAL : DOUBT_INTERVAL);
  if (count_unanswered(monitor) > 0)
    return monitor->probed + DOUBT_INTERVAL;
  if (use == FWD_MONITOR_NEEDED || monitor->lossy || was_lossy_lately(monitor))
    return monitor->probed + LOSSY_INTERVAL;
  if (use == FWD_MONITOR_STANDBY)
    return monitor->probed + STANDBY_INTERVAL;
  return MIN(monitor->probed + ACTIVE_INTERVAL, next_doubt(monitor));
}

gboolean
fwd_path_monitor_is_due(const FwdPathMonitor *monitor, FwdMonitorUse use, gint64 now)
{
  return now >= next_probe(monitor, use);
}

void
fwd_path_monitor_probe(FwdPathMonitor *monitor, guint8 *transaction, gint64 now)
{
  FwdProbeRecord *record = &monitor->probes[monitor->next++ % FWD_MONITOR_PROBES];

  fwd_stun_new_transaction(record->transaction);
  memcpy(transaction, record->transaction, FWD_STUN_TRANSACTION_SIZE);
  record->sent = now;
  record->packets = monitor->packets.counts.sent;
  record->state = FWD_PROBE_WAITING;
  monitor->probed = now;
  if (monitor->burst > 0)
    monitor->burst--;
}

/* RFC 6298, 2. */
static void
measure(FwdPathMonitor *monitor, gint64 rtt)
{
  gint64 difference = ABS(monitor->srtt - rtt);

  monitor->least = monitor->least == 0 ? MAX(rtt, 1) : MIN(monitor->least, MAX(rtt, 1));
  if (monitor->srtt == 0) {
    monitor->srtt = MAX(rtt, 1);
    monitor->rttvar = rtt / 2;
    return;
  }
  monitor->rttvar += (difference - monitor->rttvar) / 4;
  monitor->srtt = MAX(monitor->srtt + (rtt - monitor->srtt) / 8, 1);
}

/* Not the shortest ever: a route may become longer for good. */
static gint64
find_recent_least(const FwdPathMonitor *monitor)
{
  gint64 least = G_MAXINT64;

  for (guint i = 0; i < FWD_MONITOR_PROBES; i++) {
    const FwdProbeRecord *record = &monitor->probes[i];
    if (record->state == FWD_PROBE_ANSWERED || record->state == FWD_PROBE_LATE)
      least = MIN(least, record->rtt);
  }
  return least;
}

/* A byte stream loses nothing: a lost segment costs the time until it has come again. */
static gboolean
is_late(const FwdPathMonitor *monitor, gint64 rtt)
{
  const gint64 least = find_recent_least(monitor);

  return monitor->retransmits && rtt > least && rtt - least >= MAX(LATE, least / 2);
}

gboolean
fwd_path_monitor_answered(FwdPathMonitor *monitor, const guint8 *transaction,
                          const FwdPacketCounts *counts, gint64 now)
{
  for (guint i = 0; i < FWD_MONITOR_PROBES; i++) {
    FwdProbeRecord *record = &monitor->probes[i];
    if ((record->state != FWD_PROBE_WAITING && record->state != FWD_PROBE_LOST) ||
        memcmp(record->transaction, transaction, FWD_STUN_TRANSACTION_SIZE) != 0)
      continue;
    record->rtt = now - record->sent;
    record->state = is_late(monitor, record->rtt) ? FWD_PROBE_LATE : FWD_PROBE_ANSWERED;
    if (is_loss(record))
      monitor->last_loss = MAX(monitor->last_loss, record->sent);
    monitor->proven = TRUE;
    monitor->one_way = FALSE;
    measure(monitor, record->rtt);
    if (counts != NULL)
      fwd_packet_loss_report(&monitor->packets, record->packets, counts, now);
    return TRUE;
  }
  return FALSE;
}

/* Loss. */

static double
get_loss_of_probes(const FwdPathMonitor *monitor)
{
  guint seen = 0, lost = 0;

  for (guint i = 1; i <= FWD_MONITOR_PROBES && seen < FWD_MONITOR_WINDOW; i++) {
    guint index = (monitor->next - i) % FWD_MONITOR_PROBES;
    const FwdProbeRecord *record = &monitor->probes[index];
    seen += record->state == FWD_PROBE_ANSWERED || is_loss(record);
    lost += is_loss(record);
  }
  return (double)lost / FWD_MONITOR_WINDOW;
}

double
fwd_path_monitor_get_loss(const FwdPathMonitor *monitor)
{
  return monitor->loss >= 0 ? monitor->loss : get_loss_of_probes(monitor);
}

static void
count_overdue(FwdPathMonitor *monitor, gint64 now)
{
  for (guint i = 0; i < FWD_MONITOR_PROBES; i++) {
    FwdProbeRecord *record = &monitor->probes[i];
    if (record->state != FWD_PROBE_WAITING || now < record->sent + lost_after(monitor))
      continue;
    record->state = FWD_PROBE_LOST;
    monitor->last_loss = MAX(monitor->last_loss, record->sent);
  }
}

static void
judge_loss(FwdPathMonitor *monitor, gint64 now)
{
  gboolean clean = now >= monitor->last_loss + CLEAN_AFTER;

  if (clean || fwd_path_monitor_get_loss(monitor) <= FWD_PATH_LOSS_BAD)
    monitor->bad_since = 0;
  else if (monitor->bad_since == 0)
    monitor->bad_since = now;
  if (monitor->bad_since != 0 && now >= monitor->bad_since + LOSSY_AFTER)
    monitor->lossy = TRUE;
  else if (clean)
    monitor->lossy = FALSE;
}

void
fwd_path_monitor_update(FwdPathMonitor *monitor, gint64 now)
{
  count_overdue(monitor, now);
  if (monitor->retransmits || !fwd_packet_loss_get(&monitor->packets, now, &monitor->loss))
    monitor->loss = -1;
  if (monitor->alive && now >= monitor->heard + DEAD_AFTER &&
      count_unanswered(monitor) >= DEAD_PROBES)
    die(monitor, now);
  if (monitor->alive && now >= one_way_at(monitor)) {
    monitor->one_way = TRUE;
    die(monitor, now);
  }
  judge_loss(monitor, now);
}

gboolean
fwd_path_monitor_is_doubtful(const FwdPathMonitor *monitor)
{
  return monitor->alive && (monitor->bad_since != 0 || count_unanswered(monitor) > 0);
}

static gint64
hopeless_at(const FwdPathMonitor *monitor)
{
  if (monitor->alive)
    return G_MAXINT64;
  if (monitor->failed)
    return monitor->died;
  return monitor->died + (monitor->proven ? HOPELESS_AFTER : UNPROVEN_AFTER);
}

gboolean
fwd_path_monitor_is_hopeless(const FwdPathMonitor *monitor, gint64 now)
{
  return now >= hopeless_at(monitor);
}

static gint64
first_overdue(const FwdPathMonitor *monitor)
{
  gint64 first = G_MAXINT64;

  for (guint i = 0; i < FWD_MONITOR_PROBES; i++)
    if (monitor->probes[i].state == FWD_PROBE_WAITING)
      first = MIN(first, monitor->probes[i].sent + lost_after(monitor));
  return first;
}

gint64
fwd_path_monitor_deadline(const FwdPathMonitor *monitor, FwdMonitorUse use)
{
  gint64 deadline = MIN(next_probe(monitor, use), first_overdue(monitor));

  if (monitor->alive && count_unanswered(monitor) >= DEAD_PROBES)
    deadline = MIN(deadline, monitor->heard + DEAD_AFTER);
  if (monitor->alive)
    deadline = MIN(deadline, one_way_at(monitor));
  if (!monitor->lossy && monitor->bad_since != 0)
    deadline = MIN(deadline, monitor->bad_since + LOSSY_AFTER);
  return MIN(deadline, hopeless_at(monitor));
}

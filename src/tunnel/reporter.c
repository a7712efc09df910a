/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/reporter.h"
#include <string.h>

#define NS_PER_US          1000
#define CHALLENGE_INTERVAL G_GINT64_CONSTANT(20000000)
/** Endpoints whose last challenge is remembered; a collision costs a report more. */
#define CHALLENGES 64

typedef struct {
  char peer[FWD_PEER_ID_SIZE + 1];
  FwdEndpoint from;
  gint64 when;
} Challenge;

struct FwdReporter {
  FwdDataLoop *loop;
  FwdDemultiplexerEvents events;
  gpointer user_data;
  gint pending; /* atomic: reports on their way */
  Challenge challenges[CHALLENGES];
};

typedef struct {
  FwdReporter *reporter;
  FwdEndpoint from;
  gint64 when_us;
  char peer[FWD_PEER_ID_SIZE + 1];
  gsize length;
  guint8 data[];
} Report;

FwdReporter *
fwd_reporter_new(FwdDataLoop *loop, const FwdDemultiplexerEvents *events, gpointer user_data)
{
  FwdReporter *reporter = g_new0(FwdReporter, 1);

  reporter->loop = loop;
  reporter->events = *events;
  reporter->user_data = user_data;
  return reporter;
}

void
fwd_reporter_free(FwdReporter *reporter)
{
  g_free(reporter);
}

static Report *
make_report(FwdReporter *reporter, const FwdEndpoint *from, const guint8 *data, gsize length,
            gint64 now)
{
  Report *report;

  if (g_atomic_int_get(&reporter->pending) >= FWD_REPORTS_MAX)
    return NULL;
  g_atomic_int_inc(&reporter->pending);
  report = g_malloc0(sizeof *report + length);
  report->reporter = reporter;
  report->from = *from;
  report->when_us = now / NS_PER_US;
  report->length = length;
  if (length > 0)
    memcpy(report->data, data, length);
  return report;
}

static gboolean
send_report(Report *report, FwdDataLoopFunc tell)
{
  if (report == NULL)
    return FALSE;
  fwd_data_loop_reply(report->reporter->loop, tell, report);
  return TRUE;
}

/* On the main thread. */

static void
tell_stun(gpointer data)
{
  g_autofree Report *report = data;
  FwdReporter *reporter = report->reporter;

  g_atomic_int_add(&reporter->pending, -1);
  reporter->events.stun(&report->from, report->data, report->length, report->when_us,
                        reporter->user_data);
}

static void
tell_checked(gpointer data)
{
  g_autofree Report *report = data;
  FwdReporter *reporter = report->reporter;

  g_atomic_int_add(&reporter->pending, -1);
  reporter->events.checked(report->data, &report->from, report->when_us, reporter->user_data);
}

static void
tell_challenged(gpointer data)
{
  g_autofree Report *report = data;
  FwdReporter *reporter = report->reporter;

  g_atomic_int_add(&reporter->pending, -1);
  reporter->events.challenged(report->peer, &report->from, reporter->user_data);
}

/* On the loop. */

gboolean
fwd_reporter_stun(FwdReporter *reporter, const FwdEndpoint *from, const guint8 *data,
                  gsize length, gint64 now)
{
  return send_report(make_report(reporter, from, data, length, now), tell_stun);
}

gboolean
fwd_reporter_checked(FwdReporter *reporter, const guint8 *transaction, const FwdEndpoint *from,
                     gint64 now)
{
  return send_report(make_report(reporter, from, transaction, FWD_STUN_TRANSACTION_SIZE, now),
                     tell_checked);
}

static gboolean
is_repeated(FwdReporter *reporter, const char *peer, const FwdEndpoint *from, gint64 now)
{
  guint slot = (fwd_endpoint_hash(from) ^ g_str_hash(peer)) % CHALLENGES;
  Challenge *challenge = &reporter->challenges[slot];

  if (challenge->when != 0 && now < challenge->when + CHALLENGE_INTERVAL &&
      strcmp(challenge->peer, peer) == 0 && fwd_endpoint_equal(&challenge->from, from))
    return TRUE;
  g_strlcpy(challenge->peer, peer, sizeof challenge->peer);
  challenge->from = *from;
  challenge->when = now;
  return FALSE;
}

gboolean
fwd_reporter_challenged(FwdReporter *reporter, const char *peer, const FwdEndpoint *from,
                        gint64 now)
{
  Report *report;

  if (is_repeated(reporter, peer, from, now))
    return TRUE;
  report = make_report(reporter, from, NULL, 0, now);
  if (report != NULL)
    g_strlcpy(report->peer, peer, sizeof report->peer);
  return send_report(report, tell_challenged);
}

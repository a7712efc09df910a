/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/nat-figures.h"

#include "net/network-state.h"
#include "session/network-memory.h"

static void
add_survey(FwdNatReport *report, const FwdNatSurveyResult *surveyed)
{
  if (surveyed->ports.pattern != FWD_PORTS_UNKNOWN) {
    report->ports = surveyed->ports.pattern;
    report->port_delta = surveyed->ports.delta;
    report->port_spread = surveyed->ports.spread;
  }
  report->hairpinning = surveyed->hairpinning;
  report->hops = surveyed->hops;
  report->public_addresses = MAX(report->public_addresses, surveyed->public_addresses);
}

static void
add_recalled(FwdNatReport *report, const FwdNatReport *recalled)
{
  if (report->ports == FWD_PORTS_UNKNOWN) {
    report->ports = recalled->ports;
    report->port_delta = recalled->port_delta;
    report->port_spread = recalled->port_spread;
  }
  if (report->hairpinning == FWD_ANSWER_UNKNOWN)
    report->hairpinning = recalled->hairpinning;
  if (report->hops == 0)
    report->hops = recalled->hops;
  if (report->lifetime_seconds == 0)
    report->lifetime_seconds = recalled->lifetime_seconds;
}

/* Where UDP does not get out, what the signaling server sees of TCP is better than nothing. */
static void
add_seen_at(FwdNatReport *report, const FwdEndpoint *seen_at)
{
  if (!report->udp_blocked)
    return;
  if (fwd_endpoint_family(seen_at) == AF_INET)
    report->public4 = *seen_at;
  else if (fwd_endpoint_family(seen_at) == AF_INET6)
    report->public6 = *seen_at;
}

static void
compose(FwdNatFigures *figures)
{
  figures->report = figures->run;
  if (figures->is_behind_nat) {
    figures->report.lifetime_seconds = figures->lifetime;
    add_survey(&figures->report, &figures->surveyed);
    add_recalled(&figures->report, &figures->recalled);
  }
  add_seen_at(&figures->report, &figures->seen_at);
}

static gint64
now_in_seconds(void)
{
  return g_get_real_time() / G_USEC_PER_SEC;
}

/* The gateway's hardware address is known by now: packets have passed it. */
static void
recall(FwdNatFigures *figures)
{
  if (!figures->memory || figures->network)
    return;
  figures->network = fwd_network_identify(&fwd_network_files);
  figures->is_kept =
      figures->network && fwd_network_memory_recall(figures->memory, figures->network,
                                                    now_in_seconds(), &figures->recalled);
}

static void
keep(FwdNatFigures *figures)
{
  if (figures->memory && figures->network)
    fwd_network_memory_keep(figures->memory, figures->network, now_in_seconds(),
                            &figures->report);
}

void
fwd_nat_figures_set_memory(FwdNatFigures *figures, const char *memory)
{
  g_free(figures->memory);
  figures->memory = g_strdup(memory);
}

void
fwd_nat_figures_clear(FwdNatFigures *figures)
{
  g_clear_pointer(&figures->memory, g_free);
  g_clear_pointer(&figures->network, g_free);
}

void
fwd_nat_figures_forget(FwdNatFigures *figures)
{
  FwdNatFigures blank = {.seen_at = figures->seen_at, .memory = figures->memory};

  g_free(figures->network);
  *figures = blank;
}

void
fwd_nat_figures_set_run(FwdNatFigures *figures, const FwdNatReport *run, gboolean is_behind_nat)
{
  if (is_behind_nat)
    recall(figures);
  figures->run = *run;
  figures->is_behind_nat = is_behind_nat;
  compose(figures);
}

void
fwd_nat_figures_set_survey(FwdNatFigures *figures, const FwdNatSurveyResult *surveyed)
{
  figures->surveyed = *surveyed;
  compose(figures);
  /* What is kept stays as old as its lifetime is, so that this is measured again some day. */
  if (!figures->is_kept)
    keep(figures);
}

void
fwd_nat_figures_set_lifetime(FwdNatFigures *figures, guint seconds, gboolean is_final)
{
  figures->lifetime = seconds;
  compose(figures);
  if (is_final && seconds > 0)
    keep(figures);
}

void
fwd_nat_figures_set_seen_at(FwdNatFigures *figures, const FwdEndpoint *seen_at)
{
  figures->seen_at = *seen_at;
  compose(figures);
}

void
fwd_nat_figures_unblock(FwdNatFigures *figures)
{
  figures->run.udp_blocked = FALSE;
  compose(figures);
}

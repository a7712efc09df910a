/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The report of a NAT, put together from what each measurement has said so far,
 * and for what is open from what was kept of this network. Main thread only.
 */
#pragma once

#include "net/nat-survey.h"

typedef struct {
  FwdNatReport report; /**< all of it, to read */
  /*< private >*/
  FwdNatReport run;
  FwdNatSurveyResult surveyed;
  FwdNatReport recalled;
  guint lifetime;
  FwdEndpoint seen_at;
  char *memory;
  char *network;
  gboolean is_behind_nat;
  gboolean is_kept;
} FwdNatFigures;

/** @memory: as for fwd_network_memory_recall(); NULL for none. */
void fwd_nat_figures_set_memory(FwdNatFigures *figures, const char *memory);
void fwd_nat_figures_clear(FwdNatFigures *figures);
/** For another network: nothing holds, but where the signaling server saw us last. */
void fwd_nat_figures_forget(FwdNatFigures *figures);

/** What a discovery said; @is_behind_nat: only then the rest counts. */
void fwd_nat_figures_set_run(FwdNatFigures *figures, const FwdNatReport *run,
                             gboolean is_behind_nat);
void fwd_nat_figures_set_survey(FwdNatFigures *figures, const FwdNatSurveyResult *surveyed);
/** @is_final: it is kept. */
void fwd_nat_figures_set_lifetime(FwdNatFigures *figures, guint seconds, gboolean is_final);
/** Where the signaling server sees us: the public endpoint where UDP is blocked. */
void fwd_nat_figures_set_seen_at(FwdNatFigures *figures, const FwdEndpoint *seen_at);
/** A STUN server has answered after all. */
void fwd_nat_figures_unblock(FwdNatFigures *figures);

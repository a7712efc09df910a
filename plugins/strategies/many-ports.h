/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What the strategies share that meet at one of many ports: one side has many
 * sockets, or sends to many ports of the other, and either may give up for both.
 * A strategy's state starts with a FwdManyPorts. Main thread only.
 */
#pragma once

#include "own-sockets.h"
#include "run.h"

typedef struct {
  FwdRun run;             /**< first */
  FwdOwnSockets *sockets; /**< of a side whose ports are not known; NULL at the other */
  guint sent;             /**< packets */
  char *stopped;          /**< by the peer, with that reason; NULL if not */
  gboolean answered;      /**< on the shared socket, by */
  FwdEndpoint winner;
  guint winner_rtt_us;
} FwdManyPorts;

/** Ends the run, and the peer's as well. */
void fwd_many_ports_give_up(FwdManyPorts *self, FwdErrorCode code, const char *why);
/** Takes note if the peer gives up in @message, a dictionary. */
void fwd_many_ports_hear(FwdManyPorts *self, GVariant *message);
/** Takes note that the peer has answered from @remote on the shared socket. */
void fwd_many_ports_answered(FwdManyPorts *self, const FwdEndpoint *remote, guint rtt_us);

/**
 * Ends the run if the peer has answered, or given up (@code); TRUE if it is over. @when: how
 * the note in the story begins.
 */
gboolean fwd_many_ports_conclude(FwdManyPorts *self, FwdErrorCode code, const char *when);

/** For the run's stop. */
void fwd_many_ports_clear(FwdManyPorts *self);

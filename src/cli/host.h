/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * The program around the sessions: application, plugins, control service.
 * What `server`, `client` and `run` have in common.
 */
#pragma once

#include "cli/options.h"
#include "session/session.h"

typedef struct FwdHost FwdHost;

/** @name: of the control socket, unless --control says another path. */
FwdHost *fwd_host_new(const FwdOptions *options, const char *name);
void fwd_host_free(FwdHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdHost, fwd_host_free)

/** Adds a session for the profile, of the role that it names (transfer none). */
FwdSession *fwd_host_add(FwdHost *host, FwdProfile *profile);

/** Runs until it ends; returns the exit status. */
int fwd_host_run(FwdHost *host);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Serves the channels that peers open: checks the target against an access
 * list and gives the channel to the forwarder that it asks for. Main thread only.
 */
#pragma once

#include "core/plugin-registry.h"
#include "session/access-list.h"
#include <stunfwd/forwarder.h>

typedef struct FwdService FwdService;

FwdService *fwd_service_new(FwdPluginRegistry *registry);
void fwd_service_free(FwdService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdService, fwd_service_free)

/** Serves or refuses @channel, with a line in the log for a refusal. */
void fwd_service_serve(FwdService *service, FwdChannel *channel, const FwdAccessList *access);

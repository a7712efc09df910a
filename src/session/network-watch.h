/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** net/link-monitor.h on the main loop. Main thread only. */
#pragma once

#include "net/link-monitor.h"

typedef struct FwdNetworkWatch FwdNetworkWatch;

/** Calls @changed each time the network has changed; that may free the watch. */
FwdNetworkWatch *fwd_network_watch_new(void (*changed)(gpointer user_data), gpointer user_data);
void fwd_network_watch_free(FwdNetworkWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdNetworkWatch, fwd_network_watch_free)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Notices that the machine is on another network: the kernel tells of changed
 * links, addresses and routes (rtnetlink); after a moment of waiting for the rest
 * of them the state is compared with the one before. A machine that slept counts as
 * moved. Passive but for its socket: poll its descriptor. One thread.
 */
#pragma once

#include <glib.h>

typedef struct FwdLinkMonitor FwdLinkMonitor;

/** A text of the state (transfer full) that is another one when the network is. */
typedef char *(*FwdLinkState)(gpointer user_data);

/** @state NULL: fwd_network_describe(). @now, @boottime: as fwd_link_monitor_tick(). */
FwdLinkMonitor *
fwd_link_monitor_new(FwdLinkState state, gpointer user_data, gint64 now, gint64 boottime);
void fwd_link_monitor_free(FwdLinkMonitor *monitor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdLinkMonitor, fwd_link_monitor_free)

/** The netlink socket, or -1 where there is none; owned by the monitor. */
int fwd_link_monitor_get_fd(const FwdLinkMonitor *monitor);
/** Drains the socket. */
void fwd_link_monitor_read(FwdLinkMonitor *monitor, gint64 now);
/** Something has changed, says who knows: the state is looked at soon. */
void fwd_link_monitor_note(FwdLinkMonitor *monitor, gint64 now);

/** When fwd_link_monitor_tick() is next due. */
gint64 fwd_link_monitor_deadline(const FwdLinkMonitor *monitor);
/**
 * TRUE when the network has changed. @now: monotonic, which stands still while the
 * machine sleeps; @boottime: which does not (CLOCK_BOOTTIME). Both in microseconds.
 */
gboolean fwd_link_monitor_tick(FwdLinkMonitor *monitor, gint64 now, gint64 boottime);

/** CLOCK_BOOTTIME now, in microseconds. */
gint64 fwd_link_monitor_boottime(void);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-monitor.h"

#include "network-state.h"
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Addresses and routes come one after the other when a link changes. */
#define SETTLE_US (200 * 1000)
/* How soon a sleep is noticed where no link changed by it. */
#define SLEEP_CHECK_US (2 * G_USEC_PER_SEC)
#define SLEPT_US       (2 * G_USEC_PER_SEC)
#define READS_MAX      64

struct FwdLinkMonitor {
  FwdLinkState state;
  gpointer user_data;
  int fd;
  char *last;
  gint64 ahead; /* of the boot clock before the monotonic one */
  gint64 compare_at;
  gint64 check_at;
};

static int
open_netlink(void)
{
  struct sockaddr_nl address = {
      .nl_family = AF_NETLINK,
      .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                   RTMGRP_IPV6_ROUTE,
  };
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

  if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static char *
describe(gpointer user_data)
{
  return fwd_network_describe(&fwd_network_files);
}

FwdLinkMonitor *
fwd_link_monitor_new(FwdLinkState state, gpointer user_data, gint64 now, gint64 boottime)
{
  FwdLinkMonitor *monitor = g_new0(FwdLinkMonitor, 1);

  monitor->state = state != NULL ? state : describe;
  monitor->user_data = user_data;
  monitor->fd = open_netlink();
  monitor->last = monitor->state(user_data);
  monitor->ahead = boottime - now;
  monitor->compare_at = G_MAXINT64;
  monitor->check_at = now + SLEEP_CHECK_US;
  return monitor;
}

void
fwd_link_monitor_free(FwdLinkMonitor *monitor)
{
  if (monitor->fd >= 0)
    close(monitor->fd);
  g_free(monitor->last);
  g_free(monitor);
}

int
fwd_link_monitor_get_fd(const FwdLinkMonitor *monitor)
{
  return monitor->fd;
}

/* The first of many sets the time, so that a link that flaps is looked at all the same. */
void
fwd_link_monitor_note(FwdLinkMonitor *monitor, gint64 now)
{
  if (monitor->compare_at == G_MAXINT64)
    monitor->compare_at = now + SETTLE_US;
}

/* What the messages say is not needed; that some were lost (ENOBUFS) says the same. */
void
fwd_link_monitor_read(FwdLinkMonitor *monitor, gint64 now)
{
  guint8 buffer[8192];

  for (guint i = 0; i < READS_MAX; i++) {
    gssize length = recv(monitor->fd, buffer, sizeof buffer, MSG_DONTWAIT);

    if (length < 0 && errno != ENOBUFS)
      break;
    fwd_link_monitor_note(monitor, now);
  }
}

gint64
fwd_link_monitor_deadline(const FwdLinkMonitor *monitor)
{
  return MIN(monitor->compare_at, monitor->check_at);
}

static gboolean
has_slept(FwdLinkMonitor *monitor, gint64 ahead)
{
  gboolean slept = ahead - monitor->ahead > SLEPT_US;

  monitor->ahead = ahead;
  return slept;
}

static gboolean
is_another(FwdLinkMonitor *monitor)
{
  g_autofree char *state = monitor->state(monitor->user_data);
  gboolean differs = g_strcmp0(state, monitor->last) != 0;

  g_free(monitor->last);
  monitor->last = g_steal_pointer(&state);
  return differs;
}

gboolean
fwd_link_monitor_tick(FwdLinkMonitor *monitor, gint64 now, gint64 boottime)
{
  gboolean changed = has_slept(monitor, boottime - now);

  if (now >= monitor->check_at)
    monitor->check_at = now + SLEEP_CHECK_US;
  if (changed || now >= monitor->compare_at) {
    monitor->compare_at = G_MAXINT64;
    changed |= is_another(monitor);
  }
  return changed;
}

gint64
fwd_link_monitor_boottime(void)
{
  struct timespec time;

  clock_gettime(CLOCK_BOOTTIME, &time);
  return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/network-watch.h"

#include <glib-unix.h>

#define FWD_LOG_COMPONENT "discovery"
#include "core/log.h"

struct FwdNetworkWatch {
  void (*changed)(gpointer user_data);
  gpointer user_data;
  FwdLinkMonitor *monitor;
  guint source;
  guint timer;
};

static void arm(FwdNetworkWatch *watch);

static gboolean
on_timer(gpointer user_data)
{
  FwdNetworkWatch *watch = user_data;
  gint64 now = g_get_monotonic_time();
  gboolean changed = fwd_link_monitor_tick(watch->monitor, now, fwd_link_monitor_boottime());

  watch->timer = 0;
  arm(watch);
  if (changed) {
    fwd_log_info("the network has changed");
    watch->changed(watch->user_data);
  }
  return G_SOURCE_REMOVE;
}

static void
arm(FwdNetworkWatch *watch)
{
  gint64 wait = fwd_link_monitor_deadline(watch->monitor) - g_get_monotonic_time();

  g_clear_handle_id(&watch->timer, g_source_remove);
  watch->timer = g_timeout_add((guint)CLAMP((wait + 999) / 1000, 0, 60000), on_timer, watch);
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
  FwdNetworkWatch *watch = user_data;

  fwd_link_monitor_read(watch->monitor, g_get_monotonic_time());
  arm(watch);
  return G_SOURCE_CONTINUE;
}

FwdNetworkWatch *
fwd_network_watch_new(void (*changed)(gpointer user_data), gpointer user_data)
{
  FwdNetworkWatch *watch = g_new0(FwdNetworkWatch, 1);
  int fd;

  watch->changed = changed;
  watch->user_data = user_data;
  watch->monitor =
      fwd_link_monitor_new(NULL, NULL, g_get_monotonic_time(), fwd_link_monitor_boottime());
  fd = fwd_link_monitor_get_fd(watch->monitor);
  if (fd >= 0)
    watch->source = g_unix_fd_add(fd, G_IO_IN, on_readable, watch);
  arm(watch);
  return watch;
}

void
fwd_network_watch_free(FwdNetworkWatch *watch)
{
  g_clear_handle_id(&watch->source, g_source_remove);
  g_clear_handle_id(&watch->timer, g_source_remove);
  fwd_link_monitor_free(watch->monitor);
  g_free(watch);
}

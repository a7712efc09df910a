/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/path-entry.h"
#include <string.h>
#include <sys/socket.h>

#define NS_PER_US 1000

/* Whether what was lost on the way may be sent again there, so that loss shows as delay. */
static gboolean
may_retransmit(const FwdPath *path)
{
  int type = 0;
  socklen_t size = sizeof type;

  /* Beyond a relay the rest of the way may go over TCP. */
  if (path->path_class == FWD_PATH_CLASS_RELAY)
    return TRUE;
  return getsockopt(path->fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

FwdPathEntry *
fwd_path_entry_new(FwdPathId id, FwdPath *path, gboolean proven, gint64 now)
{
  FwdPathEntry *entry = g_new0(FwdPathEntry, 1);

  entry->id = id;
  entry->path = path;
  entry->guessed = !proven;
  fwd_path_monitor_init(&entry->monitor, proven, (gint64)path->rtt_us * NS_PER_US, now);
  entry->monitor.retransmits = may_retransmit(path);
  return entry;
}

void
fwd_path_entry_free(FwdPathEntry *entry)
{
  fwd_path_close(entry->path);
  g_free(entry);
}

gboolean
fwd_path_entry_has_id(const FwdPathEntry *entry, FwdPathId id)
{
  for (guint i = 0; id != 0 && i < FWD_PATH_FORMER_IDS; i++)
    if (entry->former[i] == id)
      return TRUE;
  return entry->id == id;
}

void
fwd_path_entry_renumber(FwdPathEntry *entry, FwdPathId id)
{
  memmove(&entry->former[1], &entry->former[0],
          (FWD_PATH_FORMER_IDS - 1) * sizeof entry->former[0]);
  entry->former[0] = entry->id;
  entry->id = id;
}

void
fwd_path_entry_merge(FwdPathEntry *entry, FwdPath *path, gint64 now)
{
  if (entry->guessed || path->path_class < entry->path->path_class) {
    entry->path->path_class = path->path_class;
    g_strlcpy(entry->path->strategy, path->strategy, sizeof entry->path->strategy);
    entry->monitor.retransmits = may_retransmit(entry->path);
  }
  entry->guessed = FALSE;
  /* The strategy has just had an answer over it. */
  if (entry->path->rtt_us == 0)
    entry->path->rtt_us = path->rtt_us;
  fwd_path_monitor_vouch(&entry->monitor, now);
  fwd_path_close(path);
}

FwdPathRating
fwd_path_entry_rate(const FwdPathEntry *entry)
{
  return (FwdPathRating){.id = entry->id,
                         .path_class = entry->path->path_class,
                         .alive = entry->monitor.alive,
                         .lossy = entry->monitor.lossy,
                         .loss = fwd_path_monitor_get_loss(&entry->monitor),
                         .rtt = entry->monitor.srtt};
}

void
fwd_path_entry_describe(const FwdPathEntry *entry, FwdPathInfo *info)
{
  const FwdPath *path = entry->path;

  *info = (FwdPathInfo){.id = entry->id,
                        .path_class = path->path_class,
                        .local = path->local,
                        .remote = path->remote,
                        .mtu = path->mtu,
                        .rtt_us = (guint32)(entry->monitor.srtt / NS_PER_US),
                        .loss = fwd_path_monitor_get_loss(&entry->monitor),
                        .alive = entry->monitor.alive};
  g_strlcpy(info->strategy, path->strategy, sizeof info->strategy);
}

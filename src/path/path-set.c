/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/path-set.h"
#include "path/path-entry.h"
#include "path/udp-path.h"
#include <string.h>

#define NS_PER_US 1000

struct FwdPathSet {
  guint8 probe_key[FWD_PROBE_KEY_SIZE];
  char self[FWD_PEER_ID_SIZE + 1];
  char peer[FWD_PEER_ID_SIZE + 1];
  gboolean controlling;
  FwdPathSetEvents events;
  gpointer user_data;
  void (*blocked)(int fd, gpointer user_data);
  gpointer blocked_data;

  FwdPathEntry *entries[FWD_PATHS_MAX + 1]; /* one more while a new one looks for its place */
  guint count;
  FwdPathId last_id;
  FwdPathId active;
  FwdPathId lost; /* the last active one that died and left none */
  FwdPathChoice choice;
  gint64 deadline;
};

FwdPathSet *
fwd_path_set_new(const FwdPathSetConfig *config, const FwdPathSetEvents *events,
                 gpointer user_data)
{
  FwdPathSet *set = g_new0(FwdPathSet, 1);

  memcpy(set->probe_key, config->probe_key, sizeof set->probe_key);
  g_strlcpy(set->self, config->self, sizeof set->self);
  g_strlcpy(set->peer, config->peer, sizeof set->peer);
  set->controlling = config->controlling;
  set->events = *events;
  set->user_data = user_data;
  set->deadline = G_MAXINT64;
  return set;
}

void
fwd_path_set_free(FwdPathSet *set)
{
  for (guint i = 0; i < set->count; i++)
    fwd_path_entry_free(set->entries[i]);
  explicit_bzero(set->probe_key, sizeof set->probe_key);
  g_free(set);
}

/* Looking things up. */

static FwdPathEntry *
find_entry(const FwdPathSet *set, FwdPathId id)
{
  for (guint i = 0; i < set->count; i++)
    if (fwd_path_entry_has_id(set->entries[i], id))
      return set->entries[i];
  return NULL;
}

static FwdPathEntry *
find_by_address(const FwdPathSet *set, int fd, const FwdEndpoint *remote)
{
  for (guint i = 0; i < set->count; i++) {
    const FwdPath *path = set->entries[i]->path;
    if (path->fd == fd && path->shared == (remote != NULL) &&
        (remote == NULL || fwd_endpoint_equal(&path->remote, remote)))
      return set->entries[i];
  }
  return NULL;
}

FwdPathId
fwd_path_set_find(const FwdPathSet *set, int fd, const FwdEndpoint *remote)
{
  const FwdPathEntry *entry = find_by_address(set, fd, remote);

  return entry != NULL ? entry->id : 0;
}

FwdPathId
fwd_path_set_get_active(const FwdPathSet *set)
{
  return set->active;
}

FwdPath *
fwd_path_set_get(const FwdPathSet *set, FwdPathId id)
{
  const FwdPathEntry *entry = find_entry(set, id);

  return entry != NULL ? entry->path : NULL;
}

guint
fwd_path_set_describe(const FwdPathSet *set, FwdPathInfo *info, guint count)
{
  const FwdPathEntry *active = find_entry(set, set->active);
  guint described = 0;

  if (active != NULL && count > 0) {
    fwd_path_entry_describe(active, &info[described]);
    info[described++].active = TRUE;
  }
  for (guint i = 0; i < set->count && described < count; i++)
    if (set->entries[i] != active)
      fwd_path_entry_describe(set->entries[i], &info[described++]);
  return described;
}

/* Choosing. */

static gboolean
is_any_alive(const FwdPathSet *set)
{
  for (guint i = 0; i < set->count; i++)
    if (set->entries[i]->monitor.alive)
      return TRUE;
  return FALSE;
}

static void
set_active(FwdPathSet *set, FwdPathId id)
{
  FwdPathId former = set->active;
  const FwdPathEntry *entry = find_entry(set, former);

  if (id == former)
    return;
  set->active = id;
  if (id == 0)
    set->lost = former;
  set->events.active_changed(
      former, id, former != 0 && (entry == NULL || !entry->monitor.alive), set->user_data);
}

static void
give_new_id(FwdPathSet *set, FwdPathEntry *entry)
{
  const FwdPathId id = ++set->last_id;

  if (set->active == entry->id)
    set->active = id;
  fwd_path_entry_renumber(entry, id);
}

void
fwd_path_set_leave(FwdPathSet *set, FwdPathId id)
{
  FwdPathEntry *entry = find_entry(set, id);

  if (!set->controlling && entry != NULL)
    give_new_id(set, entry);
}

/*
 * QUIC waits ever longer on a path that takes packets and answers none. When it
 * comes back it gets a new id: QUIC moves there as to any other, at once.
 */
static FwdPathId
renew(FwdPathSet *set, FwdPathId id)
{
  FwdPathEntry *entry = find_entry(set, id);

  if (!set->controlling || set->active != 0 || entry == NULL ||
      !fwd_path_entry_has_id(entry, set->lost))
    return id;
  give_new_id(set, entry);
  return entry->id;
}

static void
choose(FwdPathSet *set, gint64 now)
{
  FwdPathRating ratings[FWD_PATHS_MAX];
  FwdPathId id;

  /* Who follows stays where it was led, as long as there is anything to be led to. */
  if (!set->controlling && set->active != 0 && is_any_alive(set) &&
      find_entry(set, set->active) != NULL)
    return;
  for (guint i = 0; i < set->count; i++)
    ratings[i] = fwd_path_entry_rate(set->entries[i]);
  id = fwd_path_choice_make(&set->choice, ratings, set->count, set->active, now);
  set_active(set, renew(set, id));
}

void
fwd_path_set_follow(FwdPathSet *set, FwdPathId id, gint64 now)
{
  const FwdPathEntry *entry = find_entry(set, id);

  if (set->controlling || entry == NULL)
    return;
  /* When all are dead none is active, wherever QUIC was led last. */
  if (!entry->monitor.alive && !is_any_alive(set))
    return;
  set->deadline = MIN(set->deadline, now);
  set_active(set, entry->id);
}

/* What takes the path's place must be known to work before it is needed: what makes a path
 * silent, such as a router that has forgotten us, may have ended the others as well, and a
 * network that loses its packets may lose the others', too. */
static FwdMonitorUse
get_use(const FwdPathSet *set, const FwdPathEntry *entry)
{
  const FwdPathEntry *active = find_entry(set, set->active);

  if (entry == active)
    return FWD_MONITOR_ACTIVE;
  return active != NULL && fwd_path_monitor_is_doubtful(&active->monitor) ? FWD_MONITOR_NEEDED
                                                                          : FWD_MONITOR_STANDBY;
}

/* Adding and dropping. */

static void
plan(FwdPathSet *set)
{
  gint64 deadline = set->controlling ? fwd_path_choice_deadline(&set->choice) : G_MAXINT64;

  for (guint i = 0; i < set->count; i++) {
    const FwdPathEntry *entry = set->entries[i];
    deadline = MIN(deadline, fwd_path_monitor_deadline(&entry->monitor, get_use(set, entry)));
  }
  set->deadline = deadline;
}

/* Out of the set first, so that the callback finds the set as it will be. */
static void
drop(FwdPathSet *set, FwdPathEntry *entry)
{
  for (guint i = 0; i < set->count; i++)
    if (set->entries[i] == entry) {
      memmove(&set->entries[i], &set->entries[i + 1],
              (set->count - i - 1) * sizeof set->entries[0]);
      break;
    }
  set->count--;
  set->events.removed(entry->id, entry->path, set->user_data);
  fwd_path_entry_free(entry);
}

/* The one that comes last in the order of ratings (@sign 1) or first (-1), but not @except. */
static FwdPathEntry *
find_extreme(const FwdPathSet *set, gint sign, FwdPathId except)
{
  FwdPathEntry *found = NULL;
  FwdPathRating found_rating = {0};

  for (guint i = 0; i < set->count; i++) {
    FwdPathRating rating = fwd_path_entry_rate(set->entries[i]);
    if (rating.id == except)
      continue;
    if (found == NULL || sign * fwd_path_rating_compare(&rating, &found_rating) > 0) {
      found = set->entries[i];
      found_rating = rating;
    }
  }
  return found;
}

static FwdPathEntry *
find_worst_standby(const FwdPathSet *set)
{
  return find_extreme(set, 1, set->active);
}

static FwdPathId
append(FwdPathSet *set, FwdPath *path, gboolean proven, gint64 now)
{
  FwdPathEntry *entry = fwd_path_entry_new(++set->last_id, path, proven, now);

  set->entries[set->count++] = entry;
  return entry->id;
}

FwdPathId
fwd_path_set_add(FwdPathSet *set, FwdPath *path, gint64 now)
{
  FwdPathEntry *present = find_by_address(set, path->fd, path->shared ? &path->remote : NULL);
  const FwdPathEntry *entry;
  FwdPathId id;

  if (present != NULL) {
    id = present->id;
    fwd_path_entry_merge(present, path, now);
  } else
    id = append(set, path, TRUE, now);
  if (set->count > FWD_PATHS_MAX)
    drop(set, find_worst_standby(set));
  entry = find_entry(set, id);
  choose(set, now);
  if (entry != NULL)
    id = entry->id;
  fwd_path_set_tick(set, now);
  return id;
}

static guint
count_unproven(const FwdPathSet *set)
{
  guint count = 0;

  for (guint i = 0; i < set->count; i++)
    count += !set->entries[i]->monitor.proven;
  return count;
}

static gboolean
make_room(FwdPathSet *set)
{
  FwdPathEntry *worst = find_worst_standby(set);

  if (count_unproven(set) >= FWD_PATHS_UNPROVEN_MAX)
    return FALSE;
  if (set->count < FWD_PATHS_MAX)
    return TRUE;
  if (worst == NULL || worst->monitor.alive || !worst->monitor.proven)
    return FALSE;
  drop(set, worst);
  return TRUE;
}

FwdPathId
fwd_path_set_adopt(FwdPathSet *set, int fd, const FwdEndpoint *remote, gint64 now)
{
  const FwdPath *model = fwd_path_set_get(set, set->active);
  FwdEndpoint local;
  FwdPath *path;

  if (!make_room(set))
    return 0;
  fwd_endpoint_any(fwd_endpoint_family(remote), &local);
  path = model != NULL && model->path_class != FWD_PATH_CLASS_RELAY
             ? fwd_udp_path_new(fd, &local, remote, model->path_class, model->strategy, 0)
             : fwd_udp_path_new(fd, &local, remote, FWD_PATH_CLASS_P2P, "udp-punch", 0);
  set->deadline = now;
  return append(set, path, FALSE, now);
}

/* Traffic. */

/** The descriptor is waited for when a path has kept something, or takes nothing. */
static gssize
send_on(FwdPathSet *set, FwdPathEntry *entry, const FwdPacketBatch *batch)
{
  gssize taken = entry->path->ops->send_batch(entry->path, batch);
  const int kept = taken < 0 ? 0 : fwd_path_flush(entry->path);

  if (kept < 0)
    taken = kept;
  if (set->blocked != NULL &&
      (kept > 0 || (entry->monitor.alive && taken >= 0 && (gsize)taken < batch->length)))
    set->blocked(entry->path->fd, set->blocked_data);
  return taken;
}

gssize
fwd_path_set_send(FwdPathSet *set, FwdPathId id, const FwdPacketBatch *batch, gint64 now)
{
  FwdPathEntry *entry = find_entry(set, id);
  gssize taken;

  if (entry == NULL || entry->monitor.failed)
    return (gssize)batch->length;
  taken = send_on(set, entry, batch);
  if (taken < 0)
    fwd_path_set_fail(set, id, now);
  else
    entry->monitor.packets.counts.sent +=
        (guint32)((gsize)taken + batch->segment - 1) / (guint32)batch->segment;
  /* What waits for a dead path would hold up all others for as long as it is kept. */
  return taken < 0 || !entry->monitor.alive ? (gssize)batch->length : taken;
}

void
fwd_path_set_expect_answer(FwdPathSet *set, FwdPathId id, gint64 now)
{
  FwdPathEntry *entry = find_entry(set, id);

  /* Once for many packets: what comes back ends it. */
  if (entry == NULL || entry->monitor.sent != 0)
    return;
  fwd_path_monitor_sent(&entry->monitor, now);
  set->deadline =
      MIN(set->deadline, fwd_path_monitor_deadline(&entry->monitor, get_use(set, entry)));
}

void
fwd_path_set_on_blocked(FwdPathSet *set, void (*blocked)(int fd, gpointer user_data),
                        gpointer user_data)
{
  set->blocked = blocked;
  set->blocked_data = user_data;
}

void
fwd_path_set_fail(FwdPathSet *set, FwdPathId id, gint64 now)
{
  FwdPathEntry *entry = find_entry(set, id);

  if (entry == NULL)
    return;
  fwd_path_monitor_fail(&entry->monitor, now);
  set->deadline = MIN(set->deadline, now);
}

static void
hear(FwdPathSet *set, FwdPathEntry *entry, gint64 now)
{
  if (fwd_path_monitor_heard(&entry->monitor, now))
    set->deadline = MIN(set->deadline, now);
}

void
fwd_path_set_heard(FwdPathSet *set, FwdPathId id, guint packets, gint64 now)
{
  FwdPathEntry *entry = find_entry(set, id);

  if (entry == NULL)
    return;
  entry->monitor.packets.counts.received += packets;
  hear(set, entry, now);
}

gboolean
fwd_path_set_answer(FwdPathSet *set, FwdPathId id, const FwdProbe *probe,
                    const FwdEndpoint *from, gint64 now)
{
  FwdPathEntry *entry = find_entry(set, id);
  guint8 response[FWD_PROBE_SIZE_MAX];
  FwdPacketBatch batch = {.data = response};

  if (entry == NULL || strcmp(set->peer, probe->sender) != 0)
    return FALSE;
  batch.length = batch.segment =
      fwd_probe_write_response(response, sizeof response, set->probe_key, probe->transaction,
                               from, &entry->monitor.packets.counts);
  if (!entry->monitor.failed && send_on(set, entry, &batch) < 0)
    fwd_path_set_fail(set, id, now);
  else
    hear(set, entry, now);
  return TRUE;
}

gboolean
fwd_path_set_answered(FwdPathSet *set, FwdPathId id, const FwdProbe *probe, gint64 now)
{
  FwdPathEntry *entry = find_entry(set, id);
  guint32 least;

  if (entry == NULL || probe->message_class != FWD_STUN_SUCCESS ||
      !fwd_path_monitor_answered(&entry->monitor, probe->transaction,
                                 probe->counted ? &probe->counts : NULL, now))
    return FALSE;
  least = (guint32)MAX(entry->monitor.least / NS_PER_US, 1);
  if (entry->path->rtt_us == 0 || least < entry->path->rtt_us)
    entry->path->rtt_us = least;
  hear(set, entry, now);
  return TRUE;
}

static void
send_probe(FwdPathSet *set, FwdPathEntry *entry, gint64 now)
{
  guint8 transaction[FWD_STUN_TRANSACTION_SIZE], buffer[FWD_PROBE_SIZE_MAX];
  FwdPacketBatch batch = {.data = buffer};

  fwd_path_monitor_probe(&entry->monitor, transaction, now);
  batch.length = fwd_probe_write_request(buffer, sizeof buffer, set->probe_key, set->peer,
                                         set->self, transaction);
  batch.segment = batch.length;
  /* A path that takes nothing has lost this probe: one that is stuck for long must die, too. */
  if (send_on(set, entry, &batch) < 0)
    fwd_path_monitor_fail(&entry->monitor, now);
}

/* The passing of time. */

gint64
fwd_path_set_deadline(const FwdPathSet *set)
{
  return set->deadline;
}

static void
tend(FwdPathSet *set, gint64 now)
{
  for (guint i = 0; i < set->count; i++)
    fwd_path_monitor_update(&set->entries[i]->monitor, now);
  for (guint i = 0; i < set->count; i++) {
    FwdPathEntry *entry = set->entries[i];
    if (fwd_path_monitor_is_due(&entry->monitor, get_use(set, entry), now))
      send_probe(set, entry, now);
  }
}

static void
tell_alive(FwdPathSet *set)
{
  gboolean changed = FALSE;

  for (guint i = 0; i < set->count; i++) {
    FwdPathEntry *entry = set->entries[i];
    changed |= entry->told != entry->monitor.alive;
    entry->told = entry->monitor.alive;
  }
  if (changed)
    set->events.alive_changed(set->user_data);
}

/* When all are dead the best stays: it may be all there ever is, and both ends keep the same.
 */
static FwdPathEntry *
find_hopeless(const FwdPathSet *set, gint64 now)
{
  const FwdPathEntry *best = find_extreme(set, -1, 0);

  for (guint i = 0; i < set->count; i++) {
    FwdPathEntry *entry = set->entries[i];
    if (!fwd_path_monitor_is_hopeless(&entry->monitor, now))
      continue;
    if (entry != best || entry->monitor.failed)
      return entry;
    entry->monitor.died = now;
  }
  return NULL;
}

void
fwd_path_set_tick(FwdPathSet *set, gint64 now)
{
  FwdPathId before = set->active;
  FwdPathEntry *hopeless;

  tend(set, now);
  tell_alive(set);
  choose(set, now);
  while ((hopeless = find_hopeless(set, now)) != NULL)
    drop(set, hopeless);
  choose(set, now);
  /* The active path is probed more often than it was in standby. */
  if (set->active != before)
    tend(set, now);
  plan(set);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "tunnel"
#include "tunnel/demultiplexer.h"
#include "core/log.h"
#include "net/datagram-socket.h"
#include "tunnel/packet-kind.h"
#include "tunnel/reporter.h"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

/*
 * Watched level-triggered: after so many batches others get their turn. Output only while
 * a path is blocked: a UDP socket becomes writable with every packet that has left.
 */
#define BATCHES_MAX 8

/** A descriptor that is read: a shared socket, or a path's own. */
typedef struct {
  FwdWatch watch; /* first */
  FwdDemultiplexer *demultiplexer;
  FwdReceiver *receiver; /* of a path's own descriptor */
  FwdDeferred again;
} Source;

typedef struct {
  FwdReceiver *receiver;
  FwdDemultiplexer *demultiplexer;
  gboolean blocked; /* some path of it took nothing */
  gboolean wake;
} Member;

typedef struct {
  guint64 id;
  FwdReceiver *receiver;
} Connection;

struct FwdDemultiplexer {
  FwdDataLoop *loop;
  FwdReporter *reporter;
  guint8 probe_key[FWD_PROBE_KEY_SIZE];
  char self[FWD_PEER_ID_SIZE + 1];
  FwdStrangers strangers;

  GPtrArray *sources;      /* of Source */
  GPtrArray *members;      /* of Member */
  GHashTable *connections; /* of Connection by its id */
  Connection *recent;      /* the last one looked up */

  /* What is being worked on; becomes NULL when a callback removes it. */
  Source *reading;
  FwdReceiver *heard; /* whose path the packets of this batch came on */
  FwdPathId heard_on;
  guint packets; /* so many of them */

  guint8 buffer[FWD_DATAGRAM_BUFFER_SIZE];
};

/* Where a packet came from. */
typedef struct {
  Source *source;
  FwdEndpoint from;
  gint64 now;
} Origin;

FwdDemultiplexer *
fwd_demultiplexer_new(FwdDataLoop *loop, const guint8 *probe_key, const char *self,
                      const FwdDemultiplexerEvents *events, gpointer user_data)
{
  FwdDemultiplexer *demultiplexer = g_new0(FwdDemultiplexer, 1);

  demultiplexer->loop = loop;
  fwd_strangers_init(&demultiplexer->strangers, loop);
  demultiplexer->reporter = fwd_reporter_new(loop, events, user_data);
  memcpy(demultiplexer->probe_key, probe_key, sizeof demultiplexer->probe_key);
  g_strlcpy(demultiplexer->self, self, sizeof demultiplexer->self);
  demultiplexer->sources = g_ptr_array_new_with_free_func(g_free);
  demultiplexer->members = g_ptr_array_new_with_free_func(g_free);
  demultiplexer->connections = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
  return demultiplexer;
}

void
fwd_demultiplexer_free(FwdDemultiplexer *demultiplexer)
{
  g_hash_table_unref(demultiplexer->connections);
  g_ptr_array_unref(demultiplexer->members);
  g_ptr_array_unref(demultiplexer->sources);
  fwd_reporter_free(demultiplexer->reporter);
  explicit_bzero(demultiplexer->probe_key, sizeof demultiplexer->probe_key);
  g_free(demultiplexer);
}

FwdStrangerCounts
fwd_demultiplexer_get_counters(const FwdDemultiplexer *demultiplexer)
{
  return demultiplexer->strangers.counts;
}

static Member *
find_member(FwdDemultiplexer *demultiplexer, const FwdReceiver *receiver)
{
  for (guint i = 0; i < demultiplexer->members->len; i++) {
    Member *member = demultiplexer->members->pdata[i];
    if (member->receiver == receiver)
      return member;
  }
  return NULL;
}

static Source *
find_source(FwdDemultiplexer *demultiplexer, int fd)
{
  for (guint i = 0; i < demultiplexer->sources->len; i++) {
    Source *source = demultiplexer->sources->pdata[i];
    if (source->watch.fd == fd)
      return source;
  }
  return NULL;
}

/* Path sets change in the middle of this; their owner is told when its timer is too late. */

static void
tell_if_sooner(FwdReceiver *receiver, gint64 before)
{
  if (fwd_path_set_deadline(receiver->paths) < before)
    receiver->paths_changed(receiver);
}

static void
finish_batch(FwdDemultiplexer *demultiplexer, gint64 now)
{
  FwdReceiver *receiver = g_steal_pointer(&demultiplexer->heard);
  const guint packets = demultiplexer->packets;
  gint64 before;

  demultiplexer->packets = 0;
  if (receiver == NULL)
    return;
  before = fwd_path_set_deadline(receiver->paths);
  fwd_path_set_heard(receiver->paths, demultiplexer->heard_on, packets, now);
  tell_if_sooner(receiver, before);
}

/* Checks and other STUN. */

static FwdPathId
find_own_id(const Source *source)
{
  return fwd_path_set_find(source->receiver->paths, source->watch.fd, NULL);
}

static FwdPathId
find_path(const Origin *origin, const FwdReceiver *receiver)
{
  const Source *source = origin->source;

  if (source->receiver == NULL)
    return fwd_path_set_find(receiver->paths, source->watch.fd, &origin->from);
  return source->receiver == receiver ? find_own_id(source) : 0;
}

/* Whether a path of some receiver has sent it, or asked for it. */
static gboolean
offer_to_paths(FwdDemultiplexer *demultiplexer, const Origin *origin, const FwdProbe *probe)
{
  for (guint i = 0; i < demultiplexer->members->len; i++) {
    FwdReceiver *receiver = ((Member *)demultiplexer->members->pdata[i])->receiver;
    FwdPathSet *paths = receiver->paths;
    FwdPathId id = find_path(origin, receiver);
    gint64 before = fwd_path_set_deadline(paths);
    if (id == 0 || !(probe->message_class == FWD_STUN_REQUEST
                         ? fwd_path_set_answer(paths, id, probe, &origin->from, origin->now)
                         : fwd_path_set_answered(paths, id, probe, origin->now)))
      continue;
    tell_if_sooner(receiver, before);
    return TRUE;
  }
  return FALSE;
}

/* A strategy of the peer's looks for a path. */
static void
answer_on_socket(FwdDemultiplexer *demultiplexer, const Origin *origin, const FwdProbe *probe)
{
  guint8 response[FWD_PROBE_SIZE_MAX];
  gsize length = fwd_probe_write_response(response, sizeof response, demultiplexer->probe_key,
                                          probe->transaction, &origin->from, NULL);

  fwd_datagram_socket_send_one(origin->source->watch.fd, &origin->from, 0, response, length);
}

static void
on_request(FwdDemultiplexer *demultiplexer, const Origin *origin, const FwdProbe *probe)
{
  if (!offer_to_paths(demultiplexer, origin, probe) && origin->source->receiver == NULL)
    answer_on_socket(demultiplexer, origin, probe);
  /* Only the shared socket leads back there: the other end of a path's own may be a relay. */
  if (origin->source->receiver == NULL &&
      !fwd_reporter_challenged(demultiplexer->reporter, probe->sender, &origin->from,
                               origin->now))
    fwd_strangers_drop(&demultiplexer->strangers);
}

static void
on_response(FwdDemultiplexer *demultiplexer, const Origin *origin, const FwdProbe *probe)
{
  if (!offer_to_paths(demultiplexer, origin, probe) &&
      !fwd_reporter_checked(demultiplexer->reporter, probe->transaction, &origin->from,
                            origin->now))
    fwd_strangers_drop(&demultiplexer->strangers);
}

/* STUN that proves nothing: an answer of a server, or somebody who guesses. */
static void
on_foreign_stun(FwdDemultiplexer *demultiplexer, const Origin *origin, const guint8 *data,
                gsize length)
{
  FwdStunMessage message;
  gsize ignored;

  if (length > FWD_STUN_MESSAGE_MAX || !fwd_stun_message_parse(data, length, &message))
    fwd_strangers_drop(&demultiplexer->strangers);
  else if (fwd_stun_message_find(&message, FWD_STUN_MESSAGE_INTEGRITY_SHA256, &ignored) != NULL)
    fwd_strangers_drop_forged(&demultiplexer->strangers);
  else if (fwd_stun_message_class(&message) < FWD_STUN_SUCCESS ||
           !fwd_reporter_stun(demultiplexer->reporter, &origin->from, data, length,
                              origin->now))
    fwd_strangers_drop(&demultiplexer->strangers);
}

static void
on_stun(FwdDemultiplexer *demultiplexer, const Origin *origin, const guint8 *data, gsize length)
{
  FwdProbe probe;

  if (!fwd_probe_read(data, length, demultiplexer->probe_key, demultiplexer->self, &probe))
    on_foreign_stun(demultiplexer, origin, data, length);
  else if (probe.message_class == FWD_STUN_REQUEST)
    on_request(demultiplexer, origin, &probe);
  else
    on_response(demultiplexer, origin, &probe);
}

/* QUIC. */

static FwdReceiver *
find_receiver(FwdDemultiplexer *demultiplexer, guint64 id)
{
  Connection *recent = demultiplexer->recent;

  if (recent == NULL || recent->id != id) {
    recent = g_hash_table_lookup(demultiplexer->connections, &id);
    if (recent == NULL)
      return NULL;
    demultiplexer->recent = recent;
  }
  return recent->receiver;
}

static FwdPathId
find_or_adopt(const Origin *origin, FwdReceiver *receiver)
{
  FwdPathId id = find_path(origin, receiver);
  gint64 before;

  if (id != 0 || origin->source->receiver != NULL)
    return id;
  before = fwd_path_set_deadline(receiver->paths);
  id =
      fwd_path_set_adopt(receiver->paths, origin->source->watch.fd, &origin->from, origin->now);
  tell_if_sooner(receiver, before);
  return id;
}

static void
on_quic(FwdDemultiplexer *demultiplexer, const Origin *origin, guint64 connection_id,
        const guint8 *data, gsize length)
{
  FwdReceiver *receiver = find_receiver(demultiplexer, connection_id);

  if (receiver != NULL && receiver != demultiplexer->heard) {
    FwdPathId id = find_or_adopt(origin, receiver);
    finish_batch(demultiplexer, origin->now);
    /* What was told to the owners may have changed everything. */
    receiver = id != 0 ? find_receiver(demultiplexer, connection_id) : NULL;
    demultiplexer->heard = receiver;
    demultiplexer->heard_on = id;
  }
  if (receiver == NULL) {
    fwd_strangers_drop(&demultiplexer->strangers);
    return;
  }
  demultiplexer->packets++;
  receiver->receive(receiver, demultiplexer->heard_on, data, length, origin->now);
}

/* Reading. */

static void
take_packet(FwdDemultiplexer *demultiplexer, const Origin *origin, const guint8 *data,
            gsize length)
{
  guint64 connection_id;

  switch (fwd_packet_classify(data, length, &connection_id)) {
  case FWD_PACKET_STUN:
    on_stun(demultiplexer, origin, data, length);
    break;
  case FWD_PACKET_QUIC:
    on_quic(demultiplexer, origin, connection_id, data, length);
    break;
  case FWD_PACKET_OTHER:
    fwd_strangers_drop(&demultiplexer->strangers);
    break;
  }
}

static FwdPath *
find_own_path(const Source *source)
{
  return source->receiver ? fwd_path_set_get(source->receiver->paths, find_own_id(source))
                          : NULL;
}

static gssize
receive(Source *source, FwdEndpoint *from, gsize *segment)
{
  guint8 *buffer = source->demultiplexer->buffer;
  FwdPath *path = find_own_path(source);

  if (source->receiver == NULL)
    return fwd_datagram_socket_receive(source->watch.fd, buffer, FWD_DATAGRAM_BUFFER_SIZE, from,
                                       segment);
  if (path == NULL)
    return -EBADF;
  *from = path->remote;
  return path->ops->recv_batch(path, buffer, FWD_DATAGRAM_BUFFER_SIZE, segment);
}

static void
take_batch(FwdDemultiplexer *demultiplexer, const Origin *origin, gsize length, gsize segment)
{
  for (gsize offset = 0; offset < length && demultiplexer->reading != NULL; offset += segment)
    take_packet(demultiplexer, origin, demultiplexer->buffer + offset,
                MIN(segment, length - offset));
  finish_batch(demultiplexer, origin->now);
}

/* The descriptor is of no use any more; without this, epoll would tell of it for ever. */
static void
on_broken(Source *source, int error)
{
  FwdDemultiplexer *demultiplexer = source->demultiplexer;
  FwdReceiver *receiver = source->receiver;
  gint64 before;

  fwd_data_loop_unwatch(demultiplexer->loop, &source->watch);
  fwd_data_loop_cancel_deferred(demultiplexer->loop, &source->again);
  if (receiver == NULL) {
    fwd_log_warning("a shared socket can't be read any more: %s", g_strerror(error));
    return;
  }
  before = fwd_path_set_deadline(receiver->paths);
  fwd_path_set_fail(receiver->paths, find_own_id(source),
                    fwd_data_loop_now(demultiplexer->loop));
  tell_if_sooner(receiver, before);
}

static void
read_batches(Source *source, guint32 events)
{
  FwdDemultiplexer *demultiplexer = source->demultiplexer;
  Origin origin = {.source = source, .now = fwd_data_loop_now(demultiplexer->loop)};

  for (guint i = 0; i < BATCHES_MAX; i++) {
    gsize segment = 0;
    gssize length = receive(source, &origin.from, &segment);

    if (length == 0 && i == 0 && source->receiver != NULL && (events & EPOLLHUP))
      length = -EPIPE;
    if (length < 0)
      on_broken(source, (int)-length);
    if (length <= 0)
      return;
    take_batch(demultiplexer, &origin, (gsize)length, segment > 0 ? segment : (gsize)length);
    if (demultiplexer->reading == NULL)
      return;
  }
  /* A path's own stream may hold more than its descriptor knows of. */
  if (source->receiver != NULL)
    fwd_data_loop_defer(demultiplexer->loop, &source->again);
}

/* Writing. */

/** What a path keeps goes first. FALSE when some is left, or the path died of it. */
static gboolean
flush_path(Source *source)
{
  FwdPath *path = find_own_path(source);
  const int kept = path != NULL ? fwd_path_flush(path) : 0;

  if (kept < 0)
    on_broken(source, -kept);
  return kept == 0;
}

static void
wait_for_output(Source *source)
{
  if (source->watch.watched)
    fwd_data_loop_watch(source->demultiplexer->loop, &source->watch, EPOLLIN | EPOLLOUT);
}

static void
on_blocked(int fd, gpointer user_data)
{
  Member *member = user_data;
  Source *source = find_source(member->demultiplexer, fd);

  if (source == NULL)
    return;
  member->blocked = TRUE;
  wait_for_output(source);
}

static Member *
next_to_wake(FwdDemultiplexer *demultiplexer)
{
  for (guint i = 0; i < demultiplexer->members->len; i++) {
    Member *member = demultiplexer->members->pdata[i];
    if (member->wake)
      return member;
  }
  return NULL;
}

static void
resume_writing(Source *source)
{
  FwdDemultiplexer *demultiplexer = source->demultiplexer;
  Member *member;

  if (!flush_path(source))
    return;
  fwd_data_loop_watch(demultiplexer->loop, &source->watch, EPOLLIN);
  /* Marked first: who is blocked again at once waits for the next time. */
  for (guint i = 0; i < demultiplexer->members->len; i++) {
    member = demultiplexer->members->pdata[i];
    member->wake = member->blocked;
    member->blocked = FALSE;
  }
  while ((member = next_to_wake(demultiplexer)) != NULL) {
    member->wake = FALSE;
    member->receiver->writable(member->receiver);
  }
}

static void
on_ready(FwdWatch *watch, guint32 events)
{
  Source *source = (Source *)watch;
  FwdDemultiplexer *demultiplexer = source->demultiplexer;

  demultiplexer->reading = source;
  if (events & EPOLLOUT)
    resume_writing(source);
  if (demultiplexer->reading != NULL && (events & ~(guint32)EPOLLOUT) != 0)
    read_batches(source, events);
  /* What was read may have been answered below the packets. */
  if (demultiplexer->reading != NULL && source->watch.watched && !flush_path(source))
    wait_for_output(source);
  demultiplexer->reading = NULL;
}

static void
read_again(FwdDeferred *deferred)
{
  on_ready((FwdWatch *)((char *)deferred - G_STRUCT_OFFSET(Source, again)), EPOLLIN);
}

/* Adding and removing. */

static void
add_source(FwdDemultiplexer *demultiplexer, int fd, FwdReceiver *receiver)
{
  Source *source;

  if (find_source(demultiplexer, fd) != NULL)
    return;
  source = g_new0(Source, 1);
  source->watch.fd = fd;
  source->watch.ready = on_ready;
  source->again.run = read_again;
  source->demultiplexer = demultiplexer;
  source->receiver = receiver;
  g_ptr_array_add(demultiplexer->sources, source);
  if (!fwd_data_loop_watch(demultiplexer->loop, &source->watch, EPOLLIN))
    on_broken(source, errno);
}

static void
remove_source(FwdDemultiplexer *demultiplexer, Source *source)
{
  fwd_data_loop_unwatch(demultiplexer->loop, &source->watch);
  fwd_data_loop_cancel_deferred(demultiplexer->loop, &source->again);
  if (demultiplexer->reading == source)
    demultiplexer->reading = NULL;
  g_ptr_array_remove(demultiplexer->sources, source);
}

void
fwd_demultiplexer_add_socket(FwdDemultiplexer *demultiplexer, int fd)
{
  add_source(demultiplexer, fd, NULL);
}

void
fwd_demultiplexer_remove_socket(FwdDemultiplexer *demultiplexer, int fd)
{
  Source *source = find_source(demultiplexer, fd);

  if (source != NULL)
    remove_source(demultiplexer, source);
}

void
fwd_demultiplexer_add_path(FwdDemultiplexer *demultiplexer, FwdReceiver *receiver, FwdPathId id)
{
  const FwdPath *path = fwd_path_set_get(receiver->paths, id);

  if (path != NULL && !path->shared)
    add_source(demultiplexer, path->fd, receiver);
}

void
fwd_demultiplexer_remove_path(FwdDemultiplexer *demultiplexer, const FwdPath *path)
{
  if (!path->shared)
    fwd_demultiplexer_remove_socket(demultiplexer, path->fd);
}

void
fwd_demultiplexer_add_receiver(FwdDemultiplexer *demultiplexer, FwdReceiver *receiver)
{
  Member *member = g_new0(Member, 1);

  member->receiver = receiver;
  member->demultiplexer = demultiplexer;
  g_ptr_array_add(demultiplexer->members, member);
  fwd_path_set_on_blocked(receiver->paths, on_blocked, member);
}

static gboolean
belongs_to(gpointer key G_GNUC_UNUSED, gpointer value, gpointer receiver)
{
  return ((Connection *)value)->receiver == receiver;
}

void
fwd_demultiplexer_remove_receiver(FwdDemultiplexer *demultiplexer, FwdReceiver *receiver)
{
  Member *member = find_member(demultiplexer, receiver);

  if (member == NULL)
    return;
  fwd_path_set_on_blocked(receiver->paths, NULL, NULL);
  g_ptr_array_remove(demultiplexer->members, member);
  for (guint i = demultiplexer->sources->len; i-- > 0;) {
    Source *source = demultiplexer->sources->pdata[i];
    if (source->receiver == receiver)
      remove_source(demultiplexer, source);
  }
  demultiplexer->recent = NULL;
  g_hash_table_foreach_remove(demultiplexer->connections, belongs_to, receiver);
  if (demultiplexer->heard == receiver)
    demultiplexer->heard = NULL;
}

void
fwd_demultiplexer_add_connection_id(FwdDemultiplexer *demultiplexer, guint64 id,
                                    FwdReceiver *receiver)
{
  Connection *connection = g_new(Connection, 1);

  *connection = (Connection){.id = id, .receiver = receiver};
  demultiplexer->recent = NULL;
  g_hash_table_replace(demultiplexer->connections, &connection->id, connection);
}

void
fwd_demultiplexer_remove_connection_id(FwdDemultiplexer *demultiplexer, guint64 id)
{
  demultiplexer->recent = NULL;
  g_hash_table_remove(demultiplexer->connections, &id);
}

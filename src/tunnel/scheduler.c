/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/scheduler.h"

static gssize
quantum_of(const FwdScheduler *scheduler)
{
  return scheduler->near ? FWD_SCHEDULER_QUANTUM_NEAR : FWD_SCHEDULER_QUANTUM;
}

static GQueue *
queue_of(FwdScheduler *scheduler, const FwdStream *stream)
{
  return stream->scheduled == FWD_SCHEDULED_FRESH ? &scheduler->fresh : &scheduler->old;
}

static void
unlink_stream(FwdScheduler *scheduler, FwdStream *stream)
{
  if (stream->scheduled == FWD_SCHEDULED_FRESH || stream->scheduled == FWD_SCHEDULED_OLD)
    g_queue_unlink(queue_of(scheduler, stream), &stream->schedule_link);
  stream->scheduled = FWD_SCHEDULED_NOT;
}

static void
link_stream(FwdScheduler *scheduler, FwdStream *stream, FwdScheduled where)
{
  unlink_stream(scheduler, stream);
  stream->scheduled = where;
  stream->schedule_link.data = stream;
  g_queue_push_tail_link(queue_of(scheduler, stream), &stream->schedule_link);
}

void
fwd_scheduler_add(FwdScheduler *scheduler, FwdStream *stream)
{
  if (stream->scheduled != FWD_SCHEDULED_NOT)
    return;
  stream->credit = quantum_of(scheduler);
  link_stream(scheduler, stream, FWD_SCHEDULED_FRESH);
}

void
fwd_scheduler_remove(FwdScheduler *scheduler, FwdStream *stream)
{
  unlink_stream(scheduler, stream);
}

void
fwd_scheduler_block(FwdScheduler *scheduler, FwdStream *stream)
{
  unlink_stream(scheduler, stream);
  stream->scheduled = FWD_SCHEDULED_BLOCKED;
}

void
fwd_scheduler_unblock(FwdScheduler *scheduler, FwdStream *stream)
{
  if (stream->scheduled == FWD_SCHEDULED_BLOCKED)
    link_stream(scheduler, stream, FWD_SCHEDULED_OLD);
}

static gboolean
has_work(const FwdStream *stream)
{
  return stream->out.unmarked > 0 || (stream->out_finished && !stream->out_fin_sent);
}

FwdStream *
fwd_scheduler_next(FwdScheduler *scheduler)
{
  for (;;) {
    GQueue *queue = scheduler->fresh.length > 0 ? &scheduler->fresh : &scheduler->old;
    FwdStream *stream = g_queue_peek_head(queue);

    if (stream == NULL)
      return NULL;
    if (!has_work(stream)) {
      /* One that empties keeps its place among the old for a turn, so that
         sending little and often gives no right to go first for ever. */
      if (stream->scheduled == FWD_SCHEDULED_FRESH)
        link_stream(scheduler, stream, FWD_SCHEDULED_OLD);
      else
        unlink_stream(scheduler, stream);
    } else if (stream->credit <= 0) {
      stream->credit += quantum_of(scheduler);
      link_stream(scheduler, stream, FWD_SCHEDULED_OLD);
    } else {
      return stream;
    }
  }
}

void
fwd_scheduler_charge(FwdStream *stream, gsize length)
{
  stream->credit -= length;
}

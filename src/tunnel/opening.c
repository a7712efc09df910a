/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/opening.h"

#include "tunnel/listener.h"
#include "tunnel/pump.h"
#include <unistd.h>

#define WAIT_LIMIT (10 * (gint64)G_USEC_PER_SEC * 1000)

static void
free_open(FwdTunnelOpen *open)
{
  g_clear_pointer(&open->traffic, fwd_traffic_unref);
  g_free(open->header);
  g_free(open);
}

void
fwd_opening_refuse(FwdChannelKind kind, int fd)
{
  /* What a listening socket is told of lingering, its connections inherit. */
  if (kind == FWD_CHANNEL_LISTENER)
    close(fd);
  else
    fwd_pump_reset_descriptor(fd);
}

static void
turn_away(FwdTunnelOpen *open)
{
  if (open->traffic != NULL)
    fwd_traffic_add(open->traffic, errors, 1);
  fwd_opening_refuse(open->kind, open->fd);
  free_open(open);
}

static gboolean
try_open(FwdTunnelEnd *end, FwdTunnelOpen *open)
{
  FwdStream *stream;

  if (!end->connection.connected)
    return FALSE;
  stream = fwd_stream_open(end, FWD_STREAM_BYTES);
  if (stream == NULL)
    return FALSE;
  fwd_stream_queue_header(stream, open->header);
  fwd_stream_attach(stream, open->fd, open->own, open->traffic);
  free_open(open);
  return TRUE;
}

static void
open_stream(FwdTunnelEnd *end, FwdTunnelOpen *open)
{
  if (end->waiting.length > 0 || !try_open(end, open)) {
    open->deadline = fwd_tunnel_end_now(end) + WAIT_LIMIT;
    g_queue_push_tail(&end->waiting, open);
  }
}

void
fwd_openings_take(FwdTunnelEnd *end, FwdTunnelOpen *open)
{
  if (end->closed || end->drain_deadline != 0) {
    turn_away(open);
  } else if (open->kind == FWD_CHANNEL_STREAM) {
    open_stream(end, open);
  } else {
    if (open->kind == FWD_CHANNEL_FLOW)
      fwd_flows_listen(&end->flows, open->fd, open->header, open->traffic);
    else
      fwd_listeners_add(end, open->fd, open->header, open->traffic);
    free_open(open);
  }
}

void
fwd_openings_serve(FwdTunnelEnd *end)
{
  while (end->waiting.length > 0 && try_open(end, g_queue_peek_head(&end->waiting)))
    g_queue_pop_head(&end->waiting);
}

void
fwd_openings_expire(FwdTunnelEnd *end, gint64 now)
{
  FwdTunnelOpen *open;

  while ((open = g_queue_peek_head(&end->waiting)) != NULL && open->deadline <= now)
    turn_away(g_queue_pop_head(&end->waiting));
}

void
fwd_openings_clear(FwdTunnelEnd *end)
{
  g_queue_clear_full(&end->waiting, (GDestroyNotify)turn_away);
}

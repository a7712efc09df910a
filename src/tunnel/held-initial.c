/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/held-initial.h"

#include "tunnel/tunnel-end.h"

#define US G_GINT64_CONSTANT(1000)
/* A round trip of a LAN, and what a busy machine adds to it. */
#define HOLD  (3000 * US)
#define CHECK (250 * US)

/* A better path than a relay may be on its way, too. */
static gboolean
may_be_near(const FwdPath *path)
{
  return path != NULL && !fwd_quic_connection_is_near(path);
}

static void
release(FwdTunnelEnd *end, gint64 now)
{
  FwdHeldInitial *held = &end->held;
  g_autofree guint8 *packet = g_steal_pointer(&held->packet);

  held->released = TRUE;
  end->receiver.receive(&end->receiver, held->path, packet, held->length, now);
}

static void
on_timer(FwdTimer *timer, gint64 now)
{
  FwdHeldInitial *held =
      (FwdHeldInitial *)((char *)timer - G_STRUCT_OFFSET(FwdHeldInitial, timer));
  FwdTunnelEnd *end = (FwdTunnelEnd *)((char *)held - G_STRUCT_OFFSET(FwdTunnelEnd, held));

  if (held->packet == NULL)
    fwd_tunnel_end_wake(end);
  else if (now < held->until && may_be_near(fwd_path_set_get(end->paths, held->path)))
    fwd_data_loop_set_timer(end->loop, timer, now + CHECK);
  else
    release(end, now);
}

void
fwd_held_initial_init(FwdHeldInitial *held)
{
  *held = (FwdHeldInitial){.timer.fire = on_timer};
}

void
fwd_held_initial_clear(FwdHeldInitial *held, FwdDataLoop *loop)
{
  fwd_data_loop_stop_timer(loop, &held->timer);
  g_clear_pointer(&held->packet, g_free);
}

gboolean
fwd_held_initial_wait(FwdTunnelEnd *end, const FwdPath *path, gint64 now)
{
  FwdHeldInitial *held = &end->held;

  if (held->until == 0)
    held->until = now + HOLD;
  held->released = held->released || now >= held->until || !may_be_near(path);
  if (!held->released)
    fwd_data_loop_set_timer(end->loop, &held->timer, now + CHECK);
  return !held->released;
}

gboolean
fwd_held_initial_take(FwdTunnelEnd *end, FwdPathId path, const guint8 *packet, gsize length,
                      gint64 now)
{
  FwdHeldInitial *held = &end->held;

  if (held->packet != NULL)
    return TRUE;
  if (held->released || !may_be_near(fwd_path_set_get(end->paths, path)))
    return FALSE;
  held->packet = g_memdup2(packet, length);
  held->length = length;
  held->path = path;
  held->until = now + HOLD;
  fwd_data_loop_set_timer(end->loop, &held->timer, now + CHECK);
  return TRUE;
}

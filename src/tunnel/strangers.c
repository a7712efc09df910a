/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "tunnel"
#include "tunnel/strangers.h"
#include "core/log.h"

#define SECOND ((gint64)G_USEC_PER_SEC * 1000)
/** Soon, then once a minute, and not for a few packets that were merely late. */
#define TELL_AFTER    SECOND
#define TELL_INTERVAL (60 * SECOND)
#define TELL_FROM     8

static void
tell(FwdTimer *timer, gint64 now)
{
  FwdStrangers *strangers =
      (FwdStrangers *)((char *)timer - G_STRUCT_OFFSET(FwdStrangers, timer));
  const guint64 dropped = strangers->counts.dropped - strangers->told.dropped;
  const guint64 forged = strangers->counts.forged - strangers->told.forged;

  if (dropped + forged < TELL_FROM)
    return;
  fwd_log_info("dropped %" G_GUINT64_FORMAT " packets of strangers, and %" G_GUINT64_FORMAT
               " checks with a wrong key",
               dropped, forged);
  strangers->told = strangers->counts;
  strangers->told_at = now;
}

void
fwd_strangers_init(FwdStrangers *strangers, FwdDataLoop *loop)
{
  *strangers = (FwdStrangers){.loop = loop, .timer = {.fire = tell}, .told_at = -TELL_INTERVAL};
}

static void
tell_later(FwdStrangers *strangers)
{
  const gint64 soon = fwd_data_loop_now(strangers->loop) + TELL_AFTER;

  if (strangers->timer.position == 0)
    fwd_data_loop_set_timer(strangers->loop, &strangers->timer,
                            MAX(soon, strangers->told_at + TELL_INTERVAL));
}

void
fwd_strangers_drop(FwdStrangers *strangers)
{
  strangers->counts.dropped++;
  tell_later(strangers);
}

void
fwd_strangers_drop_forged(FwdStrangers *strangers)
{
  strangers->counts.forged++;
  tell_later(strangers);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path/packet-loss.h"

#define MS G_GINT64_CONSTANT(1000000)

/** So many packets make a measurement, or fewer when it takes long. */
#define PACKETS       1000
#define PACKETS_LEAST 200
/** What is under way at a report must be little beside what is counted. */
#define SPAN_LEAST (1000 * MS)
#define SPAN_LONG  (5000 * MS)
/** Traffic that has not made a measurement by then is too little; so long does one count, too.
 */
#define SPAN_MOST (10000 * MS)

static void
begin(FwdPacketLoss *self, guint32 sent, const FwdPacketCounts *peer, gint64 now)
{
  self->base.own = (FwdPacketCounts){.sent = sent, .received = self->counts.received};
  self->base.peer = *peer;
  self->base.when = now;
}

/* Negative where too few were sent to tell. */
static double
share_lost(guint32 sent, guint32 received)
{
  if (sent < PACKETS_LEAST)
    return -1;
  return received >= sent ? 0 : 1 - (double)received / sent;
}

static gboolean
is_enough(guint32 packets, gint64 span)
{
  return packets >= (span >= SPAN_LONG ? PACKETS_LEAST : PACKETS) && span >= SPAN_LEAST;
}

void
fwd_packet_loss_report(FwdPacketLoss *self, guint32 sent, const FwdPacketCounts *peer,
                       gint64 now)
{
  const guint32 there = sent - self->base.own.sent;
  const guint32 arrived_there = peer->received - self->base.peer.received;
  const guint32 back = peer->sent - self->base.peer.sent;
  const guint32 arrived_back = self->counts.received - self->base.own.received;
  const gint64 span = now - self->base.when;
  double lost_there, lost_back;

  /* An answer that was overtaken by a later one. */
  if (self->base.when != 0 && there > G_MAXINT32)
    return;
  /* The first one, or of a peer that counts from zero again. */
  if (self->base.when == 0 || arrived_there > G_MAXINT32 || back > G_MAXINT32) {
    begin(self, sent, peer, now);
    return;
  }
  if (!is_enough(MAX(there, back), span)) {
    if (span >= SPAN_MOST)
      begin(self, sent, peer, now);
    return;
  }
  lost_there = share_lost(there, arrived_there);
  lost_back = share_lost(back, arrived_back);
  /* A way that carries little is thought to be like the other. */
  self->loss = 1 - (1 - (lost_there < 0 ? lost_back : lost_there)) *
                       (1 - (lost_back < 0 ? lost_there : lost_back));
  self->measured = now;
  begin(self, sent, peer, now);
}

gboolean
fwd_packet_loss_get(const FwdPacketLoss *self, gint64 now, double *loss)
{
  *loss = self->loss;
  return self->measured != 0 && now < self->measured + SPAN_MOST;
}

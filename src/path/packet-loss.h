/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The loss of one path's own traffic: what one end has counted as sent, and the
 * other as received, between two reports (as with RTCP's, RFC 3550, 6.4). Far
 * more exact than probes as long as there is traffic. Passive; nanoseconds.
 */
#pragma once

#include <glib.h>

/** QUIC packets that one end has sent and received over a path; both wrap. */
typedef struct {
  guint32 sent;
  guint32 received;
} FwdPacketCounts;

/** Zero-initialise. */
typedef struct {
  FwdPacketCounts counts; /**< of this end: the owner adds to them */
  struct {
    FwdPacketCounts own, peer;
    gint64 when; /* 0 none yet */
  } base;        /* the report that the next ones are compared with */
  double loss;
  gint64 measured; /* when; 0 never */
} FwdPacketLoss;

/** The peer has told its counts in answer to what was sent after @sent packets. */
void fwd_packet_loss_report(FwdPacketLoss *self, guint32 sent, const FwdPacketCounts *peer,
                            gint64 now);

/** Share of round trips that lose a packet, 0 to 1. FALSE without traffic to tell it by. */
gboolean fwd_packet_loss_get(const FwdPacketLoss *self, gint64 now, double *loss);

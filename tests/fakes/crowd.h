/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Many connections through a pair of tunnels, with bytes that are checked where
 * they arrive. Each writes only as much as it may and reads only when told to.
 */
#pragma once

#include "fakes/tunnel-pair.h"

typedef struct {
  int from, to;
  gsize sent, received;
  gsize limit; /**< of @sent */
  guint number;
} FwdCrowdMember;

typedef struct {
  FwdCrowdMember *members;
  guint count;
  gboolean borrowed; /**< the descriptors are another crowd's */
} FwdCrowd;

/** @count connections whose bytes go from end @sender to the other one. */
FwdCrowd *fwd_crowd_new(FwdTunnelPair *pair, guint sender, guint count);
/** The same connections in the other direction; to be freed before @crowd. */
FwdCrowd *fwd_crowd_new_back(const FwdCrowd *crowd);
void fwd_crowd_free(FwdCrowd *crowd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdCrowd, fwd_crowd_free)

/** Lets each send that many bytes more than it has sent. */
void fwd_crowd_allow(FwdCrowd *crowd, gsize more);
/** Each writes once if it can; the bytes that were taken. */
gsize fwd_crowd_write(FwdCrowd *crowd);
/** Each reads and checks what is there; the bytes that came. */
gsize fwd_crowd_read(FwdCrowd *crowd);
/** Everything that was allowed has come. */
gboolean fwd_crowd_is_complete(const FwdCrowd *crowd);
/** Writes until nobody could for a while. Nobody reads. */
void fwd_crowd_fill(FwdCrowd *crowd);
/** Writes and reads until it is complete; fails the test after a minute. */
void fwd_crowd_finish(FwdCrowd *crowd);
gsize fwd_crowd_sent(const FwdCrowd *crowd);
gsize fwd_crowd_received(const FwdCrowd *crowd);

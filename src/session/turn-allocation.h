/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** How a TURN allocation comes about: one server over one transport. Main thread only. */
#pragma once

#include "net/turn-uri.h"
#include <stunfwd/turn.h>

/** One way to a server. */
typedef struct {
  char *host;
  guint16 port;
  FwdTurnTransports transport; /**< one of them */
  char *username, *password;
} FwdTurnWay;

FwdTurnWay *fwd_turn_way_new(const FwdTurnUri *uri, FwdTurnTransports transport,
                             const FwdTurnServer *server);
void fwd_turn_way_free(FwdTurnWay *way);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdTurnWay, fwd_turn_way_free)

/** "UDP turn.example.org:3478" (transfer full). */
char *fwd_turn_way_describe(const FwdTurnWay *way);

/**
 * Connects over @way (transfer full) and allocates; follows one redirection.
 * Errors: FWD_STRATEGY_ERROR with DENIED, REFUSED, UNREACHABLE; CANCELLED.
 */
void fwd_turn_allocation_new_async(FwdTurnWay *way, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
FwdTurnAllocation *fwd_turn_allocation_new_finish(GAsyncResult *result, GError **error);

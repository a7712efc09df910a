/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A TURN server on loopback, over UDP and TCP on one port: it relays. Main thread only. */
#pragma once

#include "fakes/fake-turn-server.h"
#include <gio/gio.h>

typedef struct {
  FakeTurnServer model; /* what each new client's server begins as */
  guint16 port;
  guint clients; /* that have been seen */
  guint held;    /* allocations there are now */
  guint over_tcp;
  GSocket *datagrams; /* NULL: deaf over UDP */
  GSource *source;
  GSocketService *service;
  GPtrArray *all;
} TurnRelay;

/** @deaf: it takes UDP and answers nothing. */
TurnRelay *turn_relay_new(gboolean deaf);
void turn_relay_free(TurnRelay *relay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TurnRelay, turn_relay_free)

/** Its URI over that transport (transfer full). */
char *turn_relay_get_uri(const TurnRelay *relay, const char *transport);

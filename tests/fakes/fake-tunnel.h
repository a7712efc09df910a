/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A tunnel without a network: what one forwarder opens, another serves at
 * once, and bytes are carried between their descriptors on the main context.
 * It records what was opened; without a server it closes what it is given.
 */
#pragma once

#include <stunfwd/forwarder.h>

#define FAKE_TYPE_TUNNEL (fake_tunnel_get_type())
G_DECLARE_FINAL_TYPE(FakeTunnel, fake_tunnel, FAKE, TUNNEL, GObject)

struct _FakeTunnel {
  GObject parent;

  FwdForwarder *server; /* who serves; NULL to close what is opened */
  GHashTable *flows;    /* listening descriptor → Listener */

  guint opened;
  guint connections; /* taken from listening sockets */
  guint accepted;
  guint refused;
  guint released;
  gboolean keep; /* without a server: leave the last connection open, in @kept */
  int kept;
  FwdChannelKind kind; /* of the last one opened, as the following */
  char *forwarder;
  char *target;
  FwdTraffic *traffic;
  GError *why; /* of the last refusal */
};

/** @server may be NULL. */
FakeTunnel *fake_tunnel_new(FwdForwarder *server);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A forwarder knows one kind of local socket. On the side that opens ports it
 * listens and hands what it accepts to a tunnel; on the side next to the
 * service it connects and hands that to a channel. It never copies bytes.
 *
 * The host makes one object for each mapping that listens, and one for all the
 * channels that it serves. Main thread only.
 */
#pragma once

#include <gio/gio.h>
#include <stunfwd/tunnel.h>

G_BEGIN_DECLS

#define FWD_TYPE_FORWARDER (fwd_forwarder_get_type())
G_DECLARE_INTERFACE(FwdForwarder, fwd_forwarder, FWD, FORWARDER, GObject)

struct _FwdForwarderInterface {
  GTypeInterface parent;

  gboolean (*listen)(FwdForwarder *self, FwdMapping *mapping, FwdTunnel *tunnel,
                     GError **error);
  void (*close)(FwdForwarder *self);
  guint16 (*get_port)(FwdForwarder *self);
  void (*serve)(FwdForwarder *self, FwdChannel *channel);
  gpointer reserved[8];
};

/**
 * Opens the local port of @mapping and forwards what arrives to @tunnel until
 * fwd_forwarder_close(). Called at most once an object. Keeps references to
 * both. Errors: FWD_FORWARDER_ERROR, with REFUSED for a port in use and DENIED
 * for one that takes more rights.
 */
gboolean fwd_forwarder_listen(FwdForwarder *self, FwdMapping *mapping, FwdTunnel *tunnel,
                              GError **error);

/** Closes the local port; connections that are open go on. Harmless when not listening. */
void fwd_forwarder_close(FwdForwarder *self);

/** The port that is open, also where the mapping asked for port 0; 0 when none. */
guint16 fwd_forwarder_get_port(FwdForwarder *self);

/**
 * Connects to the target of @channel and accepts or refuses it, now or later.
 * The host has checked the target against its access list before.
 */
void fwd_forwarder_serve(FwdForwarder *self, FwdChannel *channel);

G_END_DECLS

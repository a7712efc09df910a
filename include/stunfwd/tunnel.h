/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A tunnel is the encrypted connection to one peer, whatever paths carry it;
 * it outlives them. Main thread only: what a forwarder sees. Bytes never pass
 * through here; descriptors do.
 */
#pragma once

#include <stunfwd/mapping.h>
#include <stunfwd/path.h>

G_BEGIN_DECLS

/** What carries the bytes of one local connection. */
typedef enum {
  FWD_CHANNEL_STREAM, /**< bytes in order: a QUIC stream */
  FWD_CHANNEL_FLOW,   /**< datagrams of up to 65,507 bytes, unreliable */
  FWD_CHANNEL_LISTENER, /**< a STREAM for each connection; only for fwd_tunnel_open(). Since 1.2 */
} FwdChannelKind;

typedef enum {
  FWD_TUNNEL_CONNECTING, /**< no connection yet; what is opened waits */
  FWD_TUNNEL_CONNECTED,
  FWD_TUNNEL_CLOSED, /**< for ever */
} FwdTunnelState;

#define FWD_TYPE_TUNNEL (fwd_tunnel_get_type())
G_DECLARE_INTERFACE(FwdTunnel, fwd_tunnel, FWD, TUNNEL, GObject)

struct _FwdTunnelInterface {
  GTypeInterface parent;

  const char *(*get_id)(FwdTunnel *self);
  FwdTunnelState (*get_state)(FwdTunnel *self);
  FwdPathClass (*get_path_class)(FwdTunnel *self);
  void (*open)(FwdTunnel *self, FwdChannelKind kind, const char *forwarder, const char *target,
               int fd, FwdTraffic *traffic);
  void (*release)(FwdTunnel *self, int fd);
  void (*close)(FwdTunnel *self);
  gpointer reserved[8];
};

/** The peer's id; valid as long as the tunnel. */
const char *fwd_tunnel_get_id(FwdTunnel *self);
FwdTunnelState fwd_tunnel_get_state(FwdTunnel *self);
/** Class of the active path; of the last one when there is none. */
FwdPathClass fwd_tunnel_get_path_class(FwdTunnel *self);

/**
 * Opens a channel to @target, which the peer's @forwarder serves, and hands
 * @fd over: the tunnel owns it from this call on, whatever happens, and closes
 * it when the channel ends. Data leave at once; a target that is refused ends
 * the local connection with a reset.
 *
 * STREAM: @fd is a connected stream socket (or pipe), one channel a call.
 * FLOW: @fd is a bound, unconnected datagram socket; the tunnel makes one flow
 * for each remote address that it hears from, until fwd_tunnel_release().
 * LISTENER: @fd is a listening, non-blocking stream socket; the tunnel accepts,
 * and makes a STREAM of each connection, until fwd_tunnel_release(). That is
 * several times faster than accepting on the main thread. A connection keeps
 * the options that it inherits, such as TCP_NODELAY: set them at @fd.
 *
 * While the tunnel is CONNECTING the channel waits, at most 10 s.
 * @traffic (transfer none) counts it; may be NULL.
 */
void fwd_tunnel_open(FwdTunnel *self, FwdChannelKind kind, const char *forwarder,
                     const char *target, int fd, FwdTraffic *traffic);

/**
 * Ends what fwd_tunnel_open() with FLOW or LISTENER began: closes @fd, and the
 * flows; connections go on. The port of a listening socket is free at once.
 */
void fwd_tunnel_release(FwdTunnel *self, int fd);

/** Closes the connection and tells the peer. */
void fwd_tunnel_close(FwdTunnel *self);

/**
 * A channel that the peer opened and that waits for a forwarder to serve it.
 * Exactly one of accept and refuse must be called, once; when the object goes
 * without either, it is refused.
 */
#define FWD_TYPE_CHANNEL (fwd_channel_get_type())
G_DECLARE_INTERFACE(FwdChannel, fwd_channel, FWD, CHANNEL, GObject)

struct _FwdChannelInterface {
  GTypeInterface parent;

  FwdChannelKind (*get_kind)(FwdChannel *self);
  const char *(*get_forwarder)(FwdChannel *self);
  const char *(*get_target)(FwdChannel *self);
  void (*accept)(FwdChannel *self, int fd);
  void (*refuse)(FwdChannel *self, const GError *why);
  void (*accept_endpoint)(FwdChannel *self, int fd, const FwdEndpoint *endpoint);
  gpointer reserved[5];
};

FwdChannelKind fwd_channel_get_kind(FwdChannel *self);
/** Id of the forwarder that the opener asks for: [a-z0-9-], at most 23 characters. */
const char *fwd_channel_get_forwarder(FwdChannel *self);
/** The target as the opener wrote it; at most 1,024 bytes, no control characters. */
const char *fwd_channel_get_target(FwdChannel *self);
/** Hands over a connected socket (stream or datagram, as the kind says), non-blocking or not. */
void fwd_channel_accept(FwdChannel *self, int fd);
/**
 * The same for a TCP socket that is connected to @endpoint, when whoever asks for
 * this target is to be connected there, and nothing else has to happen: for some
 * seconds the tunnel may do so by itself, as long as the access list stays as it
 * is. Only for targets whose endpoint is sure to stay the same. Since 1.2.
 */
void fwd_channel_accept_endpoint(FwdChannel *self, int fd, const FwdEndpoint *endpoint);
/** Resets the channel; @why goes to the log of this side, its code to the peer. */
void fwd_channel_refuse(FwdChannel *self, const GError *why);

/**
 * What the tunnel sets at TCP sockets that it connects itself: no delay for small
 * writes, keep-alive after 60 s of silence. Since 1.2.
 */
void fwd_tunnel_tune_socket(int fd);

G_END_DECLS

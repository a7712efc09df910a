/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The socket below a stream, and moving bytes over the two without waiting. Bare
 * sockets are read and written directly, whatever is above one through GIO.
 */
#pragma once

#include <gio/gio.h>
#include <stunfwd/endpoint.h>
#include <sys/types.h>

typedef struct {
  GIOStream *stream;           /**< owned */
  GSocket *socket;             /**< of @stream */
  GPollableInputStream *input; /**< NULL: @stream is the socket itself */
  GPollableOutputStream *output;
  int fd;
} FwdStreamSocket;

/**
 * @stream (transfer full): a GSocketConnection, also one that wraps another
 * stream, or a GTlsConnection over one. FALSE, and @stream is released, for others.
 */
gboolean fwd_stream_socket_init(FwdStreamSocket *self, GIOStream *stream);
/** Ends the connection here and now. */
void fwd_stream_socket_clear(FwdStreamSocket *self);

/** Addresses of the socket; unspecified ones for what is no Internet socket. */
void fwd_stream_socket_get_endpoints(const FwdStreamSocket *self, FwdEndpoint *local,
                                     FwdEndpoint *remote);

/** No waiting for more to send, and at most @unsent bytes in the kernel that TCP holds back. */
void fwd_stream_socket_hurry(const FwdStreamSocket *self, int unsent);

/** Bytes moved; 0 when none can be now; -errno, -EPIPE at the end of the stream. */
gssize fwd_stream_socket_read(const FwdStreamSocket *self, guint8 *buffer, gsize size);
gssize fwd_stream_socket_write(const FwdStreamSocket *self, const guint8 *data, gsize length);

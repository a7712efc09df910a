/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A QUIC stream as the tunnel sees it: what waits to be sent, what was received
 * and not delivered, and what it is for. Its first bytes say that (all numbers
 * in network order):
 *
 *   bidirectional:  kind (1) | length (2) | JSON {"forwarder", "target"} | data...
 *   unidirectional: kind (1) | varint flow id | one datagram, up to the FIN
 *                   kind (1) | heartbeat bytes
 *
 * Loop thread only.
 */
#pragma once

#include "tunnel/chunk.h"
#include "tunnel/data-loop.h"
#include "tunnel/stream-window.h"
#include <stunfwd/mapping.h>

typedef struct FwdTunnelEnd FwdTunnelEnd;
typedef struct FwdFlow FwdFlow;

typedef enum {
  FWD_STREAM_UNKNOWN = 0x00, /**< the peer's, and its first byte has not come */
  FWD_STREAM_BYTES = 0x01,
  FWD_STREAM_FLOW = 0x02,
  FWD_STREAM_DATAGRAM = 0x03,
  FWD_STREAM_HEARTBEAT = 0x04,
} FwdStreamKind;

/** Application error codes of a reset: FWD_STREAM_REFUSED plus a FwdErrorCode. */
#define FWD_STREAM_DONE     0x100 /**< a flow has ended */
#define FWD_STREAM_RESET    0x101 /**< the local connection was reset */
#define FWD_STREAM_PROTOCOL 0x102 /**< the opener's header is wrong */
#define FWD_STREAM_REFUSED  0x200

#define FWD_STREAM_HEADER_SIZE 3
#define FWD_STREAM_HEADER_MAX  4096

typedef enum {
  FWD_SCHEDULED_NOT,
  FWD_SCHEDULED_FRESH,
  FWD_SCHEDULED_OLD,
  FWD_SCHEDULED_BLOCKED, /**< no window: until the peer extends it */
} FwdScheduled;

typedef struct FwdStream {
  FwdTunnelEnd *end;
  gint64 id;
  FwdStreamKind kind;
  FwdFlow *flow; /**< of FWD_STREAM_FLOW, once it is there */

  FwdChunkQueue out, in;
  FwdStreamWindow window;
  guint64 out_total;     /**< bytes QUIC has taken so far */
  gboolean out_finished; /**< a FIN follows what is in @out */
  gboolean out_fin_sent;
  gboolean in_finished; /**< the peer's FIN has come: nothing follows what is in @in */
  gboolean local;       /**< opened here */
  gboolean announced;   /**< the main thread knows of it */
  gboolean awaited;     /**< and has not said yet what it wants with it */
  char *header;         /**< the opener's, as long as it is needed; NUL-terminated */
  gsize header_length;
  gboolean reset;       /**< ended by either side before its time */
  gboolean closed;      /**< QUIC has forgotten it */

  FwdWatch watch; /**< the local descriptor; -1 while there is none */
  gboolean readable, writable, is_socket, write_shut;
  gboolean hung_up; /**< the end of what can be read is there */
  FwdTraffic *traffic;
  gboolean dialing; /**< by the loop itself (redial.h): not known to be connected yet */
  gint64 dial_deadline;

  FwdScheduled scheduled;
  gssize credit;
  GList schedule_link;
  GList ready_link;
  gboolean ready;
} FwdStream;

/** For a stream that the peer has opened. */
FwdStream *fwd_stream_new_remote(FwdTunnelEnd *end, gint64 id);
/** Opens one, as @kind asks for; NULL when the peer does not allow one more now. */
FwdStream *fwd_stream_open(FwdTunnelEnd *end, FwdStreamKind kind);
/** Forgets it and resets the local connection if it is still open. */
void fwd_stream_free(FwdStream *stream);

/** Will be served at the end of this round. */
void fwd_stream_mark_ready(FwdStream *stream);
/** Delivers, reads, and ends the stream when it is time: @stream may be gone after it. */
void fwd_stream_serve(FwdStream *stream);

/** Queues bytes; they leave when the scheduler comes to it. */
void fwd_stream_queue(FwdStream *stream, const void *data, gsize length);
/** Nothing will be queued any more. */
void fwd_stream_finish(FwdStream *stream);
/** Ends both directions at once; the local connection is reset. */
void fwd_stream_abort(FwdStream *stream, guint64 code);
/** QUIC has taken bytes: there may be room to read more. */
void fwd_stream_sent(FwdStream *stream);
/** Asks the main thread what becomes of it. */
void fwd_stream_ask(FwdStream *stream);
/** Lets the peer open as many streams as it has closed. */
void fwd_streams_give_back(FwdTunnelEnd *end);
/** The main thread has accepted or refused it. */
void fwd_stream_settle(FwdStream *stream);
/**
 * Takes the local descriptor over (transfer full); @own: see fwd_pump_attach().
 * @traffic (transfer none) counts it.
 */
void fwd_stream_attach(FwdStream *stream, int fd, gboolean own, FwdTraffic *traffic);
/** Writes the header of a bidirectional stream. */
void fwd_stream_queue_header(FwdStream *stream, const char *header);

/* What QUIC's callbacks tell. They record; fwd_stream_serve() acts. */
void
fwd_stream_received(FwdStream *stream, const guint8 *data, gsize length, gboolean finished);
void fwd_stream_acknowledged(FwdStream *stream, gsize length);
void fwd_stream_was_reset(FwdStream *stream);
void fwd_stream_was_closed(FwdStream *stream, gboolean with_error);

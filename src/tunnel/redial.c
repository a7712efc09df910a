/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/redial.h"

#include "tunnel/pump.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* What is near answers sooner, and for the rest the main thread has the patience. */
#define LIMIT (3 * (gint64)G_USEC_PER_SEC * 1000)

/** A socket on its way to @endpoint, or -1. */
static int
start_connect(const FwdEndpoint *endpoint)
{
  const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const int fd = socket(fwd_endpoint_family(endpoint), type, 0);

  if (fd < 0)
    return -1;
  fwd_tunnel_tune_socket(fd);
  if (connect(fd, &endpoint->any, fwd_endpoint_length(endpoint)) == 0 || errno == EINPROGRESS)
    return fd;
  close(fd);
  return -1;
}

gboolean
fwd_redial(FwdStream *stream)
{
  FwdTunnelEnd *end = stream->end;
  const gint64 now = fwd_tunnel_end_now(end);
  const FwdEndpoint *endpoint = NULL;
  int fd = -1;

  if (end->drain_deadline == 0)
    endpoint = fwd_target_table_find(&end->targets, stream->header, stream->header_length,
                                     (guint)g_atomic_int_get(&end->generation), now);
  if (endpoint != NULL)
    fd = start_connect(endpoint);
  if (fd < 0)
    return FALSE;
  stream->dialing = TRUE;
  stream->dial_deadline = now + LIMIT;
  fwd_pump_attach(stream, fd, TRUE, NULL);
  /* A service that is near is connected by now, but has not said anything. */
  stream->readable = FALSE;
  return TRUE;
}

void
fwd_redial_failed(FwdStream *stream)
{
  fwd_target_table_forget(&stream->end->targets, stream->header, stream->header_length);
  stream->dialing = FALSE;
  fwd_pump_detach(stream, FALSE);
  fwd_stream_ask(stream);
}

void
fwd_redial_expire(FwdTunnelEnd *end, gint64 now)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init(&iter, end->streams);
  while (g_hash_table_iter_next(&iter, NULL, &value)) {
    FwdStream *stream = value;

    if (stream->dialing && stream->dial_deadline <= now)
      fwd_redial_failed(stream);
  }
}

void
fwd_redial_remember(FwdStream *stream, const FwdEndpoint *endpoint, guint generation)
{
  FwdTunnelEnd *end = stream->end;

  if (stream->header != NULL && generation == (guint)g_atomic_int_get(&end->generation))
    fwd_target_table_remember(&end->targets, stream->header, stream->header_length, endpoint,
                              generation, fwd_tunnel_end_now(end));
}

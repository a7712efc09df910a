/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/datagram-run.h"

#include "net/datagram-socket.h"
#include <string.h>

/* Of one segmented send: what an IP packet can hold. */
#define SEGMENTED_MAX 65000

gboolean
fwd_datagram_run_add(FwdDatagramRun *run, const guint8 *data, gsize length)
{
  g_return_val_if_fail(length <= FWD_DATAGRAM_BUFFER_SIZE, FALSE);
  if (run->buffer == NULL)
    run->buffer = g_malloc(FWD_DATAGRAM_BUFFER_SIZE);
  if (run->count == 0)
    run->segment = length;
  else if (length == 0 || length > run->segment || run->length % run->segment != 0 ||
           run->length + length > SEGMENTED_MAX || run->count >= FWD_DATAGRAM_BATCH_MAX)
    return FALSE;
  memcpy(run->buffer + run->length, data, length);
  run->length += length;
  run->count++;
  return TRUE;
}

gsize
fwd_datagram_run_send(FwdDatagramRun *run, int fd, const FwdEndpoint *to)
{
  gssize sent = 0;

  if (run->count > 1)
    sent = fwd_datagram_socket_send(fd, to, run->buffer, run->length, run->segment);
  else if (run->count == 1 &&
           fwd_datagram_socket_send_one(fd, to, 0, run->buffer, run->length) == 0)
    sent = (gssize)run->length;
  run->length = run->count = 0;
  return (gsize)MAX(sent, 0);
}

void
fwd_datagram_run_clear(FwdDatagramRun *run)
{
  g_free(run->buffer);
  *run = (FwdDatagramRun){0};
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/datagram-reader.h"

#include "tunnel/datagram-queue.h"
#include <errno.h>
#include <string.h>

/* Room for the largest; what is not written to takes no memory. Some more than a power
   of two, or the beginnings of all of them would share a few lines of the cache. */
#define SLOT_SIZE (64 * 1024 + 320)
/* Each error of an earlier send takes a read. */
#define ERRORS_MAX 8

G_STATIC_ASSERT(SLOT_SIZE >= FWD_DATAGRAM_MAX);

struct FwdDatagramReader {
  struct mmsghdr messages[FWD_DATAGRAM_READS];
  struct iovec vectors[FWD_DATAGRAM_READS];
  struct sockaddr_storage from[FWD_DATAGRAM_READS];
  guint8 *slots;
};

FwdDatagramReader *
fwd_datagram_reader_new(void)
{
  FwdDatagramReader *reader = g_new0(FwdDatagramReader, 1);

  reader->slots = g_malloc((gsize)FWD_DATAGRAM_READS * SLOT_SIZE);
  for (guint i = 0; i < FWD_DATAGRAM_READS; i++) {
    reader->vectors[i] = (struct iovec){reader->slots + (gsize)i * SLOT_SIZE, SLOT_SIZE};
    reader->messages[i].msg_hdr = (struct msghdr){
        .msg_name = &reader->from[i], .msg_iov = &reader->vectors[i], .msg_iovlen = 1};
  }
  return reader;
}

void
fwd_datagram_reader_free(FwdDatagramReader *reader)
{
  g_free(reader->slots);
  g_free(reader);
}

static gboolean
is_passing(int error)
{
  return error != EAGAIN && error != EWOULDBLOCK && error != EBADF && error != ENOTSOCK;
}

guint
fwd_datagram_reader_read(FwdDatagramReader *reader, int fd)
{
  int count = -1;

  for (guint i = 0; i < FWD_DATAGRAM_READS; i++)
    reader->messages[i].msg_hdr.msg_namelen = sizeof reader->from[i];
  for (guint tries = 0; count < 0 && tries < ERRORS_MAX; tries++) {
    count = recvmmsg(fd, reader->messages, FWD_DATAGRAM_READS, MSG_DONTWAIT, NULL);
    if (count < 0 && !is_passing(errno))
      break;
  }
  return (guint)MAX(count, 0);
}

FwdDatagramRead
fwd_datagram_reader_get(const FwdDatagramReader *reader, guint index)
{
  const struct mmsghdr *message = &reader->messages[index];
  const socklen_t size = message->msg_hdr.msg_namelen;

  return (FwdDatagramRead){
      .data = reader->vectors[index].iov_base,
      .length = message->msg_len,
      .from = (const struct sockaddr *)&reader->from[index],
      .from_length = size,
      .same_sender = index > 0 && message[-1].msg_hdr.msg_namelen == size &&
                     memcmp(&reader->from[index - 1], &reader->from[index], size) == 0,
  };
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Reads datagrams of any size from a local socket, many with one system call.
 * Loop thread only.
 */
#pragma once

#include <stunfwd/endpoint.h>
#include <sys/types.h>

/** Most that one call reads. */
#define FWD_DATAGRAM_READS 32

typedef struct FwdDatagramReader FwdDatagramReader;

typedef struct {
  const guint8 *data; /**< until the next read */
  gsize length;
  const struct sockaddr *from;
  socklen_t from_length; /**< 0: the socket does not say */
  gboolean same_sender;  /**< as the one before it in this read */
} FwdDatagramRead;

FwdDatagramReader *fwd_datagram_reader_new(void);
void fwd_datagram_reader_free(FwdDatagramReader *reader);

/**
 * Returns how many datagrams were read; less than FWD_DATAGRAM_READS when the
 * socket has no more now. Errors of earlier sends are skipped.
 */
guint fwd_datagram_reader_read(FwdDatagramReader *reader, int fd);
/** One of those that were read. */
FwdDatagramRead fwd_datagram_reader_get(const FwdDatagramReader *reader, guint index);

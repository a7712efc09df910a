/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Datagrams on their way to one local receiver, gathered so that one system call
 * delivers many: as many of one size as follow each other, and one shorter one
 * after them. The receiver gets them one by one. Loop thread only.
 */
#pragma once

#include <stunfwd/endpoint.h>
#include <sys/types.h>

typedef struct {
  guint8 *buffer; /**< made at the first use */
  gsize length;
  gsize segment; /**< size of each, but for the last */
  guint count;
} FwdDatagramRun;

/** FALSE when what is there must be sent first. An empty run takes any. */
gboolean fwd_datagram_run_add(FwdDatagramRun *run, const guint8 *data, gsize length);
/**
 * Sends and forgets what is there, to @to, or where @fd is connected to if NULL.
 * Returns how many bytes are gone; what the socket can't take now is dropped.
 */
gsize fwd_datagram_run_send(FwdDatagramRun *run, int fd, const FwdEndpoint *to);
void fwd_datagram_run_clear(FwdDatagramRun *run);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A queue of calls from many threads to one, without a lock. */
#pragma once

#include <glib.h>

typedef struct FwdMessage {
  struct FwdMessage *next;
  void (*func)(gpointer data);
  gpointer data;
} FwdMessage;

/** Zero-initialise. A stack: the consumer takes all of it at once and turns it round. */
typedef struct {
  FwdMessage *newest;
} FwdMessageQueue;

/** Any thread. TRUE if the queue was empty, so that the consumer needs a wake-up. */
gboolean
fwd_message_queue_push(FwdMessageQueue *queue, void (*func)(gpointer data), gpointer data);

/** The consumer: all messages in the order of pushing (transfer full), or NULL. */
FwdMessage *fwd_message_queue_take(FwdMessageQueue *queue);

/** Calls, frees the message, and returns the one after it. */
FwdMessage *fwd_message_run(FwdMessage *message);

/** Frees a list of messages without a call. */
void fwd_message_discard(FwdMessage *message);

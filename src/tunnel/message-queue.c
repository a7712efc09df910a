/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/message-queue.h"

gboolean
fwd_message_queue_push(FwdMessageQueue *queue, void (*func)(gpointer data), gpointer data)
{
  FwdMessage *message = g_new(FwdMessage, 1), *before;

  message->func = func;
  message->data = data;
  do {
    before = g_atomic_pointer_get(&queue->newest);
    message->next = before;
  } while (!g_atomic_pointer_compare_and_exchange(&queue->newest, before, message));
  /* The message is the consumer's from here on, and may be gone. */
  return before == NULL;
}

FwdMessage *
fwd_message_queue_take(FwdMessageQueue *queue)
{
  FwdMessage *newest = g_atomic_pointer_exchange(&queue->newest, NULL);
  FwdMessage *oldest = NULL;

  while (newest != NULL) {
    FwdMessage *next = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = next;
  }
  return oldest;
}

FwdMessage *
fwd_message_run(FwdMessage *message)
{
  FwdMessage *next = message->next;

  message->func(message->data);
  g_free(message);
  return next;
}

void
fwd_message_discard(FwdMessage *message)
{
  while (message != NULL) {
    FwdMessage *next = message->next;
    g_free(message);
    message = next;
  }
}

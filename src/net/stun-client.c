/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stun-client.h"

#include <string.h>

#define TRANSACTIONS_MAX 64
/* Header and a CHANGE-REQUEST. */
#define REQUEST_MAX (FWD_STUN_HEADER_SIZE + 8)

typedef struct {
  FwdStunDone done; /* NULL when the slot is free */
  gpointer user_data;
  guint8 id[FWD_STUN_TRANSACTION_SIZE];
  FwdEndpoint server;
  guint32 change_request;
  guint sent; /* how often */
  gint64 started;
  gint64 deadline;
} Transaction;

struct FwdStunClient {
  gint64 rto;
  guint tries;
  FwdStunSend send;
  gpointer send_data;
  Transaction transactions[TRANSACTIONS_MAX];
};

FwdStunClient *
fwd_stun_client_new(guint rto_ms, guint tries, FwdStunSend send, gpointer send_data)
{
  FwdStunClient *client;

  g_return_val_if_fail(rto_ms > 0 && tries > 0 && tries < 32, NULL);

  client = g_new0(FwdStunClient, 1);
  client->rto = rto_ms * (G_USEC_PER_SEC / 1000);
  client->tries = tries;
  client->send = send;
  client->send_data = send_data;
  return client;
}

void
fwd_stun_client_free(FwdStunClient *client)
{
  g_free(client);
}

static void
send_request(FwdStunClient *client, Transaction *transaction, gint64 now)
{
  guint8 request[REQUEST_MAX];
  FwdStunWriter writer;

  fwd_stun_writer_begin(&writer, request, sizeof request, FWD_STUN_REQUEST, FWD_STUN_BINDING,
                        transaction->id);
  if (transaction->change_request != 0)
    fwd_stun_writer_add_uint32(&writer, FWD_STUN_CHANGE_REQUEST, transaction->change_request);
  transaction->deadline = now + (client->rto << transaction->sent);
  transaction->sent++;
  client->send(&transaction->server, request, writer.length, client->send_data);
}

static Transaction *
free_slot(FwdStunClient *client)
{
  for (guint i = 0; i < TRANSACTIONS_MAX; i++)
    if (client->transactions[i].done == NULL)
      return &client->transactions[i];
  return NULL;
}

gboolean
fwd_stun_client_start(FwdStunClient *client, const FwdEndpoint *server, guint32 change_request,
                      gint64 now, FwdStunDone done, gpointer user_data)
{
  Transaction *transaction = free_slot(client);

  if (transaction == NULL)
    return FALSE;
  *transaction = (Transaction){
      .done = done,
      .user_data = user_data,
      .server = *server,
      .change_request = change_request,
      .started = now,
  };
  fwd_stun_new_transaction(transaction->id);
  send_request(client, transaction, now);
  return TRUE;
}

/* Frees the slot first, for the callback may start another transaction in it. */
static void
finish(Transaction *transaction, const FwdStunMessage *response, const FwdEndpoint *from,
       gint64 now)
{
  FwdStunDone done = transaction->done;
  gint64 rtt = CLAMP(now - transaction->started, 0, G_MAXUINT32);

  transaction->done = NULL;
  done(response, from, (guint32)rtt, transaction->user_data);
}

static Transaction *
find_transaction(FwdStunClient *client, const guint8 *id)
{
  for (guint i = 0; i < TRANSACTIONS_MAX; i++) {
    Transaction *transaction = &client->transactions[i];

    if (transaction->done != NULL && memcmp(transaction->id, id, sizeof transaction->id) == 0)
      return transaction;
  }
  return NULL;
}

/* Who was asked answers, unless it was asked to let another endpoint do so. */
static gboolean
is_plausible_source(const Transaction *transaction, const FwdEndpoint *from)
{
  if (transaction->change_request == 0)
    return fwd_endpoint_equal(from, &transaction->server);
  return fwd_endpoint_family(from) == fwd_endpoint_family(&transaction->server);
}

gboolean
fwd_stun_client_receive(FwdStunClient *client, const FwdEndpoint *from, const guint8 *data,
                        gsize length, gint64 now)
{
  FwdStunMessage message;
  FwdStunClass message_class;
  Transaction *transaction;

  if (!fwd_stun_message_parse(data, length, &message))
    return FALSE;
  message_class = fwd_stun_message_class(&message);
  if ((message_class != FWD_STUN_SUCCESS && message_class != FWD_STUN_FAILURE) ||
      fwd_stun_message_method(&message) != FWD_STUN_BINDING)
    return FALSE;
  transaction = find_transaction(client, fwd_stun_message_transaction(&message));
  if (transaction == NULL || !is_plausible_source(transaction, from))
    return FALSE;

  if (fwd_stun_message_first_unknown(&message) != 0)
    finish(transaction, NULL, NULL, now);
  else
    finish(transaction, &message, from, now);
  return TRUE;
}

gint64
fwd_stun_client_deadline(const FwdStunClient *client)
{
  gint64 deadline = G_MAXINT64;

  for (guint i = 0; i < TRANSACTIONS_MAX; i++)
    if (client->transactions[i].done != NULL)
      deadline = MIN(deadline, client->transactions[i].deadline);
  return deadline;
}

void
fwd_stun_client_tick(FwdStunClient *client, gint64 now)
{
  for (guint i = 0; i < TRANSACTIONS_MAX; i++) {
    Transaction *transaction = &client->transactions[i];

    if (transaction->done == NULL || now < transaction->deadline)
      continue;
    if (transaction->sent < client->tries)
      send_request(client, transaction, now);
    else
      finish(transaction, NULL, NULL, now);
  }
}

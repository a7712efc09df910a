/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The input is a datagram that comes while discovery and transactions are under way. */
#include "net/nat-discovery.h"

#include <string.h>

#define LAST_ID   8
#define STEPS_MAX 100

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

typedef struct {
  guint8 id[FWD_STUN_TRANSACTION_SIZE]; /* of the last request */
  FwdEndpoint server;
  guint ended;
} Seen;

static void
on_send(const FwdEndpoint *to, const guint8 *data, gsize length, gpointer user_data)
{
  Seen *seen = user_data;

  g_assert_cmpuint(length, >=, FWD_STUN_HEADER_SIZE);
  memcpy(seen->id, data + LAST_ID, sizeof seen->id);
  seen->server = *to;
}

static void
on_transaction(G_GNUC_UNUSED const FwdStunMessage *response,
               G_GNUC_UNUSED const FwdEndpoint *from, G_GNUC_UNUSED guint32 rtt_us,
               gpointer user_data)
{
  ((Seen *)user_data)->ended++;
}

static void
on_candidate(const FwdCandidate *candidate, G_GNUC_UNUSED gpointer user_data)
{
  g_assert_cmpuint(fwd_endpoint_port(&candidate->endpoint), !=, 0);
}

static void
on_progress(const FwdNatReport *report, G_GNUC_UNUSED gpointer user_data)
{
  g_assert_cmpuint(report->mapping, !=, FWD_NAT_UNKNOWN);
}

static void
on_report(G_GNUC_UNUSED const FwdNatReport *report, gpointer user_data)
{
  ((Seen *)user_data)->ended++;
}

/* The datagram as it came, or with the transaction id it would need to be believed. */
static guint8 *
aimed(const guint8 *data, gsize size, const Seen *seen)
{
  guint8 *copy = g_memdup2(data, size);

  if (size >= FWD_STUN_HEADER_SIZE)
    memcpy(copy + LAST_ID, seen->id, sizeof seen->id);
  return copy;
}

static void
try_client(const guint8 *data, gsize size, const FwdEndpoint *server)
{
  Seen seen = {0};
  g_autoptr(FwdStunClient) client = fwd_stun_client_new(100, 3, on_send, &seen);
  g_autofree guint8 *copy = NULL;

  fwd_stun_client_start(client, server, 0, 0, on_transaction, &seen);
  g_assert_false(fwd_stun_client_receive(client, server, data, size, 1) && seen.ended != 1);
  copy = aimed(data, size, &seen);
  fwd_stun_client_receive(client, server, copy, size, 2);
  while (fwd_stun_client_deadline(client) != G_MAXINT64)
    fwd_stun_client_tick(client, fwd_stun_client_deadline(client));
  g_assert_cmpuint(seen.ended, ==, 1);
}

/* Every query gets the same datagram as its answer, as long as new ones are sent. */
static void
try_discovery(const guint8 *data, gsize size, const FwdEndpoint *server)
{
  static const FwdNatDiscoveryEvents events = {on_send, on_send, on_candidate, on_progress, on_report};
  g_autoptr(GArray) servers = g_array_new(FALSE, FALSE, sizeof(FwdEndpoint));
  g_autoptr(GArray) host = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));
  g_autoptr(FwdNatDiscovery) discovery = NULL;
  Seen seen = {0};

  g_array_append_val(servers, *server);
  discovery = fwd_nat_discovery_new(servers, host, &events, &seen, 0);
  for (guint i = 0; i < STEPS_MAX && seen.ended == 0; i++) {
    g_autofree guint8 *copy = aimed(data, size, &seen);
    gint64 now = fwd_nat_discovery_deadline(discovery);

    if (!fwd_nat_discovery_receive(discovery, &seen.server, copy, size, now))
      fwd_nat_discovery_tick(discovery, now);
  }
  g_assert_cmpuint(seen.ended, ==, 1);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  FwdEndpoint server;

  g_assert_true(fwd_endpoint_from_address("192.0.2.1", 3478, &server));
  try_client(data, size, &server);
  try_discovery(data, size, &server);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The input is a datagram that comes while transactions and measurements are under way. */
#include "net/nat-discovery.h"
#include "net/nat-lifetime.h"
#include "net/nat-survey.h"

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
  static const FwdNatDiscoveryEvents events = {on_send, on_send, on_candidate, on_progress,
                                               on_report};
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

static void
on_socket_send(G_GNUC_UNUSED guint socket, G_GNUC_UNUSED guint hops, const FwdEndpoint *to,
               const guint8 *data, gsize length, gpointer user_data)
{
  on_send(to, data, length, user_data);
}

static void
on_surveyed(const FwdNatSurveyResult *result, gpointer user_data)
{
  g_assert_cmpuint(result->hops, <=, FWD_NAT_SURVEY_SOCKETS);
  g_assert_true((result->ports.pattern == FWD_PORTS_SEQUENTIAL) == (result->ports.delta != 0));
  ((Seen *)user_data)->ended++;
}

/* All sockets get it, as it came and as the answer to the last request. */
static void
try_survey(const guint8 *data, gsize size, const FwdEndpoint *server)
{
  static const FwdNatSurveyEvents events = {.send = on_socket_send, .done = on_surveyed};
  const guint16 ports[FWD_NAT_SURVEY_SOCKETS] = {0};
  Seen seen = {0};
  g_autoptr(FwdNatSurvey) survey = fwd_nat_survey_new(server, ports, &events, &seen, 0);

  for (guint i = 0; i < STEPS_MAX && seen.ended == 0; i++) {
    guint socket = FWD_NAT_SURVEY_SOCKETS - 1 - i % FWD_NAT_SURVEY_SOCKETS;
    g_autofree guint8 *copy = aimed(data, size, &seen);
    gint64 now = fwd_nat_survey_deadline(survey);

    fwd_nat_survey_receive(survey, socket, server, data, size, now);
    fwd_nat_survey_receive(survey, socket, &seen.server, copy, size, now);
    fwd_nat_survey_expired(survey, socket, server);
    fwd_nat_survey_tick(survey, now);
  }
  g_assert_cmpuint(seen.ended, ==, 1);
}

static void
on_lifetime_send(guint socket, const FwdEndpoint *to, const guint8 *data, gsize length,
                 gpointer user_data)
{
  on_socket_send(socket, 0, to, data, length, user_data);
}

static void
on_lifetime(guint seconds, gboolean is_final, gpointer user_data)
{
  g_assert_cmpuint(seconds, <=, FWD_NAT_LIFETIME_MAX_S);
  ((Seen *)user_data)->ended += is_final ? 1 : 0;
}

static void
try_lifetime(const guint8 *data, gsize size, const FwdEndpoint *server)
{
  static const FwdNatLifetimeEvents events = {.send = on_lifetime_send, .found = on_lifetime};
  const guint16 ports[FWD_NAT_LIFETIME_SOCKETS] = {0};
  Seen seen = {0};
  g_autoptr(FwdNatLifetime) lifetime = fwd_nat_lifetime_new(server, ports, &events, &seen, 0);

  for (guint i = 0; i < 10 * STEPS_MAX && seen.ended == 0; i++) {
    guint socket = FWD_NAT_LIFETIME_SOCKETS - 1 - i % FWD_NAT_LIFETIME_SOCKETS;
    g_autofree guint8 *copy = aimed(data, size, &seen);
    gint64 now = fwd_nat_lifetime_deadline(lifetime);

    fwd_nat_lifetime_receive(lifetime, socket, server, copy, size, now);
    if (seen.ended == 0)
      fwd_nat_lifetime_tick(lifetime, now);
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
  try_survey(data, size, &server);
  try_lifetime(data, size, &server);
  return 0;
}

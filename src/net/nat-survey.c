/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nat-survey.h"

#include "stun-client.h"
#include <string.h>

#define SOCKETS     FWD_NAT_SURVEY_SOCKETS
#define RTO_MS      500
#define TRIES       3
#define ROUNDS      3
#define ROUND_US    (150 * 1000)
#define LAST_WAIT   (400 * 1000)
#define REQUEST_MAX FWD_STUN_HEADER_SIZE

typedef struct {
  FwdNatSurvey *survey;
  guint index;
  guint16 port;
  FwdStunClient *client;
  gboolean is_late;   /* asked again: the order of the mappings is not that of the sockets */
  FwdEndpoint mapped; /* AF_UNSPEC without an answer */
  FwdEndpoint router; /* that said the packet with index + 1 hops was out of them */
  gboolean is_beyond; /* such a packet reached the server */
} Probe;

struct FwdNatSurvey {
  FwdNatSurveyEvents events;
  gpointer user_data;
  FwdEndpoint server;
  Probe probes[SOCKETS];
  guint pending;     /* queries under way */
  guint round;       /* of the tests that follow them */
  gint64 next_round; /* G_MAXINT64: not in the tests */
  guint8 hop_test[FWD_STUN_TRANSACTION_SIZE];
  guint8 hairpin_test[FWD_STUN_TRANSACTION_SIZE];
  const Probe *pair[2]; /* those that send to each other's mapped endpoint */
  FwdAnswer hairpinning;
  gboolean is_reported;
};

static gboolean
is_mapped(const Probe *probe)
{
  return fwd_endpoint_family(&probe->mapped) != AF_UNSPEC;
}

static void
send_query(const FwdEndpoint *to, const guint8 *data, gsize length, gpointer user_data)
{
  Probe *probe = user_data;

  probe->survey->events.send(probe->index, 0, to, data, length, probe->survey->user_data);
}

static void
send_test(const Probe *probe, guint hops, const FwdEndpoint *to, const guint8 *transaction)
{
  const FwdNatSurvey *survey = probe->survey;
  guint8 request[REQUEST_MAX];
  FwdStunWriter writer;

  fwd_stun_writer_begin(&writer, request, sizeof request, FWD_STUN_REQUEST, FWD_STUN_BINDING,
                        transaction);
  survey->events.send(probe->index, hops, to, request, writer.length, survey->user_data);
}

static void
choose_pair(FwdNatSurvey *survey)
{
  guint found = 0;

  for (guint i = 0; i < SOCKETS && found < G_N_ELEMENTS(survey->pair); i++)
    if (is_mapped(&survey->probes[i]))
      survey->pair[found++] = &survey->probes[i];
  if (found < G_N_ELEMENTS(survey->pair))
    survey->pair[0] = survey->pair[1] = NULL;
}

/*
 * The hop tests use mappings that exist. They come first: a router that hairpins
 * may send an ICMP redirect, and then no time exceeded within the next second.
 *
 * Hairpinning is RFC 5780, 4.5, with both ends: each must have sent to the other,
 * or a NAT that filters would drop what it hairpins.
 */
static void
send_round(FwdNatSurvey *survey)
{
  for (guint i = 0; i < SOCKETS; i++)
    if (is_mapped(&survey->probes[i]))
      send_test(&survey->probes[i], i + 1, &survey->server, survey->hop_test);
  if (survey->pair[0] == NULL)
    return;
  send_test(survey->pair[0], 0, &survey->pair[1]->mapped, survey->hairpin_test);
  send_test(survey->pair[1], 0, &survey->pair[0]->mapped, survey->hairpin_test);
}

static void
begin_tests(FwdNatSurvey *survey, gint64 now)
{
  choose_pair(survey);
  survey->next_round = now;
}

/* The round after the last one is the end of the wait for answers. */
static void
advance_round(FwdNatSurvey *survey, gint64 now)
{
  if (survey->round++ < ROUNDS) {
    send_round(survey);
    survey->next_round = now + (survey->round < ROUNDS ? ROUND_US : LAST_WAIT);
  } else {
    survey->next_round = G_MAXINT64;
  }
}

static void
on_answer(const FwdStunMessage *response, const FwdEndpoint *from, guint32 rtt_us,
          gpointer user_data)
{
  Probe *probe = user_data;

  probe->survey->pending--;
  if (response == NULL || fwd_stun_message_class(response) != FWD_STUN_SUCCESS ||
      !fwd_stun_message_get_endpoint(response, FWD_STUN_XOR_MAPPED_ADDRESS, &probe->mapped))
    return;
  probe->is_late = rtt_us >= RTO_MS * 1000;
}

static guint
list_samples(const FwdNatSurvey *survey, gboolean with_late, FwdPortSample *samples)
{
  guint count = 0;

  for (guint i = 0; i < SOCKETS; i++) {
    const Probe *probe = &survey->probes[i];

    if (is_mapped(probe) && (with_late || !probe->is_late))
      samples[count++] = (FwdPortSample){probe->port, fwd_endpoint_port(&probe->mapped)};
  }
  return count;
}

static FwdPortAllocation
judge_ports(const FwdNatSurvey *survey)
{
  FwdPortSample samples[SOCKETS];
  FwdPortAllocation ports =
      fwd_port_allocation_judge(samples, list_samples(survey, FALSE, samples));

  if (ports.pattern == FWD_PORTS_UNKNOWN)
    ports = fwd_port_allocation_judge(samples, list_samples(survey, TRUE, samples));
  return ports;
}

static gboolean
is_inside(const FwdEndpoint *router)
{
  return fwd_endpoint_is_private(router) || fwd_endpoint_is_link_local(router);
}

/*
 * A NAT speaks from its inner address, so the last private one before the first
 * public one is the outermost. One that keeps silent just before that counts too.
 */
static guint
count_hops(const FwdNatSurvey *survey)
{
  guint last_inside = 0;

  for (guint i = 0; i < SOCKETS; i++) {
    const Probe *probe = &survey->probes[i];
    gboolean is_known = fwd_endpoint_family(&probe->router) != AF_UNSPEC;

    if (is_known && is_inside(&probe->router))
      last_inside = i + 1;
    else if (last_inside > 0 && (is_known || probe->is_beyond))
      return i;
    else if (is_known || probe->is_beyond)
      return 0;
  }
  return last_inside;
}

static guint
count_addresses(const FwdNatSurvey *survey)
{
  guint count = 0;

  for (guint i = 0; i < SOCKETS; i++) {
    gboolean is_new = is_mapped(&survey->probes[i]);

    for (guint j = 0; j < i && is_new; j++)
      is_new = !fwd_endpoint_same_address(&survey->probes[i].mapped, &survey->probes[j].mapped);
    count += is_new ? 1 : 0;
  }
  return count;
}

static void
report(FwdNatSurvey *survey)
{
  FwdNatSurveyResult result = {
      .ports = judge_ports(survey),
      .hairpinning = survey->hairpinning,
      .hops = count_hops(survey),
      .public_addresses = count_addresses(survey),
  };

  if (survey->pair[0] != NULL && survey->hairpinning == FWD_ANSWER_UNKNOWN)
    result.hairpinning = FWD_ANSWER_NO;
  survey->is_reported = TRUE;
  survey->events.done(&result, survey->user_data);
}

FwdNatSurvey *
fwd_nat_survey_new(const FwdEndpoint *server, const guint16 *ports,
                   const FwdNatSurveyEvents *events, gpointer user_data, gint64 now)
{
  FwdNatSurvey *survey = g_new0(FwdNatSurvey, 1);

  survey->events = *events;
  survey->user_data = user_data;
  survey->server = *server;
  survey->next_round = G_MAXINT64;
  fwd_stun_new_transaction(survey->hop_test);
  fwd_stun_new_transaction(survey->hairpin_test);
  survey->pending = SOCKETS;
  for (guint i = 0; i < SOCKETS; i++) {
    Probe *probe = &survey->probes[i];

    *probe = (Probe){.survey = survey, .index = i, .port = ports[i]};
    probe->client = fwd_stun_client_new(RTO_MS, TRIES, send_query, probe);
    fwd_stun_client_start(probe->client, server, 0, now, on_answer, probe);
  }
  return survey;
}

void
fwd_nat_survey_free(FwdNatSurvey *survey)
{
  for (guint i = 0; i < SOCKETS; i++)
    fwd_stun_client_free(survey->probes[i].client);
  g_free(survey);
}

static gboolean
is_test(const FwdStunMessage *message, const guint8 *transaction)
{
  return memcmp(fwd_stun_message_transaction(message), transaction,
                FWD_STUN_TRANSACTION_SIZE) == 0;
}

void
fwd_nat_survey_receive(FwdNatSurvey *survey, guint socket, const FwdEndpoint *from,
                       const guint8 *data, gsize length, gint64 now)
{
  Probe *probe;
  FwdStunMessage message;

  g_return_if_fail(socket < SOCKETS);
  probe = &survey->probes[socket];
  if (fwd_stun_client_receive(probe->client, from, data, length, now)) {
    if (survey->pending == 0)
      begin_tests(survey, now);
  } else if (fwd_stun_message_parse(data, length, &message)) {
    if (is_test(&message, survey->hairpin_test))
      survey->hairpinning = FWD_ANSWER_YES;
    else if (is_test(&message, survey->hop_test) && fwd_endpoint_equal(from, &survey->server))
      probe->is_beyond = TRUE;
  }
}

void
fwd_nat_survey_expired(FwdNatSurvey *survey, guint socket, const FwdEndpoint *router)
{
  g_return_if_fail(socket < SOCKETS);
  survey->probes[socket].router = *router;
}

gint64
fwd_nat_survey_deadline(const FwdNatSurvey *survey)
{
  gint64 deadline = survey->next_round;

  for (guint i = 0; i < SOCKETS; i++)
    deadline = MIN(deadline, fwd_stun_client_deadline(survey->probes[i].client));
  return deadline;
}

void
fwd_nat_survey_tick(FwdNatSurvey *survey, gint64 now)
{
  gboolean was_pending = survey->pending > 0;

  for (guint i = 0; i < SOCKETS; i++)
    fwd_stun_client_tick(survey->probes[i].client, now);
  if (was_pending && survey->pending == 0)
    begin_tests(survey, now);
  if (survey->is_reported || now < survey->next_round)
    return;
  advance_round(survey, now);
  if (survey->next_round == G_MAXINT64)
    report(survey);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nat-discovery.h"
#include "nat-observation.h"

#define RTO_MS 200
#define TRIES  4
/* A filter shows by silence, so this is what the report waits for: 1.4 s. */
#define FRESH_TRIES 3
#define SERVERS_MAX 16
/* The servers, two tests of filtering, two of mapping. */
#define QUERIES_MAX (SERVERS_MAX + 4)

typedef struct Family Family;

/* What an answer belongs to. */
typedef struct {
  Family *family;
  guint index; /* of its observation */
} Query;

/* IPv4 and IPv6 go through the steps each at their own pace. */
struct Family {
  FwdNatDiscovery *discovery;
  int family;
  guint next_step;
  guint pending; /* queries under way */
  guint count;
  Query queries[QUERIES_MAX];
  FwdNatObservation observations[QUERIES_MAX];
};

struct FwdNatDiscovery {
  FwdNatDiscoveryEvents events;
  gpointer user_data;
  FwdStunClient *client;
  FwdStunClient *fresh; /* for the tests of filtering */
  GArray *servers;
  GArray *host;
  Family families[2];
  gint64 started;
  FwdNatBehaviour mapping; /* as last told */
  gboolean is_reported;
};

static FwdNatObservations
observed(const Family *family)
{
  return (FwdNatObservations){family->observations, family->count, family->discovery->host};
}

/* The local endpoint; with several addresses, the one that is offered first. */
static void
local_endpoint(const Family *family, FwdEndpoint *local)
{
  const GArray *host = family->discovery->host;

  for (guint i = 0; i < host->len; i++) {
    *local = g_array_index(host, FwdCandidate, i).endpoint;
    if (fwd_endpoint_family(local) == family->family)
      return;
  }
  fwd_endpoint_any(family->family, local);
}

static gboolean
was_seen_before(const Family *family, const FwdNatObservation *observation)
{
  for (guint i = 0; i < family->count; i++)
    if (&family->observations[i] != observation &&
        fwd_endpoint_equal(&family->observations[i].mapped, &observation->mapped))
      return TRUE;
  return FALSE;
}

static void
tell_candidate(const Family *family, const FwdNatObservation *observation)
{
  const FwdNatDiscovery *discovery = family->discovery;
  FwdCandidate candidate = {
      .type = FWD_CANDIDATE_SERVER_REFLEXIVE,
      .endpoint = observation->mapped,
  };

  if (fwd_endpoint_family(&observation->mapped) == AF_UNSPEC ||
      fwd_nat_is_host_endpoint(discovery->host, &observation->mapped) ||
      was_seen_before(family, observation))
    return;
  local_endpoint(family, &candidate.base);
  discovery->events.candidate(&candidate, discovery->user_data);
}

static gboolean
read_endpoint(const Family *family, const FwdStunMessage *response, guint16 attribute,
              FwdEndpoint *endpoint)
{
  FwdEndpoint read;

  if (!fwd_stun_message_get_endpoint(response, attribute, &read) ||
      fwd_endpoint_family(&read) != family->family || fwd_endpoint_port(&read) == 0 ||
      fwd_endpoint_is_any(&read))
    return FALSE;
  *endpoint = read;
  return TRUE;
}

static void tell_progress(FwdNatDiscovery *discovery);

static void
on_answer(const FwdStunMessage *response, const FwdEndpoint *from, G_GNUC_UNUSED guint32 rtt_us,
          gpointer user_data)
{
  Query *query = user_data;
  Family *family = query->family;
  FwdNatObservation *observation = &family->observations[query->index];

  family->pending--;
  if (response == NULL)
    return;
  observation->is_answered = TRUE;
  if (fwd_stun_message_class(response) != FWD_STUN_SUCCESS)
    return;
  observation->source = *from;
  /* It is another socket that asked: what it is mapped to says nothing of this one. */
  if (observation->change_request != 0)
    return;
  if (!read_endpoint(family, response, FWD_STUN_XOR_MAPPED_ADDRESS, &observation->mapped))
    read_endpoint(family, response, FWD_STUN_MAPPED_ADDRESS, &observation->mapped);
  read_endpoint(family, response, FWD_STUN_OTHER_ADDRESS, &observation->other);
  tell_candidate(family, observation);
  tell_progress(family->discovery);
}

static void
ask(Family *family, const FwdEndpoint *server, guint32 change_request, gint64 now)
{
  FwdNatDiscovery *discovery = family->discovery;
  guint index = family->count;

  if (index == QUERIES_MAX)
    return;
  family->count++;
  family->pending++;
  family->queries[index] = (Query){family, index};
  family->observations[index] =
      (FwdNatObservation){.server = *server, .change_request = change_request};
  if (!fwd_stun_client_start(change_request != 0 ? discovery->fresh : discovery->client, server,
                             change_request, now, on_answer, &family->queries[index]))
    on_answer(NULL, NULL, 0, &family->queries[index]);
}

/* RFC 5780, 4.3, test I: every server of the family at once. */
static void
ask_servers(Family *family, gint64 now)
{
  const GArray *servers = family->discovery->servers;

  for (guint i = 0; i < servers->len && family->count < SERVERS_MAX; i++) {
    const FwdEndpoint *server = &g_array_index(servers, FwdEndpoint, i);
    FwdNatObservations observations = observed(family);

    if (fwd_endpoint_family(server) == family->family &&
        !fwd_nat_was_asked(&observations, server))
      ask(family, server, 0, now);
  }
}

/* The server for the tests of RFC 5780: one with a second address. */
static const FwdNatObservation *
choose_server(const Family *family)
{
  for (guint i = 0; i < family->count; i++) {
    const FwdNatObservation *item = &family->observations[i];

    if (fwd_endpoint_family(&item->other) != AF_UNSPEC &&
        !fwd_endpoint_same_address(&item->other, &item->server) &&
        fwd_endpoint_port(&item->other) != fwd_endpoint_port(&item->server))
      return item;
  }
  return NULL;
}

/*
 * RFC 5780, 4.4, tests II and III, at once. From a socket that has asked nobody
 * else: asking opens the filter.
 */
static void
test_filtering(Family *family, gint64 now)
{
  const FwdNatObservation *chosen = choose_server(family);

  if (chosen == NULL)
    return;
  ask(family, &chosen->server, FWD_STUN_CHANGE_ADDRESS | FWD_STUN_CHANGE_PORT, now);
  ask(family, &chosen->server, FWD_STUN_CHANGE_PORT, now);
}

/* RFC 5780, 4.3, tests II and III, at once, unless test I told enough. */
static void
test_mapping(Family *family, gint64 now)
{
  const FwdNatObservation *chosen = choose_server(family);
  FwdNatObservations observations = observed(family);
  FwdNatBehaviour mapping = fwd_nat_mapping(&observations);
  FwdEndpoint other_address;

  if (chosen == NULL || mapping == FWD_NAT_NONE || mapping == FWD_NAT_ENDPOINT_INDEPENDENT)
    return;
  other_address = chosen->other;
  fwd_endpoint_set_port(&other_address, fwd_endpoint_port(&chosen->server));
  if (!fwd_nat_was_asked(&observations, &other_address))
    ask(family, &other_address, 0, now);
  if (!fwd_nat_was_asked(&observations, &chosen->other))
    ask(family, &chosen->other, 0, now);
}

/* What a server with a second address makes possible. */
static void
test_both(Family *family, gint64 now)
{
  test_filtering(family, now);
  test_mapping(family, now);
}

/* Each starts its queries, if it needs any. */
static void (*const steps[])(Family *family, gint64 now) = {ask_servers, test_both};

/* No need to wait for the others once a server that is good for all tests has answered. */
static gboolean
may_go_on(const Family *family)
{
  return family->pending == 0 || (family->next_step > 0 && choose_server(family) != NULL);
}

/* TRUE when the family has been through all steps. */
static gboolean
advance_family(Family *family, gint64 now)
{
  while (family->next_step < G_N_ELEMENTS(steps) && may_go_on(family))
    steps[family->next_step++](family, now);
  return family->pending == 0;
}

static gboolean
is_any_answered(const Family *family)
{
  for (guint i = 0; i < family->count; i++)
    if (family->observations[i].is_answered)
      return TRUE;
  return FALSE;
}

static void
set_public(const Family *family, FwdEndpoint *endpoint)
{
  FwdNatObservations observations = observed(family);
  const FwdEndpoint *public = fwd_nat_public_endpoint(&observations);

  if (public != NULL)
    *endpoint = *public;
}

/* There is one report: of IPv4, where NATs are, unless only IPv6 works. */
static FwdNatReport
make_report(const FwdNatDiscovery *discovery)
{
  const Family *ipv4 = &discovery->families[0], *ipv6 = &discovery->families[1];
  gboolean has_ipv4 = is_any_answered(ipv4);
  FwdNatObservations observations = observed(has_ipv4 ? ipv4 : ipv6);
  FwdNatReport report = {
      .udp_blocked = !has_ipv4 && !is_any_answered(ipv6),
      .mapping = fwd_nat_mapping(&observations),
      .filtering = fwd_nat_filtering(&observations),
      .ports = fwd_nat_ports(&observations),
      .public_addresses = fwd_nat_public_addresses(&observations),
      .has_second_address = choose_server(has_ipv4 ? ipv4 : ipv6) != NULL,
  };

  set_public(ipv4, &report.public4);
  set_public(ipv6, &report.public6);
  return report;
}

/* The filter takes seconds to judge; who has to choose a strategy wants the mapping before. */
static void
tell_progress(FwdNatDiscovery *discovery)
{
  FwdNatReport report = make_report(discovery);

  if (report.mapping == discovery->mapping)
    return;
  discovery->mapping = report.mapping;
  report.filtering = FWD_NAT_UNKNOWN;
  discovery->events.progress(&report, discovery->user_data);
}

static void
report(FwdNatDiscovery *discovery)
{
  FwdNatReport report = make_report(discovery);

  discovery->is_reported = TRUE;
  discovery->events.done(&report, discovery->user_data);
}

static gboolean
advance(FwdNatDiscovery *discovery, gint64 now)
{
  gboolean is_complete = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS(discovery->families); i++)
    is_complete &= advance_family(&discovery->families[i], now);
  return is_complete;
}

/* Comes last in whatever calls it, for the owner may free the discovery when told. */
static void
go_on(FwdNatDiscovery *discovery, gint64 now)
{
  if (!discovery->is_reported && advance(discovery, now))
    report(discovery);
}

FwdNatDiscovery *
fwd_nat_discovery_new(const GArray *servers, const GArray *host,
                      const FwdNatDiscoveryEvents *events, gpointer user_data, gint64 now)
{
  FwdNatDiscovery *discovery = g_new0(FwdNatDiscovery, 1);

  discovery->events = *events;
  discovery->user_data = user_data;
  discovery->client = fwd_stun_client_new(RTO_MS, TRIES, events->send, user_data);
  discovery->fresh = fwd_stun_client_new(RTO_MS, FRESH_TRIES, events->send_fresh, user_data);
  discovery->servers = g_array_copy((GArray *)servers);
  discovery->host = g_array_copy((GArray *)host);
  discovery->started = now;
  discovery->families[0].family = AF_INET;
  discovery->families[1].family = AF_INET6;
  for (guint i = 0; i < G_N_ELEMENTS(discovery->families); i++)
    discovery->families[i].discovery = discovery;
  /* Nothing is reported from here: the caller does not have the discovery yet. */
  advance(discovery, now);
  return discovery;
}

void
fwd_nat_discovery_free(FwdNatDiscovery *discovery)
{
  fwd_stun_client_free(discovery->client);
  fwd_stun_client_free(discovery->fresh);
  g_array_unref(discovery->servers);
  g_array_unref(discovery->host);
  g_free(discovery);
}

gboolean
fwd_nat_discovery_receive(FwdNatDiscovery *discovery, const FwdEndpoint *from,
                          const guint8 *data, gsize length, gint64 now)
{
  if (!fwd_stun_client_receive(discovery->client, from, data, length, now) &&
      !fwd_stun_client_receive(discovery->fresh, from, data, length, now))
    return FALSE;
  go_on(discovery, now);
  return TRUE;
}

gint64
fwd_nat_discovery_deadline(const FwdNatDiscovery *discovery)
{
  gint64 deadline = MIN(fwd_stun_client_deadline(discovery->client),
                        fwd_stun_client_deadline(discovery->fresh));

  /* With nobody to ask all is known at once, and the next tick tells. */
  if (deadline == G_MAXINT64 && !discovery->is_reported)
    return discovery->started;
  return deadline;
}

void
fwd_nat_discovery_tick(FwdNatDiscovery *discovery, gint64 now)
{
  fwd_stun_client_tick(discovery->client, now);
  fwd_stun_client_tick(discovery->fresh, now);
  go_on(discovery, now);
}

const FwdEndpoint *
fwd_nat_discovery_get_server(const FwdNatDiscovery *discovery, int family)
{
  const Family *asked = &discovery->families[family == AF_INET6 ? 1 : 0];

  for (guint i = 0; i < asked->count; i++)
    if (fwd_endpoint_family(&asked->observations[i].mapped) != AF_UNSPEC)
      return &asked->observations[i].server;
  return NULL;
}

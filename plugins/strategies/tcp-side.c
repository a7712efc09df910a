/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tcp-side.h"

#include "port-mapper.h"
#include "tcp-survey.h"

#define SURVEY_LIMIT_MS 1000
/* Host candidates that are told for each port. */
#define HOSTS_MAX 2
/* Under which the mapper of a port is kept: its lease outlives the attempt, as the path does.
 */
#define MAPPER_KEY "tcp"
#define PORT_KEY   "stunfwd-tcp-port"

static const guint16 web_ports[] = {443, 80};

typedef struct {
  FwdTcpSide *side;
  FwdTcpKnocker *knocker;
  FwdTcpSurvey *survey;
  FwdEndpoint seen; /* by the first server that answered */
  gboolean surveyed;
} Port;

struct FwdTcpSide {
  FwdAttempt *attempt;
  const FwdTcpSideEvents *events;
  gpointer user_data;
  GPtrArray *ports;
  FwdTcpMessage remotes; /* only its endpoints */
  GObject *mapper;       /* of the first port; NULL when none is needed */
  gboolean web_tried, web_open, reaches_any_port, scattered;
};

static void
port_free(gpointer data)
{
  Port *port = data;

  g_clear_pointer(&port->survey, fwd_tcp_survey_free);
  fwd_tcp_knocker_free(port->knocker);
  g_free(port);
}

static gboolean
is_multicast(const FwdEndpoint *endpoint)
{
  return fwd_endpoint_family(endpoint) == AF_INET
             ? IN_MULTICAST(g_ntohl(endpoint->in4.sin_addr.s_addr))
             : IN6_IS_ADDR_MULTICAST(&endpoint->in6.sin6_addr);
}

/* Loopback is reachable for tests that run on it alone: no candidate has it otherwise. */
gboolean
fwd_tcp_is_reachable(const FwdEndpoint *endpoint, const FwdNatReport *nat)
{
  if (fwd_endpoint_family(endpoint) == AF_UNSPEC || fwd_endpoint_is_any(endpoint) ||
      is_multicast(endpoint) || fwd_endpoint_is_link_local(endpoint))
    return FALSE;
  return nat->mapping == FWD_NAT_NONE ||
         (!fwd_endpoint_is_private(endpoint) && !fwd_endpoint_is_loopback(endpoint));
}

gboolean
fwd_tcp_is_seen(const GArray *candidates, const FwdNatReport *nat)
{
  if (fwd_endpoint_family(&nat->public4) != AF_UNSPEC ||
      fwd_endpoint_family(&nat->public6) != AF_UNSPEC)
    return TRUE;
  for (guint i = 0; i < candidates->len; i++)
    if (fwd_tcp_is_reachable(&g_array_index(candidates, FwdCandidate, i).endpoint, nat))
      return TRUE;
  return FALSE;
}

static void
note_seen(Port *port, const FwdEndpoint *seen)
{
  char text[FWD_ENDPOINT_TEXT_MAX];

  fwd_attempt_note(port->side->attempt, "TCP port %u here is seen as %s",
                   fwd_endpoint_port(fwd_tcp_knocker_get_local(port->knocker)),
                   fwd_endpoint_format(seen, text));
}

static gboolean
is_web_port(guint16 port)
{
  return port == web_ports[0] || port == web_ports[1];
}

static void
on_survey(FwdTcpSurvey *survey, const FwdEndpoint *seen, const FwdEndpoint *server,
          gpointer user_data)
{
  Port *port = user_data;
  FwdTcpSide *self = port->side;

  if (seen == NULL) {
    fwd_attempt_note(self->attempt, "no STUN server answers TCP port %u here",
                     fwd_endpoint_port(fwd_tcp_knocker_get_local(port->knocker)));
  } else if (fwd_endpoint_family(&port->seen) == AF_UNSPEC) {
    port->seen = *seen;
    note_seen(port, seen);
  } else if (!fwd_endpoint_equal(seen, &port->seen)) {
    self->scattered = TRUE;
    note_seen(port, seen);
  }
  if (server != NULL && !is_web_port(fwd_endpoint_port(server)))
    self->reaches_any_port = TRUE;
  port->surveyed = TRUE;
  self->events->changed(self->user_data);
}

static Port *
open_port(FwdTcpSide *self, int family, guint16 number)
{
  FwdEndpoint local;
  FwdTcpKnocker *knocker;
  Port *port;

  fwd_endpoint_any(family, &local);
  fwd_endpoint_set_port(&local, number);
  knocker = fwd_tcp_knocker_new(&local, self->events->connected, self->user_data);
  if (knocker == NULL)
    return NULL;
  port = g_new0(Port, 1);
  port->side = self;
  port->knocker = knocker;
  port->survey = fwd_tcp_survey_new(fwd_tcp_knocker_get_local(knocker),
                                    fwd_attempt_get_stun_servers(self->attempt),
                                    SURVEY_LIMIT_MS, on_survey, port);
  for (guint i = 0; i < self->remotes.count; i++)
    fwd_tcp_knocker_add(knocker, &self->remotes.endpoints[i]);
  g_ptr_array_add(self->ports, port);
  return port;
}

/* An IPv6 host without a public address has none that a NAT would lend it. */
static gboolean
has_family(FwdTcpSide *self, int family)
{
  const GArray *candidates = fwd_attempt_get_local_candidates(self->attempt);

  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *candidate = &g_array_index(candidates, FwdCandidate, i);
    if (candidate->type == FWD_CANDIDATE_HOST &&
        fwd_endpoint_family(&candidate->base) == family &&
        (family == AF_INET ||
         fwd_tcp_is_reachable(&candidate->base, fwd_attempt_get_local_nat(self->attempt))))
      return TRUE;
  }
  return FALSE;
}

static void
on_mapper(GObject *mapper, GParamSpec *spec, FwdTcpSide *self)
{
  self->events->changed(self->user_data);
}

/* The port of an earlier attempt, whose lease is still there, unless another attempt has it. */
static guint16
kept_port(FwdTcpSide *self)
{
  GObject *kept = fwd_attempt_get_kept(self->attempt, MAPPER_KEY);

  return kept != NULL ? (guint16)GPOINTER_TO_UINT(g_object_get_data(kept, PORT_KEY)) : 0;
}

static void
ask_router(FwdTcpSide *self, guint16 number)
{
  const FwdNatReport *nat = fwd_attempt_get_local_nat(self->attempt);

  if (nat->mapping == FWD_NAT_NONE)
    return;
  if (kept_port(self) != number) {
    GObject *mapper = G_OBJECT(fwd_port_mapper_new(TRUE, number));
    g_object_set_data(mapper, PORT_KEY, GUINT_TO_POINTER((guint)number));
    fwd_attempt_keep(self->attempt, MAPPER_KEY, mapper);
  }
  self->mapper = g_object_ref(fwd_attempt_get_kept(self->attempt, MAPPER_KEY));
  g_signal_emit_by_name(self->mapper, "refresh",
                        fwd_endpoint_family(&nat->public4) == AF_INET ? &nat->public4 : NULL);
  g_signal_connect(self->mapper, "notify::outside", G_CALLBACK(on_mapper), self);
}

FwdTcpSide *
fwd_tcp_side_new(FwdAttempt *attempt, const FwdTcpSideEvents *events, gpointer user_data)
{
  FwdTcpSide *self = g_new0(FwdTcpSide, 1);
  Port *port = NULL;

  self->attempt = attempt;
  self->events = events;
  self->user_data = user_data;
  self->ports = g_ptr_array_new_with_free_func(port_free);
  if (has_family(self, AF_INET)) {
    port = open_port(self, AF_INET, kept_port(self));
    if (port == NULL)
      port = open_port(self, AF_INET, 0);
  }
  if (port != NULL)
    ask_router(self, fwd_endpoint_port(fwd_tcp_knocker_get_local(port->knocker)));
  if (has_family(self, AF_INET6))
    open_port(self, AF_INET6, 0);
  return self;
}

gboolean
fwd_tcp_side_open_web_port(FwdTcpSide *self)
{
  for (guint i = 0; i < G_N_ELEMENTS(web_ports) && !self->web_tried && !self->web_open; i++)
    self->web_open = open_port(self, AF_INET, web_ports[i]) != NULL;
  self->web_tried = TRUE;
  return self->web_open;
}

void
fwd_tcp_side_knock(FwdTcpSide *self, const FwdEndpoint *remote)
{
  if (!fwd_tcp_message_add(&self->remotes, remote))
    return;
  for (guint i = 0; i < self->ports->len; i++)
    fwd_tcp_knocker_add(((Port *)g_ptr_array_index(self->ports, i))->knocker, remote);
}

static void
add_hosts(FwdTcpSide *self, const FwdEndpoint *local, FwdTcpMessage *message)
{
  const GArray *candidates = fwd_attempt_get_local_candidates(self->attempt);
  const FwdNatReport *nat = fwd_attempt_get_local_nat(self->attempt);
  guint count = 0;

  for (guint i = 0; i < candidates->len && count < HOSTS_MAX; i++) {
    const FwdCandidate *candidate = &g_array_index(candidates, FwdCandidate, i);
    FwdEndpoint endpoint = candidate->endpoint;
    if (candidate->type != FWD_CANDIDATE_HOST || !fwd_tcp_is_reachable(&endpoint, nat) ||
        fwd_endpoint_family(&endpoint) != fwd_endpoint_family(local))
      continue;
    fwd_endpoint_set_port(&endpoint, fwd_endpoint_port(local));
    fwd_tcp_message_add(message, &endpoint);
    count++;
  }
}

/* Where no server answers, the NAT may still leave ports as they are: most do. */
static void
add_port(const Port *port, FwdTcpMessage *message)
{
  const FwdNatReport *nat = fwd_attempt_get_local_nat(port->side->attempt);
  const FwdEndpoint *local = fwd_tcp_knocker_get_local(port->knocker);
  FwdEndpoint guess = fwd_endpoint_family(local) == AF_INET ? nat->public4 : nat->public6;

  if (fwd_endpoint_family(&port->seen) != AF_UNSPEC) {
    fwd_tcp_message_add(message, &port->seen);
  } else if (fwd_endpoint_family(&guess) != AF_UNSPEC) {
    fwd_endpoint_set_port(&guess, fwd_endpoint_port(local));
    fwd_tcp_message_add(message, &guess);
  }
  add_hosts(port->side, local, message);
}

static void
add_mapped(FwdTcpSide *self, FwdTcpMessage *message)
{
  g_autoptr(FwdEndpoint) outside = NULL;

  if (self->mapper == NULL)
    return;
  g_object_get(self->mapper, "outside", &outside, NULL);
  if (outside != NULL)
    fwd_tcp_message_add(message, outside);
}

gboolean
fwd_tcp_side_describe(FwdTcpSide *self, FwdTcpMessage *message)
{
  *message = (FwdTcpMessage){.web_only = !self->reaches_any_port};
  add_mapped(self, message);
  for (guint i = 0; i < self->ports->len; i++) {
    const Port *port = g_ptr_array_index(self->ports, i);
    if (!port->surveyed)
      return FALSE;
    add_port(port, message);
  }
  return TRUE;
}

FwdTcpKnockerCounts
fwd_tcp_side_get_counts(FwdTcpSide *self)
{
  FwdTcpKnockerCounts sum = {0};

  for (guint i = 0; i < self->ports->len; i++) {
    const Port *port = g_ptr_array_index(self->ports, i);
    const FwdTcpKnockerCounts counts = fwd_tcp_knocker_get_counts(port->knocker);
    sum.sent += counts.sent;
    sum.refused += counts.refused;
    sum.rejected += counts.rejected;
  }
  return sum;
}

gboolean
fwd_tcp_side_is_scattered(FwdTcpSide *self)
{
  return self->scattered;
}

void
fwd_tcp_side_free(FwdTcpSide *self)
{
  if (self->mapper != NULL)
    g_signal_handlers_disconnect_by_data(self->mapper, self);
  g_clear_object(&self->mapper);
  g_ptr_array_unref(self->ports);
  g_free(self);
}

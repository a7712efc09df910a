/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/discovery.h"

#include <gio/gio.h>

#define FWD_LOG_COMPONENT "discovery"
#include "core/log.h"
#include "net/candidates.h"
#include "net/nat-discovery.h"
#include "session/measurement.h"
#include "session/nat-figures.h"
#include "session/network-watch.h"
#include "session/stun-lookup.h"

/* The shortest UDP timeout of 34 home routers was 30 s (Hätönen et al., IMC 2010). */
#define KEEP_ALIVE_S 20
/* Of a lifetime that was measured: two packets may be lost. */
#define KEEP_ALIVE_PART  3
#define KEEP_ALIVE_MIN_S 5
#define KEEP_ALIVE_MAX_S 25
#define KEEPER_RTO_MS    500
#define KEEPER_TRIES     4
/* How long slower names may hold up the servers that are resolved already. */
#define RESOLVE_GRACE_MS 500

struct _FwdDiscovery {
  GObject parent;
  FwdDataPlane *plane;
  GStrv names;
  GArray *servers;    /* of FwdEndpoint */
  GArray *host;       /* of FwdCandidate */
  GArray *candidates; /* the host's and the reflexive ones */
  FwdNatFigures figures;
  FwdNatDiscovery *run;
  FwdMeasurement *measurement; /* beside the run */
  gboolean measures_lifetime, is_timing;
  FwdNetworkWatch *watch;
  FwdStunClient *keeper; /* keeps the mapping alive once the run is over */
  gboolean answered; /* by a STUN server, since the last start */
  gboolean complete;
  gint64 next_keep_alive;
  guint timer;
  guint grace;
  guint lookups;
  guint tell; /* an idle source: signals come when all of a change is made */
  gboolean tells_done;
  GCancellable *cancellable;
};

enum { CHANGED, DONE, NETWORK_CHANGED, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

G_DEFINE_FINAL_TYPE(FwdDiscovery, fwd_discovery, G_TYPE_OBJECT)

static void keep_alive(FwdDiscovery *self, gint64 now);
static void
take_fresh(const FwdEndpoint *from, const guint8 *data, gsize length, gpointer user_data);
static void arm(FwdDiscovery *self);

static gint64
keep_alive_interval(const FwdDiscovery *self)
{
  guint lifetime = self->figures.report.lifetime_seconds;
  guint seconds = CLAMP(lifetime / KEEP_ALIVE_PART, KEEP_ALIVE_MIN_S, KEEP_ALIVE_MAX_S);

  return (gint64)(lifetime > 0 ? seconds : KEEP_ALIVE_S) * G_USEC_PER_SEC;
}

static gint64
next_deadline(FwdDiscovery *self)
{
  gint64 run = self->run ? fwd_nat_discovery_deadline(self->run) : G_MAXINT64;
  gint64 keeper = fwd_stun_client_deadline(self->keeper);

  return MIN(MIN(run, keeper), self->next_keep_alive);
}

static gboolean
on_timer(gpointer user_data)
{
  FwdDiscovery *self = user_data;
  gint64 now = g_get_monotonic_time();

  self->timer = 0;
  if (self->run)
    fwd_nat_discovery_tick(self->run, now);
  fwd_stun_client_tick(self->keeper, now);
  if (now >= self->next_keep_alive)
    keep_alive(self, now);
  arm(self);
  return G_SOURCE_REMOVE;
}

static void
arm(FwdDiscovery *self)
{
  gint64 deadline = next_deadline(self);
  gint64 wait = deadline - g_get_monotonic_time();

  g_clear_handle_id(&self->timer, g_source_remove);
  if (deadline != G_MAXINT64)
    self->timer = g_timeout_add((guint)CLAMP((wait + 999) / 1000, 0, 60000), on_timer, self);
}

static void
send_stun(const FwdEndpoint *to, const guint8 *data, gsize length, gpointer user_data)
{
  FwdDiscovery *self = user_data;

  fwd_data_plane_send(self->plane, to, 0, data, length);
}

static gboolean
is_known(const GArray *candidates, const FwdCandidate *candidate)
{
  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *other = &g_array_index(candidates, FwdCandidate, i);
    if (fwd_endpoint_equal(&other->endpoint, &candidate->endpoint))
      return TRUE;
  }
  return FALSE;
}

/* The NAT gives one outside endpoint per family at a time: what it gave before has gone. */
static void
drop_stale(GArray *candidates, const FwdCandidate *fresh)
{
  for (guint i = candidates->len; i > 0; i--) {
    const FwdCandidate *other = &g_array_index(candidates, FwdCandidate, i - 1);
    if (other->type == FWD_CANDIDATE_SERVER_REFLEXIVE &&
        fwd_endpoint_family(&other->endpoint) == fwd_endpoint_family(&fresh->endpoint))
      g_array_remove_index(candidates, i - 1);
  }
}

static void
on_candidate(const FwdCandidate *candidate, gpointer user_data)
{
  FwdDiscovery *self = user_data;
  g_autofree char *text = NULL;

  if (is_known(self->candidates, candidate))
    return;
  if (self->complete)
    drop_stale(self->candidates, candidate);
  g_array_append_val(self->candidates, *candidate);
  text = fwd_endpoint_to_string(&candidate->endpoint);
  fwd_log_debug("public endpoint %s", text);
  g_signal_emit(self, signals[CHANGED], 0);
}

static gboolean
on_tell(gpointer user_data)
{
  FwdDiscovery *self = user_data;
  guint signal = self->tells_done ? DONE : CHANGED;

  self->tell = 0;
  self->tells_done = FALSE;
  g_signal_emit(self, signals[signal], 0);
  return G_SOURCE_REMOVE;
}

static void
tell(FwdDiscovery *self, gboolean is_done)
{
  self->tells_done |= is_done;
  if (!self->tell)
    self->tell = g_idle_add_full(G_PRIORITY_DEFAULT, on_tell, self, NULL);
}

static gboolean
is_behind_nat(const FwdDiscovery *self)
{
  return self->candidates->len > self->host->len;
}

static void
on_progress(const FwdNatReport *report, gpointer user_data)
{
  FwdDiscovery *self = user_data;

  self->answered = TRUE;
  fwd_nat_figures_set_run(&self->figures, report, is_behind_nat(self));
  tell(self, FALSE);
}

/* In the background, once for each network. */
static void
measure_lifetime(FwdDiscovery *self)
{
  const FwdEndpoint *server = fwd_nat_discovery_get_server(self->run, AF_INET);

  if (!self->measures_lifetime || self->figures.report.lifetime_seconds > 0 || !server ||
      !is_behind_nat(self))
    return;
  self->is_timing = TRUE;
  fwd_measurement_lifetime(self->measurement, server);
}

static void
on_run_done(const FwdNatReport *report, gpointer user_data)
{
  FwdDiscovery *self = user_data;

  fwd_nat_figures_set_run(&self->figures, report, is_behind_nat(self));
  self->complete = TRUE;
  measure_lifetime(self);
  tell(self, !fwd_measurement_is_surveying(self->measurement));
}

static void
on_surveyed(const FwdNatSurveyResult *result, gpointer user_data)
{
  FwdDiscovery *self = user_data;

  fwd_nat_figures_set_survey(&self->figures, result);
  tell(self, self->complete);
}

static void
on_lifetime(guint seconds, gboolean is_final, gpointer user_data)
{
  FwdDiscovery *self = user_data;

  fwd_log_debug("an idle mapping lives %u s", seconds);
  self->is_timing = !is_final;
  fwd_nat_figures_set_lifetime(&self->figures, seconds, is_final);
  tell(self, FALSE);
}

static void
send_fresh(const FwdEndpoint *to, const guint8 *data, gsize length, gpointer user_data)
{
  FwdDiscovery *self = user_data;

  fwd_measurement_send_fresh(self->measurement, to, data, length);
}

static void
begin_run(FwdDiscovery *self)
{
  static const FwdNatDiscoveryEvents events = {
      .send = send_stun,
      .send_fresh = send_fresh,
      .candidate = on_candidate,
      .progress = on_progress,
      .done = on_run_done,
  };
  static const FwdMeasurementEvents measurement_events = {
      .received = take_fresh,
      .surveyed = on_surveyed,
      .lifetime = on_lifetime,
  };
  gint64 now = g_get_monotonic_time();

  self->next_keep_alive = now + keep_alive_interval(self);
  if (!self->servers->len) {
    arm(self);
    return;
  }
  g_clear_pointer(&self->run, fwd_nat_discovery_free);
  g_clear_pointer(&self->measurement, fwd_measurement_free);
  self->measurement = fwd_measurement_new(&measurement_events, self);
  self->run = fwd_nat_discovery_new(self->servers, self->host, &events, self, now);
  arm(self);
}

/* What the server sees now; what it saw before may have gone. */
static void
on_kept(const FwdStunMessage *response, const FwdEndpoint *from, guint32 rtt_us,
        gpointer user_data)
{
  FwdDiscovery *self = user_data;
  FwdCandidate candidate = {.type = FWD_CANDIDATE_SERVER_REFLEXIVE};

  if (!response || !fwd_stun_message_get_endpoint(response, FWD_STUN_XOR_MAPPED_ADDRESS,
                                                  &candidate.endpoint))
    return;
  fwd_endpoint_any(fwd_endpoint_family(&candidate.endpoint), &candidate.base);
  on_candidate(&candidate, self);
  if (!self->figures.report.udp_blocked)
    return;
  /* It was, or the servers were not there yet: what the run said no longer holds. */
  fwd_nat_figures_unblock(&self->figures);
  begin_run(self);
}

/*
 * One server of each family is enough: it is the mapping that counts. Names
 * that nobody could resolve, as before the network is up, are looked up again.
 */
static void
keep_alive(FwdDiscovery *self, gint64 now)
{
  gboolean asked[2] = {FALSE, FALSE};

  if (!self->servers->len && self->lookups == 0) {
    fwd_discovery_refresh(self);
    return;
  }
  self->next_keep_alive = now + keep_alive_interval(self);
  for (guint i = 0; i < self->servers->len; i++) {
    const FwdEndpoint *server = &g_array_index(self->servers, FwdEndpoint, i);
    gboolean *done = &asked[fwd_endpoint_family(server) == AF_INET6];
    if (!*done)
      *done = fwd_stun_client_start(self->keeper, server, 0, now, on_kept, self);
  }
}

/* Only what is behind a NAT is surveyed: without one there is nothing to find. */
static void
survey(FwdDiscovery *self)
{
  const FwdEndpoint *server = fwd_nat_discovery_get_server(self->run, AF_INET);

  if (server && is_behind_nat(self))
    fwd_measurement_survey(self->measurement, server);
}

/* Nothing but the run: the keeper may begin another one, with other sockets than this. */
static void
take_fresh(const FwdEndpoint *from, const guint8 *data, gsize length, gpointer user_data)
{
  FwdDiscovery *self = user_data;

  if (fwd_nat_discovery_receive(self->run, from, data, length, g_get_monotonic_time()))
    arm(self);
}

static void
on_stun(FwdDataPlane *plane, const FwdEndpoint *from, GBytes *datagram, FwdDiscovery *self)
{
  gsize length;
  const guint8 *data = g_bytes_get_data(datagram, &length);
  gint64 now = g_get_monotonic_time();

  if (self->run && fwd_nat_discovery_receive(self->run, from, data, length, now))
    survey(self);
  else if (!fwd_stun_client_receive(self->keeper, from, data, length, now))
    return;
  arm(self);
}

static gboolean
on_grace(gpointer user_data)
{
  FwdDiscovery *self = user_data;

  self->grace = 0;
  begin_run(self);
  return G_SOURCE_REMOVE;
}

/* The run begins when all names are resolved, or a little after the first one is. */
static void
resolved(FwdDiscovery *self)
{
  if (self->lookups == 0) {
    g_clear_handle_id(&self->grace, g_source_remove);
    begin_run(self);
  } else if (self->servers->len && !self->grace) {
    self->grace = g_timeout_add(RESOLVE_GRACE_MS, on_grace, self);
  }
}

static void
on_server(const FwdEndpoint *server, gpointer user_data)
{
  FwdDiscovery *self = user_data;

  if (fwd_data_plane_get_port(self->plane, fwd_endpoint_family(server)))
    g_array_append_val(self->servers, *server);
}

static void
on_lookup_ended(gpointer user_data)
{
  FwdDiscovery *self = user_data;

  self->lookups--;
  resolved(self);
}

static void
look_up(FwdDiscovery *self, const char *name)
{
  static const FwdStunLookupEvents events = {.found = on_server, .ended = on_lookup_ended};

  if (fwd_stun_lookup(name, self->cancellable, &events, self))
    self->lookups++;
}

static void
cancel(FwdDiscovery *self)
{
  if (self->cancellable)
    g_cancellable_cancel(self->cancellable);
  g_clear_object(&self->cancellable);
  g_clear_handle_id(&self->grace, g_source_remove);
  g_clear_handle_id(&self->timer, g_source_remove);
  g_clear_handle_id(&self->tell, g_source_remove);
  self->tells_done = FALSE;
  g_clear_pointer(&self->run, fwd_nat_discovery_free);
  g_clear_pointer(&self->measurement, fwd_measurement_free);
  self->is_timing = FALSE;
  self->lookups = 0;
  self->next_keep_alive = G_MAXINT64;
}

static void
on_network_changed(gpointer user_data)
{
  FwdDiscovery *self = user_data;

  fwd_nat_figures_forget(&self->figures);
  fwd_discovery_refresh(self);
  tell(self, FALSE);
  g_signal_emit(self, signals[NETWORK_CHANGED], 0);
}

static void
gather_host(FwdDiscovery *self)
{
  g_clear_pointer(&self->host, g_array_unref);
  self->host = fwd_candidates_gather(fwd_data_plane_get_port(self->plane, AF_INET),
                                     fwd_data_plane_get_port(self->plane, AF_INET6));
  g_array_set_size(self->candidates, 0);
  g_array_append_vals(self->candidates, self->host->data, self->host->len);
}

void
fwd_discovery_start(FwdDiscovery *self, const char *const *servers)
{
  GStrv names = g_strdupv((GStrv)servers);

  cancel(self);
  g_strfreev(self->names);
  self->names = names;
  self->complete = self->answered = FALSE;
  self->cancellable = g_cancellable_new();
  if (!self->watch)
    self->watch = fwd_network_watch_new(on_network_changed, self);
  g_array_set_size(self->servers, 0);
  gather_host(self);
  for (guint i = 0; names[i]; i++)
    look_up(self, names[i]);
  resolved(self);
}

void
fwd_discovery_refresh(FwdDiscovery *self)
{
  if (self->names)
    fwd_discovery_start(self, (const char *const *)self->names);
}

void
fwd_discovery_stop(FwdDiscovery *self)
{
  cancel(self);
  g_clear_pointer(&self->watch, fwd_network_watch_free);
  g_clear_pointer(&self->names, g_strfreev);
}

void
fwd_discovery_set_background(FwdDiscovery *self, gboolean measures_lifetime, const char *memory)
{
  self->measures_lifetime = measures_lifetime;
  fwd_nat_figures_set_memory(&self->figures, memory);
}

gboolean
fwd_discovery_is_measuring(FwdDiscovery *self)
{
  return self->is_timing;
}

void
fwd_discovery_set_seen_at(FwdDiscovery *self, const char *endpoint)
{
  FwdEndpoint seen_at;

  if (!endpoint || !fwd_endpoint_parse(endpoint, &seen_at, NULL))
    return;
  fwd_nat_figures_set_seen_at(&self->figures, &seen_at);
  if (self->figures.report.udp_blocked)
    tell(self, FALSE);
}

const GArray *
fwd_discovery_get_candidates(FwdDiscovery *self)
{
  return self->candidates;
}

const GArray *
fwd_discovery_get_servers(FwdDiscovery *self)
{
  return self->servers;
}

const FwdNatReport *
fwd_discovery_get_report(FwdDiscovery *self)
{
  return &self->figures.report;
}

gboolean
fwd_discovery_is_settled(FwdDiscovery *self)
{
  return self->complete || self->answered || self->candidates->len > self->host->len ||
         (self->lookups == 0 && self->servers->len == 0);
}

gboolean
fwd_discovery_was_answered(FwdDiscovery *self)
{
  return self->answered || self->candidates->len > self->host->len ||
         (self->complete && !self->figures.report.udp_blocked);
}

static void
fwd_discovery_finalize(GObject *object)
{
  FwdDiscovery *self = FWD_DISCOVERY(object);

  cancel(self);
  g_clear_pointer(&self->watch, fwd_network_watch_free);
  fwd_nat_figures_clear(&self->figures);
  g_strfreev(self->names);
  fwd_stun_client_free(self->keeper);
  g_array_unref(self->servers);
  g_array_unref(self->candidates);
  g_array_unref(self->host);
  g_object_unref(self->plane);
  G_OBJECT_CLASS(fwd_discovery_parent_class)->finalize(object);
}

static void
fwd_discovery_class_init(FwdDiscoveryClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = fwd_discovery_finalize;
  signals[CHANGED] = g_signal_new("changed", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0,
                                  NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[NETWORK_CHANGED] =
      g_signal_new("network-changed", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, NULL,
                   NULL, NULL, G_TYPE_NONE, 0);
  signals[DONE] = g_signal_new("done", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, NULL,
                               NULL, NULL, G_TYPE_NONE, 0);
}

static void
fwd_discovery_init(FwdDiscovery *self)
{
  self->servers = g_array_new(FALSE, FALSE, sizeof(FwdEndpoint));
  self->host = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));
  self->candidates = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));
  self->keeper = fwd_stun_client_new(KEEPER_RTO_MS, KEEPER_TRIES, send_stun, self);
  self->next_keep_alive = G_MAXINT64;
}

FwdDiscovery *
fwd_discovery_new(FwdDataPlane *plane)
{
  FwdDiscovery *self = g_object_new(FWD_TYPE_DISCOVERY, NULL);

  self->plane = g_object_ref(plane);
  g_signal_connect_object(plane, "stun", G_CALLBACK(on_stun), self, 0);
  return self;
}

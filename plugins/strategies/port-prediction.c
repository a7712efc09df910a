/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hole punching towards NATs that count their ports: see port-prediction.md. */
#include "aim.h"
#include "ends.h"
#include "many-ports.h"

#define LIMIT_MS        6000
#define BUDGET_PACKETS  2000
#define BUDGET_MAPPINGS 256
#define ROUNDS_MAX      8
#define PROBES          3
#define DISORDER_MAX    2
#define MEASURE_US      (500 * 1000)
#define QUERY_US        (120 * 1000)
#define ROUND_US        (600 * 1000)
#define REPEAT_US       (80 * 1000)
/* Ports aimed at in the first round, and sockets of a row; more in each further round. */
#define WINDOW 8

#define FWD_TYPE_PORT_PREDICTION (fwd_port_prediction_get_type())
G_DECLARE_FINAL_TYPE(FwdPortPrediction, fwd_port_prediction, FWD, PORT_PREDICTION, GObject)

struct _FwdPortPrediction {
  GObject parent;
};

static void fwd_port_prediction_strategy_init(FwdStrategyInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdPortPrediction, fwd_port_prediction, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_STRATEGY,
                                                    fwd_port_prediction_strategy_init))

typedef enum {
  TARGET, /* our ports are predicted; the peer's endpoint is known */
  AIMER,  /* the other way round: the shared socket sends */
  MUTUAL, /* both NATs count */
} Part;

typedef enum { IDLE, MEASURING, WAITING, TRYING } Phase;

typedef struct {
  FwdManyPorts base; /* first */
  Part part;
  Phase phase;
  guint rounds; /* begun so far; the current one is rounds - 1 */
  guint disorders;
  gint64 phase_ends, repeat;
  FwdAim aim; /* the peer's last one */
  gboolean aimed;
  guint16 ports[FWD_AIM_PORTS_MAX]; /* of the peer, that this round is aimed at */
  guint count;
  guint row; /* sockets of the row, behind the probes */
  guint spent;
} Prediction;

static guint
width(const Prediction *self)
{
  return MIN(WINDOW * self->rounds, FWD_AIM_PORTS_MAX);
}

static void
set_phase(Prediction *self, Phase phase, gint64 ends)
{
  self->phase = phase;
  self->phase_ends = ends;
}

static void
give_up(Prediction *self, const char *why)
{
  fwd_many_ports_give_up(&self->base, FWD_ERROR_UNSUPPORTED, why);
}

/*
 * The port for the peer is taken between two that a STUN server sees: what
 * others take meanwhile shows. All of it leaves at once.
 */
static void
probe(Prediction *self)
{
  const FwdEndpoint *server = fwd_ends_find_stun_server(self->base.run.attempt);
  FwdEndpoint peer;

  for (guint i = 0; i < PROBES; i++) {
    fwd_own_sockets_query(self->base.sockets, i, server);
    self->base.sent++;
    if (i == 0 && self->part == TARGET && fwd_ends_find_peer(self->base.run.attempt, &peer)) {
      fwd_own_sockets_check(self->base.sockets, i, &peer,
                            fwd_ends_find_first_ttl(self->base.run.attempt));
      self->base.sent++;
    }
  }
}

/* The ports stay those that the first queries were given. */
static void
query_again(Prediction *self)
{
  const FwdEndpoint *server = fwd_ends_find_stun_server(self->base.run.attempt);

  for (guint i = 0; i < PROBES; i++) {
    if (server == NULL || fwd_own_sockets_get_mapped(self->base.sockets, i) != NULL)
      continue;
    fwd_own_sockets_query(self->base.sockets, i, server);
    self->base.sent++;
  }
}

static gboolean
open_more(Prediction *self, guint count)
{
  for (guint i = 0; i < count; i++)
    if (!fwd_own_sockets_open(self->base.sockets))
      return FALSE;
  return TRUE;
}

static void
begin_round(Prediction *self, gint64 now)
{
  if (self->rounds >= ROUNDS_MAX) {
    set_phase(self, WAITING, G_MAXINT64);
    return;
  }
  self->rounds++;
  fwd_own_sockets_clear(self->base.sockets);
  if (fwd_ends_find_stun_server(self->base.run.attempt) == NULL) {
    give_up(self, "there is no STUN server to measure ports with");
  } else if (!open_more(self, PROBES)) {
    give_up(self, "no more sockets can be opened");
  } else {
    probe(self);
    self->repeat = now + QUERY_US;
    set_phase(self, MEASURING, now + MEASURE_US);
  }
}

/* Of the row of sockets that the peer aims at, the last: see port-prediction.md. */
static void
aim_at_row(Prediction *self, FwdAim *aim, guint16 last, gint step)
{
  aim->step = step;
  aim->first = aim->last = last + step * (gint)width(self);
}

/* A step that was measured over a longer time, if what is seen now agrees with it. */
static gint
choose_step(Prediction *self, const guint16 *ports, gint step)
{
  const gint known = fwd_attempt_get_local_nat(self->base.run.attempt)->port_delta;

  return known != 0 && step % known == 0 && (known > 0) == (ports[1] > ports[0]) ? known : step;
}

static void
tell_aim(Prediction *self, const guint16 *ports, gint step, gint64 now)
{
  FwdAim aim = {.round = self->rounds,
                .address = *fwd_own_sockets_get_mapped(self->base.sockets, 0)};

  if (self->part == TARGET)
    fwd_aim_between(&aim, ports[0], ports[1], step);
  else
    aim_at_row(self, &aim, ports[PROBES - 1], step);
  fwd_attempt_note(self->base.run.attempt,
                   "round %u: ports %u, %u, %u, step %d; the peer aims at %d to %d",
                   self->rounds, ports[0], ports[1], ports[2], aim.step, aim.first, aim.last);
  fwd_attempt_send_message(self->base.run.attempt, fwd_aim_to_message(&aim));
  self->repeat = now + REPEAT_US;
  set_phase(self, self->part == TARGET ? TRYING : WAITING, now + ROUND_US);
}

static void
evaluate(Prediction *self, gint64 now)
{
  guint16 ports[PROBES];
  gint step;

  for (guint i = 0; i < PROBES; i++)
    ports[i] = fwd_endpoint_port(fwd_own_sockets_get_mapped(self->base.sockets, i));
  step = fwd_ends_find_step(ports, PROBES);
  if (step != 0) {
    tell_aim(self, ports, choose_step(self, ports, step), now);
  } else if (++self->disorders < DISORDER_MAX) {
    fwd_attempt_note(self->base.run.attempt, "round %u: ports %u, %u, %u have no order",
                     self->rounds, ports[0], ports[1], ports[2]);
    begin_round(self, now);
  } else {
    give_up(self, "the NAT gives ports in no order");
  }
}

/* Each socket of the row sends to one port of the peer, where one of its row will be. */
static void
begin_row(Prediction *self, gint64 now)
{
  self->row = width(self);
  if (!open_more(self, self->row)) {
    give_up(self, "no more sockets can be opened");
    return;
  }
  self->repeat = now;
  set_phase(self, TRYING, now + ROUND_US);
}

static FwdEndpoint
aimed_at(const Prediction *self, guint i)
{
  FwdEndpoint endpoint = self->aim.address;

  fwd_endpoint_set_port(&endpoint, self->part == AIMER ? self->ports[i] : self->aim.first);
  return endpoint;
}

static void
send_row(Prediction *self)
{
  const FwdEndpoint peer = aimed_at(self, 0);

  for (guint i = 0; i < self->row && self->base.sent < BUDGET_PACKETS; i++) {
    fwd_own_sockets_check(self->base.sockets, PROBES + i, &peer, 0);
    self->base.sent++;
  }
}

static void
send_window(Prediction *self)
{
  for (guint i = 0; i < self->count; i++) {
    const FwdEndpoint peer = aimed_at(self, i);
    fwd_attempt_send_check(self->base.run.attempt, &peer, 0);
    self->base.sent++;
  }
}

static void
send_again(Prediction *self)
{
  FwdEndpoint peer;

  if (self->part == AIMER) {
    send_window(self);
  } else if (self->part == MUTUAL) {
    send_row(self);
  } else if (fwd_ends_find_peer(self->base.run.attempt, &peer)) {
    fwd_own_sockets_check(self->base.sockets, 0, &peer, 0);
    self->base.sent++;
  }
}

/* The window costs table entries: at most so many in all rounds. */
static void
take_aim(Prediction *self, gint64 now)
{
  self->rounds = self->aim.round;
  self->count = fwd_aim_list_ports(&self->aim, self->ports,
                                   MIN(width(self), BUDGET_MAPPINGS - self->spent));
  self->spent += self->count;
  self->repeat = now;
  fwd_attempt_note(self->base.run.attempt, "round %u: aiming at %u ports from %u on",
                   self->rounds, self->count, self->aim.first);
  set_phase(self, TRYING, now + ROUND_US);
}

static void
use_aim(Prediction *self, gint64 now)
{
  if (self->part == AIMER) {
    self->aimed = FALSE;
    take_aim(self, now);
  } else if (self->part == MUTUAL && self->aim.round > self->rounds) {
    /* The peer is ahead: the same round for both. */
    self->rounds = self->aim.round - 1;
    begin_round(self, now);
  } else if (self->part == MUTUAL && self->aim.round == self->rounds &&
             self->phase == WAITING) {
    self->aimed = FALSE;
    begin_row(self, now);
  }
}

static void
go_on(Prediction *self, gint64 now)
{
  if (self->phase == MEASURING && fwd_own_sockets_are_mapped(self->base.sockets, PROBES))
    evaluate(self, now);
  else if (self->part != AIMER && now >= self->phase_ends)
    begin_round(self, now);
  if (self->base.run.task != NULL && self->aimed)
    use_aim(self, now);
}

static gboolean
repeats(const Prediction *self)
{
  return (self->phase == TRYING || self->phase == MEASURING) && self->repeat < self->phase_ends;
}

static void
repeat(Prediction *self, gint64 now)
{
  if (!repeats(self) || now < self->repeat)
    return;
  if (self->phase == TRYING)
    send_again(self);
  else
    query_again(self);
  self->repeat = now + (self->phase == TRYING ? REPEAT_US : QUERY_US);
}

/* Whether it is over. */
static gboolean
conclude(Prediction *self)
{
  char when[32];

  g_snprintf(when, sizeof when, "round %u: ", self->rounds);
  return fwd_many_ports_conclude(&self->base, FWD_ERROR_UNSUPPORTED, when);
}

static gint64
tick(FwdRun *run, gint64 now)
{
  Prediction *self = (Prediction *)run;
  gint64 due =
      self->base.sockets != NULL ? fwd_own_sockets_tick(self->base.sockets, now) : G_MAXINT64;

  if (conclude(self) ||
      (self->base.sockets != NULL && fwd_own_sockets_have_heard(self->base.sockets)))
    return due;
  go_on(self, now);
  if (run->task == NULL)
    return due;
  repeat(self, now);
  if (self->part != AIMER)
    due = MIN(due, self->phase_ends);
  return self->phase == TRYING && self->repeat < self->phase_ends ? MIN(due, self->repeat)
                                                                  : due;
}

static void
on_changed(gpointer user_data)
{
  fwd_run_wake(user_data);
}

static void
on_message(FwdAttempt *attempt, GVariant *message, Prediction *self)
{
  if (fwd_aim_from_message(message, &self->aim))
    self->aimed = TRUE;
  else if (g_variant_is_of_type(message, G_VARIANT_TYPE_VARDICT))
    fwd_many_ports_hear(&self->base, message);
  fwd_run_wake(&self->base.run);
}

static gboolean
is_aimed_at(const Prediction *self, const FwdEndpoint *remote)
{
  for (guint i = 0; i < self->count; i++)
    if (self->ports[i] == fwd_endpoint_port(remote))
      return fwd_endpoint_same_address(&self->aim.address, remote);
  return FALSE;
}

static void
on_checked(FwdAttempt *attempt, const FwdEndpoint *remote, guint rtt_us, Prediction *self)
{
  if (self->part == AIMER && !self->base.answered && is_aimed_at(self, remote))
    fwd_many_ports_answered(&self->base, remote, rtt_us);
}

static void
stop(FwdRun *run)
{
  fwd_many_ports_clear((FwdManyPorts *)run);
}

static char *
describe(FwdRun *run)
{
  const Prediction *self = (const Prediction *)run;

  return g_strdup_printf("%u packets in %u rounds", self->base.sent, self->rounds);
}

static Part
choose_part(FwdAttempt *attempt)
{
  const gboolean here = fwd_ends_is_symmetric(fwd_attempt_get_local_nat(attempt));
  const gboolean there = fwd_ends_is_symmetric(fwd_attempt_get_remote_nat(attempt));

  if (here && there)
    return MUTUAL;
  return here ? TARGET : AIMER;
}

static void
fwd_port_prediction_attempt_async(FwdStrategy *strategy, FwdAttempt *attempt,
                                  GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  static const FwdRunKind kind = {
      .name = "stunfwd port prediction",
      .limit_ms = LIMIT_MS,
      .tick = tick,
      .stop = stop,
      .describe = describe,
  };
  Prediction *self = g_new0(Prediction, 1);

  self->part = choose_part(attempt);
  if (!fwd_run_begin(&self->base.run, &kind, strategy, attempt, cancellable, callback,
                     user_data))
    return;
  g_signal_connect(attempt, "message", G_CALLBACK(on_message), self);
  g_signal_connect(attempt, "checked", G_CALLBACK(on_checked), self);
  if (self->part != AIMER)
    self->base.sockets = fwd_own_sockets_new(attempt, on_changed, self);
}

static gboolean
is_random(const FwdNatReport *nat)
{
  return fwd_ends_is_symmetric(nat) && nat->ports == FWD_PORTS_RANDOM;
}

static gboolean
fwd_port_prediction_can_attempt(FwdStrategy *strategy, FwdAttempt *attempt, char **why_not)
{
  const FwdNatReport *local = fwd_attempt_get_local_nat(attempt);
  const FwdNatReport *remote = fwd_attempt_get_remote_nat(attempt);
  const gboolean both = fwd_ends_is_symmetric(local) && fwd_ends_is_symmetric(remote);
  FwdEndpoint peer;

  if (is_random(local) || is_random(remote))
    *why_not = g_strdup_printf("the NAT %s gives ports in no order",
                               is_random(local) ? "here" : "at the peer");
  else if (both && !local->udp_blocked && !remote->udp_blocked)
    *why_not = NULL;
  else if (fwd_ends_is_hard_pair(attempt, why_not) && !fwd_ends_find_peer(attempt, &peer))
    *why_not = g_strdup("the peer has no public address");
  return *why_not == NULL;
}

static void
fwd_port_prediction_strategy_init(FwdStrategyInterface *iface)
{
  iface->can_attempt = fwd_port_prediction_can_attempt;
  iface->attempt_async = fwd_port_prediction_attempt_async;
  iface->attempt_finish = fwd_run_finish;
}

static void
fwd_port_prediction_class_init(FwdPortPredictionClass *klass)
{
}

static void
fwd_port_prediction_init(FwdPortPrediction *self)
{
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {
      .priority = 15,
      .path_class = FWD_PATH_CLASS_P2P,
      .limit_ms = LIMIT_MS,
      .budget_packets = BUDGET_PACKETS,
      .budget_mappings = BUDGET_MAPPINGS,
      .help = "aims at the port that a counting NAT gives next",
  };

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_STRATEGY, "port-prediction",
                                 FWD_TYPE_PORT_PREDICTION, &meta, error);
}

FWD_PLUGIN("port-prediction", "0.1.0", "LGPL-2.1-or-later", register_types)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hole punching towards a NAT with random ports: see birthday.md. */
#include "ends.h"
#include "many-ports.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LIMIT_MS        6000
#define BUDGET_PACKETS  2500
#define BUDGET_MAPPINGS 1024

/* Ports that a NAT gives at random; lower ones are for services. */
#define PORT_MIN   1024
#define PORT_COUNT (65536 - PORT_MIN)
/*
 * One in 13,000 attempts finds nothing: 1 - (1 - S / 64512) ^ N. Both stay below
 * the budget, which others behind the same router use as well.
 */
#define SOCKETS 640
#define PROBES  960
/* With so few sockets it would be luck: one in four. */
#define SOCKETS_MIN 20
/* Descriptors that are left to the rest of the process. */
#define DESCRIPTORS_LEFT 128

#define PATTERN_PROBES 3
/* Cheaper ways have the first word. */
#define HEAD_START_US (300 * 1000)
#define GROUP_US      (5 * 1000)
#define GROUP_SOCKETS 8
#define GROUP_PROBES  5
/* How long a hit that the peer tells of may take to show here. */
#define HIT_US G_USEC_PER_SEC
#define ASK_US (25 * 1000)
/* After the last probe. */
#define LAST_US (1500 * 1000)

#define FWD_TYPE_BIRTHDAY (fwd_birthday_get_type())
G_DECLARE_FINAL_TYPE(FwdBirthday, fwd_birthday, FWD, BIRTHDAY, GObject)

struct _FwdBirthday {
  GObject parent;
};

static void fwd_birthday_strategy_init(FwdStrategyInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdBirthday, fwd_birthday, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_STRATEGY,
                                                    fwd_birthday_strategy_init))

typedef struct {
  FwdManyPorts base;    /* first */
  gint64 due;           /* of the next group */
  guint wanted, opened; /* sockets */
  gboolean measured, told_opened, told_hit;
  guint16 *ports; /* of the other side: those not probed yet come last */
  FwdEndpoint peer;
  gboolean started;  /* to probe: the peer's sockets are open */
  FwdEndpoint found; /* a socket of the peer that has got through to us, */
  gint64 found_ends; /* and until when it is asked instead of others */
  gint64 asked;
  guint probes;
} Birthday;

static void
tell(Birthday *self, const char *key, GVariant *value)
{
  GVariantDict message;

  g_variant_dict_init(&message, NULL);
  g_variant_dict_insert_value(&message, key, value);
  fwd_attempt_send_message(self->base.run.attempt, g_variant_dict_end(&message));
}

/* The side with random ports. */

/* A NAT that counts would be driven round by so many sockets: port-prediction is for it. */
static void
begin_measuring(Birthday *self)
{
  const FwdEndpoint *server = fwd_ends_find_stun_server(self->base.run.attempt);

  self->due = self->base.run.started + HEAD_START_US;
  self->measured = server == NULL ||
                   fwd_attempt_get_local_nat(self->base.run.attempt)->ports == FWD_PORTS_RANDOM;
  for (guint i = 0; i < PATTERN_PROBES && !self->measured; i++) {
    if (!fwd_own_sockets_open(self->base.sockets))
      return;
    fwd_own_sockets_query(self->base.sockets, i, server);
    self->base.sent++;
  }
}

static gboolean
counts_ports(Birthday *self)
{
  guint16 ports[PATTERN_PROBES];

  if (fwd_own_sockets_get_count(self->base.sockets) < PATTERN_PROBES ||
      !fwd_own_sockets_are_mapped(self->base.sockets, PATTERN_PROBES))
    return FALSE;
  for (guint i = 0; i < PATTERN_PROBES; i++)
    ports[i] = fwd_endpoint_port(fwd_own_sockets_get_mapped(self->base.sockets, i));
  return fwd_ends_find_step(ports, PATTERN_PROBES) != 0;
}

/* Descriptors are given from the lowest on: that of a new one tells how many are in use. */
static guint
count_free_descriptors(Birthday *self)
{
  const int fd = fwd_attempt_open_socket(self->base.run.attempt, AF_INET);
  struct rlimit limit;
  guint left = 0;

  if (fd < 0)
    return 0;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > (rlim_t)fd + DESCRIPTORS_LEFT)
    left = (guint)MIN(limit.rlim_cur - (rlim_t)fd - DESCRIPTORS_LEFT, SOCKETS);
  close(fd);
  return left;
}

/* FALSE if that ends it. */
static gboolean
begin_opening(Birthday *self)
{
  self->measured = TRUE;
  if (counts_ports(self)) {
    fwd_many_ports_give_up(&self->base, FWD_ERROR_UNSUPPORTED,
                           "the NAT counts its ports: port-prediction is for that");
    return FALSE;
  }
  fwd_own_sockets_clear(self->base.sockets);
  if (!fwd_ends_find_peer(self->base.run.attempt, &self->peer)) {
    fwd_many_ports_give_up(&self->base, FWD_ERROR_UNREACHABLE,
                           "the other side has no public address");
    return FALSE;
  }
  self->wanted = MIN(SOCKETS, count_free_descriptors(self));
  if (self->wanted < SOCKETS)
    fwd_attempt_advise(self->base.run.attempt,
                       "allow more open files (ulimit -n): birthday has %u sockets, not %u",
                       self->wanted, SOCKETS);
  return TRUE;
}

static void
open_group(Birthday *self)
{
  const guint ttl = fwd_ends_find_first_ttl(self->base.run.attempt);

  for (guint i = 0; i < GROUP_SOCKETS && self->opened < self->wanted; i++) {
    if (!fwd_own_sockets_open(self->base.sockets)) {
      self->wanted = self->opened;
      break;
    }
    fwd_own_sockets_check(self->base.sockets, self->opened, &self->peer, ttl);
    self->opened++;
    self->base.sent++;
  }
}

static void
tell_opened(Birthday *self)
{
  char text[FWD_ENDPOINT_TEXT_MAX];

  self->told_opened = TRUE;
  if (self->opened < SOCKETS_MIN) {
    fwd_many_ports_give_up(&self->base, FWD_ERROR_LIMIT, "too few sockets can be opened");
    return;
  }
  fwd_attempt_note(self->base.run.attempt, "%u sockets have sent a check to %s", self->opened,
                   fwd_endpoint_format(&self->peer, text));
  tell(self, "opened", g_variant_new_int64(self->opened));
}

static void
tell_hit(Birthday *self)
{
  self->told_hit = TRUE;
  tell(self, "hit", g_variant_new_boolean(TRUE));
}

static gint64
tick_random(Birthday *self, gint64 now)
{
  const gint64 repeat = fwd_own_sockets_tick(self->base.sockets, now);

  if (fwd_own_sockets_have_heard(self->base.sockets)) {
    if (!self->told_hit)
      tell_hit(self);
    return repeat;
  }
  self->told_hit = FALSE;
  if (now < self->due)
    return self->due;
  if (self->wanted == 0 && !begin_opening(self))
    return G_MAXINT64;
  if (self->opened < self->wanted)
    open_group(self);
  self->due = now + GROUP_US;
  if (self->opened < self->wanted)
    return self->due;
  if (!self->told_opened)
    tell_opened(self);
  return G_MAXINT64;
}

/* The other side, whose shared socket probes. */

/* A random order, made as far as it is used: no port comes twice (Fisher and Yates). */
static guint16
draw_port(Birthday *self)
{
  const guint32 i = (guint32)g_random_int_range((gint)self->probes, PORT_COUNT);
  const guint16 port = self->ports[i];

  self->ports[i] = self->ports[self->probes];
  self->ports[self->probes] = port;
  self->probes++;
  return port;
}

static void
fill_ports(Birthday *self)
{
  self->ports = g_new(guint16, PORT_COUNT);
  for (guint i = 0; i < PORT_COUNT; i++)
    self->ports[i] = (guint16)(PORT_MIN + i);
}

static void
probe_group(Birthday *self)
{
  for (guint i = 0; i < GROUP_PROBES && self->probes < PROBES; i++) {
    fwd_endpoint_set_port(&self->peer, draw_port(self));
    fwd_attempt_send_check(self->base.run.attempt, &self->peer, 0);
    self->base.sent++;
  }
}

/* It may have had its answer, and be silent by itself from now on. */
static gint64
ask_found(Birthday *self, gint64 now)
{
  if (now >= self->asked + ASK_US) {
    fwd_attempt_send_check(self->base.run.attempt, &self->found, 0);
    self->base.sent++;
    self->asked = now;
  }
  return MIN(self->asked + ASK_US, self->found_ends);
}

static gint64
tick_probing(Birthday *self, gint64 now)
{
  if (!self->started)
    return G_MAXINT64;
  if (now < self->found_ends)
    return ask_found(self, now);
  if (now < self->due)
    return self->due;
  if (self->probes >= PROBES) {
    fwd_many_ports_give_up(&self->base, FWD_ERROR_TIMEOUT, "no probe has met a socket");
    return G_MAXINT64;
  }
  probe_group(self);
  self->due = now + (self->probes < PROBES ? GROUP_US : LAST_US);
  return self->due;
}

/* Both. */

static gint64
tick(FwdRun *run, gint64 now)
{
  Birthday *self = (Birthday *)run;

  if (fwd_many_ports_conclude(&self->base, FWD_ERROR_TIMEOUT, ""))
    return G_MAXINT64;
  return self->base.sockets != NULL ? tick_random(self, now) : tick_probing(self, now);
}

static void
on_changed(gpointer user_data)
{
  Birthday *self = user_data;

  if (!self->measured && counts_ports(self))
    self->due = 0;
  fwd_run_wake(&self->base.run);
}

static void
begin_probing(Birthday *self, gint64 opened)
{
  char *text;

  if (self->started || self->base.sockets != NULL || opened < SOCKETS_MIN ||
      !fwd_ends_find_peer(self->base.run.attempt, &self->peer))
    return;
  self->started = TRUE;
  text = fwd_endpoint_address_to_string(&self->peer);
  fwd_attempt_note(self->base.run.attempt,
                   "the peer has opened %d sockets: probing ports of %s",
                   (int)MIN(opened, PORT_COUNT), text);
  g_free(text);
}

static void
on_message(FwdAttempt *attempt, GVariant *message, Birthday *self)
{
  gboolean hit;
  gint64 opened;

  if (!g_variant_is_of_type(message, G_VARIANT_TYPE_VARDICT))
    return;
  if (g_variant_lookup(message, "opened", "x", &opened))
    begin_probing(self, opened);
  if (g_variant_lookup(message, "hit", "b", &hit))
    self->due = g_get_monotonic_time() + HIT_US;
  fwd_many_ports_hear(&self->base, message);
  fwd_run_wake(&self->base.run);
}

static gboolean
is_probing(const Birthday *self, const FwdEndpoint *remote)
{
  return self->started && fwd_endpoint_same_address(remote, &self->peer);
}

static void
on_checked(FwdAttempt *attempt, const FwdEndpoint *remote, guint rtt_us, Birthday *self)
{
  if (!self->base.answered && is_probing(self, remote))
    fwd_many_ports_answered(&self->base, remote, rtt_us);
}

/* A socket of the peer has got through to us: it is the one, if it answers. */
static void
on_challenged(FwdAttempt *attempt, const FwdEndpoint *remote, Birthday *self)
{
  if (self->base.answered || !is_probing(self, remote))
    return;
  self->found = *remote;
  self->found_ends = g_get_monotonic_time() + HIT_US;
  fwd_run_wake(&self->base.run);
}

static void
stop(FwdRun *run)
{
  Birthday *self = (Birthday *)run;

  fwd_many_ports_clear(&self->base);
  g_clear_pointer(&self->ports, g_free);
}

static char *
describe(FwdRun *run)
{
  const Birthday *self = (const Birthday *)run;

  return g_strdup_printf("%u sockets opened, %u ports probed", self->opened, self->probes);
}

static void
fwd_birthday_attempt_async(FwdStrategy *strategy, FwdAttempt *attempt,
                           GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  static const FwdRunKind kind = {
      .name = "stunfwd birthday",
      .limit_ms = LIMIT_MS,
      .tick = tick,
      .stop = stop,
      .describe = describe,
  };
  Birthday *self = g_new0(Birthday, 1);

  if (!fwd_run_begin(&self->base.run, &kind, strategy, attempt, cancellable, callback,
                     user_data))
    return;
  g_signal_connect(attempt, "message", G_CALLBACK(on_message), self);
  if (fwd_ends_is_symmetric(fwd_attempt_get_local_nat(attempt))) {
    self->base.sockets = fwd_own_sockets_new(attempt, on_changed, self);
    begin_measuring(self);
  } else {
    fill_ports(self);
    g_signal_connect(attempt, "checked", G_CALLBACK(on_checked), self);
    g_signal_connect(attempt, "challenged", G_CALLBACK(on_challenged), self);
  }
}

static gboolean
fwd_birthday_can_attempt(FwdStrategy *strategy, FwdAttempt *attempt, char **why_not)
{
  const FwdNatReport *local = fwd_attempt_get_local_nat(attempt);
  const FwdNatReport *remote = fwd_attempt_get_remote_nat(attempt);
  FwdEndpoint peer;

  if (!fwd_ends_is_hard_pair(attempt, why_not))
    return FALSE;
  if ((fwd_ends_is_symmetric(local) ? local : remote)->ports == FWD_PORTS_SEQUENTIAL)
    *why_not = g_strdup("the NAT counts its ports: port-prediction is for that");
  else if (!fwd_ends_find_peer(attempt, &peer))
    *why_not = g_strdup("the peer has no public address");
  return *why_not == NULL;
}

static void
fwd_birthday_strategy_init(FwdStrategyInterface *iface)
{
  iface->can_attempt = fwd_birthday_can_attempt;
  iface->attempt_async = fwd_birthday_attempt_async;
  iface->attempt_finish = fwd_run_finish;
}

static void
fwd_birthday_class_init(FwdBirthdayClass *klass)
{
}

static void
fwd_birthday_init(FwdBirthday *self)
{
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {
      .priority = 10,
      .path_class = FWD_PATH_CLASS_P2P,
      .limit_ms = LIMIT_MS,
      .budget_packets = BUDGET_PACKETS,
      .budget_mappings = BUDGET_MAPPINGS,
      .help = "many sockets and many probes, until two meet at a random port",
  };

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_STRATEGY, "birthday",
                                 FWD_TYPE_BIRTHDAY, &meta, error);
}

FWD_PLUGIN("birthday", "0.1.0", "LGPL-2.1-or-later", register_types)

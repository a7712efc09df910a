/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port-mapper.h"

#include "default-gateway.h"
#include "port-failure.h"
#include "port-lease.h"
#include <string.h>
#include <stunfwd/error.h>

#define NONE FWD_PORT_PROTOCOLS

/* What is younger than this is good enough for "refresh": a mapping, a failure. */
#define FRESH_US        (5 * G_USEC_PER_SEC)
#define FRESH_FAILED_US (30 * G_USEC_PER_SEC)

struct _FwdPortMapper {
  GObject parent;
  gboolean tcp;
  guint port, lifetime;
  guint8 nonce[FWD_PCP_NONCE_SIZE];
  FwdPortMapperState state;
  FwdEndpoint gateway; /* family AF_UNSPEC when there is none */
  FwdEndpoint seen;    /* what a STUN server told; AF_UNSPEC when unknown */
  GError *error;

  guint round;   /* counts, so that late answers are told apart */
  guint pending; /* answers that this round waits for */
  guint winner;  /* index of the protocol that is used, or NONE */
  FwdPortLease leases[FWD_PORT_PROTOCOLS];
  gboolean held[FWD_PORT_PROTOCOLS]; /* to be removed at the end */
  GError *failures[FWD_PORT_PROTOCOLS];
  GCancellable *enough; /* of this round */
  GCancellable *gone;
  gint64 answered_us;
  guint renewal; /* id of a timeout */
  GNetworkMonitor *monitor;
};

/* What an answer belongs to. */
typedef struct {
  GWeakRef mapper;
  guint round, which;
  gboolean renewal;
} Call;

enum {
  PROPERTY_TCP = 1,
  PROPERTY_PORT,
  PROPERTY_LIFETIME,
  PROPERTY_STATE,
  PROPERTY_OUTSIDE,
  PROPERTY_WAY,
  PROPERTY_GRANTED,
  PROPERTY_GATEWAY,
  PROPERTY_ERROR,
  PROPERTY_COUNT
};
static GParamSpec *properties[PROPERTY_COUNT];

static const FwdPortProtocol *const protocols[FWD_PORT_PROTOCOLS] = {
    &fwd_port_pcp, &fwd_port_natpmp, &fwd_port_upnp};

static gpointer fwd_port_mapper_parent_class;

static void start_round(FwdPortMapper *self);
static void ask(FwdPortMapper *self, guint which, const FwdPortLease *lease, gboolean renewal);

static void
notify_all(FwdPortMapper *self)
{
  g_object_freeze_notify(G_OBJECT(self));
  for (guint i = PROPERTY_STATE; i < PROPERTY_COUNT; i++)
    g_object_notify_by_pspec(G_OBJECT(self), properties[i]);
  g_object_thaw_notify(G_OBJECT(self));
}

/* What comes of the present round from now on is too late. */
static void
forget_all(FwdPortMapper *self)
{
  self->round++;
  self->pending = 0;
  self->winner = NONE;
  g_cancellable_cancel(self->enough);
  g_clear_handle_id(&self->renewal, g_source_remove);
  for (guint i = 0; i < FWD_PORT_PROTOCOLS; i++) {
    self->held[i] = FALSE;
    g_clear_error(&self->failures[i]);
  }
}

static void
release_all(FwdPortMapper *self)
{
  for (guint i = 0; i < FWD_PORT_PROTOCOLS; i++)
    if (self->held[i])
      fwd_port_unmap(protocols[i], &self->leases[i]);
  forget_all(self);
}

static void
fail(FwdPortMapper *self, GError *error)
{
  release_all(self);
  g_clear_error(&self->error);
  self->error = error;
  self->state = FWD_PORT_MAPPER_FAILED;
  notify_all(self);
}

static gboolean
on_renewal(gpointer user_data)
{
  FwdPortMapper *self = user_data;

  self->renewal = 0;
  ask(self, self->winner, &self->leases[self->winner], TRUE);
  return G_SOURCE_REMOVE;
}

/* Whether the mapping in use leads to the internet; fails if not. */
static gboolean
is_useful(FwdPortMapper *self)
{
  GError *useless = fwd_port_failure_useless(&self->gateway,
                                             &self->leases[self->winner].outside, &self->seen);

  if (useless)
    fail(self, useless);
  return useless == NULL;
}

static void
adopt(FwdPortMapper *self, guint which, const FwdPortLease *lease)
{
  const guint32 lifetime = MIN(lease->granted, self->lifetime);

  self->winner = which;
  self->leases[which] = *lease;
  self->held[which] = TRUE;
  g_cancellable_cancel(self->enough);
  if (!is_useful(self))
    return;
  g_clear_handle_id(&self->renewal, g_source_remove);
  self->renewal = g_timeout_add_seconds(MAX(lifetime / 2, 1), on_renewal, self);
  self->state = FWD_PORT_MAPPER_MAPPED;
  notify_all(self);
}

/*
 * Another protocol was granted a mapping as well. If it is the same one, which a
 * router may keep in one table for all protocols, then to remove it now would
 * remove the one in use.
 */
static void
take_second(FwdPortMapper *self, guint which, const FwdPortLease *lease)
{
  if (fwd_endpoint_equal(&lease->outside, &self->leases[self->winner].outside)) {
    self->leases[which] = *lease;
    self->held[which] = TRUE;
  } else {
    fwd_port_unmap(protocols[which], lease);
  }
}

static void
take_answer(FwdPortMapper *self, const Call *call, const FwdPortLease *lease, GError *error)
{
  self->pending--;
  self->answered_us = g_get_monotonic_time();
  if (error == NULL) {
    if (self->winner == NONE || call->renewal)
      adopt(self, call->which, lease);
    else
      take_second(self, call->which, lease);
    return;
  }
  self->failures[call->which] = error;
  if (call->renewal) {
    /* To remove the old mapping now could hit the new one. */
    forget_all(self);
    start_round(self);
  } else if (self->pending == 0 && self->winner == NONE) {
    fail(self, fwd_port_failure_explain(&self->gateway, protocols, self->failures));
  }
}

static void
on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr(FwdPortMapper) self = g_weak_ref_get(&call->mapper);
  GError *error = NULL;
  FwdPortLease lease;
  const gboolean mapped = fwd_port_map_finish(result, &lease, &error);

  if (self != NULL && call->round == self->round)
    take_answer(self, call, &lease, error);
  else if (mapped)
    fwd_port_unmap(protocols[call->which], &lease);
  else
    g_error_free(error);
  g_weak_ref_clear(&call->mapper);
  g_free(call);
}

static void
ask(FwdPortMapper *self, guint which, const FwdPortLease *lease, gboolean renewal)
{
  Call *call = g_new0(Call, 1);

  g_weak_ref_init(&call->mapper, self);
  call->round = self->round;
  call->which = which;
  call->renewal = renewal;
  self->pending++;
  fwd_port_map_async(protocols[which], lease, renewal ? NULL : self->enough, self->gone,
                     on_answer, call);
}

/* NULL, or why nothing can be asked for. */
static GError *
prepare(FwdPortMapper *self, FwdPortLease *lease)
{
  *lease = (FwdPortLease){.tcp = self->tcp, .lifetime = self->lifetime};
  memcpy(lease->nonce, self->nonce, sizeof lease->nonce);
  self->gateway = (FwdEndpoint){0};
  if (!fwd_default_gateway_read(&lease->gateway) ||
      !fwd_default_gateway_get_local(&lease->gateway, &lease->local))
    return g_error_new(FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED,
                       "there is no router: no default route for IPv4");
  self->gateway = lease->gateway;
  fwd_endpoint_set_port(&lease->local, self->port);
  return NULL;
}

static void
start_round(FwdPortMapper *self)
{
  FwdPortLease lease;
  GError *error = prepare(self, &lease);

  release_all(self);
  g_clear_error(&self->error);
  g_clear_object(&self->enough);
  self->enough = g_cancellable_new();
  self->state = FWD_PORT_MAPPER_ASKING;
  if (error != NULL) {
    self->answered_us = g_get_monotonic_time();
    fail(self, error);
    return;
  }
  for (guint i = 0; i < FWD_PORT_PROTOCOLS; i++)
    ask(self, i, &lease, FALSE);
  notify_all(self);
}

/* In all other states the answer is on its way. */
static void
refresh(FwdPortMapper *self, const FwdEndpoint *seen)
{
  const gint64 age = g_get_monotonic_time() - self->answered_us;

  self->seen = seen != NULL ? *seen : (FwdEndpoint){0};
  if (self->state == FWD_PORT_MAPPER_FAILED && age >= FRESH_FAILED_US)
    start_round(self);
  else if (self->state == FWD_PORT_MAPPER_MAPPED && is_useful(self) && age >= FRESH_US &&
           self->renewal != 0) {
    g_clear_handle_id(&self->renewal, g_source_remove);
    ask(self, self->winner, &self->leases[self->winner], TRUE);
  }
}

static void
on_network_changed(GNetworkMonitor *monitor, gboolean available, FwdPortMapper *self)
{
  FwdEndpoint gateway = {0};

  fwd_default_gateway_read(&gateway);
  if (fwd_endpoint_family(&gateway) != fwd_endpoint_family(&self->gateway) ||
      !fwd_endpoint_same_address(&gateway, &self->gateway))
    start_round(self);
}

static const FwdPortLease *
current(FwdPortMapper *self)
{
  return self->state == FWD_PORT_MAPPER_MAPPED ? &self->leases[self->winner] : NULL;
}

static void
get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  FwdPortMapper *self = FWD_PORT_MAPPER(object);
  const FwdPortLease *lease = current(self);

  switch (id) {
  case PROPERTY_STATE:
    g_value_set_uint(value, self->state);
    break;
  case PROPERTY_OUTSIDE:
    g_value_set_boxed(value, lease ? &lease->outside : NULL);
    break;
  case PROPERTY_WAY:
    g_value_set_static_string(value, lease ? protocols[self->winner]->name : NULL);
    break;
  case PROPERTY_GRANTED:
    g_value_set_uint(value, lease ? lease->granted : 0);
    break;
  case PROPERTY_GATEWAY:
    g_value_set_boxed(value, self->gateway.any.sa_family == AF_INET ? &self->gateway : NULL);
    break;
  case PROPERTY_ERROR:
    g_value_set_boxed(value, self->error);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void
set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  FwdPortMapper *self = FWD_PORT_MAPPER(object);

  switch (id) {
  case PROPERTY_TCP:
    self->tcp = g_value_get_boolean(value);
    break;
  case PROPERTY_PORT:
    self->port = g_value_get_uint(value);
    break;
  case PROPERTY_LIFETIME:
    self->lifetime = g_value_get_uint(value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void
constructed(GObject *object)
{
  FwdPortMapper *self = FWD_PORT_MAPPER(object);

  G_OBJECT_CLASS(fwd_port_mapper_parent_class)->constructed(object);
  for (guint i = 0; i < sizeof self->nonce; i++)
    self->nonce[i] = g_random_int_range(0, 256);
  self->monitor = g_object_ref(g_network_monitor_get_default());
  g_signal_connect_object(self->monitor, "network-changed", G_CALLBACK(on_network_changed),
                          self, 0);
  start_round(self);
}

static void
dispose(GObject *object)
{
  FwdPortMapper *self = FWD_PORT_MAPPER(object);

  g_cancellable_cancel(self->gone);
  release_all(self);
  g_clear_object(&self->monitor);
  G_OBJECT_CLASS(fwd_port_mapper_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
  FwdPortMapper *self = FWD_PORT_MAPPER(object);

  g_clear_error(&self->error);
  g_clear_object(&self->enough);
  g_clear_object(&self->gone);
  G_OBJECT_CLASS(fwd_port_mapper_parent_class)->finalize(object);
}

static void
install_properties(GObjectClass *klass)
{
  const GParamFlags construct =
      G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;
  const GParamFlags read = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  properties[PROPERTY_TCP] = g_param_spec_boolean("tcp", NULL, NULL, FALSE, construct);
  properties[PROPERTY_PORT] =
      g_param_spec_uint("port", NULL, NULL, 0, G_MAXUINT16, 0, construct);
  properties[PROPERTY_LIFETIME] = g_param_spec_uint("lifetime", NULL, NULL, 1, 24 * 3600,
                                                    FWD_PORT_MAPPER_LIFETIME, construct);
  properties[PROPERTY_STATE] =
      g_param_spec_uint("state", NULL, NULL, 0, FWD_PORT_MAPPER_FAILED, 0, read);
  properties[PROPERTY_OUTSIDE] =
      g_param_spec_boxed("outside", NULL, NULL, FWD_TYPE_ENDPOINT, read);
  properties[PROPERTY_WAY] = g_param_spec_string("way", NULL, NULL, NULL, read);
  properties[PROPERTY_GRANTED] =
      g_param_spec_uint("granted", NULL, NULL, 0, G_MAXUINT, 0, read);
  properties[PROPERTY_GATEWAY] =
      g_param_spec_boxed("gateway", NULL, NULL, FWD_TYPE_ENDPOINT, read);
  properties[PROPERTY_ERROR] = g_param_spec_boxed("error", NULL, NULL, G_TYPE_ERROR, read);
  g_object_class_install_properties(klass, PROPERTY_COUNT, properties);
}

static void
fwd_port_mapper_class_init(gpointer klass, gpointer data)
{
  GObjectClass *object_class = G_OBJECT_CLASS(klass);

  fwd_port_mapper_parent_class = g_type_class_peek_parent(klass);
  object_class->get_property = get_property;
  object_class->set_property = set_property;
  object_class->constructed = constructed;
  object_class->dispose = dispose;
  object_class->finalize = finalize;
  install_properties(object_class);
  g_signal_new_class_handler("refresh", G_TYPE_FROM_CLASS(klass),
                             G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK(refresh), NULL,
                             NULL, NULL, G_TYPE_NONE, 1, FWD_TYPE_ENDPOINT);
}

static void
fwd_port_mapper_init(GTypeInstance *instance, gpointer klass)
{
  FwdPortMapper *self = (FwdPortMapper *)instance;

  self->winner = NONE;
  self->gone = g_cancellable_new();
}

/* G_DEFINE_FINAL_TYPE would register one name from two plugins. */
GType
fwd_port_mapper_get_type(void)
{
  static gsize type;

  if (g_once_init_enter(&type)) {
    g_autofree char *name = g_strdup_printf("FwdPortMapper-%p", (void *)&type);
    g_once_init_leave(
        &type, g_type_register_static_simple(G_TYPE_OBJECT, name, sizeof(FwdPortMapperClass),
                                             fwd_port_mapper_class_init, sizeof(FwdPortMapper),
                                             fwd_port_mapper_init, G_TYPE_FLAG_FINAL));
  }
  return type;
}

FwdPortMapper *
fwd_port_mapper_new(gboolean tcp, guint16 port)
{
  return g_object_new(FWD_TYPE_PORT_MAPPER, "tcp", tcp, "port", (guint)port, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/measurement.h"

#include <glib-unix.h>

#define FWD_LOG_COMPONENT "discovery"
#include "core/log.h"
#include "net/nat-sockets.h"

typedef struct {
  FwdNatSockets *sockets;
  guint watch;
} Set;

struct FwdMeasurement {
  FwdMeasurementEvents events;
  gpointer user_data;
  Set fresh[2]; /* IPv4, IPv6 */
  Set survey_set;
  FwdNatSurvey *survey;
  Set lifetime_set;
  FwdNatLifetime *lifetime;
  gboolean was_surveyed, was_timed;
  guint timer;
};

static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
  fwd_nat_sockets_read(((Set *)user_data)->sockets);
  return G_SOURCE_CONTINUE;
}

static gboolean
open_set(Set *set, int family, guint count, const FwdNatSocketsEvents *events,
         FwdMeasurement *self)
{
  g_autoptr(GError) error = NULL;

  set->sockets = fwd_nat_sockets_new(family, count, events, self, &error);
  if (!set->sockets) {
    fwd_log_debug("no sockets to measure with: %s", error->message);
    return FALSE;
  }
  set->watch = g_unix_fd_add(fwd_nat_sockets_get_fd(set->sockets), G_IO_IN, on_readable, set);
  return TRUE;
}

static void
close_set(Set *set)
{
  g_clear_handle_id(&set->watch, g_source_remove);
  g_clear_pointer(&set->sockets, fwd_nat_sockets_free);
}

static void
on_fresh(guint socket, const FwdEndpoint *from, const guint8 *data, gsize length,
         gpointer user_data)
{
  FwdMeasurement *self = user_data;

  self->events.received(from, data, length, self->user_data);
}

static void
ignore_expired(guint socket, const FwdEndpoint *router, gpointer user_data)
{
}

void
fwd_measurement_send_fresh(FwdMeasurement *self, const FwdEndpoint *to, const guint8 *data,
                           gsize length)
{
  static const FwdNatSocketsEvents events = {.received = on_fresh, .expired = ignore_expired};
  int family = fwd_endpoint_family(to);
  Set *set = &self->fresh[family == AF_INET6 ? 1 : 0];

  if (set->sockets || open_set(set, family, 1, &events, self))
    fwd_nat_sockets_send(set->sockets, 0, 0, to, data, length);
}

static void arm(FwdMeasurement *self);

static gboolean
on_timer(gpointer user_data)
{
  FwdMeasurement *self = user_data;

  gint64 now = g_get_monotonic_time();

  self->timer = 0;
  if (self->survey)
    fwd_nat_survey_tick(self->survey, now);
  if (self->lifetime)
    fwd_nat_lifetime_tick(self->lifetime, now);
  arm(self);
  return G_SOURCE_REMOVE;
}

static void
arm(FwdMeasurement *self)
{
  gint64 survey = self->survey ? fwd_nat_survey_deadline(self->survey) : G_MAXINT64;
  gint64 lifetime = self->lifetime ? fwd_nat_lifetime_deadline(self->lifetime) : G_MAXINT64;
  gint64 deadline = MIN(survey, lifetime), wait = deadline - g_get_monotonic_time();

  g_clear_handle_id(&self->timer, g_source_remove);
  if (deadline != G_MAXINT64)
    self->timer = g_timeout_add((guint)CLAMP((wait + 999) / 1000, 0, 60000), on_timer, self);
}

static void
on_survey_received(guint socket, const FwdEndpoint *from, const guint8 *data, gsize length,
                   gpointer user_data)
{
  FwdMeasurement *self = user_data;

  if (!self->survey)
    return;
  fwd_nat_survey_receive(self->survey, socket, from, data, length, g_get_monotonic_time());
  arm(self);
}

static void
on_survey_expired(guint socket, const FwdEndpoint *router, gpointer user_data)
{
  FwdMeasurement *self = user_data;

  if (self->survey)
    fwd_nat_survey_expired(self->survey, socket, router);
}

static void
send_survey(guint socket, guint hops, const FwdEndpoint *to, const guint8 *data, gsize length,
            gpointer user_data)
{
  FwdMeasurement *self = user_data;

  fwd_nat_sockets_send(self->survey_set.sockets, socket, hops, to, data, length);
}

static void
on_surveyed(const FwdNatSurveyResult *result, gpointer user_data)
{
  FwdMeasurement *self = user_data;

  g_clear_pointer(&self->survey, fwd_nat_survey_free);
  self->events.surveyed(result, self->user_data);
}

static void
list_ports(const Set *set, guint16 *ports)
{
  for (guint i = 0; i < fwd_nat_sockets_count(set->sockets); i++)
    ports[i] = fwd_nat_sockets_get_port(set->sockets, i);
}

void
fwd_measurement_survey(FwdMeasurement *self, const FwdEndpoint *server)
{
  static const FwdNatSocketsEvents socket_events = {.received = on_survey_received,
                                                    .expired = on_survey_expired};
  static const FwdNatSurveyEvents events = {.send = send_survey, .done = on_surveyed};
  guint16 ports[FWD_NAT_SURVEY_SOCKETS];

  if (self->was_surveyed)
    return;
  self->was_surveyed = TRUE;
  if (!open_set(&self->survey_set, AF_INET, FWD_NAT_SURVEY_SOCKETS, &socket_events, self))
    return;
  list_ports(&self->survey_set, ports);
  self->survey = fwd_nat_survey_new(server, ports, &events, self, g_get_monotonic_time());
  arm(self);
}

static void
on_lifetime_received(guint socket, const FwdEndpoint *from, const guint8 *data, gsize length,
                     gpointer user_data)
{
  FwdMeasurement *self = user_data;

  if (!self->lifetime)
    return;
  fwd_nat_lifetime_receive(self->lifetime, socket, from, data, length, g_get_monotonic_time());
  arm(self);
}

static void
send_lifetime(guint socket, const FwdEndpoint *to, const guint8 *data, gsize length,
              gpointer user_data)
{
  FwdMeasurement *self = user_data;

  fwd_nat_sockets_send(self->lifetime_set.sockets, socket, 0, to, data, length);
}

static void
on_lifetime(guint seconds, gboolean is_final, gpointer user_data)
{
  FwdMeasurement *self = user_data;

  if (is_final)
    g_clear_pointer(&self->lifetime, fwd_nat_lifetime_free);
  self->events.lifetime(seconds, is_final, self->user_data);
}

void
fwd_measurement_lifetime(FwdMeasurement *self, const FwdEndpoint *server)
{
  static const FwdNatSocketsEvents socket_events = {.received = on_lifetime_received,
                                                    .expired = ignore_expired};
  static const FwdNatLifetimeEvents events = {.send = send_lifetime, .found = on_lifetime};
  guint16 ports[FWD_NAT_LIFETIME_SOCKETS];

  if (self->was_timed)
    return;
  self->was_timed = TRUE;
  if (!open_set(&self->lifetime_set, AF_INET, FWD_NAT_LIFETIME_SOCKETS, &socket_events, self))
    return;
  list_ports(&self->lifetime_set, ports);
  self->lifetime = fwd_nat_lifetime_new(server, ports, &events, self, g_get_monotonic_time());
  arm(self);
}

gboolean
fwd_measurement_is_surveying(const FwdMeasurement *self)
{
  return self->survey != NULL;
}

FwdMeasurement *
fwd_measurement_new(const FwdMeasurementEvents *events, gpointer user_data)
{
  FwdMeasurement *self = g_new0(FwdMeasurement, 1);

  self->events = *events;
  self->user_data = user_data;
  return self;
}

void
fwd_measurement_free(FwdMeasurement *self)
{
  g_clear_handle_id(&self->timer, g_source_remove);
  g_clear_pointer(&self->survey, fwd_nat_survey_free);
  close_set(&self->survey_set);
  g_clear_pointer(&self->lifetime, fwd_nat_lifetime_free);
  close_set(&self->lifetime_set);
  for (guint i = 0; i < G_N_ELEMENTS(self->fresh); i++)
    close_set(&self->fresh[i]);
  g_free(self);
}

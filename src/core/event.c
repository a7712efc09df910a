/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/event.h>

struct _FwdEvent {
  gatomicrefcount references;
  GQuark type;
  char *source;
  gint64 time_us;
  GVariant *payload;
};

G_DEFINE_BOXED_TYPE(FwdEvent, fwd_event, fwd_event_ref, fwd_event_unref)

FwdEvent *
fwd_event_new(const char *type, const char *source, GVariant *payload)
{
  FwdEvent *event = g_new0(FwdEvent, 1);

  g_atomic_ref_count_init(&event->references);
  event->type = g_quark_from_string(type);
  event->source = g_strdup(source);
  event->time_us = g_get_real_time();
  if (payload == NULL)
    payload = g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0);
  event->payload = g_variant_ref_sink(payload);
  return event;
}

FwdEvent *
fwd_event_ref(FwdEvent *event)
{
  g_atomic_ref_count_inc(&event->references);
  return event;
}

void
fwd_event_unref(FwdEvent *event)
{
  if (!g_atomic_ref_count_dec(&event->references))
    return;
  g_variant_unref(event->payload);
  g_free(event->source);
  g_free(event);
}

const char *
fwd_event_get_name(const FwdEvent *event)
{
  return g_quark_to_string(event->type);
}

GQuark
fwd_event_get_quark(const FwdEvent *event)
{
  return event->type;
}

const char *
fwd_event_get_source(const FwdEvent *event)
{
  return event->source;
}

gint64
fwd_event_get_time(const FwdEvent *event)
{
  return event->time_us;
}

GVariant *
fwd_event_get_payload(const FwdEvent *event)
{
  return event->payload;
}

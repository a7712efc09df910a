/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stunfwd/event.h>

struct _FwdEventBus {
  GObject parent;
  GQueue waiting; /* FwdEvent, published while another is emitted */
  gboolean emitting;
};

G_DEFINE_FINAL_TYPE(FwdEventBus, fwd_event_bus, G_TYPE_OBJECT)

static guint event_signal;

static void
finalize(GObject *object)
{
  FwdEventBus *self = FWD_EVENT_BUS(object);

  g_queue_clear_full(&self->waiting, (GDestroyNotify)fwd_event_unref);
  G_OBJECT_CLASS(fwd_event_bus_parent_class)->finalize(object);
}

static void
fwd_event_bus_class_init(FwdEventBusClass *class)
{
  G_OBJECT_CLASS(class)->finalize = finalize;

  event_signal =
      g_signal_new("event", FWD_TYPE_EVENT_BUS, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL,
                   NULL, NULL, G_TYPE_NONE, 1, FWD_TYPE_EVENT | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
fwd_event_bus_init(FwdEventBus *self)
{
  g_queue_init(&self->waiting);
}

FwdEventBus *
fwd_event_bus_new(void)
{
  return g_object_new(FWD_TYPE_EVENT_BUS, NULL);
}

void
fwd_event_bus_publish(FwdEventBus *self, FwdEvent *event)
{
  g_autoptr(FwdEventBus) alive = NULL;
  FwdEvent *next;

  g_queue_push_tail(&self->waiting, event);
  if (self->emitting)
    return;
  /* A handler may drop the last reference to the bus. */
  alive = g_object_ref(self);
  self->emitting = TRUE;
  while ((next = g_queue_pop_head(&self->waiting)) != NULL) {
    g_signal_emit(self, event_signal, fwd_event_get_quark(next), next);
    fwd_event_unref(next);
  }
  self->emitting = FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Events: what happened, for whoever wants to know. The bus is a GObject with
 * one detailed signal; connect to "event::nat-detected" or to "event" for all.
 * Main thread only.
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define FWD_EVENT_CONFIG_CHANGED          "config-changed"
#define FWD_EVENT_MAPPING_ADDED           "mapping-added"
#define FWD_EVENT_MAPPING_REMOVED         "mapping-removed"
#define FWD_EVENT_NETWORK_CHANGED         "network-changed"
#define FWD_EVENT_NETWORK_DISCOVERED      "network-discovered"
#define FWD_EVENT_NAT_DETECTED            "nat-detected"
#define FWD_EVENT_SIGNALING_CONNECTED     "signaling-connected"
#define FWD_EVENT_SIGNALING_DISCONNECTED  "signaling-disconnected"
#define FWD_EVENT_PEER_JOINED             "peer-joined"
#define FWD_EVENT_PEER_LEFT               "peer-left"
#define FWD_EVENT_STRATEGY_STARTED        "strategy-started"
#define FWD_EVENT_STRATEGY_FAILED         "strategy-failed"
#define FWD_EVENT_CONNECTION_ESTABLISHED  "connection-established"
#define FWD_EVENT_CONNECTION_UPGRADED     "connection-upgraded"
#define FWD_EVENT_CONNECTION_LOST         "connection-lost"
#define FWD_EVENT_FORWARDING_STARTED      "forwarding-started"
#define FWD_EVENT_FORWARDING_STOPPED      "forwarding-stopped"
#define FWD_EVENT_FORWARDING_ERROR        "forwarding-error"
#define FWD_EVENT_SHUTDOWN                "shutdown"
#define FWD_EVENT_ERROR                   "error"

/** Boxed, immutable, reference counted. */
typedef struct _FwdEvent FwdEvent;

#define FWD_TYPE_EVENT (fwd_event_get_type())
GType fwd_event_get_type(void);

/**
 * @type is one of FWD_EVENT_…, @source names the component, @payload is an
 * a{sv} (consumed if floating) or NULL for an empty one. The time is now, in
 * microseconds since the epoch.
 */
FwdEvent *fwd_event_new(const char *type, const char *source, GVariant *payload);
FwdEvent *fwd_event_ref(FwdEvent *event);
void fwd_event_unref(FwdEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdEvent, fwd_event_unref)

const char *fwd_event_get_name(const FwdEvent *event);
GQuark fwd_event_get_quark(const FwdEvent *event);
const char *fwd_event_get_source(const FwdEvent *event);
gint64 fwd_event_get_time(const FwdEvent *event);
/** (transfer none) */
GVariant *fwd_event_get_payload(const FwdEvent *event);

#define FWD_TYPE_EVENT_BUS (fwd_event_bus_get_type())
G_DECLARE_FINAL_TYPE(FwdEventBus, fwd_event_bus, FWD, EVENT_BUS, GObject)

/** Signal: "event" (FwdEvent *), detailed by the event's type. */
FwdEventBus *fwd_event_bus_new(void);

/**
 * Emits @event (transfer full). An event published by a handler is queued and
 * emitted after the present one, so that every handler sees one order.
 */
void fwd_event_bus_publish(FwdEventBus *self, FwdEvent *event);

G_END_DECLS

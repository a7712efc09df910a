/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The race of strategies for a path to one peer: both peers run the same
 * strategies at the same time; what they find is handed over by the signal
 * "path". A path of a class ends the strategies of worse classes. Main thread
 * only.
 */
#pragma once

#include "core/plugin-registry.h"
#include "session/connector-attempt.h"
#include <stunfwd/event.h>

#define FWD_TYPE_CONNECTOR (fwd_connector_get_type())
G_DECLARE_FINAL_TYPE(FwdConnector, fwd_connector, FWD, CONNECTOR, GObject)

/** What became of one strategy so far. */
typedef struct {
  char *id;
  guint attempts;
  guint successes;
} FwdStrategyRecord;

/**
 * Signals:
 *  "path"     (gpointer FwdPath, transfer full)  exactly one handler must take it
 *  "send"     (const char *strategy, GVariant *body)  for the strategy at the peer
 *  "finished" (gboolean found)  every strategy of the race has ended
 */
FwdConnector *fwd_connector_new(FwdDataPlane *plane, FwdPluginRegistry *registry,
                                FwdEventBus *bus, const FwdConnectorConfig *config);

/** Copies what is known of one end; tells attempts that run. */
void
fwd_connector_set_local(FwdConnector *self, const GArray *candidates, const FwdNatReport *nat);
void
fwd_connector_set_remote(FwdConnector *self, const GArray *candidates, const FwdNatReport *nat);

/**
 * The strategies of @offered (ids that the peer can run) that can be attempted
 * now, best first (transfer full); why the others can't goes to the story.
 */
GStrv fwd_connector_plan(FwdConnector *self, const char *const *offered);

/**
 * Ends the race that runs, if any, without "finished", and starts these, each
 * once; "finished" comes at once when none of them is known here.
 */
void fwd_connector_race(FwdConnector *self, const char *const *strategies);
void fwd_connector_cancel(FwdConnector *self);
gboolean fwd_connector_is_racing(FwdConnector *self);

/** From the data plane and from the room. */
void fwd_connector_checked(FwdConnector *self, const FwdEndpoint *remote, guint rtt_us);
void fwd_connector_challenged(FwdConnector *self, const FwdEndpoint *remote);
void fwd_connector_message(FwdConnector *self, const char *strategy, GVariant *body);

/** Of FwdStrategyRecord (transfer none). */
const GPtrArray *fwd_connector_get_records(FwdConnector *self);
/** "STRATEGY: line" each, of the last race (transfer full). */
GStrv fwd_connector_get_story(FwdConnector *self);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The race of strategies for paths to one peer: both peers run the same
 * strategies at the same time; what they find is handed over by the signal
 * "path". On the controlling side a direct path ends the strategies that can only find one as good or
 * worse, a relay those that look for another relay: each is wanted beside the
 * other. The other side goes on until it is told, for what it has found first may
 * not be what the controlling side has. Main thread only.
 */
#pragma once

#include "core/plugin-registry.h"
#include "session/connector-attempt.h"
#include "meeting/story.h"
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
 *  "send"     (guint race, const char *strategy, GVariant *body)  for its twin at the peer
 *  "pointless" (GStrv strategies)  stopped here, and of no use at the peer either; comes
 *                                  from the controlling side alone
 *  "ended"    (const char *strategy, guint outcome)  one has ended; a FwdOutcome
 *  "finished" (gboolean found)  no strategy runs any more
 *  "story"    ()  there is more to tell: one has ended, or cannot be attempted
 */
FwdConnector *fwd_connector_new(FwdDataPlane *plane, FwdPluginRegistry *registry,
                                FwdEventBus *bus, const FwdConnectorConfig *config);

/** Copies what is known of one end; tells attempts that run. */
void
fwd_connector_set_local(FwdConnector *self, const GArray *candidates, const FwdNatReport *nat);
void
fwd_connector_set_remote(FwdConnector *self, const GArray *candidates, const FwdNatReport *nat);

/**
 * FwdImplementation pointers of those of @offered (ids that the peer can run)
 * that can be attempted now and do not run, the most promising first (transfer
 * container); why the others can't goes to the story.
 */
GPtrArray *fwd_connector_list_possible(FwdConnector *self, const char *const *offered);

/** How a strategy has done between these two networks, see fwd_history_rate(). */
gint fwd_connector_rate(FwdConnector *self, const char *strategy);

/**
 * Starts these, each once, as the race of that number; those that run go on,
 * but for one that is named again: it starts over. "finished" comes at once
 * when nothing runs then.
 */
void
fwd_connector_race(FwdConnector *self, guint32 number, const char *const *strategies);
/** The controlling side needs these no more. */
void fwd_connector_stop(FwdConnector *self, const char *const *strategies);
void fwd_connector_cancel(FwdConnector *self);
gboolean fwd_connector_is_racing(FwdConnector *self);

/** From the data plane and from the room. */
void fwd_connector_checked(FwdConnector *self, const FwdEndpoint *remote, guint rtt_us);
void fwd_connector_challenged(FwdConnector *self, const FwdEndpoint *remote);
/** Passed on to @strategy if it runs since the race of that number. */
void fwd_connector_message(FwdConnector *self, guint32 race, const char *strategy,
                           GVariant *body);

/** Of FwdCandidate, as last told (transfer none). */
const GArray *fwd_connector_get_remote_candidates(FwdConnector *self);
/** As last told (transfer none). */
const FwdNatReport *fwd_connector_get_remote_nat(FwdConnector *self);
/** Of FwdStrategyRecord (transfer none). */
const GPtrArray *fwd_connector_get_records(FwdConnector *self);
/** (transfer none) */
const FwdStory *fwd_connector_get_story(FwdConnector *self);

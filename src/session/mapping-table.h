/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The mappings of a session, each with its forwarder. A GListModel of
 * FwdMappingEntry; what comes and goes does not disturb the others. Main
 * thread only.
 */
#pragma once

#include "core/plugin-registry.h"
#include "session/mapping-entry.h"
#include <gio/gio.h>
#include <stunfwd/event.h>

#define FWD_TYPE_MAPPING_TABLE (fwd_mapping_table_get_type())
G_DECLARE_FINAL_TYPE(FwdMappingTable, fwd_mapping_table, FWD, MAPPING_TABLE, GObject)

/** Most mappings of one table. */
#define FWD_MAPPINGS_MAX 4096

/** @local_reverse: this side is the one that listens for reverse mappings, and for them only.
 */
FwdMappingTable *fwd_mapping_table_new(FwdPluginRegistry *registry, FwdEventBus *bus,
                                       FwdTunnel *tunnel, gboolean local_reverse);

/**
 * Adds what one text describes (a range gives several) and starts to listen:
 * all of it or nothing. Returns the id of the first, or 0. Errors:
 * FWD_SETTINGS_ERROR for the text, FWD_FORWARDER_ERROR for the port, REFUSED
 * in FWD_SESSION_ERROR for a mapping that is there already.
 */
guint fwd_mapping_table_add(FwdMappingTable *self, const char *text, GError **error);

/** Stops listening; connections that are open go on. Errors: INVALID for an unknown id. */
gboolean fwd_mapping_table_remove(FwdMappingTable *self, guint id, GError **error);

/**
 * Adds @texts as the mappings that fwd_mapping_table_follow() follows; the
 * first one that fails ends it. Errors as of fwd_mapping_table_add().
 */
gboolean
fwd_mapping_table_begin(FwdMappingTable *self, const char *const *texts, GError **error);

/**
 * Makes the mappings that came from @texts at the last call to be those of
 * @texts now; others stay. A failure is logged once and passed over; FALSE when
 * there was one: call again later, the port may be free by then.
 */
gboolean fwd_mapping_table_follow(FwdMappingTable *self, const char *const *texts);

/** Texts of the mappings that the peer should open (transfer full). */
GStrv fwd_mapping_table_list_requested(FwdMappingTable *self);
/** What became of them: "MAPPING=PORT" or "MAPPING!reason" each. */
void fwd_mapping_table_report(FwdMappingTable *self, const char *const *reports);
/** Closes all ports. */
void fwd_mapping_table_clear(FwdMappingTable *self);

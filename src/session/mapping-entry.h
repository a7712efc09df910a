/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One row of a mapping table: a mapping and the forwarder that listens for it.
 * Main thread only; made and changed by its table.
 */
#pragma once

#include <stunfwd/forwarder.h>

#define FWD_TYPE_MAPPING_ENTRY (fwd_mapping_entry_get_type())
G_DECLARE_FINAL_TYPE(FwdMappingEntry, fwd_mapping_entry, FWD, MAPPING_ENTRY, GObject)

/** @forwarder listens already; NULL for a mapping that the peer is asked to open. */
FwdMappingEntry *fwd_mapping_entry_new(guint id, FwdMapping *mapping, FwdForwarder *forwarder);

/** Stops listening; connections that are open go on. */
void fwd_mapping_entry_close(FwdMappingEntry *self);

/** What the peer said became of a requested mapping; @refused NULL when it is open. */
void fwd_mapping_entry_report(FwdMappingEntry *self, guint16 port, const char *refused);

guint fwd_mapping_entry_get_id(FwdMappingEntry *self);
/** (transfer none) */
FwdMapping *fwd_mapping_entry_get_mapping(FwdMappingEntry *self);
/** "listening"; for a mapping that the peer opens also "requested" and "refused: WHY". */
const char *fwd_mapping_entry_get_state(FwdMappingEntry *self);
/** The port that is open, here or at the peer; 0 when there is none or it is unknown. */
guint16 fwd_mapping_entry_get_port(FwdMappingEntry *self);

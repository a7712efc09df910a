/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** One path of a path set, with what the set knows of it. Passive; times are nanoseconds. */
#pragma once

#include "path/path-choice.h"
#include "path/path-monitor.h"
#include "path/path-set.h"

/** Ids that a path had before and that QUIC may still name: two at a time at most. */
#define FWD_PATH_FORMER_IDS 4

typedef struct {
  FwdPathId id;
  FwdPathId former[FWD_PATH_FORMER_IDS]; /**< the last one first */
  FwdPath *path;
  FwdPathMonitor monitor;
  gboolean guessed; /**< its class and strategy: it was adopted */
  gboolean told;    /**< as alive */
} FwdPathEntry;

/** @path (transfer full). @proven: a strategy found it; else it was adopted. */
FwdPathEntry *fwd_path_entry_new(FwdPathId id, FwdPath *path, gboolean proven, gint64 now);
/** Closes the path. */
void fwd_path_entry_free(FwdPathEntry *entry);

gboolean fwd_path_entry_has_id(const FwdPathEntry *entry, FwdPathId id);
/** Its present id becomes a former one. */
void fwd_path_entry_renumber(FwdPathEntry *entry, FwdPathId id);

/** A strategy has found the same path again: @path (transfer full) is closed. */
void fwd_path_entry_merge(FwdPathEntry *entry, FwdPath *path, gint64 now);

FwdPathRating fwd_path_entry_rate(const FwdPathEntry *entry);
/** All of @info but whether it is active. */
void fwd_path_entry_describe(const FwdPathEntry *entry, FwdPathInfo *info);

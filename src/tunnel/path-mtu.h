/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * How large packets the current path carries (RFC 8899): 1,200 bytes until a
 * probe of a larger size was acknowledged. A probe is a QUIC DATAGRAM frame
 * whose flow id is FWD_PATH_MTU_FLOW and which the peer ignores. Passive.
 */
#pragma once

#include "path/path-set.h"

/** No bidirectional stream has this id, so no flow has it. */
#define FWD_PATH_MTU_FLOW 2

typedef struct {
  FwdPathId path;       /**< whose size @size is */
  guint16 size;         /**< of a whole packet, proven */
  guint16 largest;      /**< what the path claims to carry; never less than @size */
  guint16 probed;       /**< size of the probe under way; 0 none */
  guint16 probe_length; /**< of the packet that was really written */
  guint attempts;       /**< lost at this size */
  gboolean settled;     /**< nothing larger to try */
} FwdPathMtu;

/** Starts over on another path. */
void fwd_path_mtu_reset(FwdPathMtu *mtu, FwdPathId path, guint16 largest);
/** Size of the probe to send now, or 0. */
guint16 fwd_path_mtu_next(const FwdPathMtu *mtu);
/** A probe of @length bytes was written; returns the tag for its DATAGRAM frame. */
guint64 fwd_path_mtu_tag(const FwdPathMtu *mtu);
void fwd_path_mtu_sent(FwdPathMtu *mtu, guint16 size, guint16 length);
/** What became of the datagram with @tag. */
void fwd_path_mtu_settle(FwdPathMtu *mtu, guint64 tag, gboolean lost);

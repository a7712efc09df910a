/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * How a NAT chooses outside ports, from mappings made one after the other.
 * Other hosts make mappings in between, so steps may be missing. No state; any thread.
 */
#pragma once

#include <stunfwd/nat.h>

typedef struct {
  guint16 local;  /**< port of the socket */
  guint16 mapped; /**< outside port that it was given */
} FwdPortSample;

typedef struct {
  FwdPortPattern pattern;
  gint delta;   /**< step from one mapping to the next; SEQUENTIAL only */
  guint spread; /**< how far the next port may lie from the predicted one; SEQUENTIAL only */
} FwdPortAllocation;

/** @samples in the order in which the mappings were made; fewer than three tell nothing. */
FwdPortAllocation fwd_port_allocation_judge(const FwdPortSample *samples, guint count);

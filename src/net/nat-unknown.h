/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What a report could not say about a NAT, and why. No state; any thread. */
#pragma once

#include <stunfwd/nat.h>

#define FWD_NAT_UNKNOWN_MAX 8

typedef struct {
  const char *what; /**< static: a word as in `stunfwd nat --json` */
  const char *why;  /**< static: a sentence for people */
} FwdNatUnknown;

/**
 * Writes up to FWD_NAT_UNKNOWN_MAX of them to @list and returns how many. What a
 * host without a NAT has no use for is not counted. @asked_lifetime: whether the
 * lifetime was to be measured.
 */
guint
fwd_nat_list_unknown(const FwdNatReport *report, gboolean asked_lifetime, FwdNatUnknown *list);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Counts packets that belong to nobody and tells the log of them now and then,
 * so that strangers are seen and cannot fill it. Loop thread; embedded.
 */
#pragma once

#include "tunnel/data-loop.h"

typedef struct {
  guint64 dropped; /**< packets of no tunnel */
  guint64 forged;  /**< checks with a wrong key */
} FwdStrangerCounts;

typedef struct {
  FwdDataLoop *loop;
  FwdTimer timer;
  FwdStrangerCounts counts, told;
  gint64 told_at;
} FwdStrangers;

void fwd_strangers_init(FwdStrangers *strangers, FwdDataLoop *loop);
void fwd_strangers_drop(FwdStrangers *strangers);
void fwd_strangers_drop_forged(FwdStrangers *strangers);

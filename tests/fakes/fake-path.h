/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Two paths that lead to each other through memory, with delay, loss and cuts,
 * on a clock that the test moves. One thread.
 */
#pragma once

#include <stunfwd/path.h>

typedef struct FwdFakeLink FwdFakeLink;

FwdFakeLink *fwd_fake_link_new(void);
/** After both paths are closed. */
void fwd_fake_link_free(FwdFakeLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdFakeLink, fwd_fake_link_free)

/**
 * A path (transfer full) of end 0 or 1, with an (eventfd) descriptor of its own
 * that is readable as long as something is on its way. A new one takes the
 * place of a closed one.
 */
FwdPath *fwd_fake_link_create_path(FwdFakeLink *link, guint end, FwdPathClass path_class,
                                   const char *strategy);

/** Packets arrive that are due at @now, in nanoseconds. */
void fwd_fake_link_set_now(FwdFakeLink *link, gint64 now);
/** When the next packet arrives at either end; G_MAXINT64 when none is on its way. */
gint64 fwd_fake_link_deadline(const FwdFakeLink *link);

/** One way, in nanoseconds, of what is sent from now on. */
void fwd_fake_link_set_delay(FwdFakeLink *link, gint64 delay);
/** 0 to 1; which packets are lost is the same in every run. */
void fwd_fake_link_set_loss(FwdFakeLink *link, double loss);
/** What is lost arrives so much later instead, and all behind it waits, as over TCP. 0: never.
 */
void fwd_fake_link_set_retransmission(FwdFakeLink *link, gint64 delay);
/** What is sent to @end from now on is lost; 0, 1. */
void fwd_fake_link_cut(FwdFakeLink *link, guint end, gboolean cut);
/** While TRUE, @end takes nothing (send_batch returns 0). */
void fwd_fake_link_block(FwdFakeLink *link, guint end, gboolean blocked);
/** Sends of @end return -@error from now on; 0 none. */
void fwd_fake_link_fail(FwdFakeLink *link, guint end, int error);

/** Packets that @end has given to the link, lost ones too. */
guint fwd_fake_link_sent(const FwdFakeLink *link, guint end);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * An attempt is what a strategy works with: both sides' candidates and NAT
 * reports, the session's shared sockets, a way to talk to the same strategy at
 * the peer, and the story that `stunfwd explain` tells. Main thread only. An
 * attempt lasts as long as the strategy's attempt_async; afterwards its
 * functions do nothing.
 *
 * Checks are STUN binding requests (RFC 8489) under the probe key that both
 * peers share: a stranger can neither answer them nor have them answered. The
 * data-loop answers the peer's checks by itself, at any time.
 */
#pragma once

#include <gio/gio.h>
#include <stunfwd/nat.h>
#include <stunfwd/path.h>

G_BEGIN_DECLS

#define FWD_TYPE_ATTEMPT (fwd_attempt_get_type())
G_DECLARE_DERIVABLE_TYPE(FwdAttempt, fwd_attempt, FWD, ATTEMPT, GObject)

/**
 * The host derives from this; so do the fakes of a strategy's tests.
 *
 * Signals:
 *  "checked"    (FwdEndpoint *remote, guint rtt_us)  a check of ours was answered from @remote
 *  "challenged" (FwdEndpoint *remote)  a check of the peer came from @remote: it may be an
 *                                      endpoint that no candidate named (peer-reflexive)
 *  "message"    (GVariant *message)    the peer's strategy sent it with send_message
 *  "candidates" ()                     the peer's candidates or NAT report have changed
 */
struct _FwdAttemptClass {
  GObjectClass parent;

  gboolean (*is_controlling)(FwdAttempt *self);
  const GArray *(*get_local_candidates)(FwdAttempt *self);
  const GArray *(*get_remote_candidates)(FwdAttempt *self);
  const FwdNatReport *(*get_local_nat)(FwdAttempt *self);
  const FwdNatReport *(*get_remote_nat)(FwdAttempt *self);
  gboolean (*send_check)(FwdAttempt *self, const FwdEndpoint *remote, guint ttl);
  FwdPath *(*create_udp_path)(FwdAttempt *self, const FwdEndpoint *remote, guint rtt_us);
  gboolean (*send_message)(FwdAttempt *self, GVariant *message);
  void (*note)(FwdAttempt *self, const char *line);
  gpointer reserved[12];
};

/** Whether this side is the client, which orders the plan and decides. */
gboolean fwd_attempt_is_controlling(FwdAttempt *self);

/** Arrays of FwdCandidate (transfer none), valid until "candidates". */
const GArray *fwd_attempt_get_local_candidates(FwdAttempt *self);
const GArray *fwd_attempt_get_remote_candidates(FwdAttempt *self);
const FwdNatReport *fwd_attempt_get_local_nat(FwdAttempt *self);
const FwdNatReport *fwd_attempt_get_remote_nat(FwdAttempt *self);

/** Whether some public address of ours is also the peer's: both are behind the same NAT. */
gboolean fwd_attempt_shares_public_address(FwdAttempt *self);

/**
 * Sends one check from the shared socket of the family of @remote. @ttl 0 is
 * the system's default. FALSE when it could not leave (no socket of that
 * family, no route): the endpoint is not worth another try.
 */
gboolean fwd_attempt_send_check(FwdAttempt *self, const FwdEndpoint *remote, guint ttl);

/** A path on the shared socket to @remote (transfer full): what attempt_finish returns. */
FwdPath *fwd_attempt_create_udp_path(FwdAttempt *self, const FwdEndpoint *remote,
                                     guint rtt_us);

/**
 * Sends a message to this strategy at the peer through the room. @message is
 * consumed if floating; at most 4 KiB as text. FALSE when the room is out of reach.
 */
gboolean fwd_attempt_send_message(FwdAttempt *self, GVariant *message);

/** Adds a line to the story of this attempt: what was sent, seen, concluded. */
void fwd_attempt_note(FwdAttempt *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** For hosts. */
void fwd_attempt_emit_checked(FwdAttempt *self, const FwdEndpoint *remote, guint rtt_us);
void fwd_attempt_emit_challenged(FwdAttempt *self, const FwdEndpoint *remote);
void fwd_attempt_emit_message(FwdAttempt *self, GVariant *message);
void fwd_attempt_emit_candidates(FwdAttempt *self);

G_END_DECLS

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
#include <stunfwd/turn.h>

G_BEGIN_DECLS

/** Largest check, and the size of its transaction id (RFC 8489, 5). */
#define FWD_CHECK_SIZE_MAX         160
#define FWD_CHECK_TRANSACTION_SIZE 12

/** What a datagram is to the receiver of a check. */
typedef enum {
  FWD_CHECK_NONE,     /**< nothing that the peer made */
  FWD_CHECK_REQUEST,  /**< to be answered with fwd_attempt_write_response() */
  FWD_CHECK_RESPONSE, /**< to a request with that transaction id */
} FwdCheckKind;

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
  /* From minor 1 on. */
  void (*advise)(FwdAttempt *self, const char *line);
  const char *(*get_signaling_url)(FwdAttempt *self);
  const GArray *(*get_stun_servers)(FwdAttempt *self);
  const GPtrArray *(*get_turn_servers)(FwdAttempt *self);
  void (*derive)(FwdAttempt *self, const char *label, guint8 *output, gsize size);
  gsize (*write_check)(FwdAttempt *self, guint8 *buffer, gsize size, guint8 *transaction);
  FwdCheckKind (*read_check)(FwdAttempt *self, const guint8 *data, gsize length,
                             guint8 *transaction);
  gsize (*write_response)(FwdAttempt *self, guint8 *buffer, gsize size,
                          const guint8 *transaction, const FwdEndpoint *from);
  FwdPath *(*create_socket_path)(FwdAttempt *self, int fd, const FwdEndpoint *remote,
                                 guint rtt_us);
  FwdPath *(*create_stream_path)(FwdAttempt *self, GIOStream *stream, FwdFraming framing,
                                 guint rtt_us);
  void (*keep)(FwdAttempt *self, const char *key, GObject *object);
  GObject *(*get_kept)(FwdAttempt *self, const char *key);
  void (*claim)(FwdAttempt *self, const FwdEndpoint *remote);
  int (*open_socket)(FwdAttempt *self, int family);
  gboolean (*send_from)(FwdAttempt *self, int fd, const FwdEndpoint *remote, guint ttl,
                        const guint8 *data, gsize length);
  gssize (*receive_at)(FwdAttempt *self, int fd, guint8 *buffer, gsize size, FwdEndpoint *from);
  gsize (*write_query)(FwdAttempt *self, guint8 *buffer, gsize size, guint8 *transaction);
  gboolean (*read_answer)(FwdAttempt *self, const guint8 *data, gsize length,
                          guint8 *transaction, FwdEndpoint *mapped);
  gpointer reserved[8];
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
FwdPath *fwd_attempt_create_udp_path(FwdAttempt *self, const FwdEndpoint *remote, guint rtt_us);

/**
 * Sends a message to this strategy at the peer through the room. @message is
 * consumed if floating; at most 4 KiB as text. FALSE when the room is out of reach.
 */
gboolean fwd_attempt_send_message(FwdAttempt *self, GVariant *message);

/** Adds a line to the story of this attempt: what was sent, seen, concluded. */
void fwd_attempt_note(FwdAttempt *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** Adds what would help to the story, for people: "allow UDP to …", "turn on UPnP at …". */
void fwd_attempt_advise(FwdAttempt *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** The signaling server's URL, as text. */
const char *fwd_attempt_get_signaling_url(FwdAttempt *self);
/** Of FwdEndpoint: the STUN servers, resolved (transfer none). May be empty. */
const GArray *fwd_attempt_get_stun_servers(FwdAttempt *self);
/** Of FwdTurnServer, best first (transfer none). May be empty. */
const GPtrArray *fwd_attempt_get_turn_servers(FwdAttempt *self);

/**
 * Fills @output with up to 255 bytes that both peers derive alike, and nobody
 * else can, from the room's secret, both sessions, this race, the strategy's id
 * and @label.
 */
void fwd_attempt_derive(FwdAttempt *self, const char *label, guint8 *output, gsize size);

/*
 * Sockets of the strategy's own, and what is said over them. A transaction id
 * has FWD_CHECK_TRANSACTION_SIZE bytes.
 */

/** Opens a UDP socket that does not block; -1 with errno. The caller closes it. */
int fwd_attempt_open_socket(FwdAttempt *self, int family);
/** Sends one datagram; @ttl 0 is the system's default. FALSE when it could not leave. */
gboolean fwd_attempt_send_from(FwdAttempt *self, int fd, const FwdEndpoint *remote, guint ttl,
                               const guint8 *data, gsize length);
/** Receives one datagram and returns its length; 0 when there is none, -errno. */
gssize fwd_attempt_receive_at(FwdAttempt *self, int fd, guint8 *buffer, gsize size,
                              FwdEndpoint *from);

/** Writes a Binding request for a STUN server, with a new transaction id; returns its length. */
gsize
fwd_attempt_write_query(FwdAttempt *self, guint8 *buffer, gsize size, guint8 *transaction);
/** Whether @data is a STUN server's answer: its transaction id, and how it saw us. */
gboolean fwd_attempt_read_answer(FwdAttempt *self, const guint8 *data, gsize length,
                                 guint8 *transaction, FwdEndpoint *mapped);

/** Writes a request to the peer with a new transaction id and returns its length. */
gsize
fwd_attempt_write_check(FwdAttempt *self, guint8 *buffer, gsize size, guint8 *transaction);
/** What @data is; of a check of the peer, copies the transaction id. */
FwdCheckKind
fwd_attempt_read_check(FwdAttempt *self, const guint8 *data, gsize length, guint8 *transaction);
/** Writes the response to a request that came from @from and returns its length. */
gsize fwd_attempt_write_response(FwdAttempt *self, guint8 *buffer, gsize size,
                                 const guint8 *transaction, const FwdEndpoint *from);

/**
 * A path that owns @fd, a UDP socket of the strategy's own, for packets to and
 * from @remote (transfer full; @fd is taken whatever happens). NULL with a bad fd.
 */
FwdPath *fwd_attempt_create_socket_path(FwdAttempt *self, int fd, const FwdEndpoint *remote,
                                        guint rtt_us);

/** A path over a connected byte stream, which it owns (both transfer full): framed-path. */
FwdPath *fwd_attempt_create_stream_path(FwdAttempt *self, GIOStream *stream, FwdFraming framing,
                                        guint rtt_us);

/**
 * Keeps @object (transfer full) for later attempts of this strategy in this
 * session, with whichever peer, in place of what was kept under @key; released
 * when the session stops. What outlives an attempt, such as a lease at a router.
 */
void fwd_attempt_keep(FwdAttempt *self, const char *key, GObject *object);
/** (transfer none), or NULL. */
GObject *fwd_attempt_get_kept(FwdAttempt *self, const char *key);

/**
 * What comes from @remote is this strategy's alone, now and in later races with
 * this peer: "checked" and "challenged" of it go to no other. For an endpoint of
 * a relay, which others would take for the peer's own.
 */
void fwd_attempt_claim(FwdAttempt *self, const FwdEndpoint *remote);

/** For hosts. */
void fwd_attempt_emit_checked(FwdAttempt *self, const FwdEndpoint *remote, guint rtt_us);
void fwd_attempt_emit_challenged(FwdAttempt *self, const FwdEndpoint *remote);
void fwd_attempt_emit_message(FwdAttempt *self, GVariant *message);
void fwd_attempt_emit_candidates(FwdAttempt *self);

G_END_DECLS

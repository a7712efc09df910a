/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stunfwd/attempt.h>

G_DEFINE_ABSTRACT_TYPE(FwdAttempt, fwd_attempt, G_TYPE_OBJECT)

enum { CHECKED, CHALLENGED, MESSAGE, CANDIDATES, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
fwd_attempt_class_init(FwdAttemptClass *klass)
{
  const GType type = G_TYPE_FROM_CLASS(klass);

  /* Endpoints belong to whoever emits for as long as the emission lasts: no copies. */
  const GType endpoint = FWD_TYPE_ENDPOINT | G_SIGNAL_TYPE_STATIC_SCOPE;

  signals[CHECKED] = g_signal_new("checked", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 2, endpoint, G_TYPE_UINT);
  signals[CHALLENGED] = g_signal_new("challenged", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 1, endpoint);
  signals[MESSAGE] = g_signal_new("message", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_VARIANT);
  signals[CANDIDATES] =
      g_signal_new("candidates", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
fwd_attempt_init(FwdAttempt *self)
{
}

gboolean
fwd_attempt_is_controlling(FwdAttempt *self)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), FALSE);
  return FWD_ATTEMPT_GET_CLASS(self)->is_controlling(self);
}

const GArray *
fwd_attempt_get_local_candidates(FwdAttempt *self)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), NULL);
  return FWD_ATTEMPT_GET_CLASS(self)->get_local_candidates(self);
}

const GArray *
fwd_attempt_get_remote_candidates(FwdAttempt *self)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), NULL);
  return FWD_ATTEMPT_GET_CLASS(self)->get_remote_candidates(self);
}

const FwdNatReport *
fwd_attempt_get_local_nat(FwdAttempt *self)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), NULL);
  return FWD_ATTEMPT_GET_CLASS(self)->get_local_nat(self);
}

const FwdNatReport *
fwd_attempt_get_remote_nat(FwdAttempt *self)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), NULL);
  return FWD_ATTEMPT_GET_CLASS(self)->get_remote_nat(self);
}

static gboolean
is_outside(const FwdCandidate *candidate)
{
  return candidate->type == FWD_CANDIDATE_SERVER_REFLEXIVE ||
         candidate->type == FWD_CANDIDATE_MAPPED;
}

/* Whether a peer with these candidates and this report is seen at the address of @endpoint. */
static gboolean
is_seen_at(const GArray *candidates, const FwdNatReport *report, const FwdEndpoint *endpoint)
{
  for (guint i = 0; i < candidates->len; i++) {
    const FwdCandidate *candidate = &g_array_index(candidates, FwdCandidate, i);
    if (is_outside(candidate) && fwd_endpoint_same_address(&candidate->endpoint, endpoint))
      return TRUE;
  }
  return fwd_endpoint_same_address(&report->public4, endpoint) ||
         fwd_endpoint_same_address(&report->public6, endpoint);
}

gboolean
fwd_attempt_shares_public_address(FwdAttempt *self)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), FALSE);

  const GArray *local = fwd_attempt_get_local_candidates(self);
  const FwdNatReport *nat = fwd_attempt_get_local_nat(self);
  const GArray *remote = fwd_attempt_get_remote_candidates(self);
  const FwdNatReport *remote_nat = fwd_attempt_get_remote_nat(self);
  const FwdEndpoint *reported[] = {&nat->public4, &nat->public6};

  for (guint i = 0; i < G_N_ELEMENTS(reported); i++)
    if (fwd_endpoint_family(reported[i]) != AF_UNSPEC &&
        is_seen_at(remote, remote_nat, reported[i]))
      return TRUE;
  for (guint i = 0; i < local->len; i++) {
    const FwdCandidate *candidate = &g_array_index(local, FwdCandidate, i);
    if (is_outside(candidate) && is_seen_at(remote, remote_nat, &candidate->endpoint))
      return TRUE;
  }
  return FALSE;
}

gboolean
fwd_attempt_send_check(FwdAttempt *self, const FwdEndpoint *remote, guint ttl)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), FALSE);
  return FWD_ATTEMPT_GET_CLASS(self)->send_check(self, remote, ttl);
}

FwdPath *
fwd_attempt_create_udp_path(FwdAttempt *self, const FwdEndpoint *remote, guint rtt_us)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), NULL);
  return FWD_ATTEMPT_GET_CLASS(self)->create_udp_path(self, remote, rtt_us);
}

gboolean
fwd_attempt_send_message(FwdAttempt *self, GVariant *message)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), FALSE);
  g_return_val_if_fail(message != NULL, FALSE);

  g_autoptr(GVariant) owned = g_variant_ref_sink(message);
  return FWD_ATTEMPT_GET_CLASS(self)->send_message(self, owned);
}

void
fwd_attempt_note(FwdAttempt *self, const char *format, ...)
{
  va_list arguments;

  g_return_if_fail(FWD_IS_ATTEMPT(self));

  va_start(arguments, format);
  g_autofree char *line = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  FWD_ATTEMPT_GET_CLASS(self)->note(self, line);
}

void
fwd_attempt_advise(FwdAttempt *self, const char *format, ...)
{
  va_list arguments;

  g_return_if_fail(FWD_IS_ATTEMPT(self));

  va_start(arguments, format);
  g_autofree char *line = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  FWD_ATTEMPT_GET_CLASS(self)->advise(self, line);
}

const char *
fwd_attempt_get_signaling_url(FwdAttempt *self)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), NULL);
  return FWD_ATTEMPT_GET_CLASS(self)->get_signaling_url(self);
}

const GArray *
fwd_attempt_get_stun_servers(FwdAttempt *self)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), NULL);
  return FWD_ATTEMPT_GET_CLASS(self)->get_stun_servers(self);
}

const GPtrArray *
fwd_attempt_get_turn_servers(FwdAttempt *self)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), NULL);
  return FWD_ATTEMPT_GET_CLASS(self)->get_turn_servers(self);
}

void
fwd_attempt_derive(FwdAttempt *self, const char *label, guint8 *output, gsize size)
{
  g_return_if_fail(FWD_IS_ATTEMPT(self));
  g_return_if_fail(size <= G_MAXUINT8);
  FWD_ATTEMPT_GET_CLASS(self)->derive(self, label, output, size);
}

int
fwd_attempt_open_socket(FwdAttempt *self, int family)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), -1);
  return FWD_ATTEMPT_GET_CLASS(self)->open_socket(self, family);
}

gboolean
fwd_attempt_send_from(FwdAttempt *self, int fd, const FwdEndpoint *remote, guint ttl,
                      const guint8 *data, gsize length)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), FALSE);
  return FWD_ATTEMPT_GET_CLASS(self)->send_from(self, fd, remote, ttl, data, length);
}

gssize
fwd_attempt_receive_at(FwdAttempt *self, int fd, guint8 *buffer, gsize size, FwdEndpoint *from)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), -EINVAL);
  return FWD_ATTEMPT_GET_CLASS(self)->receive_at(self, fd, buffer, size, from);
}

gsize
fwd_attempt_write_query(FwdAttempt *self, guint8 *buffer, gsize size, guint8 *transaction)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), 0);
  return FWD_ATTEMPT_GET_CLASS(self)->write_query(self, buffer, size, transaction);
}

gboolean
fwd_attempt_read_answer(FwdAttempt *self, const guint8 *data, gsize length,
                        guint8 *transaction, FwdEndpoint *mapped)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), FALSE);
  return FWD_ATTEMPT_GET_CLASS(self)->read_answer(self, data, length, transaction, mapped);
}

gsize
fwd_attempt_write_check(FwdAttempt *self, guint8 *buffer, gsize size, guint8 *transaction)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), 0);
  return FWD_ATTEMPT_GET_CLASS(self)->write_check(self, buffer, size, transaction);
}

FwdCheckKind
fwd_attempt_read_check(FwdAttempt *self, const guint8 *data, gsize length, guint8 *transaction)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), FWD_CHECK_NONE);
  return FWD_ATTEMPT_GET_CLASS(self)->read_check(self, data, length, transaction);
}

gsize
fwd_attempt_write_response(FwdAttempt *self, guint8 *buffer, gsize size,
                           const guint8 *transaction, const FwdEndpoint *from)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), 0);
  return FWD_ATTEMPT_GET_CLASS(self)->write_response(self, buffer, size, transaction, from);
}

FwdPath *
fwd_attempt_create_socket_path(FwdAttempt *self, int fd, const FwdEndpoint *remote,
                               guint rtt_us)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), NULL);
  return FWD_ATTEMPT_GET_CLASS(self)->create_socket_path(self, fd, remote, rtt_us);
}

FwdPath *
fwd_attempt_create_stream_path(FwdAttempt *self, GIOStream *stream, FwdFraming framing,
                               guint rtt_us)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), NULL);
  return FWD_ATTEMPT_GET_CLASS(self)->create_stream_path(self, stream, framing, rtt_us);
}

void
fwd_attempt_keep(FwdAttempt *self, const char *key, GObject *object)
{
  g_return_if_fail(FWD_IS_ATTEMPT(self));
  FWD_ATTEMPT_GET_CLASS(self)->keep(self, key, object);
}

GObject *
fwd_attempt_get_kept(FwdAttempt *self, const char *key)
{
  g_return_val_if_fail(FWD_IS_ATTEMPT(self), NULL);
  return FWD_ATTEMPT_GET_CLASS(self)->get_kept(self, key);
}

void
fwd_attempt_claim(FwdAttempt *self, const FwdEndpoint *remote)
{
  g_return_if_fail(FWD_IS_ATTEMPT(self));
  FWD_ATTEMPT_GET_CLASS(self)->claim(self, remote);
}

void
fwd_attempt_emit_checked(FwdAttempt *self, const FwdEndpoint *remote, guint rtt_us)
{
  g_return_if_fail(FWD_IS_ATTEMPT(self));
  g_signal_emit(self, signals[CHECKED], 0, remote, rtt_us);
}

void
fwd_attempt_emit_challenged(FwdAttempt *self, const FwdEndpoint *remote)
{
  g_return_if_fail(FWD_IS_ATTEMPT(self));
  g_signal_emit(self, signals[CHALLENGED], 0, remote);
}

void
fwd_attempt_emit_message(FwdAttempt *self, GVariant *message)
{
  g_return_if_fail(FWD_IS_ATTEMPT(self));

  g_autoptr(GVariant) owned = g_variant_ref_sink(message);
  g_signal_emit(self, signals[MESSAGE], 0, owned);
}

void
fwd_attempt_emit_candidates(FwdAttempt *self)
{
  g_return_if_fail(FWD_IS_ATTEMPT(self));
  g_signal_emit(self, signals[CANDIDATES], 0);
}

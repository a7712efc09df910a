/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/connector-attempt.h"

#define FWD_LOG_COMPONENT "connector"
#include "core/log.h"

/* Lines of a story that are kept. */
#define STORY_MAX 64
/* Of a strategy's message, serialised: its JSON has to fit the protocol's limit. */
#define MESSAGE_MAX 2048

struct _FwdConnectorAttempt {
  FwdAttempt parent;
  FwdDataPlane *plane;
  const FwdConnectorEnds *ends;
  char *strategy;
  FwdPathClass path_class;
  GHashTable *checked; /* set of FwdEndpoint that checks were sent to */
  GPtrArray *story;
  guint sent;
  gboolean ended;
};

enum { SEND, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

G_DEFINE_FINAL_TYPE(FwdConnectorAttempt, fwd_connector_attempt, FWD_TYPE_ATTEMPT)

static gboolean
is_controlling(FwdAttempt *attempt)
{
  return FWD_CONNECTOR_ATTEMPT(attempt)->ends->controlling;
}

static const GArray *
get_local_candidates(FwdAttempt *attempt)
{
  return FWD_CONNECTOR_ATTEMPT(attempt)->ends->local_candidates;
}

static const GArray *
get_remote_candidates(FwdAttempt *attempt)
{
  return FWD_CONNECTOR_ATTEMPT(attempt)->ends->remote_candidates;
}

static const FwdNatReport *
get_local_nat(FwdAttempt *attempt)
{
  return &FWD_CONNECTOR_ATTEMPT(attempt)->ends->local_nat;
}

static const FwdNatReport *
get_remote_nat(FwdAttempt *attempt)
{
  return &FWD_CONNECTOR_ATTEMPT(attempt)->ends->remote_nat;
}

static gboolean
send_check(FwdAttempt *attempt, const FwdEndpoint *remote, guint ttl)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);

  if (self->ended)
    return FALSE;
  self->sent++;
  if (!g_hash_table_contains(self->checked, remote))
    g_hash_table_add(self->checked, fwd_endpoint_copy(remote));
  return fwd_data_plane_send_check(self->plane, self->ends->peer, remote, ttl) == 0;
}

static FwdPath *
create_udp_path(FwdAttempt *attempt, const FwdEndpoint *remote, guint rtt_us)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);

  return fwd_data_plane_create_path(self->plane, remote, self->path_class, self->strategy,
                                    rtt_us);
}

static gboolean
send_message(FwdAttempt *attempt, GVariant *message)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);
  g_autoptr(GVariant) body = g_variant_ref_sink(message);

  if (self->ended || g_variant_get_size(body) > MESSAGE_MAX)
    return FALSE;
  g_signal_emit(self, signals[SEND], 0, body);
  return TRUE;
}

static void
note(FwdAttempt *attempt, const char *line)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);

  fwd_log_debug("%s with %s: %s", self->strategy, self->ends->peer, line);
  if (self->story->len < STORY_MAX)
    g_ptr_array_add(self->story, g_strdup(line));
}

void
fwd_connector_attempt_checked(FwdConnectorAttempt *self, const FwdEndpoint *remote,
                              guint rtt_us)
{
  if (!self->ended && g_hash_table_contains(self->checked, remote))
    fwd_attempt_emit_checked(FWD_ATTEMPT(self), remote, rtt_us);
}

void
fwd_connector_attempt_end(FwdConnectorAttempt *self)
{
  self->ended = TRUE;
}

const char *
fwd_connector_attempt_get_strategy(FwdConnectorAttempt *self)
{
  return self->strategy;
}

guint
fwd_connector_attempt_get_sent(FwdConnectorAttempt *self)
{
  return self->sent;
}

const GPtrArray *
fwd_connector_attempt_get_story(FwdConnectorAttempt *self)
{
  return self->story;
}

static void
fwd_connector_attempt_finalize(GObject *object)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(object);

  g_free(self->strategy);
  g_hash_table_unref(self->checked);
  g_ptr_array_unref(self->story);
  g_object_unref(self->plane);
  G_OBJECT_CLASS(fwd_connector_attempt_parent_class)->finalize(object);
}

static void
fwd_connector_attempt_class_init(FwdConnectorAttemptClass *klass)
{
  FwdAttemptClass *attempt_class = FWD_ATTEMPT_CLASS(klass);

  G_OBJECT_CLASS(klass)->finalize = fwd_connector_attempt_finalize;
  attempt_class->is_controlling = is_controlling;
  attempt_class->get_local_candidates = get_local_candidates;
  attempt_class->get_remote_candidates = get_remote_candidates;
  attempt_class->get_local_nat = get_local_nat;
  attempt_class->get_remote_nat = get_remote_nat;
  attempt_class->send_check = send_check;
  attempt_class->create_udp_path = create_udp_path;
  attempt_class->send_message = send_message;
  attempt_class->note = note;
  signals[SEND] = g_signal_new("send", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, NULL,
                               NULL, NULL, G_TYPE_NONE, 1, G_TYPE_VARIANT);
}

static void
fwd_connector_attempt_init(FwdConnectorAttempt *self)
{
  self->checked =
      g_hash_table_new_full((GHashFunc)fwd_endpoint_hash, (GEqualFunc)fwd_endpoint_equal,
                            (GDestroyNotify)fwd_endpoint_free, NULL);
  self->story = g_ptr_array_new_with_free_func(g_free);
}

FwdConnectorAttempt *
fwd_connector_attempt_new(FwdDataPlane *plane, const FwdConnectorEnds *ends,
                          const char *strategy, FwdPathClass path_class)
{
  FwdConnectorAttempt *self = g_object_new(FWD_TYPE_CONNECTOR_ATTEMPT, NULL);

  self->plane = g_object_ref(plane);
  self->ends = ends;
  self->strategy = g_strdup(strategy);
  self->path_class = path_class;
  return self;
}

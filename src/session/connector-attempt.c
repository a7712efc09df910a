/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/connector-attempt.h"

#define FWD_LOG_COMPONENT "connector"
#include "core/log.h"
#include "net/datagram-socket.h"
#include "net/stun-binding.h"
#include "path/framed-path.h"
#include "path/udp-path.h"
#include <errno.h>

/* Lines of a story that are kept. */
#define STORY_MAX  64
#define ADVICE_MAX 8
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
  GPtrArray *advice;
  guint32 race; /* the one it was begun in */
  guint sent;
  gboolean ended;
};

enum { SEND, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

G_DEFINE_FINAL_TYPE(FwdConnectorAttempt, fwd_connector_attempt, FWD_TYPE_ATTEMPT)

static gboolean
is_controlling(FwdAttempt *attempt)
{
  return FWD_CONNECTOR_ATTEMPT(attempt)->ends->config.controlling;
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
  return fwd_data_plane_send_check(self->plane, self->ends->config.peer, remote, ttl) == 0;
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

  fwd_log_debug("%s with %s: %s", self->strategy, self->ends->config.peer, line);
  if (self->story->len < STORY_MAX)
    g_ptr_array_add(self->story, g_strdup(line));
}

static void
advise(FwdAttempt *attempt, const char *line)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);

  if (self->advice->len < ADVICE_MAX)
    g_ptr_array_add(self->advice, g_strdup(line));
}

static const char *
get_signaling_url(FwdAttempt *attempt)
{
  return FWD_CONNECTOR_ATTEMPT(attempt)->ends->config.surroundings->signaling_url;
}

static const GArray *
get_stun_servers(FwdAttempt *attempt)
{
  return FWD_CONNECTOR_ATTEMPT(attempt)->ends->config.surroundings->stun_servers;
}

static const GPtrArray *
get_turn_servers(FwdAttempt *attempt)
{
  return FWD_CONNECTOR_ATTEMPT(attempt)->ends->config.surroundings->turn_servers;
}

static void
derive(FwdAttempt *attempt, const char *label, guint8 *output, gsize size)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);
  const FwdConnectorConfig *config = &self->ends->config;
  g_autofree char *info =
      g_strdup_printf("stunfwd strategy %s race %u %s ", self->strategy, self->race, label);

  fwd_room_keys_derive_shared(config->keys, config->client_nonce, config->server_nonce, info,
                              output, size);
}

static const char *
own_id(FwdConnectorAttempt *self)
{
  return fwd_identity_get_peer_id(fwd_data_plane_get_identity(self->plane));
}

static int
open_socket(FwdAttempt *attempt, int family)
{
  if (!FWD_CONNECTOR_ATTEMPT(attempt)->ended)
    return socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  errno = ECANCELED;
  return -1;
}

static gboolean
send_from(FwdAttempt *attempt, int fd, const FwdEndpoint *remote, guint ttl, const guint8 *data,
          gsize length)
{
  return !FWD_CONNECTOR_ATTEMPT(attempt)->ended &&
         fwd_datagram_socket_send_one(fd, remote, ttl, data, length) == 0;
}

/* These sockets do not coalesce: a batch is one packet. */
static gssize
receive_at(FwdAttempt *attempt, int fd, guint8 *buffer, gsize size, FwdEndpoint *from)
{
  gsize segment;

  return fwd_datagram_socket_receive(fd, buffer, size, from, &segment);
}

static gsize
write_query(FwdAttempt *attempt, guint8 *buffer, gsize size, guint8 *transaction)
{
  return fwd_stun_binding_write(buffer, size, transaction);
}

static gboolean
read_answer(FwdAttempt *attempt, const guint8 *data, gsize length, guint8 *transaction,
            FwdEndpoint *mapped)
{
  return fwd_stun_binding_read(data, length, transaction, mapped);
}

static gsize
write_check(FwdAttempt *attempt, guint8 *buffer, gsize size, guint8 *transaction)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);

  if (self->ended)
    return 0;
  self->sent++;
  fwd_stun_new_transaction(transaction);
  return fwd_probe_write_request(buffer, size, fwd_data_plane_get_probe_key(self->plane),
                                 self->ends->config.peer, own_id(self), transaction);
}

static FwdCheckKind
read_check(FwdAttempt *attempt, const guint8 *data, gsize length, guint8 *transaction)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);
  FwdProbe probe;

  if (!fwd_probe_read(data, length, fwd_data_plane_get_probe_key(self->plane), own_id(self),
                      &probe) ||
      (probe.message_class == FWD_STUN_REQUEST &&
       !g_str_equal(probe.sender, self->ends->config.peer)))
    return FWD_CHECK_NONE;
  memcpy(transaction, probe.transaction, FWD_CHECK_TRANSACTION_SIZE);
  return probe.message_class == FWD_STUN_REQUEST ? FWD_CHECK_REQUEST : FWD_CHECK_RESPONSE;
}

static gsize
write_response(FwdAttempt *attempt, guint8 *buffer, gsize size, const guint8 *transaction,
               const FwdEndpoint *from)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);

  return fwd_probe_write_response(buffer, size, fwd_data_plane_get_probe_key(self->plane),
                                  transaction, from, NULL);
}

static FwdPath *
create_socket_path(FwdAttempt *attempt, int fd, const FwdEndpoint *remote, guint rtt_us)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);

  return fwd_udp_path_new_own(fd, remote, self->path_class, self->strategy, rtt_us);
}

static FwdPath *
create_stream_path(FwdAttempt *attempt, GIOStream *stream, FwdFraming framing, guint rtt_us)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);

  return fwd_framed_path_new(stream, framing, self->path_class, self->strategy, rtt_us);
}

static char *
key_of_kept(FwdConnectorAttempt *self, const char *key)
{
  return g_strconcat(self->strategy, "/", key, NULL);
}

static void
keep(FwdAttempt *attempt, const char *key, GObject *object)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);

  g_hash_table_replace(self->ends->config.surroundings->kept, key_of_kept(self, key), object);
}

static GObject *
get_kept(FwdAttempt *attempt, const char *key)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);
  g_autofree char *full = key_of_kept(self, key);

  return g_hash_table_lookup(self->ends->config.surroundings->kept, full);
}

static void
claim(FwdAttempt *attempt, const FwdEndpoint *remote)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(attempt);
  GHashTable *claims = self->ends->claims;

  if (self->ended)
    return;
  if (g_hash_table_size(claims) >= FWD_CONNECTOR_CLAIMS_MAX)
    g_hash_table_remove_all(claims);
  g_hash_table_replace(claims, fwd_endpoint_copy(remote), g_strdup(self->strategy));
}

static gboolean
may_hear(const FwdConnectorAttempt *self, const FwdEndpoint *remote)
{
  const char *owner = g_hash_table_lookup(self->ends->claims, remote);

  return !self->ended && (owner == NULL || g_str_equal(owner, self->strategy));
}

void
fwd_connector_attempt_challenged(FwdConnectorAttempt *self, const FwdEndpoint *remote)
{
  if (may_hear(self, remote))
    fwd_attempt_emit_challenged(FWD_ATTEMPT(self), remote);
}

void
fwd_connector_attempt_checked(FwdConnectorAttempt *self, const FwdEndpoint *remote,
                              guint rtt_us)
{
  if (may_hear(self, remote) && g_hash_table_contains(self->checked, remote))
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

const GPtrArray *
fwd_connector_attempt_get_advice(FwdConnectorAttempt *self)
{
  return self->advice;
}

guint32
fwd_connector_attempt_get_race(FwdConnectorAttempt *self)
{
  return self->race;
}

static void
fwd_connector_attempt_finalize(GObject *object)
{
  FwdConnectorAttempt *self = FWD_CONNECTOR_ATTEMPT(object);

  g_free(self->strategy);
  g_hash_table_unref(self->checked);
  g_ptr_array_unref(self->story);
  g_ptr_array_unref(self->advice);
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
  attempt_class->advise = advise;
  attempt_class->get_signaling_url = get_signaling_url;
  attempt_class->get_stun_servers = get_stun_servers;
  attempt_class->get_turn_servers = get_turn_servers;
  attempt_class->derive = derive;
  attempt_class->open_socket = open_socket;
  attempt_class->send_from = send_from;
  attempt_class->receive_at = receive_at;
  attempt_class->write_query = write_query;
  attempt_class->read_answer = read_answer;
  attempt_class->write_check = write_check;
  attempt_class->read_check = read_check;
  attempt_class->write_response = write_response;
  attempt_class->create_socket_path = create_socket_path;
  attempt_class->create_stream_path = create_stream_path;
  attempt_class->keep = keep;
  attempt_class->get_kept = get_kept;
  attempt_class->claim = claim;
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
  self->advice = g_ptr_array_new_with_free_func(g_free);
}

FwdConnectorAttempt *
fwd_connector_attempt_new(FwdDataPlane *plane, const FwdConnectorEnds *ends,
                          const char *strategy, FwdPathClass path_class)
{
  FwdConnectorAttempt *self = g_object_new(FWD_TYPE_CONNECTOR_ATTEMPT, NULL);

  self->plane = g_object_ref(plane);
  self->ends = ends;
  self->race = ends->race;
  self->strategy = g_strdup(strategy);
  self->path_class = path_class;
  return self;
}

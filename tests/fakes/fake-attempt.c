/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-attempt.h"

#include "fake-socket.h"
#include "net/stun-binding.h"
#include "path/framed-path.h"
#include "path/probe.h"
#include "path/udp-path.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PROBE_KEY ((const guint8[FWD_PROBE_KEY_SIZE]){1, 2, 3})

G_DEFINE_FINAL_TYPE(FakeAttempt, fake_attempt, FWD_TYPE_ATTEMPT)

static gboolean
fake_attempt_is_controlling(FwdAttempt *attempt)
{
  return FAKE_ATTEMPT(attempt)->controlling;
}

static const GArray *
fake_attempt_get_local_candidates(FwdAttempt *attempt)
{
  return FAKE_ATTEMPT(attempt)->local;
}

static const GArray *
fake_attempt_get_remote_candidates(FwdAttempt *attempt)
{
  return FAKE_ATTEMPT(attempt)->remote;
}

static const FwdNatReport *
fake_attempt_get_local_nat(FwdAttempt *attempt)
{
  return &FAKE_ATTEMPT(attempt)->local_nat;
}

static const FwdNatReport *
fake_attempt_get_remote_nat(FwdAttempt *attempt)
{
  return &FAKE_ATTEMPT(attempt)->remote_nat;
}

/* One socket for each family: a host on the remote's network, else the first. */
static const FwdCandidate *
choose_host(FakeAttempt *self, const FwdEndpoint *remote)
{
  const FwdCandidate *first = NULL;

  for (guint i = 0; i < self->local->len; i++) {
    const FwdCandidate *candidate = &g_array_index(self->local, FwdCandidate, i);
    if (candidate->type != FWD_CANDIDATE_HOST ||
        fwd_endpoint_family(&candidate->endpoint) != fwd_endpoint_family(remote))
      continue;
    if (fwd_endpoint_same_network(&candidate->endpoint, remote, candidate->prefix_length))
      return candidate;
    if (first == NULL)
      first = candidate;
  }
  return first;
}

static const char *
id_of(gboolean controlling)
{
  return controlling ? "00000000000000aa" : "00000000000000bb";
}

/* FALSE if it is one of those that are to fail. */
static gboolean
count_sent(FakeAttempt *self)
{
  self->sent++;
  self->sent_too_late += self->finished;
  if (self->failing == 0)
    return TRUE;
  self->failing -= self->failing != G_MAXUINT;
  return FALSE;
}

static gsize
write_request(FakeAttempt *self, guint8 *buffer, gsize size, guint8 *transaction)
{
  fwd_stun_new_transaction(transaction);
  return fwd_probe_write_request(buffer, size, PROBE_KEY, id_of(!self->controlling),
                                 id_of(self->controlling), transaction);
}

static gboolean
fake_attempt_send_check(FwdAttempt *attempt, const FwdEndpoint *remote, guint ttl)
{
  FakeAttempt *self = FAKE_ATTEMPT(attempt);
  const FwdCandidate *host = choose_host(self, remote);
  FakeCheck check = {.to = *remote, .sent = g_get_monotonic_time()};
  guint8 request[FWD_CHECK_SIZE_MAX];
  gsize length;

  if (!count_sent(self) || host == NULL)
    return FALSE;
  if (self->first_ttl == G_MAXUINT)
    self->first_ttl = ttl;
  self->last_ttl = ttl;
  length = write_request(self, request, sizeof request, check.transaction);
  g_array_append_val(self->pending, check);
  fake_site_send(self->site, &host->endpoint, remote, request, length);
  return TRUE;
}

/* Symmetry of addresses, RFC 8445, 7.2.5.2.1. */
static void
take_response(FakeAttempt *self, const FakePacket *packet, const guint8 *transaction)
{
  for (guint i = 0; i < self->pending->len; i++) {
    const FakeCheck check = g_array_index(self->pending, FakeCheck, i);
    if (memcmp(check.transaction, transaction, sizeof check.transaction) != 0 ||
        !fwd_endpoint_equal(&check.to, &packet->from))
      continue;
    g_array_remove_index(self->pending, i);
    fwd_attempt_emit_checked(FWD_ATTEMPT(self), &check.to, g_get_monotonic_time() - check.sent);
    return;
  }
}

static void
receive(const FakePacket *packet, const FwdEndpoint *host, gpointer user_data)
{
  g_autoptr(FakeAttempt) self = g_object_ref(FAKE_ATTEMPT(user_data));
  guint8 response[FWD_CHECK_SIZE_MAX];
  FwdProbe probe;
  gsize length;

  if (!fwd_probe_read(packet->data, packet->length, PROBE_KEY, id_of(self->controlling),
                      &probe))
    return;
  if (probe.message_class != FWD_STUN_REQUEST) {
    take_response(self, packet, probe.transaction);
    return;
  }
  length = fwd_probe_write_response(response, sizeof response, PROBE_KEY, probe.transaction,
                                    &packet->from, NULL);
  fake_site_send(self->site, host, &packet->from, response, length);
  fwd_attempt_emit_challenged(FWD_ATTEMPT(self), &packet->from);
}

static void
close_path(FwdPath *path)
{
  if (!path->shared)
    close(path->fd);
  g_free(path);
}

static FwdPath *
make_path(int fd, gboolean shared, const FwdEndpoint *remote, guint rtt_us)
{
  static const FwdPathOps ops = {.size = sizeof(FwdPathOps), .close = close_path};
  FwdPath *path = g_new0(FwdPath, 1);

  path->ops = &ops;
  path->fd = fd;
  path->shared = shared;
  path->mtu = 1200;
  path->rtt_us = rtt_us;
  path->remote = *remote;
  return path;
}

static FwdPath *
fake_attempt_create_udp_path(FwdAttempt *attempt, const FwdEndpoint *remote, guint rtt_us)
{
  return make_path(-1, TRUE, remote, rtt_us);
}

static gboolean
fake_attempt_send_message(FwdAttempt *attempt, GVariant *message)
{
  FakeAttempt *self = FAKE_ATTEMPT(attempt);

  if (self->peer == NULL)
    return FALSE;
  fwd_attempt_emit_message(FWD_ATTEMPT(self->peer), message);
  return TRUE;
}

static void
fake_attempt_note(FwdAttempt *attempt, const char *line)
{
  g_ptr_array_add(FAKE_ATTEMPT(attempt)->story, g_strdup(line));
}

static void
fake_attempt_advise(FwdAttempt *attempt, const char *line)
{
  g_ptr_array_add(FAKE_ATTEMPT(attempt)->advice, g_strdup(line));
}

static const char *
fake_attempt_get_signaling_url(FwdAttempt *attempt)
{
  return FAKE_ATTEMPT(attempt)->signaling_url;
}

static const GArray *
fake_attempt_get_stun_servers(FwdAttempt *attempt)
{
  return FAKE_ATTEMPT(attempt)->stun;
}

static const GPtrArray *
fake_attempt_get_turn_servers(FwdAttempt *attempt)
{
  return FAKE_ATTEMPT(attempt)->turn;
}

static void
fake_attempt_derive(FwdAttempt *attempt, const char *label, guint8 *output, gsize size)
{
  g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA512);
  guint8 digest[64];
  gsize length = sizeof digest;

  g_checksum_update(checksum, (const guchar *)label, -1);
  g_checksum_get_digest(checksum, digest, &length);
  for (gsize i = 0; i < size; i++)
    output[i] = digest[i % sizeof digest];
}

static int
fake_attempt_open_socket(FwdAttempt *attempt, int family)
{
  FakeAttempt *self = FAKE_ATTEMPT(attempt);
  FwdEndpoint endpoint = {0};
  FakeSocket *opened;

  if (fake_attempt_count_open_sockets(self) >= self->sockets_max) {
    errno = EMFILE;
    return -1;
  }
  for (guint i = 0; i < self->local->len; i++) {
    const FwdCandidate *candidate = &g_array_index(self->local, FwdCandidate, i);
    if (candidate->type == FWD_CANDIDATE_HOST &&
        fwd_endpoint_family(&candidate->endpoint) == family)
      endpoint = candidate->endpoint;
  }
  fwd_endpoint_set_port(&endpoint, (guint16)(50000 + self->sockets->len));
  opened = fake_socket_new(self->site, &endpoint);
  g_ptr_array_add(self->sockets, opened);
  return fake_socket_get_fd(opened);
}

/* A descriptor's number may have been used before. */
static FakeSocket *
find_socket(FakeAttempt *self, int fd)
{
  for (guint i = self->sockets->len; i > 0; i--) {
    FakeSocket *candidate = self->sockets->pdata[i - 1];
    if (fake_socket_get_fd(candidate) == fd && fake_socket_is_open(candidate))
      return candidate;
  }
  g_assert_not_reached();
}

static gboolean
fake_attempt_send_from(FwdAttempt *attempt, int fd, const FwdEndpoint *remote, guint ttl,
                       const guint8 *data, gsize length)
{
  FakeAttempt *self = FAKE_ATTEMPT(attempt);

  if (self->failing > 0)
    return FALSE;
  fake_socket_send(find_socket(self, fd), remote, data, length);
  return TRUE;
}

static gssize
fake_attempt_receive_at(FwdAttempt *attempt, int fd, guint8 *buffer, gsize size,
                        FwdEndpoint *from)
{
  return fake_socket_receive(fd, buffer, size, from);
}

static gsize
fake_attempt_write_query(FwdAttempt *attempt, guint8 *buffer, gsize size, guint8 *transaction)
{
  count_sent(FAKE_ATTEMPT(attempt));
  return fwd_stun_binding_write(buffer, size, transaction);
}

static gboolean
fake_attempt_read_answer(FwdAttempt *attempt, const guint8 *data, gsize length,
                         guint8 *transaction, FwdEndpoint *mapped)
{
  return fwd_stun_binding_read(data, length, transaction, mapped);
}

static gsize
fake_attempt_write_check(FwdAttempt *attempt, guint8 *buffer, gsize size, guint8 *transaction)
{
  count_sent(FAKE_ATTEMPT(attempt));
  return write_request(FAKE_ATTEMPT(attempt), buffer, size, transaction);
}

static FwdCheckKind
fake_attempt_read_check(FwdAttempt *attempt, const guint8 *data, gsize length,
                        guint8 *transaction)
{
  FwdProbe probe;

  if (!fwd_probe_read(data, length, PROBE_KEY, id_of(FAKE_ATTEMPT(attempt)->controlling),
                      &probe))
    return FWD_CHECK_NONE;
  memcpy(transaction, probe.transaction, FWD_CHECK_TRANSACTION_SIZE);
  return probe.message_class == FWD_STUN_REQUEST ? FWD_CHECK_REQUEST : FWD_CHECK_RESPONSE;
}

static gsize
fake_attempt_write_response(FwdAttempt *attempt, guint8 *buffer, gsize size,
                            const guint8 *transaction, const FwdEndpoint *from)
{
  return fwd_probe_write_response(buffer, size, PROBE_KEY, transaction, from, NULL);
}

static FwdPath *
fake_attempt_create_socket_path(FwdAttempt *attempt, int fd, const FwdEndpoint *remote,
                                guint rtt_us)
{
  int domain = AF_UNSPEC;
  socklen_t length = sizeof domain;

  getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length);
  if (domain == AF_UNIX) {
    fake_socket_hand_over(find_socket(FAKE_ATTEMPT(attempt), fd), receive, attempt);
    return make_path(fd, FALSE, remote, rtt_us);
  }
  return fwd_udp_path_new_own(fd, remote, FWD_PATH_CLASS_P2P, "test", rtt_us);
}

static FwdPath *
fake_attempt_create_stream_path(FwdAttempt *attempt, GIOStream *stream, FwdFraming framing,
                                guint rtt_us)
{
  return fwd_framed_path_new(stream, framing, FWD_PATH_CLASS_RELAY, "test", rtt_us);
}

static void
fake_attempt_keep(FwdAttempt *attempt, const char *key, GObject *object)
{
  g_hash_table_replace(FAKE_ATTEMPT(attempt)->kept, g_strdup(key), object);
}

static GObject *
fake_attempt_get_kept(FwdAttempt *attempt, const char *key)
{
  return g_hash_table_lookup(FAKE_ATTEMPT(attempt)->kept, key);
}

/* There is no other strategy. */
static void
fake_attempt_claim(FwdAttempt *attempt, const FwdEndpoint *remote)
{
}

static void
fake_attempt_finalize(GObject *object)
{
  FakeAttempt *self = FAKE_ATTEMPT(object);

  fake_site_remove_hosts(self->site, self);
  g_clear_weak_pointer(&self->peer);
  g_array_unref(self->local);
  g_array_unref(self->remote);
  g_array_unref(self->pending);
  g_ptr_array_unref(self->sockets);
  g_ptr_array_unref(self->story);
  g_ptr_array_unref(self->advice);
  g_array_unref(self->stun);
  g_ptr_array_unref(self->turn);
  g_hash_table_unref(self->kept);
  G_OBJECT_CLASS(fake_attempt_parent_class)->finalize(object);
}

static void
fake_attempt_class_init(FakeAttemptClass *klass)
{
  FwdAttemptClass *attempt = FWD_ATTEMPT_CLASS(klass);

  attempt->is_controlling = fake_attempt_is_controlling;
  attempt->get_local_candidates = fake_attempt_get_local_candidates;
  attempt->get_remote_candidates = fake_attempt_get_remote_candidates;
  attempt->get_local_nat = fake_attempt_get_local_nat;
  attempt->get_remote_nat = fake_attempt_get_remote_nat;
  attempt->send_check = fake_attempt_send_check;
  attempt->create_udp_path = fake_attempt_create_udp_path;
  attempt->send_message = fake_attempt_send_message;
  attempt->note = fake_attempt_note;
  attempt->advise = fake_attempt_advise;
  attempt->get_signaling_url = fake_attempt_get_signaling_url;
  attempt->get_stun_servers = fake_attempt_get_stun_servers;
  attempt->get_turn_servers = fake_attempt_get_turn_servers;
  attempt->derive = fake_attempt_derive;
  attempt->open_socket = fake_attempt_open_socket;
  attempt->send_from = fake_attempt_send_from;
  attempt->receive_at = fake_attempt_receive_at;
  attempt->write_query = fake_attempt_write_query;
  attempt->read_answer = fake_attempt_read_answer;
  attempt->write_check = fake_attempt_write_check;
  attempt->read_check = fake_attempt_read_check;
  attempt->write_response = fake_attempt_write_response;
  attempt->create_socket_path = fake_attempt_create_socket_path;
  attempt->create_stream_path = fake_attempt_create_stream_path;
  attempt->keep = fake_attempt_keep;
  attempt->get_kept = fake_attempt_get_kept;
  attempt->claim = fake_attempt_claim;
  G_OBJECT_CLASS(klass)->finalize = fake_attempt_finalize;
}

static void
fake_attempt_init(FakeAttempt *self)
{
  self->signaling_url = "ws://127.0.0.1:9/";
  self->local = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));
  self->remote = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));
  self->pending = g_array_new(FALSE, FALSE, sizeof(FakeCheck));
  self->sockets = g_ptr_array_new_with_free_func((GDestroyNotify)fake_socket_free);
  self->sockets_max = G_MAXUINT;
  self->first_ttl = G_MAXUINT;
  self->story = g_ptr_array_new_with_free_func(g_free);
  self->advice = g_ptr_array_new_with_free_func(g_free);
  self->stun = g_array_new(FALSE, FALSE, sizeof(FwdEndpoint));
  self->turn = g_ptr_array_new();
  self->kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
}

FakeAttempt *
fake_attempt_new(FakeSite *site, gboolean controlling)
{
  FakeAttempt *self = g_object_new(FAKE_TYPE_ATTEMPT, NULL);

  self->site = site;
  self->controlling = controlling;
  fake_site_get_report(site, &self->local_nat);
  return self;
}

void
fake_attempt_add_dead(FakeAttempt *self, FwdCandidateType type, const char *endpoint,
                      guint prefix_length)
{
  FwdCandidate candidate = {.type = type, .prefix_length = prefix_length};

  g_assert_true(fwd_endpoint_parse(endpoint, &candidate.endpoint, NULL));
  candidate.base = candidate.endpoint;
  g_array_append_val(self->local, candidate);
}

void
fake_attempt_add_host(FakeAttempt *self, const char *endpoint, guint prefix_length)
{
  fake_attempt_add_dead(self, FWD_CANDIDATE_HOST, endpoint, prefix_length);
  fake_site_add_host(self->site,
                     &g_array_index(self->local, FwdCandidate, self->local->len - 1).endpoint,
                     receive, self);
}

void
fake_attempt_add_reflexive(FakeAttempt *self)
{
  const guint count = self->local->len;

  for (guint i = 0; i < count; i++) {
    const FwdCandidate *host = &g_array_index(self->local, FwdCandidate, i);
    FwdCandidate candidate = {.type = FWD_CANDIDATE_SERVER_REFLEXIVE, .base = host->endpoint};
    if (host->type != FWD_CANDIDATE_HOST || fwd_endpoint_family(&host->endpoint) != AF_INET ||
        !fake_site_get_reflexive(self->site, &host->endpoint, &candidate.endpoint))
      continue;
    g_array_append_val(self->local, candidate);
  }
}

static void
learn(FakeAttempt *self, FakeAttempt *peer)
{
  g_set_weak_pointer(&self->peer, peer);
  g_array_set_size(self->remote, 0);
  g_array_append_vals(self->remote, peer->local->data, peer->local->len);
  self->remote_nat = peer->local_nat;
  fwd_attempt_emit_candidates(FWD_ATTEMPT(self));
}

void
fake_attempt_introduce(FakeAttempt *self, FakeAttempt *peer)
{
  learn(self, peer);
  learn(peer, self);
}

gboolean
fake_attempt_has_noted(FakeAttempt *self, const char *text)
{
  for (guint i = 0; i < self->story->len; i++)
    if (strstr(g_ptr_array_index(self->story, i), text) != NULL)
      return TRUE;
  return FALSE;
}

guint
fake_attempt_count_open_sockets(FakeAttempt *self)
{
  guint count = 0;

  for (guint i = 0; i < self->sockets->len; i++)
    count += fake_socket_is_open(self->sockets->pdata[i]);
  return count;
}

guint
fake_attempt_count_mappings(FakeAttempt *self)
{
  guint count = 0;

  for (guint i = 0; i < self->local->len; i++) {
    const FwdCandidate *candidate = &g_array_index(self->local, FwdCandidate, i);
    if (candidate->type == FWD_CANDIDATE_HOST)
      count += fake_site_count_mappings(self->site, &candidate->endpoint);
  }
  for (guint i = 0; i < self->sockets->len; i++)
    count +=
        fake_site_count_mappings(self->site, fake_socket_get_endpoint(self->sockets->pdata[i]));
  return count;
}

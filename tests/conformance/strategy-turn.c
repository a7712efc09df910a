/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The strategy "turn" between two attempts with sockets of their own and a server on loopback.
 */
#include "core/plugin-registry.h"
#include "fakes/turn-relay.h"
#include "fakes/wait-for.h"
#include "path/probe.h"
#include <glib-unix.h>
#include <stunfwd/stunfwd.h>
#include <string.h>

#define KEY ((const guint8[FWD_PROBE_KEY_SIZE]){1, 2, 3})

#define LOOP_TYPE_ATTEMPT (loop_attempt_get_type())
G_DECLARE_FINAL_TYPE(LoopAttempt, loop_attempt, LOOP, ATTEMPT, FwdAttempt)

/* One whose shared socket is on loopback; its data-loop is the main loop. */
struct _LoopAttempt {
  FwdAttempt parent;
  gboolean controlling;
  LoopAttempt *peer;
  GSocket *socket;
  GSource *source;
  GArray *local;
  GPtrArray *servers;
  FwdNatReport nat;

  FwdEndpoint claimed;
  GString *story, *advice;
  guint sent;
  gboolean mute; /* its UDP is lost, and it does not know */
};

G_DEFINE_FINAL_TYPE(LoopAttempt, loop_attempt, FWD_TYPE_ATTEMPT)

static const char *
id_of(gboolean controlling)
{
  return controlling ? "00000000000000aa" : "00000000000000bb";
}

static gboolean
is_controlling(FwdAttempt *attempt)
{
  return LOOP_ATTEMPT(attempt)->controlling;
}

static const GArray *
get_local_candidates(FwdAttempt *attempt)
{
  return LOOP_ATTEMPT(attempt)->local;
}

static const GArray *
get_remote_candidates(FwdAttempt *attempt)
{
  return LOOP_ATTEMPT(attempt)->peer->local;
}

static const FwdNatReport *
get_local_nat(FwdAttempt *attempt)
{
  return &LOOP_ATTEMPT(attempt)->nat;
}

static const FwdNatReport *
get_remote_nat(FwdAttempt *attempt)
{
  return &LOOP_ATTEMPT(attempt)->peer->nat;
}

static const GPtrArray *
get_turn_servers(FwdAttempt *attempt)
{
  return LOOP_ATTEMPT(attempt)->servers;
}

static void
send_from_socket(LoopAttempt *self, const FwdEndpoint *to, const guint8 *data, gsize length)
{
  g_autoptr(GSocketAddress) address =
      g_socket_address_new_from_native((gpointer)&to->any, fwd_endpoint_length(to));

  if (!self->mute)
    g_socket_send_to(self->socket, address, (const char *)data, length, NULL, NULL);
}

static gsize
write_check(FwdAttempt *attempt, guint8 *buffer, gsize size, guint8 *transaction)
{
  LoopAttempt *self = LOOP_ATTEMPT(attempt);

  self->sent++;
  fwd_stun_new_transaction(transaction);
  return fwd_probe_write_request(buffer, size, KEY, id_of(!self->controlling),
                                 id_of(self->controlling), transaction);
}

static gboolean
send_check(FwdAttempt *attempt, const FwdEndpoint *remote, guint ttl)
{
  guint8 request[FWD_CHECK_SIZE_MAX], transaction[FWD_CHECK_TRANSACTION_SIZE];
  gsize length = write_check(attempt, request, sizeof request, transaction);

  send_from_socket(LOOP_ATTEMPT(attempt), remote, request, length);
  return TRUE;
}

static FwdCheckKind
read_check(FwdAttempt *attempt, const guint8 *data, gsize length, guint8 *transaction)
{
  FwdProbe probe;

  if (!fwd_probe_read(data, length, KEY, id_of(LOOP_ATTEMPT(attempt)->controlling), &probe))
    return FWD_CHECK_NONE;
  memcpy(transaction, probe.transaction, FWD_CHECK_TRANSACTION_SIZE);
  return probe.message_class == FWD_STUN_REQUEST ? FWD_CHECK_REQUEST : FWD_CHECK_RESPONSE;
}

static gsize
write_response(FwdAttempt *attempt, guint8 *buffer, gsize size, const guint8 *transaction,
               const FwdEndpoint *from)
{
  return fwd_probe_write_response(buffer, size, KEY, transaction, from, NULL);
}

static void
close_path(FwdPath *path)
{
  g_free(path);
}

static FwdPath *
create_udp_path(FwdAttempt *attempt, const FwdEndpoint *remote, guint rtt_us)
{
  static const FwdPathOps ops = {.size = sizeof(FwdPathOps), .close = close_path};
  FwdPath *path = g_new0(FwdPath, 1);

  path->ops = &ops;
  path->shared = TRUE;
  path->remote = *remote;
  return path;
}

/* As the room does it: later, and as JSON. */
typedef struct {
  LoopAttempt *to;
  GVariant *message;
} Letter;

static gboolean
deliver(gpointer user_data)
{
  Letter *letter = user_data;

  fwd_attempt_emit_message(FWD_ATTEMPT(letter->to), letter->message);
  g_variant_unref(letter->message);
  g_object_unref(letter->to);
  g_free(letter);
  return G_SOURCE_REMOVE;
}

static gboolean
send_message(FwdAttempt *attempt, GVariant *message)
{
  Letter *letter = g_new(Letter, 1);

  *letter = (Letter){g_object_ref(LOOP_ATTEMPT(attempt)->peer), g_variant_ref(message)};
  g_idle_add(deliver, letter);
  return TRUE;
}

static void
note(FwdAttempt *attempt, const char *line)
{
  g_string_append_printf(LOOP_ATTEMPT(attempt)->story, "%s\n", line);
}

static void
advise(FwdAttempt *attempt, const char *line)
{
  g_string_append_printf(LOOP_ATTEMPT(attempt)->advice, "%s\n", line);
}

static void
claim(FwdAttempt *attempt, const FwdEndpoint *remote)
{
  LOOP_ATTEMPT(attempt)->claimed = *remote;
}

/* What the data-loop does with checks. */
static gboolean
on_input(GSocket *socket, GIOCondition condition, gpointer user_data)
{
  LoopAttempt *self = user_data;
  g_autoptr(GSocketAddress) address = NULL;
  guint8 data[2048], response[FWD_CHECK_SIZE_MAX], transaction[FWD_CHECK_TRANSACTION_SIZE];
  gssize length =
      g_socket_receive_from(socket, &address, (char *)data, sizeof data, NULL, NULL);
  struct sockaddr_storage native;
  FwdEndpoint from;

  if (length <= 0 || self->mute)
    return G_SOURCE_CONTINUE;
  g_assert_true(g_socket_address_to_native(address, &native, sizeof native, NULL));
  fwd_endpoint_from_sockaddr((struct sockaddr *)&native, sizeof(struct sockaddr_in), &from);
  switch (read_check(FWD_ATTEMPT(self), data, (gsize)length, transaction)) {
  case FWD_CHECK_REQUEST:
    send_from_socket(self, &from, response,
                     write_response(NULL, response, sizeof response, transaction, &from));
    fwd_attempt_emit_challenged(FWD_ATTEMPT(self), &from);
    break;
  case FWD_CHECK_RESPONSE:
    fwd_attempt_emit_checked(FWD_ATTEMPT(self), &from, 100);
    break;
  case FWD_CHECK_NONE:
    break;
  }
  return G_SOURCE_CONTINUE;
}

static void
loop_attempt_finalize(GObject *object)
{
  LoopAttempt *self = LOOP_ATTEMPT(object);

  g_source_destroy(self->source);
  g_source_unref(self->source);
  g_object_unref(self->socket);
  g_array_unref(self->local);
  g_ptr_array_unref(self->servers);
  g_string_free(self->story, TRUE);
  g_string_free(self->advice, TRUE);
  G_OBJECT_CLASS(loop_attempt_parent_class)->finalize(object);
}

static void
loop_attempt_class_init(LoopAttemptClass *klass)
{
  FwdAttemptClass *attempt = FWD_ATTEMPT_CLASS(klass);

  G_OBJECT_CLASS(klass)->finalize = loop_attempt_finalize;
  attempt->is_controlling = is_controlling;
  attempt->get_local_candidates = get_local_candidates;
  attempt->get_remote_candidates = get_remote_candidates;
  attempt->get_local_nat = get_local_nat;
  attempt->get_remote_nat = get_remote_nat;
  attempt->get_turn_servers = get_turn_servers;
  attempt->send_check = send_check;
  attempt->write_check = write_check;
  attempt->read_check = read_check;
  attempt->write_response = write_response;
  attempt->create_udp_path = create_udp_path;
  attempt->send_message = send_message;
  attempt->note = note;
  attempt->advise = advise;
  attempt->claim = claim;
}

static void
loop_attempt_init(LoopAttempt *self)
{
  g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
  g_autoptr(GSocketAddress) bound = NULL;
  FwdCandidate candidate = {.type = FWD_CANDIDATE_SERVER_REFLEXIVE};

  self->socket =
      g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_assert_true(g_socket_bind(self->socket, any, FALSE, NULL));
  bound = g_socket_get_local_address(self->socket, NULL);
  fwd_endpoint_from_address("127.0.0.1",
                            g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)),
                            &candidate.endpoint);
  self->source = g_socket_create_source(self->socket, G_IO_IN, NULL);
  g_source_set_callback(self->source, G_SOURCE_FUNC(on_input), self, NULL);
  g_source_attach(self->source, NULL);
  self->local = g_array_new(FALSE, FALSE, sizeof(FwdCandidate));
  g_array_append_val(self->local, candidate);
  self->servers = fwd_turn_servers_new();
  self->story = g_string_new(NULL);
  self->advice = g_string_new(NULL);
}

/* The scene. */

typedef struct {
  FwdStrategy *strategy;
  LoopAttempt *attempt;
  GCancellable *cancellable;
  FwdPath *path;
  GError *error;
  gboolean done;
  guint input;
} Side;

typedef struct {
  TurnRelay *relay;
  Side client, server;
} Scene;

static FwdPluginRegistry *registry;

static void
set_up_side(Side *side, gboolean controlling)
{
  side->strategy = fwd_plugin_registry_create(registry, FWD_INTERFACE_STRATEGY, "turn", NULL);
  g_assert_nonnull(side->strategy);
  side->attempt = g_object_new(LOOP_TYPE_ATTEMPT, NULL);
  side->attempt->controlling = controlling;
  side->cancellable = g_cancellable_new();
}

static void
set_up(Scene *scene, gconstpointer data)
{
  scene->relay = turn_relay_new(FALSE);
  set_up_side(&scene->client, TRUE);
  set_up_side(&scene->server, FALSE);
  scene->client.attempt->peer = scene->server.attempt;
  scene->server.attempt->peer = scene->client.attempt;
}

static void
tear_down_side(Side *side)
{
  guint sent = side->attempt->sent;

  g_clear_handle_id(&side->input, g_source_remove);
  g_clear_pointer(&side->path, fwd_path_close);
  g_clear_error(&side->error);
  wait_until_idle();
  g_assert_cmpuint(side->attempt->sent, ==, sent);
  g_assert_finalize_object(side->strategy);
  g_assert_finalize_object(side->cancellable);
}

/* Nothing is left: no allocation, no timer that sends. */
static void
tear_down(Scene *scene, gconstpointer data)
{
  tear_down_side(&scene->client);
  tear_down_side(&scene->server);
  WAIT_FOR(scene->relay->held == 0);
  g_assert_finalize_object(scene->client.attempt);
  g_assert_finalize_object(scene->server.attempt);
  turn_relay_free(scene->relay);
}

static void
give_server(Scene *scene, Side *side, const char *transport)
{
  g_autofree char *uri = turn_relay_get_uri(scene->relay, transport);

  g_ptr_array_add(side->attempt->servers, fwd_turn_server_new(uri, "user", "secret"));
}

static void
answer_on_path(Side *side, const guint8 *data, gsize length)
{
  guint8 response[FWD_CHECK_SIZE_MAX], transaction[FWD_CHECK_TRANSACTION_SIZE];
  FwdPacketBatch batch = {.data = response};

  if (read_check(FWD_ATTEMPT(side->attempt), data, length, transaction) != FWD_CHECK_REQUEST)
    return;
  batch.length = batch.segment =
      write_response(NULL, response, sizeof response, transaction, &side->path->remote);
  side->path->ops->send_batch(side->path, &batch);
}

/* The other side may still need answers: they come from the data-loop then. */
static gboolean
on_path_input(int fd, GIOCondition condition, gpointer user_data)
{
  static guint8 buffer[65536];
  Side *side = user_data;
  gssize length;
  gsize segment;

  while ((length = side->path->ops->recv_batch(side->path, buffer, sizeof buffer, &segment)) >
         0)
    for (gsize offset = 0; offset < (gsize)length; offset += segment)
      answer_on_path(side, buffer + offset, MIN(segment, (gsize)length - offset));
  return G_SOURCE_CONTINUE;
}

static void
on_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Side *side = user_data;

  g_assert_false(side->done);
  side->done = TRUE;
  side->path = fwd_strategy_attempt_finish(side->strategy, result, &side->error);
  g_assert_true((side->path == NULL) == (side->error != NULL));
  if (side->path != NULL && !side->path->shared)
    side->input = g_unix_fd_add(side->path->fd, G_IO_IN, on_path_input, side);
}

static void
start(Scene *scene)
{
  Side *sides[] = {&scene->client, &scene->server};

  for (guint i = 0; i < 2; i++)
    fwd_strategy_attempt_async(sides[i]->strategy, FWD_ATTEMPT(sides[i]->attempt),
                               sides[i]->cancellable, on_done, sides[i]);
}

static void
run(Scene *scene)
{
  start(scene);
  WAIT_FOR(scene->client.done && scene->server.done);
}

static void
assert_one_leg(Side *allocator, Side *other)
{
  g_assert_no_error(allocator->error);
  g_assert_no_error(other->error);
  g_assert_false(allocator->path->shared);
  g_assert_cmpint(allocator->path->path_class, ==, FWD_PATH_CLASS_RELAY);
  g_assert_cmpstr(allocator->path->strategy, ==, "turn");
  g_assert_true(other->path->shared);
  g_assert_true(fwd_endpoint_equal(&other->path->remote, &allocator->path->local));
  g_assert_true(fwd_endpoint_equal(&other->attempt->claimed, &allocator->path->local));
  g_assert_true(
      fwd_endpoint_equal(&allocator->path->remote,
                         &g_array_index(other->attempt->local, FwdCandidate, 0).endpoint));
}

/* Tests. */

static void
test_both_have_servers(Scene *scene, gconstpointer data)
{
  give_server(scene, &scene->client, "udp");
  give_server(scene, &scene->server, "udp");
  run(scene);
  g_assert_no_error(scene->client.error);
  if (scene->client.path->shared)
    assert_one_leg(&scene->server, &scene->client);
  else
    assert_one_leg(&scene->client, &scene->server);
}

static void
test_only_the_client_has_one(Scene *scene, gconstpointer data)
{
  give_server(scene, &scene->client, "udp");
  run(scene);
  assert_one_leg(&scene->client, &scene->server);
}

static void
test_only_the_server_has_one(Scene *scene, gconstpointer data)
{
  give_server(scene, &scene->server, "tcp");
  run(scene);
  assert_one_leg(&scene->server, &scene->client);
}

/* The one that can't send UDP allocates, whoever it is. */
static void
test_blocked_client(Scene *scene, gconstpointer data)
{
  give_server(scene, &scene->client, "tcp");
  give_server(scene, &scene->server, "udp");
  scene->client.attempt->nat.udp_blocked = TRUE;
  run(scene);
  assert_one_leg(&scene->client, &scene->server);
}

static void
assert_two_legs(Scene *scene)
{
  g_assert_no_error(scene->client.error);
  g_assert_no_error(scene->server.error);
  g_assert_false(scene->client.path->shared);
  g_assert_false(scene->server.path->shared);
  g_assert_true(fwd_endpoint_equal(&scene->client.path->local, &scene->server.path->remote));
  g_assert_true(fwd_endpoint_equal(&scene->server.path->local, &scene->client.path->remote));
}

static void
test_both_blocked(Scene *scene, gconstpointer data)
{
  give_server(scene, &scene->client, "tcp");
  give_server(scene, &scene->server, "tcp");
  scene->client.attempt->nat.udp_blocked = scene->server.attempt->nat.udp_blocked = TRUE;
  run(scene);
  assert_two_legs(scene);
}

static void
test_nothing_known_of_addresses(Scene *scene, gconstpointer data)
{
  give_server(scene, &scene->client, "udp");
  give_server(scene, &scene->server, "udp");
  g_array_set_size(scene->client.attempt->local, 0);
  g_array_set_size(scene->server.attempt->local, 0);
  run(scene);
  assert_two_legs(scene);
}

/* UDP that is lost without anybody's knowing: after a while both allocations are used. */
static void
test_one_leg_in_vain(Scene *scene, gconstpointer data)
{
  give_server(scene, &scene->client, "tcp");
  give_server(scene, &scene->server, "tcp");
  scene->client.attempt->mute = scene->server.attempt->mute = TRUE;
  run(scene);
  assert_two_legs(scene);
}

static void
test_nobody_has_one(Scene *scene, gconstpointer data)
{
  run(scene);
  g_assert_error(scene->client.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_error(scene->server.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_nonnull(strstr(scene->client.attempt->advice->str, "--turn"));
}

static void
test_wrong_password(Scene *scene, gconstpointer data)
{
  scene->relay->model.password = "another";
  give_server(scene, &scene->client, "udp");
  run(scene);
  g_assert_error(scene->client.error, FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_nonnull(strstr(scene->client.attempt->story->str, "wrong user name or password"));
  g_assert_nonnull(strstr(scene->client.attempt->advice->str, "password"));
}

static void
assert_cancelled(Scene *scene)
{
  g_cancellable_cancel(scene->client.cancellable);
  g_cancellable_cancel(scene->server.cancellable);
  WAIT_FOR(scene->client.done && scene->server.done);
  g_assert_error(scene->client.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_error(scene->server.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cancel(Scene *scene, gconstpointer data)
{
  give_server(scene, &scene->client, "udp");
  scene->server.attempt->mute = TRUE;
  start(scene);
  WAIT_FOR(scene->server.attempt->sent > 2);
  g_assert_cmpuint(scene->relay->held, ==, 1);
  assert_cancelled(scene);
}

static void
test_cancelled_before(Scene *scene, gconstpointer data)
{
  give_server(scene, &scene->client, "udp");
  g_cancellable_cancel(scene->client.cancellable);
  g_cancellable_cancel(scene->server.cancellable);
  start(scene);
  assert_cancelled(scene);
  g_assert_cmpuint(scene->relay->clients, ==, 0);
}

/* What the peer says is not to be trusted. */
static void
test_nonsense(Scene *scene, gconstpointer data)
{
  static const char *const messages[] = {
      "@a{sv} {}",
      "{'relayed': <'nowhere'>}",
      "{'relayed': <7>}",
      "{'plan': <'both'>}",
      "{'plan': <'no plan'>}",
      "'text'",
      "7",
  };

  start(scene);
  for (guint i = 0; i < G_N_ELEMENTS(messages); i++)
    fwd_attempt_emit_message(FWD_ATTEMPT(scene->client.attempt),
                             g_variant_new_parsed(messages[i]));
  for (guint i = 0; i < G_N_ELEMENTS(messages); i++)
    fwd_attempt_emit_message(FWD_ATTEMPT(scene->server.attempt),
                             g_variant_new_parsed(messages[i]));
  WAIT_FOR(scene->client.done && scene->server.done);
  g_assert_nonnull(scene->client.error);
  g_assert_nonnull(scene->server.error);
}

static void
test_can_attempt(Scene *scene, gconstpointer data)
{
  g_autofree char *why_not = NULL;

  g_assert_true(fwd_strategy_can_attempt(scene->client.strategy,
                                         FWD_ATTEMPT(scene->client.attempt), NULL));
  g_array_set_size(scene->server.attempt->local, 0);
  g_assert_false(fwd_strategy_can_attempt(scene->client.strategy,
                                          FWD_ATTEMPT(scene->client.attempt), &why_not));
  g_assert_nonnull(why_not);
  give_server(scene, &scene->client, "udp");
  g_assert_true(fwd_strategy_can_attempt(scene->client.strategy,
                                         FWD_ATTEMPT(scene->client.attempt), NULL));
}

static void
add(const char *name, void (*test)(Scene *, gconstpointer))
{
  g_autofree char *path = g_strconcat("/strategy/turn/", name, NULL);

  g_test_add(path, Scene, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  registry = fwd_plugin_registry_new();
  fwd_plugin_registry_define(registry, FWD_INTERFACE_STRATEGY, FWD_TYPE_STRATEGY);
  fwd_plugin_registry_define(registry, FWD_INTERFACE_SIGNALING, FWD_TYPE_SIGNALING);
  fwd_plugin_registry_define(registry, FWD_INTERFACE_FORWARDER, FWD_TYPE_FORWARDER);
  fwd_plugin_registry_load_all(registry, NULL);
  add("both-have-servers", test_both_have_servers);
  add("only-the-client-has-one", test_only_the_client_has_one);
  add("only-the-server-has-one", test_only_the_server_has_one);
  add("blocked-client", test_blocked_client);
  add("both-blocked", test_both_blocked);
  add("nothing-known-of-addresses", test_nothing_known_of_addresses);
  add("one-leg-in-vain", test_one_leg_in_vain);
  add("nobody-has-one", test_nobody_has_one);
  add("wrong-password", test_wrong_password);
  add("cancel", test_cancel);
  add("cancelled-before", test_cancelled_before);
  add("nonsense", test_nonsense);
  add("can-attempt", test_can_attempt);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A NAT with a timeout, and a server that may know RESPONSE-PORT; time is a number. */
#include "net/nat-lifetime.h"
#include "net/stun-message.h"

#include <string.h>

#define SERVER  "198.51.100.1:3478"
#define SOCKETS FWD_NAT_LIFETIME_SOCKETS
#define ROOM    512
#define SECOND  G_USEC_PER_SEC

typedef struct {
  gint64 timeout; /* of a mapping, in seconds */
  gboolean is_preserving;
  gboolean knows_response_port;
  gboolean has_pool;   /* each socket has a public address of its own */
  guint lose_each;     /* of so many packets to sockets one is lost; 0: none */
  gint64 silent_after; /* seconds; 0: never */

  FwdNatLifetime *lifetime;
  gint64 now;
  guint16 mapped[SOCKETS];
  gint64 used[SOCKETS];
  guint16 next_port;
  guint sent, delivered;
  struct {
    guint socket;
    guint8 data[64];
    gsize length;
  } queue[ROOM];
  guint head, tail;
  guint told;
  guint first, seconds;
  gboolean is_final;
} World;

static FwdEndpoint
endpoint(const char *text)
{
  FwdEndpoint endpoint;

  g_assert_true(fwd_endpoint_parse(text, &endpoint, NULL));
  return endpoint;
}

static guint16
local_port(guint socket)
{
  return (guint16)(40000 + socket);
}

static gboolean
is_alive(const World *world, guint socket)
{
  return world->mapped[socket] != 0 &&
         world->now - world->used[socket] < world->timeout * SECOND;
}

static void
use(World *world, guint socket)
{
  if (!is_alive(world, socket))
    world->mapped[socket] = world->is_preserving ? local_port(socket) : world->next_port++;
  world->used[socket] = world->now;
}

/* What the server sends to @port comes through where a mapping is alive. */
static void
deliver(World *world, guint16 port, const guint8 *data, gsize length)
{
  for (guint i = 0; i < SOCKETS; i++) {
    if (world->mapped[i] != port || !is_alive(world, i))
      continue;
    if (world->lose_each != 0 && ++world->delivered % world->lose_each == 0)
      return;
    g_assert_cmpuint(world->tail, <, ROOM);
    world->used[i] = world->now;
    world->queue[world->tail].socket = i;
    world->queue[world->tail].length = length;
    memcpy(world->queue[world->tail++].data, data, length);
  }
}

static void
serve(World *world, guint socket, const FwdStunMessage *request)
{
  guint8 buffer[64];
  guint32 response_port = 0;
  FwdStunWriter writer;
  FwdEndpoint mapped = endpoint("203.0.113.7:1");
  gboolean is_refused;

  fwd_stun_message_get_uint32(request, FWD_STUN_RESPONSE_PORT, &response_port);
  is_refused = response_port != 0 && !world->knows_response_port;
  if (world->has_pool)
    mapped.in4.sin_addr.s_addr += g_htonl(socket);
  fwd_endpoint_set_port(&mapped, world->mapped[socket]);
  fwd_stun_writer_begin(&writer, buffer, sizeof buffer,
                        is_refused ? FWD_STUN_FAILURE : FWD_STUN_SUCCESS, FWD_STUN_BINDING,
                        fwd_stun_message_transaction(request));
  if (is_refused)
    fwd_stun_writer_add_error(&writer, 420, "Unknown Attribute");
  else
    fwd_stun_writer_add_endpoint(&writer, FWD_STUN_XOR_MAPPED_ADDRESS, &mapped);
  deliver(world,
          response_port != 0 && !is_refused ? (guint16)(response_port >> 16)
                                            : world->mapped[socket],
          buffer, writer.length);
}

static void
on_send(guint socket, const FwdEndpoint *to, const guint8 *data, gsize length,
        gpointer user_data)
{
  World *world = user_data;
  FwdStunMessage request;

  g_assert_true(fwd_stun_message_parse(data, length, &request));
  world->sent++;
  use(world, socket);
  if (world->silent_after == 0 || world->now < world->silent_after * SECOND)
    serve(world, socket, &request);
}

static void
on_found(guint seconds, gboolean is_final, gpointer user_data)
{
  World *world = user_data;

  g_assert_false(world->is_final);
  if (world->told++ == 0)
    world->first = seconds;
  world->seconds = seconds;
  world->is_final = is_final;
  if (is_final)
    g_clear_pointer(&world->lifetime, fwd_nat_lifetime_free);
}

static void
run(World *world)
{
  static const FwdNatLifetimeEvents events = {.send = on_send, .found = on_found};
  FwdEndpoint server = endpoint(SERVER);
  guint16 ports[SOCKETS];

  for (guint i = 0; i < SOCKETS; i++)
    ports[i] = local_port(i);
  world->next_port = 20000;
  world->now = SECOND;
  world->lifetime = fwd_nat_lifetime_new(&server, ports, &events, world, world->now);
  g_assert_cmpuint(world->told, ==, 0);
  while (!world->is_final) {
    for (; world->head < world->tail && !world->is_final; world->head++)
      fwd_nat_lifetime_receive(world->lifetime, world->queue[world->head].socket, &server,
                               world->queue[world->head].data, world->queue[world->head].length,
                               world->now);
    if (world->is_final)
      break;
    world->now = fwd_nat_lifetime_deadline(world->lifetime);
    g_assert_cmpint(world->now, <, 1000 * SECOND);
    fwd_nat_lifetime_tick(world->lifetime, world->now);
  }
}

static void
assert_close(guint found, guint timeout)
{
  g_assert_cmpuint(found, <=, timeout);
  g_assert_cmpuint(found + MAX(timeout / 5, 2), >=, timeout);
}

static void
test_response_port(void)
{
  static const guint timeouts[] = {8, 12, 20, 30, 42, 60, 120, 175};

  for (guint i = 0; i < G_N_ELEMENTS(timeouts); i++) {
    World world = {.timeout = timeouts[i], .is_preserving = i % 2, .knows_response_port = TRUE};

    run(&world);
    assert_close(world.seconds, timeouts[i]);
    g_assert_cmpuint(world.first, <=, world.seconds);
    g_assert_cmpuint(world.sent, <, 100);
  }
}

/* Without RESPONSE-PORT a new port tells. */
static void
test_comparing(void)
{
  static const guint timeouts[] = {8, 30, 60, 120};

  for (guint i = 0; i < G_N_ELEMENTS(timeouts); i++) {
    World world = {.timeout = timeouts[i]};

    run(&world);
    assert_close(world.seconds, timeouts[i]);
  }
}

/* A preserved port is the same before and after: nobody can tell, and it is told at once. */
static void
test_hopeless(void)
{
  World world = {.timeout = 30, .is_preserving = TRUE};

  run(&world);
  g_assert_cmpuint(world.seconds, ==, 0);
  g_assert_cmpint(world.now, <, 10 * SECOND);
}

static void
test_long(void)
{
  World world = {.timeout = 3600, .knows_response_port = TRUE};

  run(&world);
  g_assert_cmpuint(world.seconds, ==, FWD_NAT_LIFETIME_MAX_S);
  g_assert_cmpuint(world.told, ==, 1);
}

static void
test_loss(void)
{
  World world = {.timeout = 60, .knows_response_port = TRUE, .lose_each = 3};

  run(&world);
  assert_close(world.seconds, 60);
}

/* A server that has gone is not taken for a NAT that has forgotten. */
static void
test_server_goes(void)
{
  World world = {.timeout = 3600, .knows_response_port = TRUE, .silent_after = 40};
  World from_the_start = {.timeout = 3600, .silent_after = 1};

  run(&world);
  g_assert_cmpuint(world.seconds, ==, 30);
  run(&from_the_start);
  g_assert_cmpuint(from_the_start.seconds, ==, 0);
}

/* The server sends to the speaker's address, so what has another one is compared. */
static void
test_pool(void)
{
  World world = {.timeout = 60, .knows_response_port = TRUE, .has_pool = TRUE};

  run(&world);
  assert_close(world.seconds, 60);
}

static void
test_strangers(void)
{
  static const FwdNatLifetimeEvents events = {.send = on_send, .found = on_found};
  FwdEndpoint server = endpoint(SERVER), stranger = endpoint("192.0.2.66:3478");
  guint16 ports[SOCKETS] = {0};
  World world = {.timeout = 60, .now = SECOND};

  world.lifetime = fwd_nat_lifetime_new(&server, ports, &events, &world, world.now);
  for (guint i = 0; i < world.tail; i++)
    fwd_nat_lifetime_receive(world.lifetime, world.queue[i].socket, &stranger,
                             world.queue[i].data, world.queue[i].length, world.now);
  fwd_nat_lifetime_receive(world.lifetime, 0, &server, (const guint8 *)"junk", 4, world.now);
  /* Nothing was believed: the questions are still open, and asked again. */
  world.now = fwd_nat_lifetime_deadline(world.lifetime);
  g_assert_cmpint(world.now, <, 2 * SECOND);
  world.sent = 0;
  fwd_nat_lifetime_tick(world.lifetime, world.now);
  g_assert_cmpuint(world.sent, ==, SOCKETS);
  fwd_nat_lifetime_free(world.lifetime);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/nat-lifetime/response-port", test_response_port);
  g_test_add_func("/nat-lifetime/comparing", test_comparing);
  g_test_add_func("/nat-lifetime/hopeless", test_hopeless);
  g_test_add_func("/nat-lifetime/long", test_long);
  g_test_add_func("/nat-lifetime/loss", test_loss);
  g_test_add_func("/nat-lifetime/server-goes", test_server_goes);
  g_test_add_func("/nat-lifetime/pool", test_pool);
  g_test_add_func("/nat-lifetime/strangers", test_strangers);
  return g_test_run();
}

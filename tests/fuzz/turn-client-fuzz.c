/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The input is what a TURN server says: as datagrams, and as a stream of messages. */
#include "fakes/fake-turn-server.h"
#include "net/turn-client.h"

#include <string.h>

#define ID 8

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

typedef struct {
  FakeTurnServer server;
  FwdTurnClient *client;
  guint8 request[FWD_STUN_MESSAGE_MAX];
  gsize length;
  guint sent;
} Scene;

static void
on_send(const guint8 *data, gsize length, gpointer user_data)
{
  Scene *scene = user_data;

  g_assert_cmpuint(length, <=, sizeof scene->request);
  memcpy(scene->request, data, length);
  scene->length = length;
  scene->sent++;
}

/* As it came, or with the transaction id it would need to be looked at. */
static void
receive(Scene *scene, const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = g_memdup2(data, size);
  FwdTurnPacket packet;

  for (guint i = 0; i < 2; i++) {
    if (fwd_turn_client_receive(scene->client, copy, size, 1, &packet)) {
      g_assert_true(packet.data >= copy && packet.data + packet.length <= copy + size);
      g_assert_cmpuint(fwd_endpoint_length(&packet.peer), >, 0);
    }
    if (size >= FWD_STUN_HEADER_SIZE)
      memcpy(copy + ID, scene->request + ID, FWD_STUN_TRANSACTION_SIZE);
  }
}

static void
answer(Scene *scene)
{
  guint8 response[FWD_STUN_MESSAGE_MAX];
  FwdTurnPacket packet;
  gsize length = fake_turn_server_answer(&scene->server, scene->request, scene->length,
                                         response, sizeof response);

  fwd_turn_client_receive(scene->client, response, length, 0, &packet);
}

/* @known: how far the client and the server have come before. */
static void
try_client(const guint8 *data, gsize size, guint known)
{
  static const FwdTurnClientConfig config = {
      .username = "user", .password = "secret", .redirects = TRUE};
  Scene scene = {0};
  FwdEndpoint peer;

  fake_turn_server_init(&scene.server);
  scene.client = fwd_turn_client_new(&config, on_send, &scene);
  fwd_turn_client_start(scene.client, 0);
  for (guint i = 0; i < known; i++)
    answer(&scene);
  g_assert_true(fwd_endpoint_parse("203.0.113.5:1000", &peer, NULL));
  fwd_turn_client_bind(scene.client, &peer, 0);
  receive(&scene, data, size);
  for (guint i = 0; i < 100 && fwd_turn_client_deadline(scene.client) != G_MAXINT64; i++)
    fwd_turn_client_tick(scene.client, fwd_turn_client_deadline(scene.client));
  g_assert_cmpuint(scene.sent, <, 200);
  fwd_turn_client_free(scene.client);
}

static void
try_stream(const guint8 *data, gsize size)
{
  while (size > 0) {
    gssize length = fwd_turn_frame_length(data, size);
    if (length <= 0 || (gsize)length > size)
      return;
    g_assert_cmpint(length, <=, FWD_TURN_FRAME_MAX);
    data += length;
    size -= (gsize)length;
  }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  for (guint known = 0; known <= 2; known++)
    try_client(data, size, known);
  try_stream(data, size);
  return 0;
}

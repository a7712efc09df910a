/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the forwarder "udp" does beyond what every forwarder does. */
#include "forwarder-scene.h"

#include <unistd.h>

/* One socket is opened at once, and given back under the same number. */
static void
test_release(Scene *scene, gconstpointer data)
{
  g_assert_true(scene_listen(scene, "127.0.0.1", 0, "127.0.0.1", NULL));
  g_assert_cmpuint(scene->tunnel->opened, ==, 1);
  g_assert_cmpint(scene->tunnel->kind, ==, FWD_CHANNEL_FLOW);
  fwd_forwarder_close(scene->opener);
  fwd_forwarder_close(scene->opener);
  g_assert_cmpuint(scene->tunnel->released, ==, 1);
}

static void
test_dispose_releases(Scene *scene, gconstpointer data)
{
  const guint descriptors = scene_count_descriptors();

  g_assert_true(scene_listen(scene, "127.0.0.1", 0, "127.0.0.1", NULL));
  g_assert_finalize_object(g_steal_pointer(&scene->opener));
  g_assert_cmpuint(scene->tunnel->released, ==, 1);
  g_assert_cmpuint(scene_count_descriptors(), ==, descriptors);
}

/* Only the target may answer: the socket is connected to it. */
static void
test_serves_connected(Scene *scene, gconstpointer data)
{
  FwdEndpoint peer;
  socklen_t length = sizeof(peer);

  scene_start_service(scene, "127.0.0.1");
  scene_serve_service(scene, "127.0.0.1");
  g_assert_cmpint(getpeername(scene->accepted, &peer.any, &length), ==, 0);
  g_assert_cmpuint(fwd_endpoint_port(&peer), ==, scene->service_port);
}

void
forwarder_add_tests(void)
{
  SCENE_TEST("release", test_release);
  SCENE_TEST("dispose-releases", test_dispose_releases);
  SCENE_TEST("serves-connected", test_serves_connected);
}

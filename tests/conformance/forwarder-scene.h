/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A forwarder under test on both sides of a fake tunnel, and an echo service as its target. */
#pragma once

#include "core/plugin-registry.h"
#include "fakes/fake-channel.h"
#include "fakes/fake-resolver.h"
#include "fakes/fake-tunnel.h"
#include <stunfwd/stunfwd.h>

typedef struct {
  FwdForwarder *opener, *server;
  FakeTunnel *tunnel;
  FwdMapping *mapping;
  FakeResolver *resolver;

  int service; /* descriptor of the echo service */
  guint16 service_port;
  guint service_source;

  FakeChannel *channel; /* of scene_serve() */
  int accepted;         /* what it was given; -1 */
} Scene;

void scene_load(const char *forwarder);
FwdForwarder *scene_create(void);

void scene_set_up(Scene *scene, gconstpointer data);
void scene_tear_down(Scene *scene, gconstpointer data);

/** A socket of the type under test, bound to @address and any port. */
int scene_bind(const char *address, guint16 *port);
void scene_start_service(Scene *scene, const char *address);

/** Listens on @bind:@port with the echo service's port at @host as the target. */
gboolean
scene_listen(Scene *scene, const char *bind, guint16 port, const char *host, GError **error);
/** A socket connected to the opener, at @address. */
int scene_connect(Scene *scene, const char *address);

/** Lets the server serve one channel by itself; runs until it has its answer. */
void scene_serve(Scene *scene, const char *target);
/** The same for the service, which @host leads to. */
void scene_serve_service(Scene *scene, const char *host);
/** Gives service.example these addresses (NULL-terminated; they must outlive the scene). */
void scene_name_service(Scene *scene, const char *const *addresses);
void scene_serve_start(Scene *scene, FwdChannelKind kind, const char *target);
void scene_wait_for_answer(Scene *scene);

/** Runs the main context until @fd can be read, at most 5 s. */
void scene_wait_readable(int fd);
/** Sends @text through @fd and reads it back from the echo. */
void scene_assert_echo(int fd, const char *text);
/** Runs the main context until *@counter is @value, at most 5 s. */
void scene_wait_for(const guint *counter, guint value);
void scene_settle(void);

/** Open descriptors of this process. */
guint scene_count_descriptors(void);

/** Tests of one forwarder alone. */
void forwarder_add_tests(void);

#define SCENE_TEST(name, function)                                                             \
  g_test_add("/forwarder/" FORWARDER "/" name, Scene, NULL, scene_set_up, function,            \
             scene_tear_down)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Two peers on a fake network, each with the strategy under test, on a fake clock. */
#pragma once

#include "core/plugin-registry.h"
#include "fakes/fake-attempt.h"
#include "fakes/fake-clock.h"
#include <stunfwd/stunfwd.h>

typedef struct {
  FwdStrategy *strategy;
  FakeAttempt *attempt;
  GCancellable *cancellable;
  gboolean done;
  gint64 ended; /* microseconds */
  FwdPath *path;
  GError *error;
} Peer;

typedef struct {
  const FwdPluginMeta *meta;
  FakeNetwork *network;
  FakeSite *site_a, *site_b;
  Peer a, b;
} Scene;

/** Loads the plugins of the build tree; the meta data of the strategy under test. */
const FwdPluginMeta *scene_load(const char *strategy);

void scene_set_up(Scene *scene, gconstpointer data);
/** Proves on the way that nothing is left of the attempts. */
void scene_tear_down(Scene *scene, gconstpointer data);

/** Each peer in its site (one for both: the same one), without candidates. */
void scene_place(Scene *scene, FakeSite *site_a, FakeSite *site_b);

/** Two sites behind NATs, at 203.0.113.7 and 198.51.100.9. */
void scene_place_behind(Scene *scene, FwdNatBehaviour mapping_a, FwdNatBehaviour filtering_a,
                        FwdNatBehaviour mapping_b, FwdNatBehaviour filtering_b);

/** Private hosts in 10.0.1.0/24 and 10.0.2.0/24 and what STUN would tell of them. */
void scene_add_hosts(Scene *scene);

/** Where any strategy of the given class must find a path: one network, or open hosts. */
void scene_place_easily(Scene *scene);

/**
 * For a strategy that is made for one kind of NATs: @place takes the part of
 * scene_place_easily(), and stands for NATs as well. To be called from strategy_add_tests().
 */
void scene_set_easy_place(void (*place)(Scene *scene));
gboolean scene_has_easy_place(void);

/** Tells both peers of the network's STUN server. */
void scene_add_stun_server(Scene *scene);

/** So many descriptors may be open; 0 takes that back. */
void scene_set_descriptor_limit(guint count);

char *scene_why_not(Peer *peer);
void scene_start(Scene *scene);
/** Runs until both have ended; fails the test at their limit. */
void scene_finish(Scene *scene);
void scene_assert_connected(Scene *scene);

/** What a strategy needs besides two attempts, if it needs something; called by scene_start(). */
extern void (*scene_before_start)(Scene *scene);

/** Tests of one strategy alone, added after those for all. */
void strategy_add_tests(void);

#define SCENE_TEST(name, function)                                                             \
  g_test_add("/strategy/" STRATEGY "/" name, Scene, NULL, scene_set_up, function,              \
             scene_tear_down)

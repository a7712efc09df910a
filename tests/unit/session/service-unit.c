/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/service.h"

#include <fakes/fake-channel.h>
#include <fakes/fake-forwarder.h>
#include <stunfwd/error.h>

typedef struct {
  FwdPluginRegistry *registry;
  FwdService *service;
  FwdAccessList *access;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->registry = fwd_plugin_registry_new();
  fake_forwarder_reset();
  fake_forwarder_register(fixture->registry, "tcp");
  fixture->service = fwd_service_new(fixture->registry);
  fixture->access = fwd_access_list_new();
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  fwd_service_free(fixture->service);
  fwd_access_list_free(fixture->access);
  g_object_unref(fixture->registry);
}

static void
on_answer(FakeChannel *channel, int fd, gpointer user_data)
{
}

/* Serves a channel to @target; returns it with its one answer. */
static FakeChannel *
serve(Fixture *fixture, FwdChannelKind kind, const char *target)
{
  FakeChannel *channel = fake_channel_new(kind, target, on_answer, NULL);

  fwd_service_serve(fixture->service, FWD_CHANNEL(channel), fixture->access);
  return channel;
}

static void
test_allowed(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FakeChannel) first = serve(fixture, FWD_CHANNEL_STREAM, "127.0.0.1:22");
  g_autoptr(FakeChannel) second = serve(fixture, FWD_CHANNEL_STREAM, "[::1]:80");

  g_assert_cmpuint(fake_forwarder_count_served(), ==, 2);
  g_assert_cmpuint(fake_forwarder_count_made(), ==, 1);
  g_assert_cmpuint(first->answers, ==, 1);
  g_assert_cmpuint(second->answers, ==, 1);
}

/* The line says what the server's owner could have done about it. */
static void
test_denied(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FakeChannel) channel = serve(fixture, FWD_CHANNEL_STREAM, "192.0.2.1:80");

  g_assert_cmpuint(fake_forwarder_count_served(), ==, 0);
  g_assert_cmpuint(channel->answers, ==, 1);
  g_assert_error(channel->why, FWD_SESSION_ERROR, FWD_ERROR_DENIED);
  g_assert_cmpstr(channel->why->message, ==,
                  "tcp:192.0.2.1:80 is not allowed; --allow tcp:192.0.2.1:80 would");
}

/* And what the line says is true. */
static void
test_allow_would(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FakeChannel) channel = NULL;

  g_assert_true(fwd_access_list_add(fixture->access, "tcp:192.0.2.1:80", NULL));
  channel = serve(fixture, FWD_CHANNEL_STREAM, "192.0.2.1:80");
  g_assert_cmpuint(fake_forwarder_count_served(), ==, 1);
}

static void
test_unknown_forwarder(Fixture *fixture, gconstpointer data)
{
  g_autoptr(FakeChannel) channel = serve(fixture, FWD_CHANNEL_FLOW, "127.0.0.1:53");

  g_assert_cmpuint(channel->answers, ==, 1);
  g_assert_error(channel->why, FWD_PLUGIN_ERROR, FWD_ERROR_UNSUPPORTED);
  g_assert_nonnull(strstr(channel->why->message, "udp"));
}

static void
test_odd_targets(Fixture *fixture, gconstpointer data)
{
  static const char *const targets[] = {"", ":", "127.0.0.1", "127.0.0.1:0:22", "%s%n:22"};

  for (guint i = 0; i < G_N_ELEMENTS(targets); i++) {
    g_autoptr(FakeChannel) channel = serve(fixture, FWD_CHANNEL_STREAM, targets[i]);
    g_assert_cmpuint(channel->answers, ==, 1);
    g_assert_error(channel->why, FWD_SESSION_ERROR, FWD_ERROR_DENIED);
  }
  g_assert_cmpuint(fake_forwarder_count_served(), ==, 0);
}

#define ADD(path, test)                                                                        \
  g_test_add("/session/service/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("allowed", test_allowed);
  ADD("denied", test_denied);
  ADD("allow-would", test_allow_would);
  ADD("unknown-forwarder", test_unknown_forwarder);
  ADD("odd-targets", test_odd_targets);
  return g_test_run();
}

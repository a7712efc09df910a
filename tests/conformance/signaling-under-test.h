/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What the signaling suite needs to know of one implementation: how to run its
 * server, and how to run something in its place that means no good.
 */
#pragma once

#include <glib-object.h>

typedef struct SignalingServer SignalingServer;

typedef struct {
  const char *plugin; /**< id of the implementation */
  const char *scheme; /**< of its URLs */
  /** Starts a server on 127.0.0.1; @port 0 takes any. Aborts when it can't. */
  SignalingServer *(*start)(guint16 port);
  guint16 (*get_port)(const SignalingServer *server);
  /** Stops it and checks that it ended well; @kill: ends it without a goodbye. */
  void (*stop)(SignalingServer *server, gboolean kill);
  /** Names of bad servers, NULL-terminated; none lets a member stay joined. */
  const char *const *hostile;
  /** Runs one of them in this process on any port of 127.0.0.1. */
  GObject *(*start_hostile)(const char *name, guint16 *port);
  void (*stop_hostile)(GObject *server);
} SignalingUnderTest;

extern const SignalingUnderTest signaling_under_test;

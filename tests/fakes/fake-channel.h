/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A channel that tells a test what became of it. */
#pragma once

#include <stunfwd/tunnel.h>

#define FAKE_TYPE_CHANNEL (fake_channel_get_type())
G_DECLARE_FINAL_TYPE(FakeChannel, fake_channel, FAKE, CHANNEL, GObject)

/** Called once: with the descriptor that was accepted, or -1. */
typedef void (*FakeChannelAnswer)(FakeChannel *channel, int fd, gpointer user_data);

struct _FakeChannel {
  GObject parent;

  FwdChannelKind kind;
  char *target;
  int opener; /* the other end's descriptor, for whoever joins the two; not owned */
  FakeChannelAnswer answer;
  gpointer user_data;

  guint answers; /* accept and refuse calls: one, when all is well */
  FwdEndpoint endpoint; /* that the tunnel may connect to by itself; family 0: none */
  GError *why;   /* of the refusal */
};

FakeChannel *fake_channel_new(FwdChannelKind kind, const char *target, FakeChannelAnswer answer,
                              gpointer user_data);

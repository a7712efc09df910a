/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-channel.h"

static void fake_channel_channel_init(FwdChannelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FakeChannel, fake_channel, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_CHANNEL,
                                                    fake_channel_channel_init))

static FwdChannelKind
fake_channel_get_kind(FwdChannel *channel)
{
  return FAKE_CHANNEL(channel)->kind;
}

static const char *
fake_channel_get_forwarder(FwdChannel *channel)
{
  return FAKE_CHANNEL(channel)->kind == FWD_CHANNEL_STREAM ? "tcp" : "udp";
}

static const char *
fake_channel_get_target(FwdChannel *channel)
{
  return FAKE_CHANNEL(channel)->target;
}

static void
answer(FakeChannel *self, int fd)
{
  self->answers++;
  self->answer(self, fd, self->user_data);
}

static void
fake_channel_accept(FwdChannel *channel, int fd)
{
  answer(FAKE_CHANNEL(channel), fd);
}

static void
fake_channel_accept_endpoint(FwdChannel *channel, int fd, const FwdEndpoint *endpoint)
{
  FAKE_CHANNEL(channel)->endpoint = *endpoint;
  answer(FAKE_CHANNEL(channel), fd);
}

static void
fake_channel_refuse(FwdChannel *channel, const GError *why)
{
  FakeChannel *self = FAKE_CHANNEL(channel);

  g_assert_nonnull(why);
  g_clear_error(&self->why);
  self->why = g_error_copy(why);
  answer(self, -1);
}

static void
fake_channel_channel_init(FwdChannelInterface *iface)
{
  iface->get_kind = fake_channel_get_kind;
  iface->get_forwarder = fake_channel_get_forwarder;
  iface->get_target = fake_channel_get_target;
  iface->accept = fake_channel_accept;
  iface->refuse = fake_channel_refuse;
  iface->accept_endpoint = fake_channel_accept_endpoint;
}

static void
fake_channel_finalize(GObject *object)
{
  FakeChannel *self = FAKE_CHANNEL(object);

  g_free(self->target);
  g_clear_error(&self->why);
  G_OBJECT_CLASS(fake_channel_parent_class)->finalize(object);
}

static void
fake_channel_class_init(FakeChannelClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = fake_channel_finalize;
}

static void
fake_channel_init(FakeChannel *self)
{
}

FakeChannel *
fake_channel_new(FwdChannelKind kind, const char *target, FakeChannelAnswer answer_function,
                 gpointer user_data)
{
  FakeChannel *self = g_object_new(FAKE_TYPE_CHANNEL, NULL);

  self->kind = kind;
  self->target = g_strdup(target);
  self->opener = -1;
  self->answer = answer_function;
  self->user_data = user_data;
  return self;
}

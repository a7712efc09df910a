/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakes/fake-forwarder.h"

#include <stunfwd/error.h>
#include <stunfwd/forwarder.h>

static guint16 occupied;
static guint listening, listens, made, served;

#define FAKE_TYPE_FORWARDER (fake_forwarder_get_type())
G_DECLARE_FINAL_TYPE(FakeForwarder, fake_forwarder, FAKE, FORWARDER, GObject)

struct _FakeForwarder {
  GObject parent;
  guint16 port;
};

static gboolean
fake_listen(FwdForwarder *forwarder, FwdMapping *mapping, FwdTunnel *tunnel, GError **error)
{
  if (fwd_mapping_get_port(mapping) == occupied) {
    g_set_error(error, FWD_FORWARDER_ERROR, FWD_ERROR_REFUSED, "port %u is in use", occupied);
    return FALSE;
  }
  FAKE_FORWARDER(forwarder)->port = fwd_mapping_get_port(mapping);
  listening++;
  listens++;
  return TRUE;
}

static void
fake_close(FwdForwarder *forwarder)
{
  FakeForwarder *self = FAKE_FORWARDER(forwarder);

  listening -= self->port != 0;
  self->port = 0;
}

static guint16
fake_get_port(FwdForwarder *forwarder)
{
  return FAKE_FORWARDER(forwarder)->port;
}

static void
fake_serve(FwdForwarder *forwarder, FwdChannel *channel)
{
  g_autoptr(GError) error =
      g_error_new_literal(FWD_FORWARDER_ERROR, FWD_ERROR_REFUSED, "a fake serves nobody");

  served++;
  fwd_channel_refuse(channel, error);
}

static void
fake_forwarder_forwarder_init(FwdForwarderInterface *interface)
{
  interface->listen = fake_listen;
  interface->close = fake_close;
  interface->get_port = fake_get_port;
  interface->serve = fake_serve;
}

G_DEFINE_FINAL_TYPE_WITH_CODE(FakeForwarder, fake_forwarder, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_FORWARDER,
                                                    fake_forwarder_forwarder_init))

static void
fake_forwarder_finalize(GObject *object)
{
  fake_close(FWD_FORWARDER(object));
  G_OBJECT_CLASS(fake_forwarder_parent_class)->finalize(object);
}

static void
fake_forwarder_class_init(FakeForwarderClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = fake_forwarder_finalize;
}

static void
fake_forwarder_init(FakeForwarder *self)
{
  made++;
}

void
fake_forwarder_register(FwdPluginRegistry *registry, const char *id)
{
  const FwdPluginMeta meta = {.help = "a fake"};
  g_autoptr(GError) error = NULL;

  fwd_plugin_registry_define(registry, FWD_INTERFACE_FORWARDER, FWD_TYPE_FORWARDER);
  fwd_plugin_registry_add(registry, FWD_INTERFACE_FORWARDER, id, FAKE_TYPE_FORWARDER, &meta,
                          &error);
  g_assert_no_error(error);
}

void
fake_forwarder_reset(void)
{
  occupied = 0;
  listening = listens = made = served = 0;
}

void
fake_forwarder_occupy(guint16 port)
{
  occupied = port;
}

guint
fake_forwarder_count_listening(void)
{
  return listening;
}

guint
fake_forwarder_count_listens(void)
{
  return listens;
}

guint
fake_forwarder_count_made(void)
{
  return made;
}

guint
fake_forwarder_count_served(void)
{
  return served;
}

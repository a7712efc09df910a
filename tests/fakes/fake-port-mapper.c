/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-port-mapper.h"

enum { ASKING, MAPPED, FAILED };

struct _FakePortMapper {
  GObject parent;
  guint state;
  FwdEndpoint outside;
  GError *error;
  guint refreshed;
  char seen[FWD_ENDPOINT_TEXT_MAX];
};

enum {
  PROPERTY_STATE = 1,
  PROPERTY_OUTSIDE,
  PROPERTY_WAY,
  PROPERTY_GRANTED,
  PROPERTY_GATEWAY,
  PROPERTY_ERROR,
  PROPERTY_COUNT
};
static GParamSpec *properties[PROPERTY_COUNT];

G_DEFINE_FINAL_TYPE(FakePortMapper, fake_port_mapper, G_TYPE_OBJECT)

static void
get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  FakePortMapper *self = FAKE_PORT_MAPPER(object);
  FwdEndpoint gateway;

  switch (id) {
  case PROPERTY_STATE:
    g_value_set_uint(value, self->state);
    break;
  case PROPERTY_OUTSIDE:
    g_value_set_boxed(value, self->state == MAPPED ? &self->outside : NULL);
    break;
  case PROPERTY_WAY:
    g_value_set_static_string(value, self->state == MAPPED ? "PCP" : NULL);
    break;
  case PROPERTY_GRANTED:
    g_value_set_uint(value, self->state == MAPPED ? 3600 : 0);
    break;
  case PROPERTY_GATEWAY:
    g_assert_true(fwd_endpoint_from_address("10.0.1.1", 0, &gateway));
    g_value_set_boxed(value, &gateway);
    break;
  case PROPERTY_ERROR:
    g_value_set_boxed(value, self->error);
    break;
  }
}

static void
refresh(FakePortMapper *self, const FwdEndpoint *seen)
{
  self->refreshed++;
  if (seen == NULL)
    self->seen[0] = '\0';
  else
    fwd_endpoint_format(seen, self->seen);
}

static void
finalize(GObject *object)
{
  g_clear_error(&FAKE_PORT_MAPPER(object)->error);
  G_OBJECT_CLASS(fake_port_mapper_parent_class)->finalize(object);
}

static void
fake_port_mapper_class_init(FakePortMapperClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE;

  G_OBJECT_CLASS(klass)->get_property = get_property;
  G_OBJECT_CLASS(klass)->finalize = finalize;
  properties[PROPERTY_STATE] = g_param_spec_uint("state", NULL, NULL, 0, FAILED, 0, flags);
  properties[PROPERTY_OUTSIDE] =
      g_param_spec_boxed("outside", NULL, NULL, FWD_TYPE_ENDPOINT, flags);
  properties[PROPERTY_WAY] = g_param_spec_string("way", NULL, NULL, NULL, flags);
  properties[PROPERTY_GRANTED] =
      g_param_spec_uint("granted", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROPERTY_GATEWAY] =
      g_param_spec_boxed("gateway", NULL, NULL, FWD_TYPE_ENDPOINT, flags);
  properties[PROPERTY_ERROR] = g_param_spec_boxed("error", NULL, NULL, G_TYPE_ERROR, flags);
  g_object_class_install_properties(G_OBJECT_CLASS(klass), PROPERTY_COUNT, properties);
  g_signal_new_class_handler("refresh", G_TYPE_FROM_CLASS(klass),
                             G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK(refresh), NULL,
                             NULL, NULL, G_TYPE_NONE, 1, FWD_TYPE_ENDPOINT);
}

static void
fake_port_mapper_init(FakePortMapper *self)
{
}

FakePortMapper *
fake_port_mapper_new(void)
{
  return g_object_new(FAKE_TYPE_PORT_MAPPER, NULL);
}

void
fake_port_mapper_set_mapped(FakePortMapper *self, const FwdEndpoint *outside)
{
  self->state = MAPPED;
  self->outside = *outside;
  g_object_notify_by_pspec(G_OBJECT(self), properties[PROPERTY_STATE]);
}

void
fake_port_mapper_set_failed(FakePortMapper *self, GError *error)
{
  self->state = FAILED;
  self->error = error;
  g_object_notify_by_pspec(G_OBJECT(self), properties[PROPERTY_STATE]);
}

guint
fake_port_mapper_get_refreshed(FakePortMapper *self)
{
  return self->refreshed;
}

const char *
fake_port_mapper_get_seen(FakePortMapper *self)
{
  return self->seen;
}

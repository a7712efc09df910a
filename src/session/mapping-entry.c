/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/mapping-entry.h"

struct _FwdMappingEntry {
  GObject parent;
  guint id;
  FwdMapping *mapping;
  FwdForwarder *forwarder; /* NULL when the peer is the one that listens */
  char *state;
  guint16 peer_port;
};

G_DEFINE_FINAL_TYPE(FwdMappingEntry, fwd_mapping_entry, G_TYPE_OBJECT)

static void
fwd_mapping_entry_finalize(GObject *object)
{
  FwdMappingEntry *self = FWD_MAPPING_ENTRY(object);

  fwd_mapping_entry_close(self);
  fwd_mapping_unref(self->mapping);
  g_free(self->state);
  G_OBJECT_CLASS(fwd_mapping_entry_parent_class)->finalize(object);
}

static void
fwd_mapping_entry_class_init(FwdMappingEntryClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = fwd_mapping_entry_finalize;
}

static void
fwd_mapping_entry_init(FwdMappingEntry *self)
{
}

FwdMappingEntry *
fwd_mapping_entry_new(guint id, FwdMapping *mapping, FwdForwarder *forwarder)
{
  FwdMappingEntry *self = g_object_new(FWD_TYPE_MAPPING_ENTRY, NULL);

  self->id = id;
  self->mapping = fwd_mapping_ref(mapping);
  g_set_object(&self->forwarder, forwarder);
  self->state = g_strdup(forwarder ? "listening" : "requested");
  return self;
}

void
fwd_mapping_entry_close(FwdMappingEntry *self)
{
  if (self->forwarder)
    fwd_forwarder_close(self->forwarder);
  g_clear_object(&self->forwarder);
}

void
fwd_mapping_entry_report(FwdMappingEntry *self, guint16 port, const char *refused)
{
  self->peer_port = port;
  g_free(self->state);
  self->state = refused ? g_strdup_printf("refused: %s", refused) : g_strdup("listening");
}

guint
fwd_mapping_entry_get_id(FwdMappingEntry *self)
{
  return self->id;
}

FwdMapping *
fwd_mapping_entry_get_mapping(FwdMappingEntry *self)
{
  return self->mapping;
}

const char *
fwd_mapping_entry_get_state(FwdMappingEntry *self)
{
  return self->state;
}

guint16
fwd_mapping_entry_get_port(FwdMappingEntry *self)
{
  return self->forwarder ? fwd_forwarder_get_port(self->forwarder) : self->peer_port;
}

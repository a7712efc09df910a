/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "tunnel"
#include "tunnel/channel.h"

#include "core/log.h"
#include <json-glib/json-glib.h>
#include <string.h>

#define TARGET_MAX    1024
#define FORWARDER_MAX 32

struct _FwdQuicChannel {
  GObject parent;
  FwdTunnelEnd *end;
  FwdChannelKind kind;
  gint64 stream;
  guint generation; /* of the rules by which it is judged */
  char *forwarder, *target;
  gboolean settled;
};

static void implement_channel(FwdChannelInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdQuicChannel, fwd_quic_channel, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_CHANNEL, implement_channel))

static FwdChannelKind
get_kind(FwdChannel *channel)
{
  return FWD_QUIC_CHANNEL(channel)->kind;
}

static const char *
get_forwarder(FwdChannel *channel)
{
  return FWD_QUIC_CHANNEL(channel)->forwarder;
}

static const char *
get_target(FwdChannel *channel)
{
  return FWD_QUIC_CHANNEL(channel)->target;
}

static void
accept_endpoint(FwdChannel *channel, int fd, const FwdEndpoint *endpoint)
{
  FwdQuicChannel *self = FWD_QUIC_CHANNEL(channel);

  g_return_if_fail(!self->settled);
  self->settled = TRUE;
  fwd_tunnel_end_accept(self->end, self->stream, fd, endpoint, self->generation);
}

static void
accept_channel(FwdChannel *channel, int fd)
{
  accept_endpoint(channel, fd, NULL);
}

static void
refuse(FwdChannel *channel, const GError *why)
{
  FwdQuicChannel *self = FWD_QUIC_CHANNEL(channel);

  g_return_if_fail(!self->settled);
  self->settled = TRUE;
  fwd_log_info("refused %s to %s: %s", self->forwarder, self->target, why->message);
  fwd_tunnel_end_refuse(self->end, self->stream,
                        FWD_STREAM_REFUSED + (guint64)CLAMP(why->code, 0, FWD_ERROR_FAILED));
}

static void
implement_channel(FwdChannelInterface *interface)
{
  interface->get_kind = get_kind;
  interface->get_forwarder = get_forwarder;
  interface->get_target = get_target;
  interface->accept = accept_channel;
  interface->accept_endpoint = accept_endpoint;
  interface->refuse = refuse;
}

static void
dispose(GObject *object)
{
  FwdQuicChannel *self = FWD_QUIC_CHANNEL(object);

  if (self->end != NULL && !self->settled)
    fwd_tunnel_end_refuse(self->end, self->stream, FWD_STREAM_REFUSED + FWD_ERROR_UNSUPPORTED);
  self->settled = TRUE;
  g_clear_pointer(&self->end, fwd_tunnel_end_unref);
  G_OBJECT_CLASS(fwd_quic_channel_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
  FwdQuicChannel *self = FWD_QUIC_CHANNEL(object);

  g_free(self->forwarder);
  g_free(self->target);
  G_OBJECT_CLASS(fwd_quic_channel_parent_class)->finalize(object);
}

static void
fwd_quic_channel_class_init(FwdQuicChannelClass *class)
{
  G_OBJECT_CLASS(class)->dispose = dispose;
  G_OBJECT_CLASS(class)->finalize = finalize;
}

static void
fwd_quic_channel_init(FwdQuicChannel *self)
{
  (void)self;
}

static gboolean
is_plain(const char *text, gsize limit)
{
  const gsize length = strlen(text);

  for (gsize i = 0; i < length; i++)
    if ((guchar)text[i] < 0x20 || text[i] == 0x7f)
      return FALSE;
  /* The parser knows octal escapes, and makes any byte of them. */
  return length > 0 && length <= limit && g_utf8_validate(text, -1, NULL);
}

/** A copy of the string member @name, or NULL. */
static char *
read_member(JsonObject *object, const char *name, gsize limit)
{
  JsonNode *node = json_object_get_member(object, name);
  const char *text;

  if (node == NULL || json_node_get_value_type(node) != G_TYPE_STRING)
    return NULL;
  text = json_node_get_string(node);
  return is_plain(text, limit) ? g_strdup(text) : NULL;
}

gboolean
fwd_quic_channel_parse_header(const char *header, char **forwarder, char **target)
{
  g_autoptr(JsonParser) parser = json_parser_new_immutable();
  JsonNode *root;

  *forwarder = *target = NULL;
  if (!g_utf8_validate(header, -1, NULL) ||
      !json_parser_load_from_data(parser, header, -1, NULL))
    return FALSE;
  root = json_parser_get_root(parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
    return FALSE;
  *forwarder = read_member(json_node_get_object(root), "forwarder", FORWARDER_MAX);
  *target = read_member(json_node_get_object(root), "target", TARGET_MAX);
  return *forwarder != NULL && *target != NULL;
}

FwdQuicChannel *
fwd_quic_channel_new(FwdTunnelEnd *end, FwdChannelKind kind, gint64 stream, const char *header,
                     GError **error)
{
  g_autoptr(FwdQuicChannel) self = g_object_new(FWD_TYPE_QUIC_CHANNEL, NULL);

  self->kind = kind;
  self->stream = stream;
  if (!fwd_quic_channel_parse_header(header, &self->forwarder, &self->target)) {
    g_set_error(error, FWD_TUNNEL_ERROR, FWD_ERROR_INVALID,
                "the peer has opened a channel with a header that is wrong");
    return NULL;
  }
  self->end = fwd_tunnel_end_ref(end);
  self->generation = (guint)g_atomic_int_get(&end->generation);
  return g_steal_pointer(&self);
}

char *
fwd_quic_channel_format_header(const char *forwarder, const char *target)
{
  g_autoptr(JsonBuilder) builder = json_builder_new();
  g_autoptr(JsonNode) root = NULL;

  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, "forwarder");
  json_builder_add_string_value(builder, forwarder);
  json_builder_set_member_name(builder, "target");
  json_builder_add_string_value(builder, target);
  json_builder_end_object(builder);
  root = json_builder_get_root(builder);
  return json_to_string(root, FALSE);
}

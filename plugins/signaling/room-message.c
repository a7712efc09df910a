/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "room-message.h"

#include <json-glib/json-glib.h>
#include <stunfwd/endpoint.h>
#include <stunfwd/error.h>

#define DATA_MAX    FWD_SIGNALING_MESSAGE_MAX
#define TEXT_MAX    256
#define ADDRESS_MAX 262 /* a name, a colon and a port */
#define DEPTH_MAX   8

#define NAME_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._~-"

enum {
  FIELD_ROOM = 1 << 0,
  FIELD_ROLE = 1 << 1,
  FIELD_ID = 1 << 2,
  FIELD_TO = 1 << 3,
  FIELD_FROM = 1 << 4,
  FIELD_DATA = 1 << 5,
  FIELD_CODE = 1 << 6,
  FIELD_TEXT = 1 << 7,
  FIELD_MEMBERS = 1 << 8,
  FIELD_STUN = 1 << 9,
  FIELD_TURN = 1 << 11, /* may be missing */
  FIELD_YOU = 1 << 10,
};

static const struct {
  const char *name;
  guint fields;
} types[] = {
    [FWD_ROOM_JOIN] = {"join", FIELD_ROOM | FIELD_ROLE},
    [FWD_ROOM_SEND] = {"send", FIELD_TO | FIELD_DATA},
    [FWD_ROOM_JOINED] = {"joined",
                         FIELD_ID | FIELD_MEMBERS | FIELD_STUN | FIELD_TURN | FIELD_YOU},
    [FWD_ROOM_PEER_JOINED] = {"peer-joined", FIELD_ID | FIELD_ROLE},
    [FWD_ROOM_PEER_LEFT] = {"peer-left", FIELD_ID},
    [FWD_ROOM_MESSAGE] = {"message", FIELD_FROM | FIELD_DATA},
    [FWD_ROOM_ERROR] = {"error", FIELD_CODE | FIELD_TEXT},
};

static const struct {
  guint field;
  const char *name;
  gsize offset;
  gsize limit;
  const char *characters; /* NULL: all but control characters */
} texts[] = {
    {FIELD_ROOM, "room", offsetof(FwdRoomMessage, room), FWD_ROOM_NAME_MAX, NAME_CHARACTERS},
    {FIELD_ID, "id", offsetof(FwdRoomMessage, member), FWD_ROOM_NAME_MAX, NAME_CHARACTERS},
    {FIELD_TO, "to", offsetof(FwdRoomMessage, member), FWD_ROOM_NAME_MAX, NAME_CHARACTERS},
    {FIELD_FROM, "from", offsetof(FwdRoomMessage, member), FWD_ROOM_NAME_MAX, NAME_CHARACTERS},
    {FIELD_DATA, "data", offsetof(FwdRoomMessage, data), DATA_MAX, NULL},
    {FIELD_CODE, "code", offsetof(FwdRoomMessage, code), FWD_ROOM_NAME_MAX, NAME_CHARACTERS},
    {FIELD_TEXT, "message", offsetof(FwdRoomMessage, text), TEXT_MAX, NULL},
};

static gboolean
fail(GError **error, const char *what, const char *name)
{
  g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID, "%s \"%s\"", what, name);
  return FALSE;
}

static gboolean
has_control_characters(const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++) {
    if (g_ascii_iscntrl(text[i]))
      return TRUE;
  }
  return FALSE;
}

static gboolean
text_is_valid(const char *text, gsize limit, const char *characters)
{
  gsize length = strlen(text);

  if (length == 0 || length > limit)
    return FALSE;
  if (characters != NULL)
    return strspn(text, characters) == length;
  /* The parser knows octal escapes, and makes any byte of them. */
  return g_utf8_validate_len(text, length, NULL) && !has_control_characters(text, length);
}

gboolean
fwd_room_data_is_valid(const char *data, gsize length)
{
  return length > 0 && length <= DATA_MAX && g_utf8_validate_len(data, length, NULL) &&
         !has_control_characters(data, length);
}

gboolean
fwd_room_name_is_valid(const char *name)
{
  return text_is_valid(name, FWD_ROOM_NAME_MAX, NAME_CHARACTERS);
}

static void
clear_peer(gpointer data)
{
  FwdRoomPeer *peer = data;

  g_free(peer->id);
}

GArray *
fwd_room_peers_new(void)
{
  GArray *peers = g_array_new(FALSE, FALSE, sizeof(FwdRoomPeer));

  g_array_set_clear_func(peers, clear_peer);
  return peers;
}

void
fwd_room_peers_add(GArray *peers, const char *id, FwdRole role)
{
  FwdRoomPeer peer = {.id = g_strdup(id), .role = role};

  g_array_append_val(peers, peer);
}

void
fwd_room_message_clear(FwdRoomMessage *message)
{
  g_free(message->room);
  g_free(message->member);
  g_free(message->data);
  g_free(message->code);
  g_free(message->text);
  g_clear_pointer(&message->members, g_array_unref);
  g_strfreev(message->stun);
  g_clear_pointer(&message->turn, g_ptr_array_unref);
  g_free(message->you);
  *message = (FwdRoomMessage){0};
}

/*
 * The parser recurses, so the depth is limited before it runs; and it forgets to
 * free a value that another one follows, so there may be one object only. Outside
 * of strings nothing but JSON's own characters: the parser knows comments too.
 */
static gboolean
is_one_flat_object(const char *text, gsize length)
{
  gboolean in_string = FALSE, begun = FALSE;
  guint depth = 0;

  for (gsize i = 0; i < length; i++) {
    if (in_string && text[i] == '\\')
      i++;
    else if (depth > 0 && text[i] == '"')
      in_string = !in_string;
    else if (in_string || (!begun && g_ascii_isspace(text[i])))
      continue;
    else if (strchr(G_CSET_DIGITS G_CSET_a_2_z "E+-.{}[]:,\" \t\r\n", text[i]) == NULL)
      return FALSE;
    else if (depth == 0 && (begun ? !g_ascii_isspace(text[i]) : text[i] != '{'))
      return FALSE;
    else if ((text[i] == '{' || text[i] == '[') && ++depth > DEPTH_MAX)
      return FALSE;
    else if ((text[i] == '}' || text[i] == ']') && depth > 0)
      depth--;
    begun = TRUE;
  }
  return begun && depth == 0;
}

static const char *
node_text(JsonNode *node)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
      json_node_get_value_type(node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string(node);
}

static const char *
object_text(JsonObject *object, const char *name)
{
  return node_text(json_object_get_member(object, name));
}

static JsonArray *
object_array(JsonObject *object, const char *name, guint limit)
{
  JsonNode *node = json_object_get_member(object, name);

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node) ||
      json_array_get_length(json_node_get_array(node)) > limit)
    return NULL;
  return json_node_get_array(node);
}

static gboolean
read_role(JsonObject *object, FwdRole *role)
{
  const char *text = object_text(object, "role");

  return text != NULL && fwd_role_from_string(text, role);
}

static gboolean
read_members(JsonObject *object, GArray **members)
{
  JsonArray *array = object_array(object, "members", FWD_ROOM_MEMBERS_MAX);

  if (array == NULL)
    return FALSE;
  *members = fwd_room_peers_new();
  for (guint i = 0; i < json_array_get_length(array); i++) {
    JsonNode *node = json_array_get_element(array, i);
    JsonObject *member = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *id = member != NULL ? object_text(member, "id") : NULL;
    FwdRole role;

    if (id == NULL || !fwd_room_name_is_valid(id) || !read_role(member, &role))
      return FALSE;
    fwd_room_peers_add(*members, id, role);
  }
  return TRUE;
}

static gboolean
read_stun(JsonObject *object, GStrv *stun)
{
  JsonArray *array = object_array(object, "stun", FWD_ROOM_STUN_SERVERS_MAX);
  guint length = array != NULL ? json_array_get_length(array) : 0;

  if (array == NULL)
    return FALSE;
  *stun = g_new0(char *, length + 1);
  for (guint i = 0; i < length; i++) {
    const char *text = node_text(json_array_get_element(array, i));

    if (text == NULL || !text_is_valid(text, ADDRESS_MAX, NAME_CHARACTERS "[]:%"))
      return FALSE;
    (*stun)[i] = g_strdup(text);
  }
  return TRUE;
}

static const char *
turn_text(JsonObject *object, const char *name)
{
  const char *text = object_text(object, name);

  return text != NULL && text_is_valid(text, FWD_ROOM_TURN_TEXT_MAX, NULL) ? text : NULL;
}

static gboolean
read_turn(JsonObject *object, GPtrArray **turn)
{
  JsonArray *array = object_array(object, "turn", FWD_ROOM_TURN_SERVERS_MAX);

  if (!json_object_has_member(object, "turn"))
    return TRUE;
  if (array == NULL)
    return FALSE;
  *turn = fwd_turn_servers_new();
  for (guint i = 0; i < json_array_get_length(array); i++) {
    JsonNode *node = json_array_get_element(array, i);
    JsonObject *server = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *uri = server != NULL ? turn_text(server, "uri") : NULL;
    const char *username = uri != NULL ? turn_text(server, "username") : NULL;
    const char *password = username != NULL ? turn_text(server, "password") : NULL;

    if (password == NULL)
      return FALSE;
    g_ptr_array_add(*turn, fwd_turn_server_new(uri, username, password));
  }
  return TRUE;
}

/* A server need not tell; what it tells must be an endpoint without a scope. */
static gboolean
read_you(JsonObject *object, char **you)
{
  const char *text = object_text(object, "you");
  FwdEndpoint endpoint;

  if (!json_object_has_member(object, "you"))
    return TRUE;
  if (text == NULL || strchr(text, '%') != NULL || !fwd_endpoint_parse(text, &endpoint, NULL))
    return FALSE;
  *you = g_strdup(text);
  return TRUE;
}

static gboolean
read_texts(JsonObject *object, guint fields, FwdRoomMessage *message, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    const char *text;

    if ((fields & texts[i].field) == 0)
      continue;
    text = object_text(object, texts[i].name);
    if (text == NULL || !text_is_valid(text, texts[i].limit, texts[i].characters))
      return fail(error, "missing or wrong field", texts[i].name);
    G_STRUCT_MEMBER(char *, message, texts[i].offset) = g_strdup(text);
  }
  return TRUE;
}

static gboolean
read_type(JsonObject *object, FwdRoomMessageType *type, GError **error)
{
  const char *name = object_text(object, "type");

  for (guint i = 0; name != NULL && i < G_N_ELEMENTS(types); i++) {
    if (strcmp(types[i].name, name) == 0) {
      *type = i;
      return TRUE;
    }
  }
  return fail(error, "missing or unknown field", "type");
}

static gboolean
read_fields(JsonObject *object, FwdRoomMessage *message, GError **error)
{
  guint fields;

  if (!read_type(object, &message->type, error))
    return FALSE;
  fields = types[message->type].fields;
  if (!read_texts(object, fields, message, error))
    return FALSE;
  if ((fields & FIELD_ROLE) != 0 && !read_role(object, &message->role))
    return fail(error, "missing or wrong field", "role");
  if ((fields & FIELD_MEMBERS) != 0 && !read_members(object, &message->members))
    return fail(error, "missing or wrong field", "members");
  if ((fields & FIELD_STUN) != 0 && !read_stun(object, &message->stun))
    return fail(error, "missing or wrong field", "stun");
  if ((fields & FIELD_TURN) != 0 && !read_turn(object, &message->turn))
    return fail(error, "wrong field", "turn");
  if ((fields & FIELD_YOU) != 0 && !read_you(object, &message->you))
    return fail(error, "wrong field", "you");
  return TRUE;
}

gboolean
fwd_room_message_parse(const char *text, gsize length, FwdRoomMessage *message, GError **error)
{
  g_autoptr(JsonParser) parser = json_parser_new_immutable();
  JsonNode *root;

  if (length > FWD_ROOM_FRAME_MAX || !is_one_flat_object(text, length) ||
      !g_utf8_validate_len(text, length, NULL) ||
      !json_parser_load_from_data(parser, text, (gssize)length, NULL)) {
    g_set_error_literal(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID, "not a JSON object");
    return FALSE;
  }
  root = json_parser_get_root(parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
    g_set_error_literal(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID, "not a JSON object");
    return FALSE;
  }
  if (read_fields(json_node_get_object(root), message, error))
    return TRUE;
  fwd_room_message_clear(message);
  return FALSE;
}

static void
write_text(JsonBuilder *builder, const char *name, const char *text)
{
  json_builder_set_member_name(builder, name);
  json_builder_add_string_value(builder, text);
}

static void
write_members(JsonBuilder *builder, const GArray *members)
{
  json_builder_set_member_name(builder, "members");
  json_builder_begin_array(builder);
  for (guint i = 0; i < members->len; i++) {
    const FwdRoomPeer *peer = &g_array_index(members, FwdRoomPeer, i);

    json_builder_begin_object(builder);
    write_text(builder, "id", peer->id);
    write_text(builder, "role", fwd_role_to_string(peer->role));
    json_builder_end_object(builder);
  }
  json_builder_end_array(builder);
}

static void
write_stun(JsonBuilder *builder, const char *const *stun)
{
  json_builder_set_member_name(builder, "stun");
  json_builder_begin_array(builder);
  for (; *stun != NULL; stun++)
    json_builder_add_string_value(builder, *stun);
  json_builder_end_array(builder);
}

static void
write_turn(JsonBuilder *builder, const GPtrArray *turn)
{
  json_builder_set_member_name(builder, "turn");
  json_builder_begin_array(builder);
  for (guint i = 0; i < turn->len; i++) {
    const FwdTurnServer *server = turn->pdata[i];

    json_builder_begin_object(builder);
    write_text(builder, "uri", server->uri);
    write_text(builder, "username", server->username);
    write_text(builder, "password", server->password);
    json_builder_end_object(builder);
  }
  json_builder_end_array(builder);
}

char *
fwd_room_message_encode(const FwdRoomMessage *message)
{
  g_autoptr(JsonBuilder) builder = json_builder_new_immutable();
  g_autoptr(JsonNode) root = NULL;
  guint fields = types[message->type].fields;

  json_builder_begin_object(builder);
  write_text(builder, "type", types[message->type].name);
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    if ((fields & texts[i].field) != 0)
      write_text(builder, texts[i].name,
                 G_STRUCT_MEMBER(const char *, message, texts[i].offset));
  }
  if ((fields & FIELD_ROLE) != 0)
    write_text(builder, "role", fwd_role_to_string(message->role));
  if ((fields & FIELD_MEMBERS) != 0)
    write_members(builder, message->members);
  if ((fields & FIELD_STUN) != 0)
    write_stun(builder, (const char *const *)message->stun);
  if ((fields & FIELD_TURN) != 0 && message->turn != NULL)
    write_turn(builder, message->turn);
  if ((fields & FIELD_YOU) != 0 && message->you != NULL)
    write_text(builder, "you", message->you);
  json_builder_end_object(builder);
  root = json_builder_get_root(builder);
  return json_to_string(root, FALSE);
}

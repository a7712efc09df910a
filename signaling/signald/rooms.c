/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rooms.h"

#include <stunfwd/error.h>
#include <sys/random.h>

#define ID_SIZE 17

typedef struct {
  char *name;
  GPtrArray *members;
} Room;

struct FwdRooms {
  GHashTable *table; /* by name */
  guint max_rooms;
  FwdRoomsPresence presence;
  gpointer user_data;
};

struct FwdMember {
  char id[ID_SIZE];
  FwdRole role;
  Room *room;
  gpointer owner;
};

static void
room_free(gpointer data)
{
  Room *room = data;

  g_free(room->name);
  g_ptr_array_unref(room->members);
  g_free(room);
}

FwdRooms *
fwd_rooms_new(guint max_rooms, FwdRoomsPresence presence, gpointer user_data)
{
  FwdRooms *rooms = g_new0(FwdRooms, 1);

  rooms->table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, room_free);
  rooms->max_rooms = max_rooms;
  rooms->presence = presence;
  rooms->user_data = user_data;
  return rooms;
}

void
fwd_rooms_free(FwdRooms *rooms)
{
  g_hash_table_unref(rooms->table);
  g_free(rooms);
}

static void
new_id(char *id)
{
  guint64 random;

  if (getrandom(&random, sizeof random, 0) != sizeof random)
    g_error("no random numbers from the system");
  g_snprintf(id, ID_SIZE, "%016" G_GINT64_MODIFIER "x", random);
}

static Room *
ensure_room(FwdRooms *rooms, const char *name)
{
  Room *room = g_hash_table_lookup(rooms->table, name);

  if (room != NULL || g_hash_table_size(rooms->table) >= rooms->max_rooms)
    return room;
  room = g_new0(Room, 1);
  room->name = g_strdup(name);
  room->members = g_ptr_array_new_with_free_func(g_free);
  g_hash_table_insert(rooms->table, room->name, room);
  return room;
}

static void
tell(FwdRooms *rooms, GPtrArray *witnesses, const FwdMember *member, gboolean present)
{
  for (guint i = 0; i < witnesses->len; i++)
    rooms->presence(g_ptr_array_index(witnesses, i), member, present, rooms->user_data);
}

FwdMember *
fwd_rooms_join(FwdRooms *rooms, const char *name, FwdRole role, gpointer owner, GError **error)
{
  Room *room = ensure_room(rooms, name);
  g_autoptr(GPtrArray) witnesses = NULL;
  FwdMember *member;

  if (room == NULL) {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_LIMIT,
                "there are %u rooms, which is the most", rooms->max_rooms);
    return NULL;
  }
  if (room->members->len >= FWD_ROOM_CAPACITY) {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_LIMIT,
                "the room has %u members, which is the most", FWD_ROOM_CAPACITY);
    return NULL;
  }
  member = g_new0(FwdMember, 1);
  new_id(member->id);
  member->role = role;
  member->room = room;
  member->owner = owner;
  g_ptr_array_add(room->members, member);
  witnesses = fwd_rooms_list_visible(member);
  tell(rooms, witnesses, member, TRUE);
  return member;
}

void
fwd_rooms_leave(FwdRooms *rooms, FwdMember *member)
{
  g_autoptr(GPtrArray) witnesses = fwd_rooms_list_visible(member);
  Room *room = member->room;
  FwdMember left = *member;

  left.room = NULL;
  g_ptr_array_remove(room->members, member);
  if (room->members->len == 0)
    g_hash_table_remove(rooms->table, room->name);
  tell(rooms, witnesses, &left, FALSE);
}

GPtrArray *
fwd_rooms_list_visible(FwdMember *member)
{
  GPtrArray *all = member->room->members;
  GPtrArray *visible = g_ptr_array_new();

  for (guint i = 0; i < all->len; i++) {
    FwdMember *other = g_ptr_array_index(all, i);

    if (other->role != member->role)
      g_ptr_array_add(visible, other);
  }
  return visible;
}

FwdMember *
fwd_rooms_find_visible(FwdMember *member, const char *id)
{
  g_autoptr(GPtrArray) visible = fwd_rooms_list_visible(member);

  for (guint i = 0; i < visible->len; i++) {
    FwdMember *other = g_ptr_array_index(visible, i);

    if (strcmp(other->id, id) == 0)
      return other;
  }
  return NULL;
}

guint
fwd_rooms_count(const FwdRooms *rooms)
{
  return g_hash_table_size(rooms->table);
}

const char *
fwd_member_get_id(const FwdMember *member)
{
  return member->id;
}

FwdRole
fwd_member_get_role(const FwdMember *member)
{
  return member->role;
}

gpointer
fwd_member_get_owner(const FwdMember *member)
{
  return member->owner;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rooms.h"

#include <stunfwd/error.h>

/* What was told: "WITNESS+OTHER" or "WITNESS-OTHER"; owners are names. */
static GString *told;

static void
on_presence(FwdMember *member, const FwdMember *other, gboolean present, gpointer user_data)
{
  g_assert_true(user_data == &told);
  g_string_append_printf(told, "%s%c%s ", (const char *)fwd_member_get_owner(member),
                         present ? '+' : '-', (const char *)fwd_member_get_owner(other));
}

static FwdRooms *
rooms_new(guint max_rooms)
{
  g_string_truncate(told, 0);
  return fwd_rooms_new(max_rooms, on_presence, &told);
}

static FwdMember *
join(FwdRooms *rooms, const char *room, FwdRole role, const char *name)
{
  g_autoptr(GError) error = NULL;
  FwdMember *member = fwd_rooms_join(rooms, room, role, (gpointer)name, &error);

  g_assert_no_error(error);
  return member;
}

static void
assert_told(const char *expected)
{
  g_assert_cmpstr(told->str, ==, expected);
  g_string_truncate(told, 0);
}

static void
test_roles_see_the_other(void)
{
  g_autoptr(FwdRooms) rooms = rooms_new(10);
  FwdMember *server = join(rooms, "r", FWD_ROLE_SERVER, "S");
  FwdMember *first = join(rooms, "r", FWD_ROLE_CLIENT, "a");
  FwdMember *second = join(rooms, "r", FWD_ROLE_CLIENT, "b");
  g_autoptr(GPtrArray) of_server = fwd_rooms_list_visible(server);
  g_autoptr(GPtrArray) of_first = fwd_rooms_list_visible(first);

  assert_told("S+a S+b ");
  g_assert_cmpuint(of_server->len, ==, 2);
  g_assert_cmpuint(of_first->len, ==, 1);
  g_assert_true(fwd_rooms_find_visible(first, fwd_member_get_id(server)) == server);
  g_assert_null(fwd_rooms_find_visible(first, fwd_member_get_id(second)));
  g_assert_null(fwd_rooms_find_visible(first, fwd_member_get_id(first)));
  g_assert_true(fwd_rooms_find_visible(server, fwd_member_get_id(second)) == second);
  g_assert_null(fwd_rooms_find_visible(server, ""));
  fwd_rooms_leave(rooms, first);
  assert_told("S-a ");
  fwd_rooms_leave(rooms, server);
  assert_told("b-S ");
  fwd_rooms_leave(rooms, second);
  assert_told("");
}

static void
test_rooms_are_apart(void)
{
  g_autoptr(FwdRooms) rooms = rooms_new(10);
  FwdMember *server = join(rooms, "one", FWD_ROLE_SERVER, "S");
  FwdMember *client = join(rooms, "two", FWD_ROLE_CLIENT, "c");

  assert_told("");
  g_assert_null(fwd_rooms_find_visible(client, fwd_member_get_id(server)));
  g_assert_cmpuint(fwd_rooms_count(rooms), ==, 2);
  fwd_rooms_leave(rooms, server);
  g_assert_cmpuint(fwd_rooms_count(rooms), ==, 1);
  fwd_rooms_leave(rooms, client);
  g_assert_cmpuint(fwd_rooms_count(rooms), ==, 0);
  assert_told("");
}

static void
test_ids(void)
{
  g_autoptr(FwdRooms) rooms = rooms_new(10);
  g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 1000; i++) {
    FwdMember *member = join(rooms, "r", FWD_ROLE_CLIENT, "c");
    const char *id = fwd_member_get_id(member);

    g_assert_cmpuint(strspn(id, "0123456789abcdef"), ==, 16);
    g_assert_cmpuint(strlen(id), ==, 16);
    g_assert_true(g_hash_table_add(ids, g_strdup(id)));
    g_assert_cmpint(fwd_member_get_role(member), ==, FWD_ROLE_CLIENT);
    fwd_rooms_leave(rooms, member);
  }
}

static void
assert_full(FwdRooms *rooms, const char *room)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(fwd_rooms_join(rooms, room, FWD_ROLE_CLIENT, (gpointer) "x", &error));
  g_assert_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_LIMIT);
}

static void
test_most_members(void)
{
  g_autoptr(FwdRooms) rooms = rooms_new(10);
  FwdMember *members[FWD_ROOM_CAPACITY];

  for (guint i = 0; i < FWD_ROOM_CAPACITY; i++)
    members[i] = join(rooms, "r", FWD_ROLE_CLIENT, "c");
  assert_full(rooms, "r");
  fwd_rooms_leave(rooms, members[7]);
  members[7] = join(rooms, "r", FWD_ROLE_SERVER, "S");
  g_assert_cmpuint(told->len, ==, strlen("c+S ") * (FWD_ROOM_CAPACITY - 1));
  assert_full(rooms, "r");
  for (guint i = 0; i < FWD_ROOM_CAPACITY; i++)
    fwd_rooms_leave(rooms, members[i]);
}

static void
test_most_rooms(void)
{
  g_autoptr(FwdRooms) rooms = rooms_new(2);
  FwdMember *one = join(rooms, "one", FWD_ROLE_SERVER, "S");
  FwdMember *two = join(rooms, "two", FWD_ROLE_SERVER, "T");
  FwdMember *three;

  assert_full(rooms, "three");
  g_assert_cmpuint(fwd_rooms_count(rooms), ==, 2);
  fwd_rooms_leave(rooms, one);
  three = join(rooms, "three", FWD_ROLE_CLIENT, "c");
  fwd_rooms_leave(rooms, three);
  fwd_rooms_leave(rooms, two);
}

int
main(int argc, char **argv)
{
  int status;

  g_test_init(&argc, &argv, NULL);
  told = g_string_new(NULL);
  g_test_add_func("/rooms/roles-see-the-other", test_roles_see_the_other);
  g_test_add_func("/rooms/rooms-are-apart", test_rooms_are_apart);
  g_test_add_func("/rooms/ids", test_ids);
  g_test_add_func("/rooms/most-members", test_most_members);
  g_test_add_func("/rooms/most-rooms", test_most_rooms);
  status = g_test_run();
  g_string_free(told, TRUE);
  return status;
}

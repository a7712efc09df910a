/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * Rooms and who is in them: plain data, no sockets. A client sees the servers
 * of its room, a server sees the clients; members of one role do not see one
 * another, by a list, by an event or by a message.
 */
#pragma once

#include <stunfwd/signaling.h>

/** Most members of one room. */
#define FWD_ROOM_CAPACITY 64

typedef struct FwdRooms FwdRooms;
typedef struct FwdMember FwdMember;

/** @other came into sight of @member, or went out of it. Called while nothing is half done. */
typedef void (*FwdRoomsPresence)(FwdMember *member, const FwdMember *other, gboolean present,
                                 gpointer user_data);

/** @max_rooms: most rooms that exist at a time. */
FwdRooms *fwd_rooms_new(guint max_rooms, FwdRoomsPresence presence, gpointer user_data);
/** All members must have left. */
void fwd_rooms_free(FwdRooms *rooms);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FwdRooms, fwd_rooms_free)

/**
 * A new member of @room, which is made if there is none (owned by the rooms,
 * until it leaves). Those who see it are told. Errors: FWD_ERROR_LIMIT in
 * FWD_SIGNALING_ERROR: the room is full or there are too many rooms.
 */
FwdMember *
fwd_rooms_join(FwdRooms *rooms, const char *room, FwdRole role, gpointer owner, GError **error);
/** Ends @member, then tells those who saw it. The last one ends the room. */
void fwd_rooms_leave(FwdRooms *rooms, FwdMember *member);

/** The members that @member sees (transfer container). */
GPtrArray *fwd_rooms_list_visible(FwdMember *member);
/** The one of them with that id, or NULL. */
FwdMember *fwd_rooms_find_visible(FwdMember *member, const char *id);

guint fwd_rooms_count(const FwdRooms *rooms);

/** 64 random bits in hex. */
const char *fwd_member_get_id(const FwdMember *member);
FwdRole fwd_member_get_role(const FwdMember *member);
gpointer fwd_member_get_owner(const FwdMember *member);

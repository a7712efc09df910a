/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What signald reads from members, and the websocket plugin from servers. */
#include "room-message.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  g_auto(FwdRoomMessage) message = {0};
  g_auto(FwdRoomMessage) again = {0};
  g_autofree char *text = NULL;
  g_autofree char *second = NULL;

  if (!fwd_room_message_parse((const char *)data, size, &message, NULL))
    return 0;
  text = fwd_room_message_encode(&message);
  if (strlen(text) > FWD_ROOM_FRAME_MAX)
    return 0; /* escapes may make it longer than what was read */
  g_assert_true(fwd_room_message_parse(text, strlen(text), &again, NULL));
  second = fwd_room_message_encode(&again);
  g_assert_cmpstr(second, ==, text);
  return 0;
}

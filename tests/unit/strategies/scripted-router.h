/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A router in a network namespace of its own, run by a thread: 192.168.77.1,
 * the default gateway of the calling process, which gets a namespace of its own
 * as well. It answers on UDP port 5351 what a script says.
 */
#pragma once

#include <glib.h>

#define ROUTER_MESSAGE_MAX 1200

typedef struct {
  guint8 data[ROUTER_MESSAGE_MAX];
  gsize length;
  guint delay_ms;
  gboolean from_elsewhere; /**< sent from another port of the router */
} RouterAnswer;

/** Writes up to four answers; runs in the router's thread. Returns how many. */
typedef guint (*RouterScript)(const guint8 *request, gsize length, RouterAnswer *answers);

/** Before any thread is started. */
void scripted_router_start(void);

/** From now on; NULL: silence. Forgets the requests that came. */
void scripted_router_play(RouterScript script);

/** Requests since then whose first two bytes are these. */
guint scripted_router_count(guint8 version, guint8 opcode);
/** Copies the last such request; FALSE if there was none. */
gboolean scripted_router_get_last(guint8 version, guint8 opcode, guint8 *data, gsize *length);

/** Whether the process has a default route. */
void scripted_router_set_route(gboolean up);

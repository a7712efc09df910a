/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * One connection to a signaling server, from the attempt to its end: connects,
 * joins, passes on what the server says, watches for silence. Main thread only.
 */
#pragma once

#include "room-message.h"
#include <libsoup/soup.h>

typedef struct FwdLink FwdLink;

/** Either may free the link, or do anything else. */
typedef struct {
  /** The first message is "joined"; none is one that a client sends. */
  void (*received)(const FwdRoomMessage *message, gpointer user_data);
  /** The attempt failed or the connection is gone: called once, nothing comes after it. */
  void (*ended)(const GError *error, gpointer user_data);
} FwdLinkEvents;

/** Starts to connect. Nothing is called before it has returned. */
FwdLink *fwd_link_new(SoupSession *session, GUri *url, const char *room, FwdRole role,
                      const FwdLinkEvents *events, gpointer user_data);
/** Says goodbye in the background if it is connected. No event comes after it. */
void fwd_link_free(FwdLink *link);

/** Sends one message. Errors: FWD_ERROR_LIMIT when it does not fit a frame, CLOSED. */
gboolean fwd_link_send(FwdLink *link, const FwdRoomMessage *message, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What the files of FwdSession share. */
#pragma once

#include "session/drain.h"
#include "session/service.h"
#include "session/session.h"

typedef struct {
  FwdApplication *application;
  FwdProfile *profile;
  FwdRole role;
  FwdSessionState state;
  FwdCredentials *credentials;
  FwdIdentity *identity;
  FwdDataPlane *plane;
  FwdDiscovery *discovery;
  FwdRoom *room;
  FwdService *service;
  FwdSurroundings *surroundings;
  GListStore *peers;
  guint tell_timer;
  GTask *stopping;
  FwdDrain *drain;
} FwdSessionPrivate;

FwdSessionPrivate *fwd_session_get_private(FwdSession *self);

/** An event on the bus; @key may be NULL. */
void
fwd_session_publish(FwdSession *self, const char *type, const char *key, const char *value);

/** Tells the peer's connector where we are. */
void fwd_session_set_local(FwdSession *self, FwdPeer *peer);

/** For the room's signal "message". */
void fwd_session_take_message(FwdRoom *room, const char *member, const FwdMessage *message,
                              FwdSession *self);

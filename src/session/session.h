/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What both roles share: the data plane, discovery, the room, the peers in it
 * and the forwarders that serve them. Main thread only.
 *
 * | state        | ends with                      | limit  | failure leads to    |
 * |--------------|--------------------------------|--------|---------------------|
 * | initialising | sockets open, mappings listen  | –      | start fails, exit 1 |
 * | joining      | the room is joined             | –      | retries, back-off   |
 * | waiting      | a peer's hello                 | –      | –                   |
 * | connecting   | a tunnel, or all strategies    | theirs | waiting, back-off   |
 * | forwarding   | the last tunnel's end          | –      | waiting             |
 * | stopping     | all tunnels drained            | 5 s    | stopped             |
 *
 * Discovery runs beside joining and never holds it up.
 */
#pragma once

#include "core/application.h"
#include "core/settings.h"
#include "session/access-list.h"
#include "session/credentials.h"
#include "session/discovery.h"
#include "session/mapping-table.h"
#include "session/peer.h"
#include "session/room.h"

typedef enum {
  FWD_SESSION_INITIALISING,
  FWD_SESSION_JOINING,
  FWD_SESSION_WAITING,
  FWD_SESSION_CONNECTING,
  FWD_SESSION_FORWARDING,
  FWD_SESSION_STOPPING,
  FWD_SESSION_STOPPED,
} FwdSessionState;

/** The words of the table above; static. */
const char *fwd_session_state_to_string(FwdSessionState state);

/** Peers of one session; over that those without a tunnel make room. */
#define FWD_PEERS_MAX 256

#define FWD_TYPE_SESSION (fwd_session_get_type())
G_DECLARE_DERIVABLE_TYPE(FwdSession, fwd_session, FWD, SESSION, GObject)

/**
 * A FwdComponent. Property: "state" (FwdSessionState as a uint, with notify).
 * Signal: "failed" (GError *) for good: the program should end. A role must have
 * started, hello, message and get_access; without the others it does nothing.
 */
struct _FwdSessionClass {
  GObjectClass parent;

  /** The sockets are open: the rest of starting. */
  gboolean (*started)(FwdSession *self, GError **error);
  /** The room was joined, for the first time or again. */
  void (*joined)(FwdSession *self);
  void (*member_joined)(FwdSession *self, const char *member);
  void (*member_left)(FwdSession *self, const char *member);
  void (*peer_added)(FwdSession *self, FwdPeer *peer);
  /** It is closed and leaves the list. */
  void (*peer_removed)(FwdSession *self, FwdPeer *peer);
  /** A hello was taken; @first: the peer is new. @proven: it echoes our nonce. */
  void (*hello)(FwdSession *self, FwdPeer *peer, gboolean first, gboolean proven);
  /** Any other message; it is fresh and meant for us. */
  void (*message)(FwdSession *self, FwdPeer *peer, const FwdMessage *message);
  /** Own candidates or NAT report have changed; peers have been told. */
  void (*network_changed)(FwdSession *self);
  /** What a channel of this peer may reach. */
  const FwdAccessList *(*get_access)(FwdSession *self, FwdPeer *peer);
  /** A mapping of the control service or of the profile. NULL: this role has no table. */
  FwdMappingTable *(*get_mappings)(FwdSession *self);
};

/* For everyone. Everything returned is (transfer none) unless it says otherwise. */

FwdRole fwd_session_get_role(FwdSession *self);
FwdSessionState fwd_session_get_state(FwdSession *self);
/** NULL before start. */
const FwdCredentials *fwd_session_get_credentials(FwdSession *self);
FwdDiscovery *fwd_session_get_discovery(FwdSession *self);
FwdRoom *fwd_session_get_room(FwdSession *self);
gboolean fwd_session_is_joined(FwdSession *self);
/** A GListModel of FwdPeer. */
GListModel *fwd_session_get_peers(FwdSession *self);
/** NULL when this role has none. */
FwdMappingTable *fwd_session_get_mappings(FwdSession *self);

/* For the roles. */

FwdApplication *fwd_session_get_application(FwdSession *self);
FwdProfile *fwd_session_get_profile(FwdSession *self);
FwdDataPlane *fwd_session_get_plane(FwdSession *self);
/** Sends hello to @member; @peer NULL when it is not known yet. */
void fwd_session_send_hello(FwdSession *self, const char *member, FwdPeer *peer);
/** Fills in sender, nonce, echo and number, seals, sends. Takes @message. FALSE if not joined.
 */
gboolean fwd_session_send(FwdSession *self, FwdPeer *peer, FwdMessage *message);
/** Closes the tunnel and forgets the peer. */
void fwd_session_drop_peer(FwdSession *self, FwdPeer *peer);
/** The access list is another one: no peer gets by the former one where it got before. */
void fwd_session_forget_targets(FwdSession *self);
/** Works out the state from the peers'. */
void fwd_session_update_state(FwdSession *self);

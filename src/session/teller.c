/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/teller.h"

#define TELLER_KEY "fwd-teller"
/* Strategies end in groups; what they say is told together. */
#define GATHER_MS 200
/* The room is for those who are on their way to each other, too. */
#define INTERVAL_MS 2000

typedef struct {
  FwdSession *session; /* weak */
  FwdPeer *peer;       /* owns this */
  FwdConnector *connector;
  gint64 told; /* when last, us; 0 never */
  guint timer;
} FwdTeller;

static void
teller_free(FwdTeller *teller)
{
  g_clear_handle_id(&teller->timer, g_source_remove);
  g_signal_handlers_disconnect_by_data(teller->connector, teller);
  g_object_unref(teller->connector);
  g_clear_weak_pointer(&teller->session);
  g_free(teller);
}

/* Those that the client did not name have a story, too: why they could not be tried. */
static void
look_at_others(FwdTeller *teller)
{
  g_ptr_array_unref(
      fwd_connector_list_possible(teller->connector, fwd_peer_get_strategies(teller->peer)));
}

static void
tell(FwdTeller *teller)
{
  FwdMessage *message = fwd_message_new(FWD_MESSAGE_STORY);

  message->story = fwd_story_copy(fwd_connector_get_story(teller->connector));
  fwd_session_send(teller->session, teller->peer, message);
  teller->told = g_get_monotonic_time();
}

static gboolean
on_timer(gpointer user_data)
{
  FwdTeller *teller = user_data;

  if (teller->session && fwd_session_get_state(teller->session) < FWD_SESSION_STOPPING &&
      fwd_peer_get_state(teller->peer) != FWD_PEER_GONE) {
    look_at_others(teller);
    tell(teller);
  }
  teller->timer = 0;
  return G_SOURCE_REMOVE;
}

static void
on_story(FwdConnector *connector, FwdTeller *teller)
{
  const gint64 since = (g_get_monotonic_time() - teller->told) / 1000;
  guint wait = GATHER_MS;

  if (teller->timer)
    return;
  if (teller->told && since < INTERVAL_MS)
    wait += INTERVAL_MS - (guint)since;
  teller->timer = g_timeout_add(wait, on_timer, teller);
}

void
fwd_teller_attach(FwdSession *session, FwdPeer *peer)
{
  FwdTeller *teller = g_new0(FwdTeller, 1);

  teller->peer = peer;
  teller->connector = g_object_ref(fwd_peer_get_connector(peer));
  g_set_weak_pointer(&teller->session, session);
  g_object_set_data_full(G_OBJECT(peer), TELLER_KEY, teller, (GDestroyNotify)teller_free);
  g_signal_connect(teller->connector, "story", G_CALLBACK(on_story), teller);
}

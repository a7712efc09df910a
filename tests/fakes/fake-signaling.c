/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-signaling.h"

#include <stunfwd/error.h>

struct FakeMeeting {
  GPtrArray *members; /* FakeSignaling that have connected and not left, not owned */
  GQueue events;
  guint idle;
  gboolean online;
  guint to_lose;
  guint last_id;
  GStrv stun_servers;
};

#define FAKE_TYPE_SIGNALING (fake_signaling_get_type())
G_DECLARE_FINAL_TYPE(FakeSignaling, fake_signaling, FAKE, SIGNALING, GObject)

struct _FakeSignaling {
  GObject parent;

  FakeMeeting *meeting;
  char *id;
  char *room;
  FwdRole role;
  FwdSignalingState state;
  GStrv stun_servers;
  GPtrArray *known; /* ids told by peer-joined and not yet by peer-left */
};

typedef enum { EVENT_JOIN, EVENT_PEER_JOINED, EVENT_PEER_LEFT, EVENT_MESSAGE } EventKind;

/* Told to a member by its id: if that has gone, nobody is told. */
typedef struct {
  EventKind kind;
  char *to;
  char *about;
  FwdRole role;
  GBytes *envelope;
} Event;

enum { PROPERTY_STATE = 1, PROPERTY_STUN_SERVERS };

static FakeMeeting *registered;

static void implement_signaling(FwdSignalingInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FakeSignaling, fake_signaling, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_SIGNALING, implement_signaling))

static void
event_free(gpointer data)
{
  Event *event = data;

  g_free(event->to);
  g_free(event->about);
  g_clear_pointer(&event->envelope, g_bytes_unref);
  g_free(event);
}

static FakeSignaling *
find_member(FakeMeeting *meeting, const char *id)
{
  for (guint i = 0; i < meeting->members->len; i++) {
    FakeSignaling *member = g_ptr_array_index(meeting->members, i);

    if (strcmp(member->id, id) == 0)
      return member;
  }
  return NULL;
}

static gboolean
sees(const FakeSignaling *member, const FakeSignaling *other)
{
  return other->state == FWD_SIGNALING_JOINED && member->role != other->role &&
         strcmp(member->room, other->room) == 0;
}

static void
set_state(FakeSignaling *self, FwdSignalingState state)
{
  self->state = state;
  g_object_notify(G_OBJECT(self), "state");
}

static gboolean on_idle(gpointer user_data);

static void
post(FakeMeeting *meeting, EventKind kind, const FakeSignaling *to, const FakeSignaling *about,
     GBytes *envelope)
{
  Event *event = g_new0(Event, 1);

  event->kind = kind;
  event->to = g_strdup(to->id);
  if (about != NULL) {
    event->about = g_strdup(about->id);
    event->role = about->role;
  }
  if (envelope != NULL)
    event->envelope = g_bytes_ref(envelope);
  g_queue_push_tail(&meeting->events, event);
  if (meeting->idle == 0)
    meeting->idle = g_idle_add(on_idle, meeting);
}

static void
post_presence(FakeSignaling *self, EventKind kind)
{
  for (guint i = 0; i < self->meeting->members->len; i++) {
    FakeSignaling *other = g_ptr_array_index(self->meeting->members, i);

    if (sees(self, other))
      post(self->meeting, kind, other, self, NULL);
  }
}

static void
tell_joined(FakeSignaling *self, const char *id, FwdRole role)
{
  g_ptr_array_add(self->known, g_strdup(id));
  fwd_signaling_emit_peer_joined(FWD_SIGNALING(self), id, role);
}

static void
tell_left(FakeSignaling *self, const char *id)
{
  guint index;

  if (g_ptr_array_find_with_equal_func(self->known, id, g_str_equal, &index))
    g_ptr_array_remove_index(self->known, index);
  fwd_signaling_emit_peer_left(FWD_SIGNALING(self), id);
}

static void
forget_known(FakeSignaling *self)
{
  while (self->known->len > 0) {
    g_autofree char *id = g_strdup(g_ptr_array_index(self->known, 0));

    tell_left(self, id);
  }
}

static void
join(FakeSignaling *self)
{
  FakeMeeting *meeting = self->meeting;

  if (!meeting->online || self->state != FWD_SIGNALING_CONNECTING)
    return;
  g_strfreev(self->stun_servers);
  self->stun_servers = g_strdupv(meeting->stun_servers);
  post_presence(self, EVENT_PEER_JOINED);
  for (guint i = 0; i < meeting->members->len; i++) {
    FakeSignaling *other = g_ptr_array_index(meeting->members, i);

    if (sees(self, other))
      post(meeting, EVENT_PEER_JOINED, self, other, NULL);
  }
  g_object_notify(G_OBJECT(self), "stun-servers");
  set_state(self, FWD_SIGNALING_JOINED);
  forget_known(self);
}

static void
deliver(FakeSignaling *self, const Event *event)
{
  switch (event->kind) {
  case EVENT_JOIN:
    join(self);
    break;
  case EVENT_PEER_JOINED:
    tell_joined(self, event->about, event->role);
    break;
  case EVENT_PEER_LEFT:
    tell_left(self, event->about);
    break;
  case EVENT_MESSAGE:
    fwd_signaling_emit_message(FWD_SIGNALING(self), event->about, event->envelope);
    break;
  }
}

static gboolean
on_idle(gpointer user_data)
{
  FakeMeeting *meeting = user_data;
  Event *event = g_queue_pop_head(&meeting->events);
  FakeSignaling *to = event != NULL ? find_member(meeting, event->to) : NULL;

  if (to != NULL) {
    g_object_ref(to);
    deliver(to, event);
    g_object_unref(to);
  }
  g_clear_pointer(&event, event_free);
  if (!g_queue_is_empty(&meeting->events))
    return G_SOURCE_CONTINUE;
  meeting->idle = 0;
  return G_SOURCE_REMOVE;
}

static void
begin(FakeSignaling *self)
{
  g_free(self->id);
  self->id = g_strdup_printf("member-%u", ++self->meeting->last_id);
  set_state(self, FWD_SIGNALING_CONNECTING);
  post(self->meeting, EVENT_JOIN, self, NULL, NULL);
}

static void
fail(FakeSignaling *self)
{
  g_autoptr(GError) error =
      g_error_new_literal(FWD_SIGNALING_ERROR, FWD_ERROR_CLOSED, "the meeting is offline");

  set_state(self, FWD_SIGNALING_DISCONNECTED);
  fwd_signaling_emit_failed(FWD_SIGNALING(self), error);
}

static void
part(FakeSignaling *self)
{
  if (g_ptr_array_remove(self->meeting->members, self) && self->state == FWD_SIGNALING_JOINED)
    post_presence(self, EVENT_PEER_LEFT);
}

/* Members may come and go while they are told: walk over a copy. */
static GPtrArray *
copy_members(FakeMeeting *meeting)
{
  GPtrArray *members = g_ptr_array_new_with_free_func(g_object_unref);

  for (guint i = 0; i < meeting->members->len; i++)
    g_ptr_array_add(members, g_object_ref(g_ptr_array_index(meeting->members, i)));
  return members;
}

void
fake_meeting_set_online(FakeMeeting *meeting, gboolean online)
{
  g_autoptr(GPtrArray) members = copy_members(meeting);

  if (meeting->online == online)
    return;
  meeting->online = online;
  for (guint i = 0; i < members->len; i++) {
    FakeSignaling *member = g_ptr_array_index(members, i);

    if (member->state == FWD_SIGNALING_LEFT)
      continue;
    if (online)
      begin(member);
    else
      fail(member);
  }
}

void
fake_meeting_fail(FakeMeeting *meeting, const GError *error)
{
  g_autoptr(GPtrArray) members = copy_members(meeting);

  for (guint i = 0; i < members->len; i++) {
    FakeSignaling *member = g_ptr_array_index(members, i);

    part(member);
    set_state(member, FWD_SIGNALING_LEFT);
    fwd_signaling_emit_failed(FWD_SIGNALING(member), error);
  }
}

void
fake_meeting_lose(FakeMeeting *meeting, guint count)
{
  meeting->to_lose = count;
}

void
fake_meeting_set_stun_servers(FakeMeeting *meeting, const char *const *servers)
{
  g_strfreev(meeting->stun_servers);
  meeting->stun_servers = g_strdupv((GStrv)servers);
}

FakeMeeting *
fake_meeting_new(void)
{
  FakeMeeting *meeting = g_new0(FakeMeeting, 1);

  meeting->members = g_ptr_array_new();
  meeting->online = TRUE;
  return meeting;
}

void
fake_meeting_free(FakeMeeting *meeting)
{
  g_assert_cmpuint(meeting->members->len, ==, 0);
  g_clear_handle_id(&meeting->idle, g_source_remove);
  g_queue_clear_full(&meeting->events, event_free);
  g_ptr_array_unref(meeting->members);
  g_strfreev(meeting->stun_servers);
  g_free(meeting);
}

FwdSignaling *
fake_signaling_new(FakeMeeting *meeting)
{
  FakeSignaling *self = g_object_new(FAKE_TYPE_SIGNALING, NULL);

  self->meeting = meeting;
  return FWD_SIGNALING(self);
}

static gboolean
connect_to(FwdSignaling *signaling, GUri *url, const char *room, FwdRole role, GError **error)
{
  FakeSignaling *self = FAKE_SIGNALING(signaling);

  self->room = g_strdup(room);
  self->role = role;
  g_ptr_array_add(self->meeting->members, self);
  begin(self);
  return TRUE;
}

static gboolean
send_to(FwdSignaling *signaling, const char *member, GBytes *envelope, GError **error)
{
  FakeSignaling *self = FAKE_SIGNALING(signaling);
  FakeSignaling *to = find_member(self->meeting, member);

  if (to == NULL || !sees(self, to)) {
    g_set_error(error, FWD_SIGNALING_ERROR, FWD_ERROR_INVALID, "no member %s in the room",
                member);
    return FALSE;
  }
  if (self->meeting->to_lose > 0)
    self->meeting->to_lose--;
  else
    post(self->meeting, EVENT_MESSAGE, to, self, envelope);
  return TRUE;
}

static void
leave(FwdSignaling *signaling)
{
  FakeSignaling *self = FAKE_SIGNALING(signaling);

  part(self);
  set_state(self, FWD_SIGNALING_LEFT);
}

static void
implement_signaling(FwdSignalingInterface *interface)
{
  interface->connect = connect_to;
  interface->send = send_to;
  interface->leave = leave;
}

static void
get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  FakeSignaling *self = FAKE_SIGNALING(object);

  if (id == PROPERTY_STATE)
    g_value_set_uint(value, self->state);
  else
    g_value_set_boxed(value, self->stun_servers);
}

static void
dispose(GObject *object)
{
  part(FAKE_SIGNALING(object));
  G_OBJECT_CLASS(fake_signaling_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
  FakeSignaling *self = FAKE_SIGNALING(object);

  g_free(self->id);
  g_free(self->room);
  g_strfreev(self->stun_servers);
  g_ptr_array_unref(self->known);
  G_OBJECT_CLASS(fake_signaling_parent_class)->finalize(object);
}

static void
fake_signaling_class_init(FakeSignalingClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS(class);

  object_class->get_property = get_property;
  object_class->dispose = dispose;
  object_class->finalize = finalize;
  g_object_class_override_property(object_class, PROPERTY_STATE, "state");
  g_object_class_override_property(object_class, PROPERTY_STUN_SERVERS, "stun-servers");
}

static void
fake_signaling_init(FakeSignaling *self)
{
  self->known = g_ptr_array_new_with_free_func(g_free);
  self->meeting = registered;
}

void
fake_signaling_register(FwdPluginRegistry *registry, FakeMeeting *meeting)
{
  const FwdPluginMeta meta = {.priority = 99, .schemes = "ws", .help = "a fake"};
  g_autoptr(GError) error = NULL;

  registered = meeting;
  fwd_plugin_registry_add(registry, FWD_INTERFACE_SIGNALING, "fake", FAKE_TYPE_SIGNALING, &meta,
                          &error);
  g_assert_no_error(error);
}

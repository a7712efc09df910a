/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/turn-allocation.h"
#include "path/turn-path.h"
#include "session/turn-connect.h"
#include <errno.h>
#include <glib-unix.h>
#include <stunfwd/error.h>

#define US_PER_MS 1000

enum { ERROR_NO_ANSWER = 0, ERROR_UNAUTHENTICATED = 401, ERROR_FORBIDDEN = 403 };

enum { RECEIVED, LOST, N_SIGNALS };
static guint signals[N_SIGNALS];

struct _FwdTurnAllocation {
  GObject parent;
  FwdTurnWay *way;
  FwdTurnLink *link; /* NULL before it is connected, and once it is spent */
  FwdTurnClient *client;
  gboolean redirected;
  guint input, timer;
  GTask *task; /* while it is being made */
  GSource *cancelled;
};

G_DEFINE_FINAL_TYPE(FwdTurnAllocation, fwd_turn_allocation, G_TYPE_OBJECT)

static void connect_to_server(FwdTurnAllocation *self);
static void update(FwdTurnAllocation *self);

/* Ways. */

FwdTurnWay *
fwd_turn_way_new(const FwdTurnUri *uri, FwdTurnTransports transport,
                 const FwdTurnServer *server)
{
  FwdTurnWay *way = g_new(FwdTurnWay, 1);

  *way = (FwdTurnWay){.host = g_strdup(uri->host),
                      .port = uri->port,
                      .transport = transport,
                      .username = g_strdup(server->username ? server->username : ""),
                      .password = g_strdup(server->password ? server->password : "")};
  return way;
}

void
fwd_turn_way_free(FwdTurnWay *way)
{
  g_free(way->host);
  g_free(way->username);
  g_free(way->password);
  g_free(way);
}

char *
fwd_turn_way_describe(const FwdTurnWay *way)
{
  const char *transport = way->transport == FWD_TURN_OVER_UDP   ? "UDP"
                          : way->transport == FWD_TURN_OVER_TCP ? "TCP"
                                                                : "TLS";

  return g_strdup_printf(strchr(way->host, ':') ? "%s [%s]:%u" : "%s %s:%u", transport,
                         way->host, way->port);
}

/* Following the link and the clock. */

static void
send_message(const guint8 *data, gsize length, gpointer user_data)
{
  fwd_turn_link_send(((FwdTurnAllocation *)user_data)->link, data, length);
}

static void
stop_watching(FwdTurnAllocation *self)
{
  g_clear_handle_id(&self->input, g_source_remove);
  g_clear_handle_id(&self->timer, g_source_remove);
}

static void
drop_link(FwdTurnAllocation *self)
{
  stop_watching(self);
  g_clear_pointer(&self->client, fwd_turn_client_free);
  g_clear_pointer(&self->link, fwd_turn_link_free);
}

static void
fail(FwdTurnAllocation *self, FwdErrorCode code, const char *why)
{
  g_autofree char *way = fwd_turn_way_describe(self->way);
  g_autoptr(GError) error = g_error_new(FWD_STRATEGY_ERROR, code, "%s: %s", way, why);
  g_autoptr(GTask) task = g_steal_pointer(&self->task);

  drop_link(self);
  if (task != NULL)
    g_task_return_error(task, g_steal_pointer(&error));
  else
    g_signal_emit(self, signals[LOST], 0, error);
}

static void
fail_for(FwdTurnAllocation *self, guint code)
{
  g_autofree char *why = NULL;

  switch (code) {
  case ERROR_NO_ANSWER:
    fail(self, FWD_ERROR_UNREACHABLE, "no answer");
    break;
  case ERROR_UNAUTHENTICATED:
    fail(self, FWD_ERROR_DENIED, "wrong user name or password");
    break;
  default:
    why = g_strdup_printf("refused with code %u", code);
    fail(self, code == ERROR_FORBIDDEN ? FWD_ERROR_DENIED : FWD_ERROR_REFUSED, why);
  }
}

static void
follow_redirection(FwdTurnAllocation *self)
{
  const FwdEndpoint *alternate = fwd_turn_client_get_alternate(self->client);

  g_free(self->way->host);
  self->way->host = fwd_endpoint_address_to_string(alternate);
  self->way->port = fwd_endpoint_port(alternate);
  self->redirected = TRUE;
  drop_link(self);
  connect_to_server(self);
}

static gboolean
on_time(gpointer user_data)
{
  FwdTurnAllocation *self = user_data;

  self->timer = 0;
  fwd_turn_client_tick(self->client, g_get_monotonic_time());
  update(self);
  return G_SOURCE_REMOVE;
}

static void
set_timer(FwdTurnAllocation *self)
{
  gint64 deadline = fwd_turn_client_deadline(self->client);
  gint64 wait = (deadline - g_get_monotonic_time()) / US_PER_MS + 1;

  g_clear_handle_id(&self->timer, g_source_remove);
  if (deadline != G_MAXINT64)
    self->timer = g_timeout_add((guint)CLAMP(wait, 0, G_MAXINT), on_time, self);
}

static void
finish_making(FwdTurnAllocation *self)
{
  g_autoptr(GTask) task = g_steal_pointer(&self->task);

  if (task != NULL)
    g_task_return_pointer(task, g_object_ref(self), g_object_unref);
}

/* What the client has come to; may end with @self spent or lost. */
static void
update(FwdTurnAllocation *self)
{
  switch (fwd_turn_client_get_state(self->client)) {
  case FWD_TURN_ALLOCATED:
    set_timer(self);
    finish_making(self);
    break;
  case FWD_TURN_REDIRECTED:
    follow_redirection(self);
    break;
  case FWD_TURN_FAILED:
    fail_for(self, fwd_turn_client_get_error(self->client));
    break;
  default:
    set_timer(self);
  }
}

static void
take_message(FwdTurnAllocation *self, const guint8 *message, gsize length)
{
  FwdTurnPacket packet;

  if (fwd_turn_client_receive(self->client, message, length, g_get_monotonic_time(), &packet)) {
    g_autoptr(GBytes) data = g_bytes_new(packet.data, packet.length);
    g_signal_emit(self, signals[RECEIVED], 0, &packet.peer, data);
  } else {
    update(self);
  }
}

static gboolean
on_input(int fd, GIOCondition condition, gpointer user_data)
{
  g_autoptr(FwdTurnAllocation) self = g_object_ref(user_data);
  const guint input = self->input;
  const guint8 *message;
  gsize length;
  int result = 1;

  /* A handler may spend it, or a redirection replace the link. */
  while (self->input == input &&
         (result = fwd_turn_link_next(self->link, &message, &length)) > 0)
    take_message(self, message, length);
  if (self->input != input)
    return G_SOURCE_REMOVE;
  if (result == 0)
    return G_SOURCE_CONTINUE;
  fail(self, FWD_ERROR_UNREACHABLE, g_strerror(-result));
  return G_SOURCE_REMOVE;
}

/* Making it. */

static void
begin(FwdTurnAllocation *self)
{
  const FwdTurnClientConfig config = {.username = self->way->username,
                                      .password = self->way->password,
                                      .reliable = fwd_turn_link_is_stream(self->link),
                                      .redirects = !self->redirected};

  self->client = fwd_turn_client_new(&config, send_message, self);
  self->input = g_unix_fd_add(fwd_turn_link_get_fd(self->link), G_IO_IN | G_IO_HUP | G_IO_ERR,
                              on_input, self);
  fwd_turn_client_start(self->client, g_get_monotonic_time());
  update(self);
}

static void
on_linked(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(FwdTurnAllocation) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(FwdTurnLink) link = fwd_turn_connect_finish(result, &error);

  if (self->task == NULL)
    return;
  self->link = g_steal_pointer(&link);
  if (self->link != NULL)
    begin(self);
  else
    fail(self, FWD_ERROR_UNREACHABLE, error->message);
}

static void
connect_to_server(FwdTurnAllocation *self)
{
  fwd_turn_connect_async(self->way, g_task_get_cancellable(self->task), on_linked,
                         g_object_ref(self));
}

static gboolean
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
  FwdTurnAllocation *self = user_data;
  g_autoptr(GTask) task = g_steal_pointer(&self->task);

  if (task == NULL)
    return G_SOURCE_REMOVE;
  drop_link(self);
  g_task_return_error_if_cancelled(task);
  return G_SOURCE_REMOVE;
}

static void
follow_cancellable(FwdTurnAllocation *self, GCancellable *cancellable)
{
  if (cancellable == NULL)
    return;
  self->cancelled = g_cancellable_source_new(cancellable);
  g_source_set_callback(self->cancelled, G_SOURCE_FUNC(on_cancelled), self, NULL);
  g_source_attach(self->cancelled, g_main_context_get_thread_default());
}

void
fwd_turn_allocation_new_async(FwdTurnWay *way, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  FwdTurnAllocation *self = g_object_new(FWD_TYPE_TURN_ALLOCATION, NULL);

  self->way = way;
  self->task = g_task_new(NULL, cancellable, callback, user_data);
  g_task_set_source_tag(self->task, fwd_turn_allocation_new_async);
  g_task_set_task_data(self->task, self, g_object_unref);
  follow_cancellable(self, cancellable);
  connect_to_server(self);
}

FwdTurnAllocation *
fwd_turn_allocation_new_finish(GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

/* Using it. */

char *
fwd_turn_allocation_describe(FwdTurnAllocation *self)
{
  return fwd_turn_way_describe(self->way);
}

const FwdEndpoint *
fwd_turn_allocation_get_relayed(FwdTurnAllocation *self)
{
  static const FwdEndpoint nowhere;

  return self->client != NULL ? fwd_turn_client_get_relayed(self->client) : &nowhere;
}

gboolean
fwd_turn_allocation_permit(FwdTurnAllocation *self, const FwdEndpoint *peer)
{
  if (self->client == NULL ||
      !fwd_turn_client_permit(self->client, peer, g_get_monotonic_time()))
    return FALSE;
  set_timer(self);
  return TRUE;
}

void
fwd_turn_allocation_send(FwdTurnAllocation *self, const FwdEndpoint *peer, const guint8 *data,
                         gsize length)
{
  const FwdPacketBatch batch = {.data = data, .length = length, .segment = length};

  if (self->link != NULL)
    fwd_turn_link_send_batch(self->link, 0, peer, &batch);
}

FwdPath *
fwd_turn_allocation_into_path(FwdTurnAllocation *self, const char *strategy,
                              const FwdEndpoint *peer, guint rtt_us)
{
  if (self->client == NULL || fwd_turn_client_get_state(self->client) != FWD_TURN_ALLOCATED)
    return NULL;
  stop_watching(self);
  return fwd_turn_path_new(g_steal_pointer(&self->link), g_steal_pointer(&self->client), peer,
                           strategy, rtt_us);
}

static void
fwd_turn_allocation_dispose(GObject *object)
{
  FwdTurnAllocation *self = FWD_TURN_ALLOCATION(object);

  if (self->cancelled != NULL)
    g_source_destroy(self->cancelled);
  g_clear_pointer(&self->cancelled, g_source_unref);
  if (self->client != NULL)
    fwd_turn_client_release(self->client, g_get_monotonic_time());
  drop_link(self);
  G_OBJECT_CLASS(fwd_turn_allocation_parent_class)->dispose(object);
}

static void
fwd_turn_allocation_finalize(GObject *object)
{
  fwd_turn_way_free(FWD_TURN_ALLOCATION(object)->way);
  G_OBJECT_CLASS(fwd_turn_allocation_parent_class)->finalize(object);
}

static void
fwd_turn_allocation_class_init(FwdTurnAllocationClass *klass)
{
  const GType type = G_TYPE_FROM_CLASS(klass);

  G_OBJECT_CLASS(klass)->dispose = fwd_turn_allocation_dispose;
  G_OBJECT_CLASS(klass)->finalize = fwd_turn_allocation_finalize;
  signals[RECEIVED] =
      g_signal_new("received", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                   FWD_TYPE_ENDPOINT | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_BYTES);
  signals[LOST] = g_signal_new("lost", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                               G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
fwd_turn_allocation_init(FwdTurnAllocation *self)
{
}

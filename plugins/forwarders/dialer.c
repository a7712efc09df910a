/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dialer.h"
#include "sockets.h"
#include "target.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <unistd.h>

#define LIMIT_MS 10000

struct ForwarderDialer {
  int type;
  GHashTable *dials; /* set of Dial */
};

/* One channel on its way to its target. */
typedef struct {
  ForwarderDialer *dialer; /* NULL once the channel has its answer */
  FwdChannel *channel;
  ForwarderTarget target;
  gboolean fixed; /* no look-up: it is the same for all who ask for it */
  guint next;     /* endpoint to try */
  gint64 deadline;
  int fd;
  GSource *source;
  GCancellable *lookup; /* while one is under way: its callback frees the dial */
  GError *error;        /* of the last endpoint tried */
} Dial;

static void
dial_free(Dial *dial)
{
  g_clear_error(&dial->error);
  forwarder_target_clear(&dial->target);
  g_object_unref(dial->channel);
  g_free(dial);
}

static void
drop_source(Dial *dial)
{
  if (dial->source != NULL)
    g_source_destroy(dial->source);
  g_clear_pointer(&dial->source, g_source_unref);
}

static void
drop_socket(Dial *dial)
{
  drop_source(dial);
  if (dial->fd >= 0)
    close(dial->fd);
  dial->fd = -1;
}

static void
end(Dial *dial)
{
  g_hash_table_remove(dial->dialer->dials, dial);
  dial->dialer = NULL;
  drop_socket(dial);
  if (dial->lookup != NULL)
    g_cancellable_cancel(dial->lookup);
  else
    dial_free(dial);
}

static void
refuse(Dial *dial, const GError *why)
{
  fwd_channel_refuse(dial->channel, why);
  end(dial);
}

static void
accept_channel(Dial *dial)
{
  const int fd = dial->fd;

  drop_source(dial);
  dial->fd = -1;
  if (dial->dialer->type == SOCK_STREAM)
    fwd_tunnel_tune_socket(fd);
  if (dial->dialer->type == SOCK_STREAM && dial->fixed)
    fwd_channel_accept_endpoint(dial->channel, fd, &dial->target.endpoints[dial->next]);
  else
    fwd_channel_accept(dial->channel, fd);
  end(dial);
}

static void
set_error(Dial *dial, int errnum)
{
  char text[FWD_ENDPOINT_TEXT_MAX];

  g_clear_error(&dial->error);
  dial->error = g_error_new(FWD_FORWARDER_ERROR, forwarder_error_code(errnum), "%s: %s",
                            fwd_endpoint_format(&dial->target.endpoints[dial->next], text),
                            g_strerror(errnum));
}

static int
socket_error(int fd)
{
  int errnum = 0;
  socklen_t length = sizeof(errnum);

  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &length) < 0 ? errno : errnum;
}

/* 0, EINPROGRESS, or why not. A local target answers before connect() returns. */
static int
start_connect(Dial *dial)
{
  const FwdEndpoint *endpoint = &dial->target.endpoints[dial->next];
  const int type = dial->dialer->type | SOCK_NONBLOCK | SOCK_CLOEXEC;

  dial->fd = socket(fwd_endpoint_family(endpoint), type, 0);
  if (dial->fd < 0)
    return errno;
  if (dial->dialer->type == SOCK_DGRAM)
    forwarder_tune_datagrams(dial->fd);
  if (connect(dial->fd, &endpoint->any, fwd_endpoint_length(endpoint)) == 0)
    return 0;
  if (errno != EINPROGRESS)
    return errno;

  struct pollfd ready = {.fd = dial->fd, .events = POLLOUT};
  return poll(&ready, 1, 0) > 0 ? socket_error(dial->fd) : EINPROGRESS;
}

static void try_endpoints(Dial *dial);

static gboolean
on_connected(int fd, GIOCondition condition, gpointer user_data)
{
  Dial *dial = user_data;
  const int errnum = condition == 0 ? ETIMEDOUT : socket_error(fd);

  if (errnum == 0) {
    accept_channel(dial);
    return G_SOURCE_REMOVE;
  }
  set_error(dial, errnum);
  drop_socket(dial);
  dial->next++;
  try_endpoints(dial);
  return G_SOURCE_REMOVE;
}

/* What is left of the time is shared with the endpoints that would be next. */
static void
wait_for_connect(Dial *dial)
{
  const gint64 now = g_get_monotonic_time();
  const gint64 share = MAX(dial->deadline - now, 0) / (dial->target.count - dial->next);

  dial->source = g_unix_fd_source_new(dial->fd, G_IO_OUT | G_IO_ERR | G_IO_HUP);
  g_source_set_name(dial->source, "stunfwd connect");
  g_source_set_callback(dial->source, G_SOURCE_FUNC(on_connected), dial, NULL);
  g_source_set_ready_time(dial->source, now + share);
  g_source_attach(dial->source, g_main_context_get_thread_default());
}

static void
try_endpoints(Dial *dial)
{
  for (; dial->next < dial->target.count; dial->next++) {
    const int errnum = start_connect(dial);
    if (errnum == 0) {
      accept_channel(dial);
      return;
    }
    if (errnum == EINPROGRESS) {
      wait_for_connect(dial);
      return;
    }
    set_error(dial, errnum);
    drop_socket(dial);
  }
  if (dial->error == NULL)
    dial->error =
        g_error_new(FWD_FORWARDER_ERROR, FWD_ERROR_UNREACHABLE,
                    "%s: the name has no address that can be used", dial->target.name);
  refuse(dial, dial->error);
}

static void
fail_lookup(Dial *dial, const GError *why)
{
  const gboolean late = why == NULL;

  dial->error =
      g_error_new(FWD_FORWARDER_ERROR, late ? FWD_ERROR_TIMEOUT : FWD_ERROR_UNREACHABLE,
                  "%s: the name cannot be looked up: %s", dial->target.name,
                  late ? "no answer" : why->message);
  refuse(dial, dial->error);
}

static void
on_lookup(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Dial *dial = user_data;
  g_autoptr(GError) error = NULL;
  GList *addresses = g_resolver_lookup_by_name_finish(G_RESOLVER(source), result, &error);

  g_clear_object(&dial->lookup);
  if (dial->dialer == NULL) {
    g_resolver_free_addresses(addresses);
    dial_free(dial);
    return;
  }
  drop_source(dial);
  if (error != NULL) {
    fail_lookup(dial, error);
    return;
  }
  forwarder_target_add(&dial->target, addresses);
  g_resolver_free_addresses(addresses);
  try_endpoints(dial);
}

static gboolean
on_lookup_limit(gpointer user_data)
{
  fail_lookup(user_data, NULL);
  return G_SOURCE_REMOVE;
}

static void
look_up(Dial *dial)
{
  g_autoptr(GResolver) resolver = g_resolver_get_default();

  dial->lookup = g_cancellable_new();
  dial->source = g_timeout_source_new(LIMIT_MS);
  g_source_set_name(dial->source, "stunfwd look-up");
  g_source_set_callback(dial->source, on_lookup_limit, dial, NULL);
  g_source_attach(dial->source, g_main_context_get_thread_default());
  g_resolver_lookup_by_name_async(resolver, dial->target.name, dial->lookup, on_lookup, dial);
}

ForwarderDialer *
forwarder_dialer_new(int type)
{
  ForwarderDialer *dialer = g_new0(ForwarderDialer, 1);

  dialer->type = type;
  dialer->dials = g_hash_table_new(NULL, NULL);
  return dialer;
}

void
forwarder_dialer_free(ForwarderDialer *dialer)
{
  g_autoptr(GError) why =
      g_error_new_literal(FWD_FORWARDER_ERROR, FWD_ERROR_CLOSED, "the forwarder is closing");
  GHashTableIter iter;
  gpointer dial;

  /* Each refusal changes the set. */
  while (g_hash_table_iter_init(&iter, dialer->dials),
         g_hash_table_iter_next(&iter, &dial, NULL))
    refuse(dial, why);
  g_hash_table_unref(dialer->dials);
  g_free(dialer);
}

static gboolean
serves_kind(const ForwarderDialer *dialer, FwdChannel *channel)
{
  return (fwd_channel_get_kind(channel) == FWD_CHANNEL_STREAM) == (dialer->type == SOCK_STREAM);
}

void
forwarder_dialer_serve(ForwarderDialer *dialer, FwdChannel *channel)
{
  g_autoptr(GError) error = NULL;
  ForwarderTarget target;

  if (!serves_kind(dialer, channel)) {
    error = g_error_new_literal(FWD_FORWARDER_ERROR, FWD_ERROR_UNSUPPORTED,
                                "this forwarder serves no channels of that kind");
    fwd_channel_refuse(channel, error);
    return;
  }
  if (!forwarder_target_parse(fwd_channel_get_target(channel), &target, &error)) {
    fwd_channel_refuse(channel, error);
    return;
  }

  Dial *dial = g_new0(Dial, 1);
  dial->dialer = dialer;
  dial->channel = g_object_ref(channel);
  dial->target = target;
  dial->fixed = target.count > 0;
  dial->fd = -1;
  dial->deadline = g_get_monotonic_time() + LIMIT_MS * (gint64)1000;
  g_hash_table_add(dialer->dials, dial);
  if (target.count == 0)
    look_up(dial);
  else
    try_endpoints(dial);
}

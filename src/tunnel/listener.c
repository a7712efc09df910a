/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "tunnel"
#include "tunnel/listener.h"

#include "core/log.h"
#include "tunnel/accept.h"
#include "tunnel/opening.h"
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Then others have their turn. */
#define ACCEPTS_A_ROUND 64
#define PAUSE           (FWD_ACCEPT_PAUSE_MS * (gint64)1000000)

#define LISTENER_OF(member, pointer)                                                           \
  ((FwdListener *)((char *)(pointer)-G_STRUCT_OFFSET(FwdListener, member)))

typedef struct {
  FwdTunnelEnd *end;
  FwdWatch watch;
  FwdTimer pause;
  char *header;
  FwdTraffic *traffic; /* may be NULL */
  gboolean readable;
  gboolean short_of_descriptors; /* and has said so */
  GList link;
} FwdListener;

static void
listener_ready(FwdWatch *watch, guint32 events)
{
  FwdListener *listener = LISTENER_OF(watch, watch);

  (void)events;
  listener->readable = TRUE;
  fwd_tunnel_end_wake(listener->end);
}

static void
pause_over(FwdTimer *timer, gint64 now)
{
  (void)now;
  listener_ready(&LISTENER_OF(pause, timer)->watch, 0);
}

void
fwd_listeners_add(FwdTunnelEnd *end, int fd, const char *header, FwdTraffic *traffic)
{
  FwdListener *listener = g_new0(FwdListener, 1);

  listener->end = end;
  listener->watch = (FwdWatch){.fd = fd, .ready = listener_ready};
  listener->pause.fire = pause_over;
  listener->header = g_strdup(header);
  listener->traffic = traffic != NULL ? fwd_traffic_ref(traffic) : NULL;
  listener->link.data = listener;
  g_queue_push_tail_link(&end->listeners, &listener->link);
  fwd_data_loop_watch(end->loop, &listener->watch, EPOLLIN | EPOLLET);
}

static void
close_listener(FwdListener *listener)
{
  FwdTunnelEnd *end = listener->end;

  fwd_data_loop_unwatch(end->loop, &listener->watch);
  fwd_data_loop_stop_timer(end->loop, &listener->pause);
  close(listener->watch.fd);
  g_queue_unlink(&end->listeners, &listener->link);
  g_clear_pointer(&listener->traffic, fwd_traffic_unref);
  g_free(listener->header);
  g_free(listener);
}

gboolean
fwd_listeners_release(FwdTunnelEnd *end, int fd)
{
  for (GList *each = end->listeners.head; each != NULL; each = each->next) {
    FwdListener *listener = each->data;

    if (listener->watch.fd == fd) {
      close_listener(listener);
      return TRUE;
    }
  }
  return FALSE;
}

void
fwd_listeners_clear(FwdTunnelEnd *end)
{
  while (end->listeners.head != NULL)
    close_listener(end->listeners.head->data);
}

static void
rest(FwdListener *listener, int errnum)
{
  if (!listener->short_of_descriptors)
    fwd_log_warning("cannot accept connections for now: %s", g_strerror(errnum));
  listener->short_of_descriptors = TRUE;
  fwd_data_loop_set_timer(listener->end->loop, &listener->pause,
                          fwd_tunnel_end_now(listener->end) + PAUSE);
}

static void
open_channel(FwdListener *listener, int connection)
{
  FwdTunnelOpen *open = g_new0(FwdTunnelOpen, 1);

  open->kind = FWD_CHANNEL_STREAM;
  open->header = g_strdup(listener->header);
  open->fd = connection;
  open->own = TRUE;
  open->traffic = listener->traffic != NULL ? fwd_traffic_ref(listener->traffic) : NULL;
  fwd_openings_take(listener->end, open);
}

static void
serve_listener(FwdListener *listener)
{
  for (guint i = 0; i < ACCEPTS_A_ROUND; i++) {
    const int connection = fwd_accept(listener->watch.fd);

    if (connection < 0) {
      listener->readable = FALSE;
      if (fwd_accept_is_shortage(errno))
        rest(listener, errno);
      return;
    }
    listener->short_of_descriptors = FALSE;
    open_channel(listener, connection);
  }
  fwd_tunnel_end_wake(listener->end);
}

void
fwd_listeners_serve(FwdTunnelEnd *end)
{
  for (GList *each = end->listeners.head; each != NULL; each = each->next) {
    FwdListener *listener = each->data;

    if (listener->readable)
      serve_listener(listener);
  }
}

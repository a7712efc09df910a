/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "session"
#include "session/acceptor.h"

#include "core/log.h"
#include "tunnel/accept.h"
#include <errno.h>
#include <glib-unix.h>

#define ACCEPTS_PER_TURN 64

struct FwdAcceptor {
  int fd;
  FwdAcceptorFunc func;
  gpointer user_data;
  GSource *source; /* of the socket, or the pause before it goes on */
  gboolean short_of_descriptors;
};

static void
set_source(FwdAcceptor *acceptor, GSource *source, GSourceFunc callback)
{
  if (acceptor->source) {
    g_source_destroy(acceptor->source);
    g_source_unref(acceptor->source);
  }
  acceptor->source = source;
  if (!source)
    return;
  g_source_set_static_name(source, "stunfwd acceptor");
  g_source_set_callback(source, callback, acceptor, NULL);
  g_source_attach(source, g_main_context_get_thread_default());
}

static gboolean on_incoming(int fd, GIOCondition condition, gpointer user_data);

static void
watch(FwdAcceptor *acceptor)
{
  set_source(acceptor, g_unix_fd_source_new(acceptor->fd, G_IO_IN), G_SOURCE_FUNC(on_incoming));
}

static gboolean
on_pause_over(gpointer user_data)
{
  watch(user_data);
  return G_SOURCE_REMOVE;
}

/* The connection stays in the backlog, so that polling on would spin. */
static void
pause_accepting(FwdAcceptor *acceptor, int errnum)
{
  if (!acceptor->short_of_descriptors)
    fwd_log_warning("cannot accept connections for now: %s", g_strerror(errnum));
  acceptor->short_of_descriptors = TRUE;
  set_source(acceptor, g_timeout_source_new(FWD_ACCEPT_PAUSE_MS), on_pause_over);
}

static gboolean
on_incoming(int fd, GIOCondition condition, gpointer user_data)
{
  GSource *source = g_main_current_source();
  FwdAcceptor *acceptor = user_data;

  for (guint i = 0; i < ACCEPTS_PER_TURN && !g_source_is_destroyed(source); i++) {
    int connection = fwd_accept(fd);
    if (connection >= 0) {
      acceptor->short_of_descriptors = FALSE;
      acceptor->func(connection, acceptor->user_data);
    } else {
      if (fwd_accept_is_shortage(errno))
        pause_accepting(acceptor, errno);
      break;
    }
  }
  return G_SOURCE_CONTINUE;
}

FwdAcceptor *
fwd_acceptor_new(int fd, FwdAcceptorFunc func, gpointer user_data)
{
  FwdAcceptor *acceptor = g_new0(FwdAcceptor, 1);

  acceptor->fd = fd;
  acceptor->func = func;
  acceptor->user_data = user_data;
  watch(acceptor);
  return acceptor;
}

void
fwd_acceptor_free(FwdAcceptor *acceptor)
{
  set_source(acceptor, NULL, NULL);
  g_free(acceptor);
}

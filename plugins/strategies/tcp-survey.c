/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tcp-survey.h"

#include "tcp-socket.h"
#include "tcp-source.h"
#include "tcp-stun.h"
#include <errno.h>
#include <unistd.h>

typedef struct {
  FwdTcpSurvey *survey;
  FwdEndpoint server;
  int fd;
  GSource *source; /* NULL when it has ended */
  guint8 request[FWD_TCP_STUN_REQUEST_SIZE];
  guint8 answer[FWD_TCP_STUN_ANSWER_MAX];
  gsize length;
} Query;

struct FwdTcpSurvey {
  FwdTcpSurveyFunc func;
  gpointer user_data;
  GPtrArray *queries;
  GSource *limit;
  guint waiting;     /* queries that may still be answered */
  gboolean answered; /* somebody has, or it was told that nobody will */
};

static void
query_free(gpointer data)
{
  Query *query = data;

  fwd_tcp_source_clear(&query->source);
  fwd_tcp_socket_abort(query->fd);
  g_free(query);
}

static gboolean
on_limit(gpointer user_data)
{
  FwdTcpSurvey *self = user_data;

  if (!self->answered) {
    self->answered = TRUE;
    self->func(self, NULL, NULL, self->user_data);
  }
  return G_SOURCE_REMOVE;
}

/* The last that fails ends the wait, on a turn of its own. */
static void
fail(Query *query)
{
  FwdTcpSurvey *self = query->survey;

  fwd_tcp_source_clear(&query->source);
  if (--self->waiting == 0)
    fwd_tcp_source_timeout(&self->limit, 0, on_limit, self);
}

static void
take(Query *query)
{
  FwdTcpSurvey *self = query->survey;
  FwdEndpoint seen;
  const int kind =
      fwd_tcp_stun_read_answer(query->answer, query->length, query->request, &seen);

  if (kind < 0) {
    fail(query);
  } else if (kind > 0) {
    fwd_tcp_source_clear(&query->source);
    self->waiting--;
    self->answered = TRUE;
    self->func(self, &seen, &query->server, self->user_data);
  }
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
  Query *query = user_data;
  const gssize got =
      read(fd, query->answer + query->length, sizeof query->answer - query->length);

  if (got > 0) {
    query->length += (gsize)got;
    take(query);
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    fail(query);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_connected(int fd, GIOCondition condition, gpointer user_data)
{
  Query *query = user_data;

  if (fwd_tcp_socket_outcome(fd) == 0 &&
      write(fd, query->request, sizeof query->request) == sizeof query->request)
    fwd_tcp_source_watch(&query->source, fd, G_IO_IN, on_readable, query);
  else
    fail(query);
  return G_SOURCE_CONTINUE;
}

static void
ask(FwdTcpSurvey *self, const FwdEndpoint *local, const FwdEndpoint *server)
{
  const int fd = fwd_tcp_socket_connect(local, server);
  Query *query;

  if (fd < 0)
    return;
  query = g_new0(Query, 1);
  query->survey = self;
  query->server = *server;
  query->fd = fd;
  fwd_tcp_stun_write_request(query->request);
  fwd_tcp_source_watch(&query->source, fd, G_IO_OUT, on_connected, query);
  g_ptr_array_add(self->queries, query);
  self->waiting++;
}

FwdTcpSurvey *
fwd_tcp_survey_new(const FwdEndpoint *local, const GArray *servers, guint limit_ms,
                   FwdTcpSurveyFunc func, gpointer user_data)
{
  FwdTcpSurvey *self = g_new0(FwdTcpSurvey, 1);

  self->func = func;
  self->user_data = user_data;
  self->queries = g_ptr_array_new_with_free_func(query_free);
  for (guint i = 0; i < servers->len && self->waiting < FWD_TCP_SURVEY_SERVERS_MAX; i++) {
    const FwdEndpoint *server = &g_array_index(servers, FwdEndpoint, i);
    if (fwd_endpoint_family(server) == fwd_endpoint_family(local))
      ask(self, local, server);
  }
  fwd_tcp_source_timeout(&self->limit, self->waiting > 0 ? limit_ms : 0, on_limit, self);
  return self;
}

void
fwd_tcp_survey_free(FwdTcpSurvey *self)
{
  fwd_tcp_source_clear(&self->limit);
  g_ptr_array_unref(self->queries);
  g_free(self);
}

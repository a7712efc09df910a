/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "own-sockets.h"

#include <glib-unix.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define NONE         G_MAXUINT
#define SENT_MAX     4
#define DATAGRAM_MAX 1500
#define READS_MAX    8
#define EVENTS_MAX   32
#define REPEAT_US    (50 * 1000)
#define TRIGGER_US   (10 * 1000)
#define CHOICE_US    G_USEC_PER_SEC

typedef struct {
  guint8 transaction[FWD_CHECK_TRANSACTION_SIZE];
  FwdEndpoint to;
  gint64 when; /* microseconds; 0 never */
} Sent;

/* The last ones, any of which may still be answered. */
typedef struct {
  Sent sent[SENT_MAX];
  guint next;
} Ring;

typedef struct {
  int fd;
  FwdEndpoint mapped;
  Ring queries, checks;
} Socket;

struct FwdOwnSockets {
  FwdAttempt *attempt;
  void (*changed)(gpointer user_data);
  gpointer user_data;
  GArray *sockets;
  int epoll; /* one source for the main loop, however many sockets */
  GSource *source;
  guint chosen;
  gint64 chosen_at;
  FwdEndpoint remote;
  gboolean answered;
  guint rtt_us;
};

static Socket *
get_socket(const FwdOwnSockets *sockets, guint index)
{
  return &g_array_index(sockets->sockets, Socket, index);
}

/* FALSE if another socket is the chosen one. */
static gboolean
choose(FwdOwnSockets *sockets, guint index, const FwdEndpoint *from)
{
  if (sockets->chosen == NONE) {
    sockets->chosen = index;
    sockets->chosen_at = g_get_monotonic_time();
    sockets->remote = *from;
    sockets->changed(sockets->user_data);
  }
  return sockets->chosen == index;
}

static gint64
last_check(const Socket *self)
{
  return self->checks.sent[(self->checks.next + SENT_MAX - 1) % SENT_MAX].when;
}

/* Where the transaction of the next message to @to is written. */
static guint8 *
begin_sending(Ring *ring, const FwdEndpoint *to)
{
  Sent *sent = &ring->sent[ring->next];

  ring->next = (ring->next + 1) % SENT_MAX;
  sent->to = *to;
  sent->when = g_get_monotonic_time();
  return sent->transaction;
}

/* What was sent to @from with that transaction, or NULL. */
static const Sent *
find_sent(const Ring *ring, const FwdEndpoint *from, const guint8 *transaction)
{
  for (guint i = 0; i < SENT_MAX; i++) {
    const Sent *sent = &ring->sent[i];
    if (sent->when != 0 &&
        memcmp(sent->transaction, transaction, sizeof sent->transaction) == 0)
      return fwd_endpoint_equal(&sent->to, from) ? sent : NULL;
  }
  return NULL;
}

static void
on_request(FwdOwnSockets *sockets, guint index, const FwdEndpoint *from,
           const guint8 *transaction)
{
  const Socket *self = get_socket(sockets, index);
  guint8 response[FWD_CHECK_SIZE_MAX];
  gsize length;

  if (!choose(sockets, index, from))
    return;
  length = fwd_attempt_write_response(sockets->attempt, response, sizeof response, transaction,
                                      from);
  fwd_attempt_send_from(sockets->attempt, self->fd, from, 0, response, length);
  /* A triggered check (RFC 8445, 7.3.1.4): the way is open now. */
  if (!sockets->answered && g_get_monotonic_time() - last_check(self) >= TRIGGER_US)
    fwd_own_sockets_check(sockets, index, from, 0);
}

static void
on_response(FwdOwnSockets *sockets, guint index, const FwdEndpoint *from,
            const guint8 *transaction)
{
  const Sent *sent = find_sent(&get_socket(sockets, index)->checks, from, transaction);

  if (sent == NULL || sockets->answered || !choose(sockets, index, from))
    return;
  sockets->answered = TRUE;
  sockets->remote = *from;
  sockets->rtt_us = (guint)(g_get_monotonic_time() - sent->when);
  sockets->changed(sockets->user_data);
}

static void
on_other(FwdOwnSockets *sockets, Socket *self, const FwdEndpoint *from, const guint8 *data,
         gsize length)
{
  guint8 transaction[FWD_CHECK_TRANSACTION_SIZE];
  FwdEndpoint mapped;

  if (!fwd_attempt_read_answer(sockets->attempt, data, length, transaction, &mapped) ||
      find_sent(&self->queries, from, transaction) == NULL)
    return;
  self->mapped = mapped;
  sockets->changed(sockets->user_data);
}

static void
take_datagram(FwdOwnSockets *sockets, guint index, const FwdEndpoint *from, const guint8 *data,
              gsize length)
{
  guint8 transaction[FWD_CHECK_TRANSACTION_SIZE];

  switch (fwd_attempt_read_check(sockets->attempt, data, length, transaction)) {
  case FWD_CHECK_REQUEST:
    on_request(sockets, index, from, transaction);
    break;
  case FWD_CHECK_RESPONSE:
    on_response(sockets, index, from, transaction);
    break;
  case FWD_CHECK_NONE:
    on_other(sockets, get_socket(sockets, index), from, data, length);
    break;
  }
}

static void
read_socket(FwdOwnSockets *sockets, guint index)
{
  const int fd = get_socket(sockets, index)->fd;
  guint8 datagram[DATAGRAM_MAX];
  FwdEndpoint from;

  for (guint i = 0; i < READS_MAX; i++) {
    const gssize length =
        fwd_attempt_receive_at(sockets->attempt, fd, datagram, sizeof datagram, &from);
    if (length <= 0)
      return;
    take_datagram(sockets, index, &from, datagram, (gsize)length);
  }
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
  FwdOwnSockets *sockets = user_data;
  struct epoll_event events[EVENTS_MAX];
  const int count = epoll_wait(fd, events, EVENTS_MAX, 0);

  for (int i = 0; i < count; i++)
    read_socket(sockets, events[i].data.u32);
  return G_SOURCE_CONTINUE;
}

FwdOwnSockets *
fwd_own_sockets_new(FwdAttempt *attempt, void (*changed)(gpointer user_data),
                    gpointer user_data)
{
  FwdOwnSockets *sockets = g_new0(FwdOwnSockets, 1);

  sockets->attempt = attempt;
  sockets->changed = changed;
  sockets->user_data = user_data;
  sockets->sockets = g_array_new(FALSE, TRUE, sizeof(Socket));
  sockets->chosen = NONE;
  sockets->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (sockets->epoll < 0)
    return sockets;
  sockets->source = g_unix_fd_source_new(sockets->epoll, G_IO_IN);
  g_source_set_name(sockets->source, "stunfwd own sockets");
  g_source_set_callback(sockets->source, G_SOURCE_FUNC(on_readable), sockets, NULL);
  g_source_attach(sockets->source, g_main_context_get_thread_default());
  return sockets;
}

void
fwd_own_sockets_free(FwdOwnSockets *sockets)
{
  fwd_own_sockets_clear(sockets);
  if (sockets->source != NULL) {
    g_source_destroy(sockets->source);
    g_source_unref(sockets->source);
    close(sockets->epoll);
  }
  g_array_unref(sockets->sockets);
  g_free(sockets);
}

gboolean
fwd_own_sockets_open(FwdOwnSockets *sockets)
{
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = sockets->sockets->len};
  const Socket self = {.fd = fwd_attempt_open_socket(sockets->attempt, AF_INET)};

  if (self.fd < 0)
    return FALSE;
  if (epoll_ctl(sockets->epoll, EPOLL_CTL_ADD, self.fd, &event) != 0) {
    close(self.fd);
    return FALSE;
  }
  g_array_append_val(sockets->sockets, self);
  return TRUE;
}

guint
fwd_own_sockets_get_count(const FwdOwnSockets *sockets)
{
  return sockets->sockets->len;
}

void
fwd_own_sockets_clear(FwdOwnSockets *sockets)
{
  for (guint i = 0; i < sockets->sockets->len; i++)
    if (get_socket(sockets, i)->fd >= 0)
      close(get_socket(sockets, i)->fd);
  g_array_set_size(sockets->sockets, 0);
  sockets->chosen = NONE;
  sockets->answered = FALSE;
}

gboolean
fwd_own_sockets_query(FwdOwnSockets *sockets, guint index, const FwdEndpoint *server)
{
  Socket *self = get_socket(sockets, index);
  guint8 query[FWD_CHECK_SIZE_MAX];
  const gsize length = fwd_attempt_write_query(sockets->attempt, query, sizeof query,
                                               begin_sending(&self->queries, server));

  return fwd_attempt_send_from(sockets->attempt, self->fd, server, 0, query, length);
}

const FwdEndpoint *
fwd_own_sockets_get_mapped(const FwdOwnSockets *sockets, guint index)
{
  const FwdEndpoint *mapped = &get_socket(sockets, index)->mapped;

  return fwd_endpoint_family(mapped) == AF_UNSPEC ? NULL : mapped;
}

gboolean
fwd_own_sockets_are_mapped(const FwdOwnSockets *sockets, guint count)
{
  for (guint i = 0; i < count; i++)
    if (fwd_own_sockets_get_mapped(sockets, i) == NULL)
      return FALSE;
  return TRUE;
}

gboolean
fwd_own_sockets_check(FwdOwnSockets *sockets, guint index, const FwdEndpoint *remote, guint ttl)
{
  Socket *self = get_socket(sockets, index);
  guint8 check[FWD_CHECK_SIZE_MAX];
  const gsize length = fwd_attempt_write_check(sockets->attempt, check, sizeof check,
                                               begin_sending(&self->checks, remote));

  return fwd_attempt_send_from(sockets->attempt, self->fd, remote, ttl, check, length);
}

gint64
fwd_own_sockets_tick(FwdOwnSockets *sockets, gint64 now)
{
  gint64 due;

  if (sockets->chosen == NONE || sockets->answered)
    return G_MAXINT64;
  if (now >= sockets->chosen_at + CHOICE_US) {
    sockets->chosen = NONE;
    return G_MAXINT64;
  }
  due = last_check(get_socket(sockets, sockets->chosen)) + REPEAT_US;
  if (now < due)
    return due;
  fwd_own_sockets_check(sockets, sockets->chosen, &sockets->remote, 0);
  return now + REPEAT_US;
}

gboolean
fwd_own_sockets_have_heard(const FwdOwnSockets *sockets)
{
  return sockets->chosen != NONE;
}

const FwdEndpoint *
fwd_own_sockets_get_answered(const FwdOwnSockets *sockets)
{
  return sockets->answered ? &sockets->remote : NULL;
}

FwdPath *
fwd_own_sockets_take_path(FwdOwnSockets *sockets)
{
  Socket *self = get_socket(sockets, sockets->chosen);
  const int fd = self->fd;

  epoll_ctl(sockets->epoll, EPOLL_CTL_DEL, fd, NULL);
  self->fd = -1;
  return fwd_attempt_create_socket_path(sockets->attempt, fd, &sockets->remote,
                                        sockets->rtt_us);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/data-loop.h"
#include "tunnel/message-queue.h"
#include "tunnel/timer-heap.h"
#include <errno.h>
#include <glib-unix.h>
#include <stunfwd/error.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 128
#define NS_PER_S   G_GINT64_CONSTANT(1000000000)

struct FwdDataLoop {
  GThread *thread;
  int epoll_fd;
  gboolean stopping;
  gint64 now;

  FwdMessageQueue posted;
  FwdWatch wake;

  FwdTimerHeap timers;
  FwdWatch alarm;
  gint64 alarm_deadline; /* what the timerfd is set to: never later than the first timer */

  FwdDeferred deferred; /* head of a ring */

  struct epoll_event events[EVENTS_MAX];
  int event_count;

  /* Towards the main context. */
  FwdMessageQueue replies;
  FwdMessage *replying; /* taken from the queue, not run yet; main thread */
  int reply_fd;
  GSource *reply_source;
};

static gint64
read_clock(void)
{
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * NS_PER_S + time.tv_nsec;
}

static void
raise_event(int fd)
{
  guint64 one = 1;

  /* It can only fail by a full counter, and then the reader is awake anyway. */
  while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
    continue;
}

static void
clear_event(int fd)
{
  guint64 count;

  while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
    continue;
}

/* Messages. */

void
fwd_data_loop_post(FwdDataLoop *loop, FwdDataLoopFunc func, gpointer data)
{
  if (fwd_message_queue_push(&loop->posted, func, data))
    raise_event(loop->wake.fd);
}

typedef struct {
  FwdDataLoopFunc func;
  gpointer data;
  GMutex mutex;
  GCond done_condition;
  gboolean done;
} Waiter;

static void
run_and_notify(gpointer data)
{
  Waiter *waiter = data;

  waiter->func(waiter->data);
  g_mutex_lock(&waiter->mutex);
  waiter->done = TRUE;
  g_cond_signal(&waiter->done_condition);
  g_mutex_unlock(&waiter->mutex);
}

void
fwd_data_loop_post_and_wait(FwdDataLoop *loop, FwdDataLoopFunc func, gpointer data)
{
  Waiter waiter = {.func = func, .data = data};

  g_return_if_fail(g_thread_self() != loop->thread);
  g_mutex_init(&waiter.mutex);
  g_cond_init(&waiter.done_condition);
  fwd_data_loop_post(loop, run_and_notify, &waiter);
  g_mutex_lock(&waiter.mutex);
  while (!waiter.done)
    g_cond_wait(&waiter.done_condition, &waiter.mutex);
  g_mutex_unlock(&waiter.mutex);
  g_cond_clear(&waiter.done_condition);
  g_mutex_clear(&waiter.mutex);
}

static gboolean
run_posted(FwdDataLoop *loop)
{
  FwdMessage *message = fwd_message_queue_take(&loop->posted);
  gboolean any = message != NULL;

  while (message != NULL)
    message = fwd_message_run(message);
  return any;
}

static void
on_wake(FwdWatch *watch, guint32 events G_GNUC_UNUSED)
{
  /* The messages themselves are run in their turn of the round. */
  clear_event(watch->fd);
}

void
fwd_data_loop_reply(FwdDataLoop *loop, FwdDataLoopFunc func, gpointer data)
{
  if (fwd_message_queue_push(&loop->replies, func, data))
    raise_event(loop->reply_fd);
}

static gboolean
run_next_reply(FwdDataLoop *loop)
{
  FwdMessage *message;

  if (loop->replying == NULL)
    loop->replying = fwd_message_queue_take(&loop->replies);
  message = loop->replying;
  if (message == NULL)
    return FALSE;
  /* Off the list first: the reply may free the loop, which runs the rest. */
  loop->replying = message->next;
  fwd_message_run(message);
  return TRUE;
}

static gboolean
on_replies(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
  GSource *source = g_main_current_source();
  FwdDataLoop *loop = data;

  clear_event(fd);
  while (!g_source_is_destroyed(source) && run_next_reply(loop))
    continue;
  return G_SOURCE_CONTINUE;
}

/* Descriptors. */

gboolean
fwd_data_loop_watch(FwdDataLoop *loop, FwdWatch *watch, guint32 events)
{
  struct epoll_event event = {.events = events, .data.ptr = watch};
  int operation = watch->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

  if (epoll_ctl(loop->epoll_fd, operation, watch->fd, &event) != 0)
    return FALSE;
  watch->watched = TRUE;
  return TRUE;
}

void
fwd_data_loop_unwatch(FwdDataLoop *loop, FwdWatch *watch)
{
  if (!watch->watched)
    return;
  watch->watched = FALSE;
  epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
  for (int i = 0; i < loop->event_count; i++)
    if (loop->events[i].data.ptr == watch)
      loop->events[i].data.ptr = NULL;
}

static void
deliver_events(FwdDataLoop *loop)
{
  for (int i = 0; i < loop->event_count; i++) {
    FwdWatch *watch = loop->events[i].data.ptr;
    if (watch != NULL)
      watch->ready(watch, loop->events[i].events);
  }
  loop->event_count = 0;
}

/* Timers. */

gint64
fwd_data_loop_now(FwdDataLoop *loop)
{
  return loop->now;
}

gint64
fwd_data_loop_refresh_now(FwdDataLoop *loop)
{
  return loop->now = read_clock();
}

void
fwd_data_loop_set_timer(FwdDataLoop *loop, FwdTimer *timer, gint64 deadline)
{
  if (deadline == G_MAXINT64)
    fwd_timer_heap_remove(&loop->timers, timer);
  else
    fwd_timer_heap_set(&loop->timers, timer, deadline);
}

void
fwd_data_loop_stop_timer(FwdDataLoop *loop, FwdTimer *timer)
{
  fwd_timer_heap_remove(&loop->timers, timer);
}

static void
on_alarm(FwdWatch *watch, guint32 events G_GNUC_UNUSED)
{
  FwdDataLoop *loop = (FwdDataLoop *)((char *)watch - G_STRUCT_OFFSET(FwdDataLoop, alarm));

  clear_event(watch->fd);
  loop->alarm_deadline = G_MAXINT64;
}

/*
 * A timer that moves away costs no system call: the alarm then goes off once in
 * vain. Only a deadline earlier than the alarm's must be told to the kernel.
 */
static void
arm_alarm(FwdDataLoop *loop, gint64 deadline)
{
  struct itimerspec setting = {0};

  if (deadline >= loop->alarm_deadline)
    return;
  setting.it_value.tv_sec = deadline / NS_PER_S;
  setting.it_value.tv_nsec = deadline % NS_PER_S;
  timerfd_settime(loop->alarm.fd, TFD_TIMER_ABSTIME, &setting, NULL);
  loop->alarm_deadline = deadline;
}

/* Deferred work. */

void
fwd_data_loop_defer(FwdDataLoop *loop, FwdDeferred *deferred)
{
  if (deferred->queued)
    return;
  deferred->queued = TRUE;
  deferred->next = &loop->deferred;
  deferred->previous = loop->deferred.previous;
  deferred->previous->next = deferred;
  loop->deferred.previous = deferred;
}

void
fwd_data_loop_cancel_deferred(FwdDataLoop *loop G_GNUC_UNUSED, FwdDeferred *deferred)
{
  if (!deferred->queued)
    return;
  deferred->queued = FALSE;
  deferred->previous->next = deferred->next;
  deferred->next->previous = deferred->previous;
}

static void
run_deferred(FwdDataLoop *loop)
{
  FwdDeferred end = {0};

  /* What is deferred from here on comes behind the mark, and so in the next round. */
  fwd_data_loop_defer(loop, &end);
  while (loop->deferred.next != &end) {
    FwdDeferred *deferred = loop->deferred.next;
    fwd_data_loop_cancel_deferred(loop, deferred);
    deferred->run(deferred);
  }
  fwd_data_loop_cancel_deferred(loop, &end);
}

/* The rounds. */

static void
wait_for_events(FwdDataLoop *loop)
{
  gint64 deadline = fwd_timer_heap_deadline(&loop->timers);
  gboolean busy = loop->deferred.next != &loop->deferred || deadline <= loop->now;
  int count;

  if (!busy)
    arm_alarm(loop, deadline);
  count = epoll_wait(loop->epoll_fd, loop->events, EVENTS_MAX, busy ? 0 : -1);
  loop->event_count = MAX(count, 0);
}

static gpointer
run(gpointer data)
{
  FwdDataLoop *loop = data;

  while (!loop->stopping) {
    wait_for_events(loop);
    fwd_data_loop_refresh_now(loop);
    deliver_events(loop);
    run_posted(loop);
    fwd_timer_heap_fire(&loop->timers, loop->now);
    run_deferred(loop);
  }
  while (run_posted(loop))
    continue;
  return NULL;
}

static void
stop(gpointer data)
{
  FwdDataLoop *loop = data;

  loop->stopping = TRUE;
}

/* Making and ending it. */

static void
destroy(FwdDataLoop *loop)
{
  int fds[] = {loop->epoll_fd, loop->wake.fd, loop->alarm.fd, loop->reply_fd};

  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    if (fds[i] >= 0)
      close(fds[i]);
  fwd_message_discard(fwd_message_queue_take(&loop->posted));
  fwd_timer_heap_clear(&loop->timers);
  g_free(loop);
}

static gboolean
open_descriptors(FwdDataLoop *loop)
{
  loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  loop->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  loop->wake.ready = on_wake;
  loop->alarm.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  loop->alarm.ready = on_alarm;
  loop->reply_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return loop->epoll_fd >= 0 && loop->wake.fd >= 0 && loop->alarm.fd >= 0 &&
         loop->reply_fd >= 0 && fwd_data_loop_watch(loop, &loop->wake, EPOLLIN) &&
         fwd_data_loop_watch(loop, &loop->alarm, EPOLLIN);
}

static void
attach_replies(FwdDataLoop *loop, GMainContext *main_context)
{
  loop->reply_source = g_unix_fd_source_new(loop->reply_fd, G_IO_IN);
  g_source_set_callback(loop->reply_source, G_SOURCE_FUNC(on_replies), loop, NULL);
  g_source_set_static_name(loop->reply_source, "data-loop replies");
  g_source_attach(loop->reply_source, main_context);
}

FwdDataLoop *
fwd_data_loop_new(GMainContext *main_context, GError **error)
{
  FwdDataLoop *loop = g_new0(FwdDataLoop, 1);

  fwd_timer_heap_init(&loop->timers);
  loop->alarm_deadline = G_MAXINT64;
  loop->deferred.next = loop->deferred.previous = &loop->deferred;
  fwd_data_loop_refresh_now(loop);
  if (open_descriptors(loop))
    loop->thread = g_thread_try_new("data-loop", run, loop, NULL);
  if (loop->thread == NULL) {
    g_set_error(error, FWD_TUNNEL_ERROR, FWD_ERROR_FAILED, "can't start the data loop: %s",
                g_strerror(errno));
    destroy(loop);
    return NULL;
  }
  attach_replies(loop, main_context);
  return loop;
}

void
fwd_data_loop_free(FwdDataLoop *loop)
{
  fwd_data_loop_post(loop, stop, loop);
  g_thread_join(loop->thread);
  g_source_destroy(loop->reply_source);
  while (run_next_reply(loop))
    continue;
  g_source_unref(loop->reply_source);
  destroy(loop);
}

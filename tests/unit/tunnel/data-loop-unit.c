/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel/data-loop.h"
#include "tunnel/message-queue.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define MS G_GINT64_CONSTANT(1000000)

typedef struct {
  FwdDataLoop *loop;
  GMainContext *context;
  GString *story; /* written by one thread at a time */
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  GError *error = NULL;

  fixture->context = g_main_context_new();
  fixture->story = g_string_new(NULL);
  fixture->loop = fwd_data_loop_new(fixture->context, &error);
  g_assert_no_error(error);
}

static void
tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_clear_pointer(&fixture->loop, fwd_data_loop_free);
  g_main_context_unref(fixture->context);
  g_string_free(fixture->story, TRUE);
}

/* Not g_clear_pointer(): what still runs on the loop looks at the pointer. */
static void
free_loop(gpointer data)
{
  Fixture *fixture = data;

  fwd_data_loop_free(fixture->loop);
  fixture->loop = NULL;
}

static void
do_nothing(gpointer data G_GNUC_UNUSED)
{
}

/* Waits for two rounds: what the first one deferred has run after the second. */
static void
settle(Fixture *fixture)
{
  for (int i = 0; i < 3; i++)
    fwd_data_loop_post_and_wait(fixture->loop, do_nothing, NULL);
}

typedef struct {
  Fixture *fixture;
  char letter;
} Letter;

static void
write_letter(gpointer data)
{
  g_autofree Letter *letter = data;

  g_string_append_c(letter->fixture->story, letter->letter);
}

static Letter *
new_letter(Fixture *fixture, char letter)
{
  Letter *self = g_new(Letter, 1);

  *self = (Letter){.fixture = fixture, .letter = letter};
  return self;
}

static void
test_post_keeps_the_order(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  for (char c = 'a'; c <= 'z'; c++)
    fwd_data_loop_post(fixture->loop, write_letter, new_letter(fixture, c));
  fwd_data_loop_post_and_wait(fixture->loop, write_letter, new_letter(fixture, '.'));
  g_assert_cmpstr(fixture->story->str, ==, "abcdefghijklmnopqrstuvwxyz.");
}

static void
test_free_runs_what_was_posted(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  for (char c = 'a'; c <= 'e'; c++)
    fwd_data_loop_post(fixture->loop, write_letter, new_letter(fixture, c));
  g_clear_pointer(&fixture->loop, fwd_data_loop_free);
  g_assert_cmpstr(fixture->story->str, ==, "abcde");
}

static void
compare_thread(gpointer data)
{
  GThread **thread = data;

  *thread = g_thread_self();
}

static void
test_runs_on_a_thread_of_its_own(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  GThread *thread = NULL;

  fwd_data_loop_post_and_wait(fixture->loop, compare_thread, &thread);
  g_assert_nonnull(thread);
  g_assert_true(thread != g_thread_self());
}

#define WRITERS  4
#define MESSAGES 5000

typedef struct {
  FwdDataLoop *loop;
  guint next[WRITERS]; /* the number that each writer's next message must have */
} Counting;

typedef struct {
  Counting *counting;
  guint writer, number;
} Numbered;

static void
count_message(gpointer data)
{
  g_autofree Numbered *numbered = data;

  g_assert_cmpuint(numbered->number, ==, numbered->counting->next[numbered->writer]);
  numbered->counting->next[numbered->writer]++;
}

typedef struct {
  Counting *counting;
  guint number;
} Writer;

static gpointer
post_many(gpointer data)
{
  Writer *writer = data;

  for (guint i = 0; i < MESSAGES; i++) {
    Numbered *numbered = g_new(Numbered, 1);
    *numbered = (Numbered){.counting = writer->counting, .writer = writer->number, .number = i};
    fwd_data_loop_post(writer->counting->loop, count_message, numbered);
  }
  return NULL;
}

static void
test_many_writers(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  Counting counting = {.loop = fixture->loop};
  Writer writers[WRITERS];
  GThread *threads[WRITERS];

  for (guint i = 0; i < WRITERS; i++) {
    writers[i] = (Writer){.counting = &counting, .number = i};
    threads[i] = g_thread_new("writer", post_many, &writers[i]);
  }
  for (guint i = 0; i < WRITERS; i++)
    g_thread_join(threads[i]);
  fwd_data_loop_post_and_wait(fixture->loop, do_nothing, NULL);
  for (guint i = 0; i < WRITERS; i++)
    g_assert_cmpuint(counting.next[i], ==, MESSAGES);
}

static void
test_queue_tells_when_it_was_empty(void)
{
  FwdMessageQueue queue = {0};

  g_assert_null(fwd_message_queue_take(&queue));
  g_assert_true(fwd_message_queue_push(&queue, do_nothing, NULL));
  g_assert_false(fwd_message_queue_push(&queue, do_nothing, NULL));
  fwd_message_discard(fwd_message_queue_take(&queue));
  g_assert_true(fwd_message_queue_push(&queue, do_nothing, NULL));
  fwd_message_discard(fwd_message_queue_take(&queue));
}

/* Replies. */

static void
reply_letters(gpointer data)
{
  Fixture *fixture = data;

  for (char c = 'a'; c <= 'c'; c++)
    fwd_data_loop_reply(fixture->loop, write_letter, new_letter(fixture, c));
}

static void
test_replies_run_on_the_main_context(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  fwd_data_loop_post_and_wait(fixture->loop, reply_letters, fixture);
  g_assert_cmpstr(fixture->story->str, ==, "");
  while (fixture->story->len < 3)
    g_main_context_iteration(fixture->context, TRUE);
  g_assert_cmpstr(fixture->story->str, ==, "abc");
}

static void
test_free_runs_last_replies(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  fwd_data_loop_post(fixture->loop, reply_letters, fixture);
  free_loop(fixture);
  g_assert_cmpstr(fixture->story->str, ==, "abc");
}

static void
reply_free_then_letters(gpointer data)
{
  Fixture *fixture = data;

  fwd_data_loop_reply(fixture->loop, free_loop, fixture);
  reply_letters(fixture);
}

static void
test_a_reply_may_free_the_loop(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  fwd_data_loop_post_and_wait(fixture->loop, reply_free_then_letters, fixture);
  while (fixture->loop != NULL)
    g_main_context_iteration(fixture->context, TRUE);
  g_assert_cmpstr(fixture->story->str, ==, "abc");
  g_assert_false(g_main_context_iteration(fixture->context, FALSE));
}

/* Descriptors. */

typedef struct {
  FwdWatch watch;
  Fixture *fixture;
  FwdWatch *victim; /* unwatched by whoever of a pair comes first */
  guint calls;
  guint32 events;
} Watcher;

static void
on_ready(FwdWatch *watch, guint32 events)
{
  Watcher *self = (Watcher *)watch;
  guint64 count;

  self->calls++;
  self->events |= events;
  if (events & EPOLLIN)
    g_assert_cmpint(read(watch->fd, &count, sizeof count), ==, sizeof count);
  if (self->victim != NULL)
    fwd_data_loop_unwatch(self->fixture->loop, self->victim);
}

static void
raise_fd(int fd)
{
  guint64 one = 1;

  g_assert_cmpint(write(fd, &one, sizeof one), ==, sizeof one);
}

static void
watch_input(gpointer data)
{
  Watcher *self = data;

  g_assert_true(fwd_data_loop_watch(self->fixture->loop, &self->watch, EPOLLIN));
}

static void
unwatch(gpointer data)
{
  Watcher *self = data;

  fwd_data_loop_unwatch(self->fixture->loop, &self->watch);
}

static void
init_watcher(Watcher *self, Fixture *fixture)
{
  *self = (Watcher){.fixture = fixture, .watch.ready = on_ready};
  self->watch.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

static void
test_watch(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  Watcher watcher;

  init_watcher(&watcher, fixture);
  fwd_data_loop_post_and_wait(fixture->loop, watch_input, &watcher);
  raise_fd(watcher.watch.fd);
  settle(fixture);
  g_assert_cmpuint(watcher.calls, ==, 1);
  g_assert_cmpuint(watcher.events, ==, EPOLLIN);

  fwd_data_loop_post_and_wait(fixture->loop, unwatch, &watcher);
  fwd_data_loop_post_and_wait(fixture->loop, unwatch, &watcher);
  raise_fd(watcher.watch.fd);
  settle(fixture);
  g_assert_cmpuint(watcher.calls, ==, 1);
  close(watcher.watch.fd);
}

static void
watch_both_ways(gpointer data)
{
  Watcher *self = data;

  g_assert_true(
      fwd_data_loop_watch(self->fixture->loop, &self->watch, EPOLLIN | EPOLLOUT | EPOLLET));
}

static void
test_watch_again_changes_events(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  Watcher watcher;

  init_watcher(&watcher, fixture);
  fwd_data_loop_post_and_wait(fixture->loop, watch_input, &watcher);
  raise_fd(watcher.watch.fd);
  fwd_data_loop_post_and_wait(fixture->loop, watch_both_ways, &watcher);
  settle(fixture);
  g_assert_cmpuint(watcher.events & EPOLLOUT, ==, EPOLLOUT);
  fwd_data_loop_post_and_wait(fixture->loop, unwatch, &watcher);
  close(watcher.watch.fd);
}

typedef struct {
  Watcher a, b;
} Pair;

static void
raise_both(gpointer data)
{
  Pair *pair = data;

  /* On the loop's thread, so that both are ready in one round. */
  raise_fd(pair->a.watch.fd);
  raise_fd(pair->b.watch.fd);
}

static void
test_unwatched_in_the_round_hears_nothing(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  Pair pair;

  init_watcher(&pair.a, fixture);
  init_watcher(&pair.b, fixture);
  pair.a.victim = &pair.b.watch;
  pair.b.victim = &pair.a.watch;
  fwd_data_loop_post_and_wait(fixture->loop, watch_input, &pair.a);
  fwd_data_loop_post_and_wait(fixture->loop, watch_input, &pair.b);
  fwd_data_loop_post_and_wait(fixture->loop, raise_both, &pair);
  settle(fixture);
  g_assert_cmpuint(pair.a.calls + pair.b.calls, ==, 1);
  fwd_data_loop_post_and_wait(fixture->loop, unwatch, &pair.a);
  fwd_data_loop_post_and_wait(fixture->loop, unwatch, &pair.b);
  close(pair.a.watch.fd);
  close(pair.b.watch.fd);
}

static void
watch_a_file(gpointer data)
{
  Watcher *self = data;

  self->watch.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  g_assert_cmpint(self->watch.fd, >=, 0);
  g_assert_false(fwd_data_loop_watch(self->fixture->loop, &self->watch, EPOLLIN));
  g_assert_cmpint(errno, ==, EPERM);
  fwd_data_loop_unwatch(self->fixture->loop, &self->watch);
  close(self->watch.fd);
}

static void
test_watch_refused(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  Watcher watcher = {.fixture = fixture};

  fwd_data_loop_post_and_wait(fixture->loop, watch_a_file, &watcher);
}

/* Timers. */

typedef struct {
  FwdTimer timer;
  Fixture *fixture;
  char letter;
  gint64 deadline, fired;
  guint repeats;
} Alarm;

static void
on_fire(FwdTimer *timer, gint64 now)
{
  Alarm *self = (Alarm *)timer;

  g_string_append_c(self->fixture->story, self->letter);
  self->fired = now;
  if (self->repeats > 0) {
    self->repeats--;
    fwd_data_loop_set_timer(self->fixture->loop, timer, now - MS);
  }
}

typedef struct {
  Fixture *fixture;
  Alarm alarms[3];
  gint64 start;
} Alarms;

static void
set_alarms(gpointer data)
{
  Alarms *self = data;
  static const int after_ms[] = {6, 2, 4};

  self->start = fwd_data_loop_now(self->fixture->loop);
  for (guint i = 0; i < 3; i++) {
    self->alarms[i] =
        (Alarm){.timer.fire = on_fire, .fixture = self->fixture, .letter = "abc"[i]};
    self->alarms[i].deadline = self->start + after_ms[i] * MS;
    fwd_data_loop_set_timer(self->fixture->loop, &self->alarms[i].timer,
                            self->alarms[i].deadline);
  }
}

static void
wait_for_story(Fixture *fixture, gsize length)
{
  /* A story is read on the loop only, so this is no race; it ends, or the test hangs. */
  for (;;) {
    gsize now = 0;
    settle(fixture);
    now = fixture->story->len;
    if (now >= length)
      return;
    g_usleep(500);
  }
}

static void
test_timers_fire_in_order_and_not_early(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  Alarms alarms = {.fixture = fixture};

  fwd_data_loop_post_and_wait(fixture->loop, set_alarms, &alarms);
  wait_for_story(fixture, 3);
  g_assert_cmpstr(fixture->story->str, ==, "bca");
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint(alarms.alarms[i].fired, >=, alarms.alarms[i].deadline);
}

static void
move_and_stop(gpointer data)
{
  Alarms *self = data;

  set_alarms(self);
  fwd_data_loop_set_timer(self->fixture->loop, &self->alarms[0].timer, self->start);
  fwd_data_loop_stop_timer(self->fixture->loop, &self->alarms[1].timer);
  fwd_data_loop_stop_timer(self->fixture->loop, &self->alarms[1].timer);
  fwd_data_loop_set_timer(self->fixture->loop, &self->alarms[2].timer, G_MAXINT64);
}

static void
test_timers_move_and_stop(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  Alarms alarms = {.fixture = fixture};

  fwd_data_loop_post_and_wait(fixture->loop, move_and_stop, &alarms);
  wait_for_story(fixture, 1);
  g_assert_cmpstr(fixture->story->str, ==, "a");
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint(alarms.alarms[i].timer.position, ==, 0);
}

static void
set_repeating(gpointer data)
{
  Alarm *self = data;

  fwd_data_loop_set_timer(self->fixture->loop, &self->timer, 0);
}

static void
test_timer_that_sets_itself_to_the_past(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  Alarm alarm = {.timer.fire = on_fire, .fixture = fixture, .letter = 'r', .repeats = 5};

  fwd_data_loop_post_and_wait(fixture->loop, set_repeating, &alarm);
  wait_for_story(fixture, 6);
  g_assert_cmpstr(fixture->story->str, ==, "rrrrrr");
}

/* Deferred work. */

typedef struct {
  FwdDeferred deferred;
  Fixture *fixture;
  char letter;
  FwdDeferred *then; /* deferred when this one runs */
} Work;

static void
on_run(FwdDeferred *deferred)
{
  Work *self = (Work *)deferred;

  g_string_append_c(self->fixture->story, self->letter);
  if (self->then != NULL)
    fwd_data_loop_defer(self->fixture->loop, g_steal_pointer(&self->then));
}

typedef struct {
  Fixture *fixture;
  Work works[4];
} Works;

static void
defer_works(gpointer data)
{
  Works *self = data;

  for (guint i = 0; i < 4; i++)
    self->works[i] =
        (Work){.deferred.run = on_run, .fixture = self->fixture, .letter = "abcd"[i]};
  self->works[0].then = &self->works[0].deferred;
  for (guint i = 0; i < 4; i++) {
    fwd_data_loop_defer(self->fixture->loop, &self->works[i].deferred);
    fwd_data_loop_defer(self->fixture->loop, &self->works[i].deferred);
  }
  fwd_data_loop_cancel_deferred(self->fixture->loop, &self->works[2].deferred);
  fwd_data_loop_cancel_deferred(self->fixture->loop, &self->works[2].deferred);
  g_assert_cmpstr(self->fixture->story->str, ==, "");
}

static void
test_deferred(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  Works works = {.fixture = fixture};

  fwd_data_loop_post_and_wait(fixture->loop, defer_works, &works);
  wait_for_story(fixture, 4);
  g_assert_cmpstr(fixture->story->str, ==, "abda");
}

static void
defer_for_the_next_round(gpointer data)
{
  Works *self = data;

  self->works[0] = (Work){.deferred.run = on_run, .fixture = self->fixture, .letter = 'n'};
  self->works[1] = (Work){.deferred.run = on_run,
                          .fixture = self->fixture,
                          .letter = 'f',
                          .then = &self->works[0].deferred};
  fwd_data_loop_defer(self->fixture->loop, &self->works[1].deferred);
}

static void
test_deferred_by_deferred_needs_no_event(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
  Works works = {.fixture = fixture};

  fwd_data_loop_post_and_wait(fixture->loop, defer_for_the_next_round, &works);
  wait_for_story(fixture, 2);
  g_assert_cmpstr(fixture->story->str, ==, "fn");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(path, test) g_test_add("/data-loop/" path, Fixture, NULL, set_up, test, tear_down)
  ADD("post/order", test_post_keeps_the_order);
  ADD("post/thread", test_runs_on_a_thread_of_its_own);
  ADD("post/many-writers", test_many_writers);
  ADD("post/free", test_free_runs_what_was_posted);
  g_test_add_func("/data-loop/post/empty", test_queue_tells_when_it_was_empty);
  ADD("reply/order", test_replies_run_on_the_main_context);
  ADD("reply/free", test_free_runs_last_replies);
  ADD("reply/frees-the-loop", test_a_reply_may_free_the_loop);
  ADD("watch/ready", test_watch);
  ADD("watch/again", test_watch_again_changes_events);
  ADD("watch/unwatched-in-round", test_unwatched_in_the_round_hears_nothing);
  ADD("watch/refused", test_watch_refused);
  ADD("timer/order", test_timers_fire_in_order_and_not_early);
  ADD("timer/move", test_timers_move_and_stop);
  ADD("timer/past", test_timer_that_sets_itself_to_the_past);
  ADD("deferred/order", test_deferred);
  ADD("deferred/next-round", test_deferred_by_deferred_needs_no_event);
  return g_test_run();
}

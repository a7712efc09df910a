/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/application.h"

#include <signal.h>
#include <stunfwd/error.h>

#define TEST_TYPE_PART (test_part_get_type())
G_DECLARE_FINAL_TYPE(TestPart, test_part, TEST, PART, GObject)

/* A component that writes down what is asked of it. */
struct _TestPart {
  GObject parent;
  char name;
  GString *story;
  gboolean fails;
  gboolean hangs;
  const char *problem;
  GTask *waiting;
};

static void test_part_component_init(FwdComponentInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(TestPart, test_part, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_COMPONENT,
                                                    test_part_component_init))

static gboolean
part_start(FwdComponent *component, GError **error)
{
  TestPart *self = TEST_PART(component);

  g_string_append_printf(self->story, "+%c", self->name);
  if (self->fails)
    g_set_error(error, FWD_SESSION_ERROR, FWD_ERROR_FAILED, "no luck");
  return !self->fails;
}

static void
part_stop_async(FwdComponent *component, guint limit_ms, GAsyncReadyCallback callback,
                gpointer user_data)
{
  TestPart *self = TEST_PART(component);
  g_autoptr(GTask) task = g_task_new(self, NULL, callback, user_data);

  g_string_append_printf(self->story, limit_ms > 0 ? "-%c" : "!%c", self->name);
  if (self->hangs)
    self->waiting = g_steal_pointer(&task);
  else
    g_task_return_boolean(task, TRUE);
}

static void
part_stop_finish(FwdComponent *component, GAsyncResult *result)
{
  g_string_append_printf(TEST_PART(component)->story, ".%c", TEST_PART(component)->name);
  g_task_propagate_boolean(G_TASK(result), NULL);
}

static char *
part_get_problem(FwdComponent *component)
{
  return g_strdup(TEST_PART(component)->problem);
}

static void
test_part_component_init(FwdComponentInterface *iface)
{
  iface->start = part_start;
  iface->stop_async = part_stop_async;
  iface->stop_finish = part_stop_finish;
  iface->get_problem = part_get_problem;
}

static void
test_part_class_init(TestPartClass *class)
{
}

static void
test_part_init(TestPart *self)
{
}

typedef struct {
  FwdApplication *application;
  TestPart *a;
  TestPart *b;
  GString *story;
} Fixture;

static TestPart *
add_part(Fixture *fixture, char name)
{
  TestPart *part = g_object_new(TEST_TYPE_PART, NULL);

  part->name = name;
  part->story = fixture->story;
  fwd_application_add(fixture->application, FWD_COMPONENT(part));
  return part;
}

static void
on_shutdown(FwdEventBus *bus, FwdEvent *event, GString *story)
{
  g_string_append(story, "S");
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->application = fwd_application_new();
  fixture->story = g_string_new(NULL);
  fixture->a = add_part(fixture, 'a');
  fixture->b = add_part(fixture, 'b');
  g_signal_connect(fwd_application_get_bus(fixture->application), "event::" FWD_EVENT_SHUTDOWN,
                   G_CALLBACK(on_shutdown), fixture->story);
}

/* Lets a stop that was cut short return, and what it holds go. */
static void
release(TestPart *part)
{
  g_autoptr(GTask) task = g_steal_pointer(&part->waiting);

  if (task != NULL)
    g_task_return_boolean(task, TRUE);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  release(fixture->a);
  release(fixture->b);
  while (g_main_context_iteration(NULL, FALSE))
    ;
  g_object_unref(fixture->a);
  g_object_unref(fixture->b);
  g_assert_finalize_object(fixture->application);
  g_string_free(fixture->story, TRUE);
}

static gboolean
quit(gpointer application)
{
  fwd_application_quit(application, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
raise_signal(gpointer number)
{
  raise(GPOINTER_TO_INT(number));
  return G_SOURCE_REMOVE;
}

static void
test_order(Fixture *fixture, gconstpointer data)
{
  g_idle_add(quit, fixture->application);
  g_assert_cmpint(fwd_application_run(fixture->application), ==, 0);
  g_assert_cmpstr(fixture->story->str, ==, "+a+bS-b.b-a.a");
}

static void
test_signal(Fixture *fixture, gconstpointer data)
{
  g_idle_add(raise_signal, (gpointer)data);
  g_assert_cmpint(fwd_application_run(fixture->application), ==, 0);
  g_assert_cmpstr(fixture->story->str, ==, "+a+bS-b.b-a.a");
}

static void
raise_again(FwdEventBus *bus, FwdEvent *event, gpointer data)
{
  g_idle_add(raise_signal, GINT_TO_POINTER(SIGINT));
}

/* B never finishes; the second signal stops A at once and ends the waiting. */
static void
test_second_signal(Fixture *fixture, gconstpointer data)
{
  fixture->b->hangs = TRUE;
  g_signal_connect(fwd_application_get_bus(fixture->application), "event::" FWD_EVENT_SHUTDOWN,
                   G_CALLBACK(raise_again), NULL);
  g_idle_add(raise_signal, GINT_TO_POINTER(SIGTERM));
  g_assert_cmpint(fwd_application_run(fixture->application), ==, 0);
  g_assert_cmpstr(fixture->story->str, ==, "+a+bS-b!a");
}

static void
test_drain_limit(Fixture *fixture, gconstpointer data)
{
  fixture->b->hangs = TRUE;
  g_object_set(fixture->application, "drain-limit", 20, NULL);
  g_idle_add(quit, fixture->application);
  g_assert_cmpint(fwd_application_run(fixture->application), ==, 0);
  g_assert_cmpstr(fixture->story->str, ==, "+a+bS-b!a");
}

/* Only what was started is stopped. */
static void
test_start_fails(Fixture *fixture, gconstpointer data)
{
  fixture->b->fails = TRUE;
  g_assert_cmpint(fwd_application_run(fixture->application), ==, 1);
  g_assert_cmpstr(fixture->story->str, ==, "+a+bS-a.a");
}

static gboolean
quit_with_error(gpointer application)
{
  g_autoptr(GError) error = g_error_new(FWD_SESSION_ERROR, FWD_ERROR_FAILED, "lost");

  fwd_application_quit(application, error);
  fwd_application_quit(application, NULL);
  return G_SOURCE_REMOVE;
}

static void
test_quit_with_error(Fixture *fixture, gconstpointer data)
{
  g_idle_add(quit_with_error, fixture->application);
  g_assert_cmpint(fwd_application_run(fixture->application), ==, 1);
  g_assert_cmpstr(fixture->story->str, ==, "+a+bS-b.b-a.a");
}

static void
assert_health(Fixture *fixture, gboolean expected, const char *text)
{
  gboolean healthy;
  g_autofree char *health = fwd_application_get_health(fixture->application, &healthy);

  g_assert_cmpint(healthy, ==, expected);
  g_assert_cmpstr(health, ==, text);
}

static void
test_health(Fixture *fixture, gconstpointer data)
{
  assert_health(fixture, TRUE, "ok");
  fixture->b->problem = "no peer";
  assert_health(fixture, FALSE, "no peer");
  fixture->a->problem = "no network";
  assert_health(fixture, FALSE, "no network\nno peer");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, data, function)                                                              \
  g_test_add("/core/application/" name, Fixture, data, set_up, function, tear_down)
  ADD("order", NULL, test_order);
  ADD("interrupt", GINT_TO_POINTER(SIGINT), test_signal);
  ADD("terminate", GINT_TO_POINTER(SIGTERM), test_signal);
  ADD("second-signal", NULL, test_second_signal);
  ADD("drain-limit", NULL, test_drain_limit);
  ADD("start-fails", NULL, test_start_fails);
  ADD("quit-with-error", NULL, test_quit_with_error);
  ADD("health", NULL, test_health);
  return g_test_run();
}

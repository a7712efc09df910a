/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define FWD_LOG_COMPONENT "application"

#include "core/application.h"

#include "core/log.h"
#include <glib-unix.h>
#include <signal.h>
#include <stunfwd/error.h>

/* Longest time that all components together get to finish what is under way. */
#define DRAIN_LIMIT_MS 5000

struct _FwdApplication {
  GObject parent;
  FwdEventBus *bus;
  FwdPluginRegistry *registry;
  GPtrArray *components; /* FwdComponent, in the order to start them */
  guint started;         /* how many of them run */
  guint stopping;        /* how many were asked to stop and have not answered */
  guint drain_limit_ms;
  gint64 deadline_us; /* of the draining, on the monotonic clock; 0 before it */
  GMainLoop *loop;
  guint drain_timer;
  int exit_status;
  gboolean cut_short;
};

enum { PROP_DRAIN_LIMIT = 1, N_PROPS };

G_DEFINE_FINAL_TYPE(FwdApplication, fwd_application, G_TYPE_OBJECT)

static void
set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  FWD_APPLICATION(object)->drain_limit_ms = g_value_get_uint(value);
}

static void
finalize(GObject *object)
{
  FwdApplication *self = FWD_APPLICATION(object);

  g_ptr_array_unref(self->components);
  g_object_unref(self->registry);
  g_object_unref(self->bus);
  g_main_loop_unref(self->loop);
  G_OBJECT_CLASS(fwd_application_parent_class)->finalize(object);
}

static void
fwd_application_class_init(FwdApplicationClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS(class);

  object_class->set_property = set_property;
  object_class->finalize = finalize;
  g_object_class_install_property(
      object_class, PROP_DRAIN_LIMIT,
      g_param_spec_uint("drain-limit", NULL, NULL, 0, G_MAXUINT, DRAIN_LIMIT_MS,
                        G_PARAM_WRITABLE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS));
}

static void
fwd_application_init(FwdApplication *self)
{
  self->bus = fwd_event_bus_new();
  self->registry = fwd_plugin_registry_new();
  self->components = g_ptr_array_new_with_free_func(g_object_unref);
  self->loop = g_main_loop_new(NULL, FALSE);
}

FwdApplication *
fwd_application_new(void)
{
  return g_object_new(FWD_TYPE_APPLICATION, NULL);
}

FwdEventBus *
fwd_application_get_bus(FwdApplication *self)
{
  return self->bus;
}

FwdPluginRegistry *
fwd_application_get_registry(FwdApplication *self)
{
  return self->registry;
}

void
fwd_application_add(FwdApplication *self, FwdComponent *component)
{
  g_ptr_array_add(self->components, g_object_ref(component));
}

static void stop_next(FwdApplication *self);

static void
on_stopped(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(FwdApplication) self = user_data;

  fwd_component_stop_finish(FWD_COMPONENT(source), result);
  self->stopping--;
  if (!self->cut_short)
    stop_next(self);
  else if (self->stopping == 0)
    g_main_loop_quit(self->loop);
}

static guint
get_time_left(FwdApplication *self)
{
  gint64 left_us = self->deadline_us - g_get_monotonic_time();

  return self->cut_short || left_us < 0 ? 0 : (guint)(left_us / 1000);
}

/* One at a time, the last one started first: it may lean on those before it. */
static void
stop_next(FwdApplication *self)
{
  FwdComponent *component;

  if (self->started == 0) {
    g_main_loop_quit(self->loop);
    return;
  }
  component = self->components->pdata[--self->started];
  self->stopping++;
  fwd_component_stop_async(component, get_time_left(self), on_stopped, g_object_ref(self));
}

/* Those that still run are told to stop at once; nobody waits any more. */
static void
cut_short(FwdApplication *self)
{
  if (self->cut_short)
    return;
  self->cut_short = TRUE;
  fwd_log_warning("stopped before everything under way was finished");
  while (self->started > 0)
    stop_next(self);
  g_main_loop_quit(self->loop);
}

static gboolean
on_drain_limit(gpointer user_data)
{
  FwdApplication *self = user_data;

  self->drain_timer = 0;
  cut_short(self);
  return G_SOURCE_REMOVE;
}

static void
begin_stop(FwdApplication *self)
{
  if (self->deadline_us != 0)
    return;
  self->deadline_us = g_get_monotonic_time() + (gint64)self->drain_limit_ms * 1000;
  self->drain_timer = g_timeout_add(self->drain_limit_ms, on_drain_limit, self);
  fwd_event_bus_publish(self->bus, fwd_event_new(FWD_EVENT_SHUTDOWN, "application", NULL));
  stop_next(self);
}

static gboolean
on_signal(gpointer user_data)
{
  FwdApplication *self = user_data;

  if (self->deadline_us != 0) {
    cut_short(self);
    return G_SOURCE_CONTINUE;
  }
  fwd_log_info("stopping");
  begin_stop(self);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_quit(gpointer user_data)
{
  begin_stop(user_data);
  return G_SOURCE_REMOVE;
}

int
fwd_application_status_of(const GError *error)
{
  gboolean input = error->code == FWD_ERROR_INVALID &&
                   (error->domain == FWD_SETTINGS_ERROR || error->domain == FWD_MEETING_ERROR);

  return input ? 2 : 1;
}

void
fwd_application_quit(FwdApplication *self, const GError *error)
{
  if (error != NULL) {
    fwd_log_error("%s", error->message);
    self->exit_status = fwd_application_status_of(error);
  }
  /* Whoever calls may be one of those that are stopped: let it return first. */
  g_idle_add_full(G_PRIORITY_DEFAULT, on_quit, g_object_ref(self), g_object_unref);
}

static void
start(FwdApplication *self)
{
  g_autoptr(GError) error = NULL;

  while (self->started < self->components->len) {
    if (!fwd_component_start(self->components->pdata[self->started], &error)) {
      fwd_application_quit(self, error);
      return;
    }
    self->started++;
  }
}

int
fwd_application_run(FwdApplication *self)
{
  guint interrupt = g_unix_signal_add(SIGINT, on_signal, self);
  guint terminate = g_unix_signal_add(SIGTERM, on_signal, self);

  /* A peer that closes its end is an error of that write, not the end of the program. */
  signal(SIGPIPE, SIG_IGN);
  start(self);
  g_main_loop_run(self->loop);
  g_source_remove(interrupt);
  g_source_remove(terminate);
  g_clear_handle_id(&self->drain_timer, g_source_remove);
  return self->exit_status;
}

char *
fwd_application_get_health(FwdApplication *self, gboolean *healthy)
{
  g_autoptr(GString) problems = g_string_new(NULL);

  for (guint i = 0; i < self->components->len; i++) {
    g_autofree char *problem = fwd_component_get_problem(self->components->pdata[i]);

    if (problem != NULL)
      g_string_append_printf(problems, "%s%s", problems->len > 0 ? "\n" : "", problem);
  }
  *healthy = problems->len == 0;
  return g_strdup(*healthy ? "ok" : problems->str);
}

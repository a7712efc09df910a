/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The life of the program: owns the event bus, the plugin registry and the
 * components; starts them in order, drains and stops them in reverse order,
 * and knows whether all are well. Main thread only.
 */
#pragma once

#include "core/plugin-registry.h"
#include <gio/gio.h>
#include <stunfwd/event.h>

#define FWD_TYPE_COMPONENT (fwd_component_get_type())
G_DECLARE_INTERFACE(FwdComponent, fwd_component, FWD, COMPONENT, GObject)

/** A part of the program that has a life: a session, the control service... */
struct _FwdComponentInterface {
  GTypeInterface parent;

  gboolean (*start)(FwdComponent *self, GError **error);
  /** Drains: lets what is under way finish, for at most @limit_ms. */
  void (*stop_async)(FwdComponent *self, guint limit_ms, GAsyncReadyCallback callback,
                     gpointer user_data);
  void (*stop_finish)(FwdComponent *self, GAsyncResult *result);
  /** NULL when well, else one line (transfer full). NULL vfunc: always well. */
  char *(*get_problem)(FwdComponent *self);
};

gboolean fwd_component_start(FwdComponent *self, GError **error);
void fwd_component_stop_async(FwdComponent *self, guint limit_ms, GAsyncReadyCallback callback,
                              gpointer user_data);
void fwd_component_stop_finish(FwdComponent *self, GAsyncResult *result);
char *fwd_component_get_problem(FwdComponent *self);

#define FWD_TYPE_APPLICATION (fwd_application_get_type())
G_DECLARE_FINAL_TYPE(FwdApplication, fwd_application, FWD, APPLICATION, GObject)

FwdApplication *fwd_application_new(void);
FwdEventBus *fwd_application_get_bus(FwdApplication *self);
FwdPluginRegistry *fwd_application_get_registry(FwdApplication *self);
void fwd_application_add(FwdApplication *self, FwdComponent *component);

/**
 * Starts the components, then runs the default main context until
 * fwd_application_quit(), SIGINT or SIGTERM; then drains and stops them (a
 * second signal cuts the draining short). Returns the exit status: 0 after a
 * clean stop, another with an error line logged when a component could not start
 * or quit was called with one.
 */
int fwd_application_run(FwdApplication *self);
/** Ends run; @error (copied) makes the exit status that of fwd_application_status_of(). */
void fwd_application_quit(FwdApplication *self, const GError *error);

/** Exit status of a program that @error ends: 2 for wrong input, 1 for all else. */
int fwd_application_status_of(const GError *error);

/** "ok", or the problems of the components, one a line (transfer full). */
char *fwd_application_get_health(FwdApplication *self, gboolean *healthy);

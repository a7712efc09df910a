/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run.h"

static void
run_free(FwdRun *run)
{
  if (run->timer != NULL)
    g_source_destroy(run->timer);
  g_clear_pointer(&run->timer, g_source_unref);
  g_object_unref(run->attempt);
  g_free(run);
}

/* Every way out passes here. */
static GTask *
end(FwdRun *run)
{
  run->kind->stop(run);
  g_source_destroy(run->timer);
  return g_steal_pointer(&run->task);
}

void
fwd_run_succeed(FwdRun *run, FwdPath *path)
{
  GTask *task = end(run);

  if (path == NULL)
    g_task_return_new_error(task, FWD_STRATEGY_ERROR, FWD_ERROR_FAILED,
                            "the peer answered, but no path could be made");
  else
    g_task_return_pointer(task, path, (GDestroyNotify)fwd_path_close);
}

void
fwd_run_fail(FwdRun *run, FwdErrorCode code, const char *format, ...)
{
  va_list arguments;

  va_start(arguments, format);
  g_autofree char *why = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  fwd_attempt_note(run->attempt, "%s", why);
  g_task_return_new_error(end(run), FWD_STRATEGY_ERROR, code, "%s", why);
}

static void
fail_timeout(FwdRun *run)
{
  g_autofree char *what = run->kind->describe(run);

  fwd_run_fail(run, FWD_ERROR_TIMEOUT, "no answer within %.1f s: %s",
               run->kind->limit_ms / 1000.0, what);
}

static gboolean
on_timer(gpointer user_data)
{
  g_autoptr(GTask) task = g_object_ref(user_data);
  FwdRun *run = g_task_get_task_data(task);
  const gint64 now = g_source_get_time(run->timer);
  const gint64 limit = run->started + run->kind->limit_ms * (gint64)1000;

  if (g_cancellable_is_cancelled(g_task_get_cancellable(task))) {
    g_task_return_error_if_cancelled(end(run));
  } else if (now >= limit) {
    fail_timeout(run);
  } else {
    const gint64 due = run->kind->tick(run, now);
    if (run->task != NULL)
      g_source_set_ready_time(run->timer, MIN(due, limit));
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback(user_data);
}

static GSource *
timer_new(GTask *task)
{
  static GSourceFuncs funcs = {.dispatch = dispatch};
  GSource *timer = g_source_new(&funcs, sizeof(GSource));
  GCancellable *cancellable = g_task_get_cancellable(task);

  g_source_set_name(timer, g_task_get_name(task));
  g_source_set_callback(timer, on_timer, task, g_object_unref);
  if (cancellable != NULL) {
    g_autoptr(GSource) cancelled = g_cancellable_source_new(cancellable);
    g_source_set_dummy_callback(cancelled);
    g_source_add_child_source(timer, cancelled);
  }
  return timer;
}

gboolean
fwd_run_begin(FwdRun *run, const FwdRunKind *kind, FwdStrategy *strategy, FwdAttempt *attempt,
              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(strategy, cancellable, callback, user_data);

  run->kind = kind;
  run->attempt = g_object_ref(attempt);
  run->started = g_get_monotonic_time();
  run->task = task;
  g_task_set_source_tag(task, fwd_run_begin);
  g_task_set_name(task, kind->name);
  g_task_set_task_data(task, run, (GDestroyNotify)run_free);
  if (g_task_return_error_if_cancelled(task))
    return FALSE;
  run->timer = timer_new(g_object_ref(task));
  g_source_set_ready_time(run->timer, 0);
  g_source_attach(run->timer, g_task_get_context(task));
  return TRUE;
}

void
fwd_run_wake(FwdRun *run)
{
  g_source_set_ready_time(run->timer, 0);
}

FwdPath *
fwd_run_finish(FwdStrategy *strategy, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, strategy), NULL);
  g_return_val_if_fail(g_async_result_is_tagged(result, fwd_run_begin), NULL);

  return g_task_propagate_pointer(G_TASK(result), error);
}

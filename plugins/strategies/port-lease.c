/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port-lease.h"

#include <stdlib.h>

#define EXIT_LIMIT_US (2 * G_USEC_PER_SEC)

typedef struct {
  const FwdPortProtocol *protocol;
  FwdPortLease lease;
  GCancellable *gone;
} Operation;

/*
 * Operations that may leave a mapping behind if the process ends. The one thing
 * that threads share: nobody else can know when the last of them is done.
 */
static GMutex mutex;
static GCond idle;
static guint holders;

gboolean
fwd_port_wait(int fd, GCancellable *cancellable, gint64 timeout_ms)
{
  GPollFD polled[2] = {{.fd = fd, .events = G_IO_IN}, {.fd = -1}};
  gboolean has_cancel;
  gint ready;

  /* Not even if there is something to read: a flood must not hold up the end. */
  if (timeout_ms <= 0)
    return FALSE;
  has_cancel = g_cancellable_make_pollfd(cancellable, &polled[1]);
  ready = g_poll(polled, has_cancel ? 2 : 1, MIN(timeout_ms, G_MAXINT));
  if (has_cancel)
    g_cancellable_release_fd(cancellable);
  return ready > 0 && polled[0].revents != 0 && !g_cancellable_is_cancelled(cancellable);
}

static void
wait_for_holders(void)
{
  const gint64 limit = g_get_monotonic_time() + EXIT_LIMIT_US;

  g_mutex_lock(&mutex);
  while (holders > 0 && g_cond_wait_until(&idle, &mutex, limit))
    ;
  g_mutex_unlock(&mutex);
}

static void
hold_exit(void)
{
  static gsize registered;

  if (g_once_init_enter(&registered)) {
    atexit(wait_for_holders);
    g_once_init_leave(&registered, 1);
  }
  g_mutex_lock(&mutex);
  holders++;
  g_mutex_unlock(&mutex);
}

static void
release_exit(void)
{
  g_mutex_lock(&mutex);
  if (--holders == 0)
    g_cond_broadcast(&idle);
  g_mutex_unlock(&mutex);
}

static Operation *
operation_new(const FwdPortProtocol *protocol, const FwdPortLease *lease, GCancellable *gone)
{
  Operation *operation = g_new0(Operation, 1);

  operation->protocol = protocol;
  operation->lease = *lease;
  g_set_object(&operation->gone, gone);
  return operation;
}

static void
operation_free(Operation *operation)
{
  g_clear_object(&operation->gone);
  g_free(operation);
}

static gboolean
map_or_remove(Operation *operation, GCancellable *enough, GError **error)
{
  gboolean mapped;

  hold_exit();
  mapped = operation->protocol->map(&operation->lease, enough, error);
  if (mapped && g_cancellable_is_cancelled(operation->gone)) {
    operation->protocol->unmap(&operation->lease);
    g_cancellable_set_error_if_cancelled(operation->gone, error);
    mapped = FALSE;
  }
  release_exit();
  return mapped;
}

static void
map_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *enough)
{
  Operation *operation = data;
  const FwdPortProtocol *protocol = operation->protocol;
  const gboolean renewal = operation->lease.granted > 0;
  GError *error = NULL;

  if (!renewal)
    fwd_port_wait(-1, enough, protocol->head_start_ms);
  if (g_task_return_error_if_cancelled(task))
    return;
  if (!renewal && protocol->find && !protocol->find(&operation->lease, enough, &error))
    g_task_return_error(task, error);
  else if (!g_task_return_error_if_cancelled(task)) {
    if (map_or_remove(operation, enough, &error))
      g_task_return_boolean(task, TRUE);
    else
      g_task_return_error(task, error);
  }
}

void
fwd_port_map_async(const FwdPortProtocol *protocol, const FwdPortLease *lease,
                   GCancellable *enough, GCancellable *gone, GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(NULL, enough, callback, user_data);

  g_task_set_source_tag(task, fwd_port_map_async);
  g_task_set_name(task, "stunfwd port mapping");
  /* A lease that came too late has to be known, to be removed. */
  g_task_set_check_cancellable(task, FALSE);
  g_task_set_task_data(task, operation_new(protocol, lease, gone),
                       (GDestroyNotify)operation_free);
  g_task_run_in_thread(task, map_in_thread);
}

gboolean
fwd_port_map_finish(GAsyncResult *result, FwdPortLease *lease, GError **error)
{
  const Operation *operation = g_task_get_task_data(G_TASK(result));

  g_return_val_if_fail(g_async_result_is_tagged(result, fwd_port_map_async), FALSE);
  *lease = operation->lease;
  return g_task_propagate_boolean(G_TASK(result), error);
}

static void
unmap_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Operation *operation = data;

  operation->protocol->unmap(&operation->lease);
  release_exit();
}

void
fwd_port_unmap(const FwdPortProtocol *protocol, const FwdPortLease *lease)
{
  g_autoptr(GTask) task = g_task_new(NULL, NULL, NULL, NULL);

  hold_exit();
  g_task_set_name(task, "stunfwd port mapping removal");
  g_task_set_task_data(task, operation_new(protocol, lease, NULL),
                       (GDestroyNotify)operation_free);
  g_task_run_in_thread(task, unmap_in_thread);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TCP connections opened from both sides at once: see tcp-punch.md. */
#include "tcp-link.h"
#include "tcp-side.h"
#include "tcp-socket.h"
#include "tcp-source.h"

#include <stunfwd/stunfwd.h>

#define LIMIT_MS        9000
#define PROOF_LIMIT_MS  3000
#define LINKS_MAX       16
#define BUDGET_PACKETS  1200
#define BUDGET_MAPPINGS 40

#define FWD_TYPE_TCP_PUNCH (fwd_tcp_punch_get_type())
G_DECLARE_FINAL_TYPE(FwdTcpPunch, fwd_tcp_punch, FWD, TCP_PUNCH, GObject)

struct _FwdTcpPunch {
  GObject parent;
};

typedef struct {
  GTask *task; /* that holds this; what callbacks get */
  FwdAttempt *attempt;
  FwdTcpSide *side; /* NULL before and after */
  GPtrArray *links;
  FwdTcpMessage told, heard;
  gboolean has_told, has_heard, was_full;
  guint strangers;
  GSource *beginning, *cancelling, *limit;
  gint64 started;
} Run;

static void fwd_tcp_punch_strategy_init(FwdStrategyInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdTcpPunch, fwd_tcp_punch, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_STRATEGY,
                                                    fwd_tcp_punch_strategy_init))

static gboolean
fwd_tcp_punch_can_attempt(FwdStrategy *self, FwdAttempt *attempt, char **why_not)
{
  const GArray *remote = fwd_attempt_get_remote_candidates(attempt);
  const FwdNatReport *here = fwd_attempt_get_local_nat(attempt);
  const FwdNatReport *there = fwd_attempt_get_remote_nat(attempt);
  const char *why = NULL;

  if (!here->udp_blocked && !there->udp_blocked)
    why = "UDP works at both ends";
  else if (remote->len == 0 && !fwd_tcp_is_seen(remote, there))
    why = "the peer has told no addresses";
  else if (fwd_attempt_get_stun_servers(attempt)->len == 0 &&
           !fwd_tcp_is_seen(fwd_attempt_get_local_candidates(attempt), here) &&
           !fwd_tcp_is_seen(remote, there))
    why = "neither end knows an address at which the other could see it";
  *why_not = g_strdup(why);
  return why == NULL;
}

/* Nothing of the run is heard of afterwards. */
static void
stop(Run *run)
{
  g_signal_handlers_disconnect_by_data(run->attempt, run->task);
  fwd_tcp_source_clear(&run->beginning);
  fwd_tcp_source_clear(&run->cancelling);
  fwd_tcp_source_clear(&run->limit);
  g_ptr_array_set_size(run->links, 0);
  g_clear_pointer(&run->side, fwd_tcp_side_free);
}

static void
run_free(gpointer data)
{
  Run *run = data;

  g_ptr_array_unref(run->links);
  g_object_unref(run->attempt);
  g_free(run);
}

static void
note_counts(Run *run)
{
  const FwdTcpKnockerCounts counts = fwd_tcp_side_get_counts(run->side);

  fwd_attempt_note(
      run->attempt,
      "began %u connections to %u endpoints of the peer: %u were refused, %u could "
      "not leave; %u strangers came",
      counts.sent, run->heard.count, counts.refused, counts.rejected, run->strangers);
}

static void
advise(Run *run)
{
  if (run->has_told && run->told.web_only)
    fwd_attempt_advise(run->attempt, "allow UDP, or TCP to all ports, at the firewall here");
  if (run->has_heard && run->heard.web_only && !fwd_tcp_side_open_web_port(run->side))
    fwd_attempt_advise(
        run->attempt,
        "leave TCP port 443 or 80 of this machine to stunfwd (CAP_NET_BIND_SERVICE): "
        "the peer may reach no other ports");
  if (fwd_tcp_side_is_scattered(run->side))
    fwd_attempt_advise(run->attempt, "turn on UPnP at the router here, or open a TCP port: its "
                                     "ports depend on where a connection goes to");
}

static gboolean
on_limit(gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Run *run = g_task_get_task_data(task);

  if (!run->has_heard)
    fwd_attempt_note(run->attempt, "the peer told no endpoints");
  note_counts(run);
  advise(run);
  stop(run);
  g_task_return_new_error(task, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT,
                          "no TCP connection with the peer within %d s", LIMIT_MS / 1000);
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;

  stop(g_task_get_task_data(task));
  g_task_return_error_if_cancelled(task);
  return G_SOURCE_REMOVE;
}

static FwdPath *
create_path(Run *run, FwdTcpLink *link)
{
  const int fd = fwd_tcp_link_steal(link);
  g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, NULL);

  if (socket == NULL) {
    fwd_tcp_socket_abort(fd);
    return NULL;
  }
  return fwd_attempt_create_stream_path(
      run->attempt, G_IO_STREAM(g_socket_connection_factory_create_connection(socket)),
      FWD_FRAMING_LENGTH, fwd_tcp_link_get_rtt_us(link));
}

static void
succeed(GTask *task, FwdTcpLink *link)
{
  g_autoptr(GTask) owned = task;
  Run *run = g_task_get_task_data(task);
  char text[FWD_ENDPOINT_TEXT_MAX];
  FwdPath *path = create_path(run, link);

  fwd_attempt_note(run->attempt, "connected with %s after %" G_GINT64_FORMAT " ms",
                   fwd_endpoint_format(fwd_tcp_link_get_remote(link), text),
                   (g_get_monotonic_time() - run->started) / 1000);
  stop(run);
  if (path != NULL)
    g_task_return_pointer(task, path, (GDestroyNotify)fwd_path_close);
  else
    g_task_return_new_error(task, FWD_STRATEGY_ERROR, FWD_ERROR_FAILED,
                            "the connection cannot be polled");
}

static void
on_link(FwdTcpLink *link, FwdTcpLinkEnd end, gpointer user_data)
{
  Run *run = g_task_get_task_data(user_data);
  char text[FWD_ENDPOINT_TEXT_MAX];

  if (end == FWD_TCP_LINK_NOMINATED) {
    succeed(user_data, link);
    return;
  }
  fwd_endpoint_format(fwd_tcp_link_get_remote(link), text);
  if (end == FWD_TCP_LINK_CLOSED)
    fwd_attempt_note(run->attempt, "a connection with %s was closed from there", text);
  else if (run->strangers++ == 0)
    fwd_attempt_note(run->attempt, "%s is connected but does not prove to be the peer", text);
  g_ptr_array_remove_fast(run->links, link);
}

static void
on_connected(int fd, const FwdEndpoint *remote, gpointer user_data)
{
  Run *run = g_task_get_task_data(user_data);

  if (run->links->len >= LINKS_MAX) {
    if (!run->was_full)
      fwd_attempt_note(run->attempt, "%u connections at once: further ones are dropped",
                       LINKS_MAX);
    run->was_full = TRUE;
    fwd_tcp_socket_abort(fd);
    return;
  }
  g_ptr_array_add(run->links, fwd_tcp_link_new(run->attempt, fd, remote, PROOF_LIMIT_MS,
                                               on_link, user_data));
}

static gboolean
is_news(const FwdTcpMessage *message, const FwdTcpMessage *told)
{
  FwdTcpMessage merged = *told;

  for (guint i = 0; i < message->count; i++)
    if (fwd_tcp_message_add(&merged, &message->endpoints[i]))
      return TRUE;
  return message->web_only != told->web_only;
}

static void
tell(gpointer user_data)
{
  Run *run = g_task_get_task_data(user_data);
  FwdTcpMessage message;

  if (run->side == NULL || !fwd_tcp_side_describe(run->side, &message) ||
      (run->has_told && !is_news(&message, &run->told)))
    return;
  run->told = message;
  run->has_told = TRUE;
  fwd_attempt_note(run->attempt, "told the peer %u endpoints%s", message.count,
                   message.web_only ? ", and that other ports than 80 and 443 may be shut here"
                                    : "");
  if (!fwd_attempt_send_message(run->attempt, fwd_tcp_message_write(&message)))
    fwd_attempt_note(run->attempt, "the peer could not be told");
}

static void
hear(Run *run, const FwdEndpoint *endpoint)
{
  char text[FWD_ENDPOINT_TEXT_MAX];

  if (fwd_endpoint_port(endpoint) == 0 ||
      !fwd_tcp_is_reachable(endpoint, fwd_attempt_get_remote_nat(run->attempt)) ||
      !fwd_tcp_message_add(&run->heard, endpoint))
    return;
  fwd_attempt_note(run->attempt, "connecting to %s", fwd_endpoint_format(endpoint, text));
  fwd_tcp_side_knock(run->side, endpoint);
}

static void
on_message(FwdAttempt *attempt, GVariant *variant, GTask *task)
{
  Run *run = g_task_get_task_data(task);
  FwdTcpMessage message;

  if (run->side == NULL || !fwd_tcp_message_read(variant, &message))
    return;
  run->has_heard = TRUE;
  run->heard.web_only = message.web_only;
  for (guint i = 0; i < message.count; i++)
    hear(run, &message.endpoints[i]);
  if (message.web_only && fwd_tcp_side_open_web_port(run->side))
    tell(task);
}

/* What this side is seen as may be known only now. */
static void
on_candidates(FwdAttempt *attempt, GTask *task)
{
  tell(task);
}

/* On a turn of its own, so that the peer's strategy may start on the same one. */
static gboolean
begin(gpointer user_data)
{
  static const FwdTcpSideEvents events = {.connected = on_connected, .changed = tell};
  Run *run = g_task_get_task_data(user_data);

  run->side = fwd_tcp_side_new(run->attempt, &events, user_data);
  return G_SOURCE_REMOVE;
}

static Run *
run_new(GTask *task, FwdAttempt *attempt)
{
  Run *run = g_new0(Run, 1);

  run->task = task;
  run->attempt = g_object_ref(attempt);
  run->links = g_ptr_array_new_with_free_func((GDestroyNotify)fwd_tcp_link_free);
  run->started = g_get_monotonic_time();
  return run;
}

/* The task is held until one of limit, cancellable and a nominated link ends it. */
static void
start(GTask *task)
{
  Run *run = g_task_get_task_data(task);
  GCancellable *cancellable = g_task_get_cancellable(task);

  fwd_tcp_source_timeout(&run->beginning, 0, begin, task);
  fwd_tcp_source_timeout(&run->limit, LIMIT_MS, on_limit, task);
  if (cancellable != NULL) {
    run->cancelling = g_cancellable_source_new(cancellable);
    g_source_set_callback(run->cancelling, G_SOURCE_FUNC(on_cancelled), task, NULL);
    g_source_attach(run->cancelling, g_main_context_get_thread_default());
  }
  g_signal_connect(run->attempt, "message", G_CALLBACK(on_message), task);
  g_signal_connect(run->attempt, "candidates", G_CALLBACK(on_candidates), task);
}

static void
fwd_tcp_punch_attempt_async(FwdStrategy *self, FwdAttempt *attempt, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);

  g_task_set_source_tag(task, fwd_tcp_punch_attempt_async);
  g_task_set_name(task, "stunfwd tcp-punch");
  if (g_task_return_error_if_cancelled(task))
    return;
  g_task_set_task_data(task, run_new(task, attempt), run_free);
  start(g_object_ref(task));
}

static FwdPath *
fwd_tcp_punch_attempt_finish(FwdStrategy *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, self), NULL);

  return g_task_propagate_pointer(G_TASK(result), error);
}

static void
fwd_tcp_punch_strategy_init(FwdStrategyInterface *iface)
{
  iface->can_attempt = fwd_tcp_punch_can_attempt;
  iface->attempt_async = fwd_tcp_punch_attempt_async;
  iface->attempt_finish = fwd_tcp_punch_attempt_finish;
}

static void
fwd_tcp_punch_class_init(FwdTcpPunchClass *klass)
{
}

static void
fwd_tcp_punch_init(FwdTcpPunch *self)
{
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {
      .priority = 10,
      .path_class = FWD_PATH_CLASS_P2P,
      .limit_ms = LIMIT_MS + 500,
      .budget_packets = BUDGET_PACKETS,
      .budget_mappings = BUDGET_MAPPINGS,
      .help = "TCP connections opened from both sides at once, where UDP is blocked",
  };

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_STRATEGY, "tcp-punch",
                                 FWD_TYPE_TCP_PUNCH, &meta, error);
}

FWD_PLUGIN("tcp-punch", "0.1.0", "LGPL-2.1-or-later", register_types)

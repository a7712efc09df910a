/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Through the relay of the signaling server: see relay.md. */
#include "relay-upgrade.h"
#include <stunfwd/stunfwd.h>

#define LIMIT_MS 10000
/* The connection, and what the name server and a proxy need for it. */
#define BUDGET_PACKETS  100
#define BUDGET_MAPPINGS 8
#define TOKEN_SIZE      32

#define FWD_TYPE_RELAY (fwd_relay_get_type())
G_DECLARE_FINAL_TYPE(FwdRelay, fwd_relay, FWD, RELAY, GObject)

struct _FwdRelay {
  GObject parent;
};

static void fwd_relay_strategy_init(FwdStrategyInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FwdRelay, fwd_relay, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(FWD_TYPE_STRATEGY, fwd_relay_strategy_init))

/* What the task of an attempt holds. */
typedef struct {
  FwdAttempt *attempt;
  GCancellable *cancellable; /* of all that is under way: the caller's, and the limit's */
  GCancellable *caller;
  gulong caller_handler;
  GSocketConnection *connection;
  FwdUpgrade *upgrade;
  guint limit;
  gboolean timed_out;
  gint64 started;
} Work;

static void
work_free(gpointer data)
{
  Work *work = data;

  g_cancellable_disconnect(work->caller, work->caller_handler);
  g_clear_handle_id(&work->limit, g_source_remove);
  g_clear_pointer(&work->upgrade, fwd_upgrade_free);
  g_clear_object(&work->connection);
  g_clear_object(&work->caller);
  g_object_unref(work->cancellable);
  g_object_unref(work->attempt);
  g_free(work);
}

static GUri *
parse_url(FwdAttempt *attempt)
{
  const char *text = fwd_attempt_get_signaling_url(attempt);

  return text != NULL ? fwd_upgrade_parse_url(text) : NULL;
}

static gboolean
can_attempt(FwdStrategy *self, FwdAttempt *attempt, char **why_not)
{
  g_autoptr(GUri) url = parse_url(attempt);

  if (url == NULL)
    *why_not = g_strdup("the signaling server speaks no HTTP");
  return url != NULL;
}

static const char *
find_advice(const GError *error)
{
  if (g_error_matches(error, FWD_STRATEGY_ERROR, FWD_ERROR_REFUSED))
    return "turn on the signaling server's relay, and let a proxy before it pass on WebSockets "
           "with their query";
  if (error->domain == FWD_STRATEGY_ERROR)
    return NULL;
  return error->domain == G_TLS_ERROR
             ? "use a certificate that this machine trusts, or name its authority by "
               "SSL_CERT_FILE"
             : "allow TCP to the signaling server, or name an HTTP proxy by https_proxy";
}

static void
explain(FwdAttempt *attempt, const GError *error)
{
  const char *advice = find_advice(error);

  fwd_attempt_note(attempt, "%s", error->message);
  if (advice != NULL)
    fwd_attempt_advise(attempt, "%s", advice);
}

static GError *
as_own(GError *error)
{
  GError *own;

  if (error->domain == FWD_STRATEGY_ERROR)
    return error;
  own = g_error_new_literal(FWD_STRATEGY_ERROR, FWD_ERROR_UNREACHABLE, error->message);
  g_error_free(error);
  return own;
}

/* The end: of the caller's cancellable, of the limit, or of what went wrong. */
static void
fail(GTask *task, GError *error)
{
  Work *work = g_task_get_task_data(task);
  const gboolean cancelled = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  if (cancelled && work->timed_out) {
    fwd_attempt_note(work->attempt, "no peer came to the relay within %d s", LIMIT_MS / 1000);
    g_task_return_new_error(task, FWD_STRATEGY_ERROR, FWD_ERROR_TIMEOUT,
                            "no peer came to the relay");
    g_error_free(error);
  } else {
    if (!cancelled)
      explain(work->attempt, error);
    g_task_return_error(task, cancelled ? error : as_own(error));
  }
  g_object_unref(task);
}

static void
succeed(GTask *task)
{
  Work *work = g_task_get_task_data(task);
  GIOStream *stream = G_IO_STREAM(g_steal_pointer(&work->connection));
  FwdPath *path;

  g_clear_pointer(&work->upgrade, fwd_upgrade_free);
  path = fwd_attempt_create_stream_path(work->attempt, stream, FWD_FRAMING_WEBSOCKET, 0);
  if (path == NULL) {
    fail(task, g_error_new_literal(FWD_STRATEGY_ERROR, FWD_ERROR_FAILED,
                                   "the connection cannot be polled"));
    return;
  }
  fwd_attempt_note(work->attempt, "joined to the peer after %" G_GINT64_FORMAT " ms",
                   (g_get_monotonic_time() - work->started) / 1000);
  g_task_return_pointer(task, path, (GDestroyNotify)fwd_path_close);
  g_object_unref(task);
}

static void
on_upgrade(FwdUpgradeStep step, GError *error, gpointer user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data(task);

  if (error != NULL)
    fail(task, error);
  else if (step == FWD_UPGRADE_WAITING)
    fwd_attempt_note(work->attempt, "the relay waits for the peer");
  else
    succeed(task);
}

static char *
derive_token(FwdAttempt *attempt)
{
  guint8 bytes[TOKEN_SIZE];
  GString *token = g_string_sized_new(2 * sizeof bytes);

  fwd_attempt_derive(attempt, "token", bytes, sizeof bytes);
  for (gsize i = 0; i < sizeof bytes; i++)
    g_string_append_printf(token, "%02x", bytes[i]);
  return g_string_free(token, FALSE);
}

static void
note_connected(Work *work)
{
  g_autoptr(GSocketAddress) address =
      g_socket_connection_get_remote_address(work->connection, NULL);
  g_autofree char *text = NULL;

  if (address == NULL)
    return;
  text = g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(address));
  fwd_attempt_note(work->attempt, "connected by way of %s after %" G_GINT64_FORMAT " ms", text,
                   (g_get_monotonic_time() - work->started) / 1000);
}

static void
on_connected(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data(task);
  GError *error = NULL;
  g_autoptr(GUri) url = parse_url(work->attempt);
  g_autofree char *token = NULL;

  work->connection =
      g_socket_client_connect_to_uri_finish(G_SOCKET_CLIENT(source), result, &error);
  if (work->connection == NULL) {
    g_prefix_error(&error, "the relay: ");
    fail(task, error);
    return;
  }
  note_connected(work);
  token = derive_token(work->attempt);
  work->upgrade = fwd_upgrade_new(G_IO_STREAM(work->connection), url, token, work->cancellable,
                                  on_upgrade, task);
}

static gboolean
on_limit(gpointer user_data)
{
  Work *work = user_data;

  work->limit = 0;
  work->timed_out = TRUE;
  g_cancellable_cancel(work->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_caller_cancelled(GCancellable *caller, gpointer user_data)
{
  g_cancellable_cancel(user_data);
}

static Work *
work_new(FwdAttempt *attempt, GCancellable *caller)
{
  Work *work = g_new0(Work, 1);

  work->attempt = g_object_ref(attempt);
  work->cancellable = g_cancellable_new();
  work->started = g_get_monotonic_time();
  work->limit = g_timeout_add(LIMIT_MS - 100, on_limit, work);
  if (caller != NULL) {
    work->caller = g_object_ref(caller);
    work->caller_handler =
        g_cancellable_connect(caller, G_CALLBACK(on_caller_cancelled),
                              g_object_ref(work->cancellable), g_object_unref);
  }
  return work;
}

static void
attempt_async(FwdStrategy *self, FwdAttempt *attempt, GCancellable *cancellable,
              GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new(self, cancellable, callback, user_data);
  Work *work = work_new(attempt, cancellable);
  g_autoptr(GSocketClient) client = g_socket_client_new();
  g_autoptr(GUri) url = parse_url(attempt);
  g_autofree char *text = NULL;

  g_task_set_source_tag(task, attempt_async);
  g_task_set_name(task, "relay attempt");
  g_task_set_task_data(task, work, work_free);
  if (url == NULL) {
    fail(task, g_error_new_literal(FWD_STRATEGY_ERROR, FWD_ERROR_UNSUPPORTED,
                                   "the signaling server speaks no HTTP"));
    return;
  }
  text = fwd_upgrade_connect_url(url);
  fwd_attempt_note(attempt, "connects to %s", text);
  g_socket_client_set_tls(client, strcmp(g_uri_get_scheme(url), "https") == 0);
  g_socket_client_connect_to_uri_async(client, text, g_uri_get_port(url), work->cancellable,
                                       on_connected, task);
}

static FwdPath *
attempt_finish(FwdStrategy *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

static void
fwd_relay_strategy_init(FwdStrategyInterface *iface)
{
  iface->can_attempt = can_attempt;
  iface->attempt_async = attempt_async;
  iface->attempt_finish = attempt_finish;
}

static void
fwd_relay_class_init(FwdRelayClass *klass)
{
}

static void
fwd_relay_init(FwdRelay *self)
{
}

static gboolean
register_types(FwdPluginRegistry *registry, GError **error)
{
  const FwdPluginMeta meta = {
      .priority = 90,
      .path_class = FWD_PATH_CLASS_RELAY,
      .limit_ms = LIMIT_MS,
      .budget_packets = BUDGET_PACKETS,
      .budget_mappings = BUDGET_MAPPINGS,
      .help = "both peers meet at the signaling server's relay, over HTTP and TLS",
  };

  return fwd_plugin_registry_add(registry, FWD_INTERFACE_STRATEGY, "relay", FWD_TYPE_RELAY,
                                 &meta, error);
}

FWD_PLUGIN("relay", "0.1.0", "LGPL-2.1-or-later", register_types)
